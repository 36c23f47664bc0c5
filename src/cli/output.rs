//! [`Output`]: standard output for commands that watch for signals.
//!
//! A write to a pipe blocks while nobody reads the other end. A thread of its own does the writing,
//! behind a bounded queue, so that the command still sees signals.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::cli::interrupt::Interrupt;
use crate::scope::Scope;

/// Chunks that wait for the writer thread; a full queue makes the command wait. A chunk holds one
/// or a few records, some MiB at most, so a small queue bounds the memory.
const QUEUE_CAPACITY: usize = 4;

/// Waiting chunks are joined into one write until it has this many bytes.
const MAX_WRITE: usize = 64 * 1024;

/// How long to wait for a stalled reader once the process was asked to end.
pub(super) const INTERRUPT_GRACE_PERIOD: Duration = Duration::from_secs(1);

/// Standard output. Written bytes are collected until [`Output::advance`] passes them to the writer
/// thread.
pub(super) struct Output {
    /// Bytes that the writer thread does not have yet.
    pending: Vec<u8>,
    queue: mpsc::Sender<Vec<u8>>,
    /// The error that ended the writer thread; whoever reports it takes it.
    failure: Arc<Mutex<Option<io::Error>>>,
    /// Completes when the writer thread has ended.
    ended: oneshot::Receiver<()>,
    /// Owns the writer thread.
    _scope: Scope,
}

impl Output {
    /// Starts the writer thread.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub(super) fn new() -> io::Result<Self> {
        Self::with_writer(io::stdout())
    }

    fn with_writer(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let scope = Scope::new(|panic| {
            // There is no other place to report it.
            let _ = writeln!(io::stderr(), "wiretalk: {panic}");
        });
        let (queue, mut pieces) = mpsc::channel(QUEUE_CAPACITY);
        let (end, ended) = oneshot::channel();
        let failure = Arc::new(Mutex::new(None));
        let shared_failure = failure.clone();
        scope.spawn_thread("output", move |_| async move {
            while let Some(piece) = pieces.recv().await {
                if let Err(error) = write_batch(&mut out, piece, &mut pieces) {
                    // Before the queue closes: `advance` looks for the error once it has.
                    *shared_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            }
            // Fails if the process is about to end and no longer waits for this thread.
            let _ = end.send(());
        })?;
        Ok(Self { pending: Vec::new(), queue, failure, ended, _scope: scope })
    }

    /// Whether bytes wait to be passed to the writer thread. A command reads no further events
    /// until they are, which bounds `pending`.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Passes the pending bytes to the writer thread once its queue has room. Without pending bytes
    /// it waits until standard output fails. Cancellation-safe: a future that is dropped early has
    /// passed nothing.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub(super) async fn advance(&mut self) -> io::Result<()> {
        if !self.is_pending() {
            self.queue.closed().await;
            return Err(self.failure_error());
        }
        // `reserve` and not `send`: the bytes leave `pending` only once there is room for them.
        match self.queue.reserve().await {
            Ok(permit) => {
                permit.send(std::mem::take(&mut self.pending));
                Ok(())
            }
            Err(_) => Err(self.failure_error()),
        }
    }

    /// Writes everything that is left. Once a signal has arrived, now or before (`interrupted`),
    /// it waits for [`INTERRUPT_GRACE_PERIOD`] at most.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written, or the time is up.
    pub(super) async fn finish(
        self,
        interrupt: &mut Interrupt,
        interrupted: bool,
    ) -> io::Result<()> {
        self.finish_within(INTERRUPT_GRACE_PERIOD, interrupt, interrupted).await
    }

    async fn finish_within(
        mut self,
        grace: Duration,
        interrupt: &mut Interrupt,
        interrupted: bool,
    ) -> io::Result<()> {
        let grace_over = async {
            // Without a signal there is no limit: `wiretalk ... | less` may pause for hours.
            if !interrupted {
                interrupt.recv().await;
            }
            sleep(grace).await;
        };
        let rest = async {
            if self.is_pending() {
                self.advance().await?;
            }
            let Self { queue, ended, failure, .. } = &mut self;
            // Dropping the only sender ends the thread once it has written the queued chunks.
            drop(std::mem::replace(queue, mpsc::channel(1).0));
            // An error means that the thread has panicked, which the scope has reported.
            let _ = ended.await;
            failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
        };
        tokio::select! { done = rest => done, () = grace_over => Err(not_drained_error()) }
    }

    fn failure_error(&self) -> io::Error {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure
            .unwrap_or_else(|| io::Error::other("the thread that writes standard output has ended"))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints `text`. Once a signal has arrived, a stalled reader has [`INTERRUPT_GRACE_PERIOD`] left.
/// A closed pipe is not an error.
///
/// # Errors
///
/// If standard output cannot be written, or the time is up.
pub(super) async fn print(text: &str, interrupt: &mut Interrupt) -> io::Result<()> {
    let mut output = Output::new()?;
    output.write_all(text.as_bytes())?;
    ignore_broken_pipe(output.finish(interrupt, false).await)
}

/// Prints `text`, for commands that leave signals their default action. A closed pipe is not an
/// error.
///
/// # Errors
///
/// If standard output cannot be written.
pub(super) fn print_now(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ignore_broken_pipe(written).context("could not write to standard output")
}

fn ignore_broken_pipe(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if is_broken_pipe(&error) { Ok(()) } else { Err(error) })
}

