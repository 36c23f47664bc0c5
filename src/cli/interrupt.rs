//! [`Interrupt`]: the first SIGINT or SIGTERM, for commands that have something to finish.

/// Waits for the process to be asked to end, by Ctrl-C or SIGTERM.
///
/// Only the first such signal is taken here; from then on each has its default action, which ends
/// the process at once, whatever it is doing.
pub(crate) struct Interrupt {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interrupt {
    /// # Errors
    ///
    /// If signals are not to be had.
    #[cfg(unix)]
    pub(crate) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        arm()?;
        Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// # Errors
    ///
    /// None here; the signature is that of the other systems.
    #[cfg(not(unix))]
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Ready once the process is asked to end.
    pub(crate) async fn recv(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Gives a second signal its default action. The signal handler itself sees to it, so that it works
/// while every thread waits for something else.
#[cfg(unix)]
fn arm() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    static ARMED: AtomicBool = AtomicBool::new(false);
    if ARMED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // in this order: the first signal finds that none came before it
        flag::register_conditional_default(signal, came.clone())?;
        flag::register(signal, came.clone())?;
    }
    Ok(())
}
