//! [`Interrupt`]: the first SIGINT or SIGTERM, for commands that have something to finish.

/// Waits for SIGINT (Ctrl-C) or SIGTERM.
///
/// Only the first such signal is caught. Every further one has its default action, which ends the
/// process at once.
pub(crate) struct Interrupt {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interrupt {
    /// Catches the first signal from now on.
    ///
    /// # Errors
    ///
    /// If the signal handlers cannot be installed.
    #[cfg(unix)]
    pub(crate) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        arm()?;
        Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// Catches the first Ctrl-C from now on.
    ///
    /// # Errors
    ///
    /// Never; the signature is the one for Unix.
    #[cfg(not(unix))]
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Waits until a signal arrives. Dropping the future loses no signal.
    pub(crate) async fn recv(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
        }
        // Without a handler the system ends the process itself, so there is nothing to wait for.
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Gives a second signal its default action. The signal handler does that by itself, so it works
/// even while every thread is blocked.
#[cfg(unix)]
fn arm() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    // Handlers stay registered for the life of the process, so the first instance registers them
    // for all others.
    static ARMED: AtomicBool = AtomicBool::new(false);
    if ARMED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let received = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the first signal must be checked before it sets the flag.
        flag::register_conditional_default(signal, received.clone())?;
        flag::register(signal, received.clone())?;
    }
    Ok(())
}
