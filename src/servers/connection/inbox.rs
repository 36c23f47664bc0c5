//! [`Inbox`]: the bytes of requests that a server parses itself, with a timeout for a request that
//! has begun. Its caller knows where a request ends.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout_at};

use crate::net::{Pace, Progress};
use crate::servers::Limits;

/// The number of bytes read at once.
const PIECE: usize = 4096;

/// Bytes that have arrived and are not consumed. It grows with what arrives, not with what is
/// claimed.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    pace: Pace,
    progress: Option<Progress>,
}

impl Inbox {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { bytes: Vec::with_capacity(PIECE), pace: limits.into(), progress: None }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Consumes a request of `count` bytes.
    pub(crate) fn take(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.progress = None;
    }

    /// Reads more bytes. Returns `false` at the end of the stream. A pause between two requests is
    /// unlimited; a request that has begun must proceed as [`Limits::frame_timeout`] and
    /// [`Limits::min_rate`] require.
    ///
    /// # Errors
    /// Fails with the stream's error, or with [`io::ErrorKind::TimedOut`].
    pub(crate) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
        // Doubling keeps the number of reallocations logarithmic in the size of the request.
        if self.bytes.capacity().saturating_sub(self.bytes.len()) < 64 {
            self.bytes.reserve(self.bytes.len().max(PIECE));
        }
        let count = if self.bytes.is_empty() {
            stream.read_buf(&mut self.bytes).await?
        } else {
            let now = Instant::now();
            let progress =
                *self.progress.get_or_insert_with(|| Progress::begin(self.bytes.len(), now));
            let reading =
                timeout_at(progress.deadline(self.pace), stream.read_buf(&mut self.bytes));
            reading.await??
        };
        if let Some(progress) = &mut self.progress {
            progress.add(count, Instant::now());
        }
        Ok(count > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_must_proceed_and_a_pause_between_two_is_unlimited() {
        let limits =
            Limits { frame_timeout: Duration::from_secs(10), min_rate: 4096, ..Limits::default() };
        let (mut server, mut peer) = duplex(1 << 16);
        let mut inbox = Inbox::new(limits);
        peer.write_all(b"whole").await.unwrap();
        assert!(inbox.read(&mut server).await.unwrap());
        assert_eq!(inbox.bytes(), b"whole");
        inbox.take(5);
        let waited = tokio::time::timeout(Duration::from_hours(1), inbox.read(&mut server)).await;
        assert!(waited.is_err(), "between two requests");
        let began = Instant::now();
        let dribbling = async {
            loop {
                peer.write_all(b"x").await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let reading = async {
            while inbox.read(&mut server).await? {}
            Ok::<(), io::Error>(())
        };
        tokio::select! {
            read = reading => assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut),
            () = dribbling => {}
        }
        assert_eq!(began.elapsed().as_secs(), 10);
        assert_eq!(inbox.bytes(), b"x".repeat(11));
        drop(peer);
        assert!(!inbox.read(&mut server).await.unwrap(), "the end of the stream");
    }
}