/// Whether nobody reads standard output any more. No command takes that for an error: the reader
/// has seen enough, like `head`.
pub(super) fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Returns the error for output that was not read before the grace period ended.
pub(super) fn not_drained_error() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "standard output was not read to its end")
}

/// Writes `piece` together with the chunks that are already waiting in `more`.
fn write_batch(
    out: &mut impl Write,
    mut piece: Vec<u8>,
    more: &mut mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    while piece.len() < MAX_WRITE
        && let Ok(next) = more.try_recv()
    {
        piece.extend_from_slice(&next);
    }
    out.write_all(&piece)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `max_bytes` bytes in all, then fails with a broken pipe.
    struct Reader {
        taken: Arc<Mutex<Vec<u8>>>,
        max_bytes: usize,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.taken.lock().unwrap();
            if taken.len() + bytes.len() > self.max_bytes {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(max_bytes: usize) -> (Output, Arc<Mutex<Vec<u8>>>) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        (Output::with_writer(Reader { taken: taken.clone(), max_bytes }).unwrap(), taken)
    }

    #[tokio::test]
    async fn everything_is_written_in_order_before_the_end() {
        let (mut output, taken) = output(1 << 20);
        let mut interrupt = Interrupt::new().unwrap();
        let all = "one line\n".repeat(1000);
        for line in all.lines() {
            writeln!(output, "{line}").unwrap();
            output.advance().await.unwrap();
            assert!(!output.is_pending());
        }
        output.finish(&mut interrupt, false).await.unwrap();
        assert_eq!(*taken.lock().unwrap(), all.as_bytes());
    }

    #[tokio::test]
    async fn a_closed_pipe_is_reported_with_the_systems_own_error() {
        let (mut output, _) = output(3);
        output.write_all(b"four").unwrap();
        output.advance().await.unwrap();
        assert_eq!(output.advance().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let (mut output, _) = self::output(3);
        output.write_all(b"four").unwrap();
        let mut interrupt = Interrupt::new().unwrap();
        let ended = output.finish(&mut interrupt, false).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    /// A reader that takes nothing until the test ends.
    struct Stuck(std::sync::mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_stalled_reader_is_waited_for_no_longer_than_the_grace_period_after_a_signal() {
        let (_go_on, stands) = std::sync::mpsc::sync_channel(1);
        let mut output = Output::with_writer(Stuck(stands)).unwrap();
        let mut interrupt = Interrupt::new().unwrap();
        output.write_all(b"x").unwrap();
        let ended = output.finish_within(Duration::ZERO, &mut interrupt, true).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
