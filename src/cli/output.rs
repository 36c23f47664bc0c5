//! [`Output`]: standard output for commands that watch for signals. A reader that stands still blocks whoever writes, so
//! the writing is done on a thread of its own, behind a queue with a bound.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::cli::interrupt::Interrupt;
use crate::scope::Scope;

/// Pieces that wait for the thread; then whoever writes waits. A piece is a record or a few, of
/// some MiB at most.
const QUEUE_CAPACITY: usize = 4;

/// Written at once at most, where several pieces wait.
const MAX_WRITE: usize = 64 * 1024;

/// How long a reader that stands still is waited for after the process was asked to end.
pub(super) const INTERRUPT_GRACE_PERIOD: Duration = Duration::from_secs(1);

/// Standard output. What is written to it is collected; [`Output::advance`] hands it to the thread
/// that writes.
pub(super) struct Output {
    pending: Vec<u8>,
    queue: mpsc::Sender<Vec<u8>>,
    /// Why the thread writes no more.
    failure: Arc<Mutex<Option<io::Error>>>,
    ended: oneshot::Receiver<()>,
    /// The thread.
    _scope: Scope,
}

impl Output {
    /// # Errors
    ///
    /// If there is no thread to be had.
    pub(super) fn new() -> io::Result<Self> {
        Self::with_writer(io::stdout())
    }

    fn with_writer(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let scope = Scope::new(|panic| {
            let _ = writeln!(io::stderr(), "wiretalk: {panic}");
        });
        let (queue, mut pieces) = mpsc::channel(QUEUE_CAPACITY);
        let (end, ended) = oneshot::channel();
        let failure = Arc::new(Mutex::new(None));
        let shared_failure = failure.clone();
        scope.spawn_thread("output", move |_| async move {
            while let Some(piece) = pieces.recv().await {
                if let Err(error) = write_batch(&mut out, piece, &mut pieces) {
                    *shared_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            }
            // nobody waits for it only if the process ends all the same
            let _ = end.send(());
        })?;
        Ok(Self { pending: Vec::new(), queue, failure, ended, _scope: scope })
    }

    /// Something waits to be handed on.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Hands on what was written, once there is room for it; with nothing to hand on it is ready
    /// only if standard output takes no more. Dropped before it is ready, it has done nothing.
    ///
    /// # Errors
    ///
    /// If standard output takes no more.
    pub(super) async fn advance(&mut self) -> io::Result<()> {
        if !self.is_pending() {
            self.queue.closed().await;
            return Err(self.failure_error());
        }
        match self.queue.reserve().await {
            Ok(place) => {
                place.send(std::mem::take(&mut self.pending));
                Ok(())
            }
            Err(_) => Err(self.failure_error()),
        }
    }

    /// Writes the rest. The process being asked to end, now or before, sets it a limit.
    ///
    /// # Errors
    ///
    /// If standard output takes no more, or is not read.
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
        let enough = async {
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
            // the thread ends with its queue
            drop(std::mem::replace(queue, mpsc::channel(1).0));
            let _ = ended.await;
            failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
        };
        tokio::select! { done = rest => done, () = enough => Err(unread_error()) }
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

/// Prints all of `text`, unless the process is asked to end before somebody reads it.
///
/// # Errors
///
/// If standard output takes no more, or is not read.
pub(super) async fn print(text: &str, interrupt: &mut Interrupt) -> io::Result<()> {
    let mut output = Output::new()?;
    output.write_all(text.as_bytes())?;
    output.finish(interrupt, false).await
}

/// Prints all of `text`, for commands that have nothing to finish: a signal has its default action.
/// A reader that has read enough, as `head` does, is no error.
///
/// # Errors
///
/// If standard output takes no more.
pub(super) fn print_now(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("could not write to standard output"),
    }
}

/// What is told where the end came before a reader.
pub(super) fn unread_error() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "standard output was not read to its end")
}

/// Writes a piece, and with it those that wait already.
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

    /// Takes what it gets, up to a limit, and then nothing, for ever or with an error.
    struct Reader {
        taken: Arc<Mutex<Vec<u8>>>,
        most: usize,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.taken.lock().unwrap();
            if taken.len() + bytes.len() > self.most {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(most: usize) -> (Output, Arc<Mutex<Vec<u8>>>) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        (Output::with_writer(Reader { taken: taken.clone(), most }).unwrap(), taken)
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
    async fn a_reader_that_is_gone_is_told_with_the_systems_own_error() {
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

    /// A reader that stands still until the test ends.
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
    async fn a_reader_that_stands_still_is_waited_for_only_so_long_once_the_end_is_asked_for() {
        let (_go_on, stands) = std::sync::mpsc::sync_channel(1);
        let mut output = Output::with_writer(Stuck(stands)).unwrap();
        let mut interrupt = Interrupt::new().unwrap();
        output.write_all(b"x").unwrap();
        let ended = output.finish_within(Duration::ZERO, &mut interrupt, true).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
