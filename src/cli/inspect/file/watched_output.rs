//! [`WatchedOutput`]: an output that can be seen to be stuck.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::net::add_clamped;

/// An output whose writes may block, because nobody reads the other end of a pipe.
pub(super) struct WatchedOutput<W> {
    out: W,
    writing_since: Arc<Mutex<Option<Instant>>>,
}

/// Tells whether the output is stuck.
pub(super) struct OutputWatch(Arc<Mutex<Option<Instant>>>);

impl<W: Write> WatchedOutput<W> {
    pub(super) fn new(out: W) -> (Self, OutputWatch) {
        let writing_since = Arc::default();
        (Self { out, writing_since: Arc::clone(&writing_since) }, OutputWatch(writing_since))
    }

    fn watched<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        set(&self.writing_since, Some(Instant::now()));
        let written = write(&mut self.out);
        set(&self.writing_since, None);
        written
    }
}

impl<W: Write> Write for WatchedOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.watched(|out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.watched(Write::flush)
    }
}

impl OutputWatch {
    /// Waits until one write has taken longer than `limit`.
    pub(super) async fn stuck_for(&self, limit: Duration) {
        loop {
            match get(&self.0) {
                None => sleep(limit).await,
                Some(since) => {
                    sleep_until(add_clamped(since, limit)).await;
                    if get(&self.0) == Some(since) {
                        return;
                    }
                }
            }
        }
    }
}

// Each change is one assignment, so a panic leaves nothing half-changed.
fn set(since: &Mutex<Option<Instant>>, now: Option<Instant>) {
    *since.lock().unwrap_or_else(PoisonError::into_inner) = now;
}

fn get(since: &Mutex<Option<Instant>>) -> Option<Instant> {
    *since.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use super::*;

    /// A pipe that is read when somebody says so.
    struct Pipe(std::sync::mpsc::Receiver<()>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_is_stuck_and_others_are_not() {
        let (read, reads) = sync_channel(1);
        let (mut output, watch) = WatchedOutput::new(Pipe(reads));
        let limit = Duration::from_secs(1);
        read.send(()).unwrap();
        output.write_all(b"one").unwrap();
        let idle = tokio::time::timeout(Duration::from_mins(10), watch.stuck_for(limit)).await;
        assert!(idle.is_err(), "nothing is being written");
        set(&output.writing_since, Some(Instant::now()));
        watch.stuck_for(limit).await;
        let writer = thread::spawn(move || output.write_all(b"two"));
        read.send(()).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(get(&watch.0), None);
    }
}
