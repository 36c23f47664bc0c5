//! [`ChunkSender`]: an observer that sends every chunk of bytes, with the time at which it was
//! moved, into a bounded channel. It loses nothing: when the channel is full the socket waits, so a
//! slow reader slows the peer by TCP's flow control.

use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use crate::net::{Observer, Transfer, TransferredBytes};

/// The bytes that one call moved over a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When the call returned.
    pub at: Instant,
    /// Whether this end sent the bytes or received them.
    pub transfer: Transfer,
    /// The bytes. Empty means the end of the stream in this direction.
    pub bytes: Vec<u8>,
}

/// Sends chunks as messages of type `T`, which keeps them in order with other messages of the
/// channel. If the receiver is gone, bytes flow on unobserved.
#[derive(Debug)]
pub(crate) struct ChunkSender<T> {
    // One sender for each direction, because a reservation wakes only the task that asked for it.
    received: PollSender<T>,
    sent: PollSender<T>,
    to_message: fn(Chunk) -> T,
}

impl<T: Send + 'static> ChunkSender<T> {
    /// Creates a sender whose `wrap` turns chunks into messages. The channel needs a capacity of at
    /// least three messages: sending and receiving keep one place each, even while nothing is
    /// moved.
    pub(crate) fn new(sender: &mpsc::Sender<T>, wrap: fn(Chunk) -> T) -> Self {
        Self {
            received: PollSender::new(sender.clone()),
            sent: PollSender::new(sender.clone()),
            to_message: wrap,
        }
    }

    fn sender(&mut self, transfer: Transfer) -> &mut PollSender<T> {
        match transfer {
            Transfer::Received => &mut self.received,
            Transfer::Sent => &mut self.sent,
        }
    }

    fn send(&mut self, transfer: Transfer, bytes: Vec<u8>) {
        let message = (self.to_message)(Chunk { at: Instant::now(), transfer, bytes });
        let sender = self.sender(transfer);
        if !sender.is_closed() {
            // The error is ignored: it means that the receiver is gone, and the chunk is not
            // needed.
            let _ = sender.send_item(message);
        }
    }
}

impl<T: Send + 'static> Observer for ChunkSender<T> {
    fn poll_ready(&mut self, transfer: Transfer, cx: &mut Context<'_>) -> Poll<()> {
        let sender = self.sender(transfer);
        if sender.is_closed() { Poll::Ready(()) } else { sender.poll_reserve(cx).map(|_| ()) }
    }

    fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>) {
        self.send(transfer, taken.to_vec());
    }

    fn ended(&mut self, transfer: Transfer) {
        self.send(transfer, Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;
    use crate::net::Tap;

    #[tokio::test]
    async fn chunks_of_both_directions_arrive_in_order() {
        let (sender, mut chunks) = mpsc::channel(8);
        let (ours, mut theirs) = duplex(64);
        let mut tap = Tap::new(ours, ChunkSender::new(&sender, |chunk| chunk));
        tap.write_all(b"ping").await.unwrap();
        theirs.write_all(b"pong").await.unwrap();
        tap.read_exact(&mut [0; 4]).await.unwrap();
        drop(theirs);
        assert_eq!(tap.read(&mut [0; 4]).await.unwrap(), 0);
        let mut seen = Vec::new();
        for _ in 0..3 {
            let chunk = chunks.recv().await.unwrap();
            seen.push((chunk.transfer, chunk.bytes));
        }
        let received = Transfer::Received;
        assert_eq!(
            seen,
            [
                (Transfer::Sent, b"ping".to_vec()),
                (received, b"pong".to_vec()),
                (received, Vec::new())
            ]
        );
    }

    #[tokio::test]
    async fn a_full_channel_stops_the_socket_and_loses_nothing() {
        let (sender, mut chunks) = mpsc::channel(3);
        let (ours, mut theirs) = duplex(64);
        let mut tap = Tap::new(ours, ChunkSender::new(&sender, |chunk| chunk));
        let writing = async {
            for byte in 0..20u8 {
                tap.write_all(&[byte]).await.unwrap();
            }
        };
        let mut writing = std::pin::pin!(writing);
        timeout(Duration::from_millis(20), writing.as_mut())
            .await
            .expect_err("the channel is full");
        let mut all = Vec::new();
        let reading = async {
            while all.len() < 20 {
                all.extend(chunks.recv().await.unwrap().bytes);
            }
        };
        tokio::join!(writing, reading);
        assert_eq!(all, (0..20).collect::<Vec<u8>>());
        let mut through = [0; 20];
        theirs.read_exact(&mut through).await.unwrap();
        assert_eq!(through.to_vec(), all);
    }

    #[tokio::test]
    async fn bytes_flow_on_without_a_receiver() {
        let (sender, chunks) = mpsc::channel::<Chunk>(3);
        let (ours, mut theirs) = duplex(64);
        let mut tap = Tap::new(ours, ChunkSender::new(&sender, |chunk| chunk));
        tap.write_all(b"a").await.unwrap();
        drop(chunks);
        for _ in 0..9 {
            tap.write_all(b"b").await.unwrap();
        }
        theirs.read_exact(&mut [0; 10]).await.unwrap();
    }
}
