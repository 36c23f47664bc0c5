//! [`Tap`]: a stream that shows every byte to an observer, exactly as the socket took or gave it.
//! It changes, delays and splits nothing, unless the observer asks it to wait
//! ([`Observer::poll_ready`]).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::Side;

/// Whether the end that owns the tap sent bytes or received them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transfer {
    /// The socket gave them to us.
    Received,
    /// The socket took them from us.
    Sent,
}

impl Transfer {
    /// Returns the side that sent the bytes, for a tap that the client owns. At a server's tap it
    /// is the other side.
    pub fn sender_at_client(self) -> Side {
        match self {
            Self::Sent => Side::Client,
            Self::Received => Side::Server,
        }
    }
}

/// An observer of the bytes of a [`Tap`].
pub(crate) trait Observer {
    /// Polled before the socket. While it is pending the socket is not touched, so no byte is moved
    /// that could not be observed.
    fn poll_ready(&mut self, _transfer: Transfer, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Observes what one call moved, which is never empty. It is called right after that call, so
    /// each byte is observed once.
    fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>);

    /// Observes the end of a direction, the peer's or our own. It is called at most once for each
    /// direction.
    fn ended(&mut self, _transfer: Transfer) {}
}

/// The bytes that one call moved. A vectored write has several pieces, and the socket may take
/// fewer bytes than offered.
#[derive(Clone, Copy)]
pub(crate) struct TransferredBytes<'a> {
    offered: &'a [IoSlice<'a>],
    count: usize,
}

impl<'a> TransferredBytes<'a> {
    /// Returns the number of bytes moved.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the bytes moved, in order, without copying.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut left = self.count;
        let offered: &'a [IoSlice<'a>] = self.offered;
        offered.iter().map_while(move |slice| {
            let piece = slice.get(..left).unwrap_or(slice);
            left = left.saturating_sub(piece.len());
            (left > 0 || !piece.is_empty()).then_some(piece)
        })
    }

    /// Returns the bytes moved as one vector.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        self.pieces().fold(Vec::with_capacity(self.count), |mut all, piece| {
            all.extend_from_slice(piece);
            all
        })
    }
}

/// A stream with an observer at the socket. Reads and writes are as cancellation-safe as those of
/// `S`, because bytes are observed in the call that moves them.
#[derive(Debug)]
pub(crate) struct Tap<S, O> {
    stream: S,
    observer: O,
    received_all: bool,
    sent_all: bool,
}

impl<S, O> Tap<S, O> {
    /// Adds `observer` to `stream`, from the next byte on.
    pub(crate) fn new(stream: S, observer: O) -> Self {
        Self { stream, observer, received_all: false, sent_all: false }
    }

    /// Returns the stream, of which the observer sees nothing then.
    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream and the observer.
    pub(crate) fn into_parts(self) -> (S, O) {
        (self.stream, self.observer)
    }
}

impl<S: AsyncRead + Unpin, O: Observer + Unpin> AsyncRead for Tap<S, O> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        ready!(tap.observer.poll_ready(Transfer::Received, cx));
        let before = buf.filled().len();
        // A read into an empty buffer returns no bytes either, but it is not the end of the stream.
        let had_room = buf.remaining() > 0;
        ready!(Pin::new(&mut tap.stream).poll_read(cx, buf))?;
        let new = buf.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            let taken = TransferredBytes { offered: &[IoSlice::new(new)], count: new.len() };
            tap.observer.observe(Transfer::Received, taken);
        } else if had_room && !tap.received_all {
            tap.received_all = true;
            tap.observer.ended(Transfer::Received);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, O: Observer + Unpin> AsyncWrite for Tap<S, O> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tap = self.get_mut();
        ready!(tap.observer.poll_ready(Transfer::Sent, cx));
        let count = ready!(Pin::new(&mut tap.stream).poll_write(cx, buf))?;
        tap.sent(&[IoSlice::new(buf)], count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tap = self.get_mut();
        ready!(tap.observer.poll_ready(Transfer::Sent, cx));
        let count = ready!(Pin::new(&mut tap.stream).poll_write_vectored(cx, bufs))?;
        tap.sent(bufs, count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        // The end is a message of the observer as well, so it may have to wait for room.
        if !tap.sent_all {
            ready!(tap.observer.poll_ready(Transfer::Sent, cx));
        }
        ready!(Pin::new(&mut tap.stream).poll_shutdown(cx))?;
        if !tap.sent_all {
            tap.sent_all = true;
            tap.observer.ended(Transfer::Sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, O: Observer> Tap<S, O> {
    fn sent(&mut self, offered: &[IoSlice<'_>], count: usize) {
        if count > 0 {
            self.observer.observe(Transfer::Sent, TransferredBytes { offered, count });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A stream that takes at most three bytes and gives at most two per call.
    struct Narrow {
        gives: &'static [u8],
        took: Vec<u8>,
    }

    impl AsyncRead for Narrow {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let (now, later) = self.gives.split_at(self.gives.len().min(2).min(buf.remaining()));
            buf.put_slice(now);
            self.gives = later;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let now = &buf[..buf.len().min(3)];
            self.took.extend_from_slice(now);
            Poll::Ready(Ok(now.len()))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let now: Vec<u8> =
                bufs.iter().flat_map(|slice| slice.iter().copied()).take(3).collect();
            self.took.extend_from_slice(&now);
            Poll::Ready(Ok(now.len()))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Notes {
        calls: Vec<(Transfer, Vec<u8>)>,
        ended: Vec<Transfer>,
    }

    impl Observer for Notes {
        fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>) {
            assert_eq!(taken.count(), taken.to_vec().len());
            self.calls.push((transfer, taken.to_vec()));
        }

        fn ended(&mut self, transfer: Transfer) {
            self.ended.push(transfer);
        }
    }

    fn tap(gives: &'static [u8]) -> Tap<Narrow, Notes> {
        Tap::new(Narrow { gives, took: Vec::new() }, Notes::default())
    }

    #[tokio::test]
    async fn partial_writes_are_observed_as_the_socket_took_them() {
        let mut tap = tap(b"");
        tap.write_all(b"Hello").await.unwrap();
        tap.shutdown().await.unwrap();
        tap.shutdown().await.unwrap();
        assert_eq!(
            tap.observer.calls,
            [(Transfer::Sent, b"Hel".to_vec()), (Transfer::Sent, b"lo".to_vec())]
        );
        assert_eq!(tap.observer.ended, [Transfer::Sent]);
    }

    #[tokio::test]
    async fn a_vectored_write_is_observed_as_far_as_it_was_taken() {
        let mut tap = tap(b"");
        let bufs = [&b"a"[..], b"", b"bc", b"de"].map(IoSlice::new);
        assert!(tap.is_write_vectored());
        assert_eq!(tap.write_vectored(&bufs).await.unwrap(), 3);
        assert_eq!(tap.observer.calls, [(Transfer::Sent, b"abc".to_vec())]);
        assert_eq!(tap.stream.took, b"abc");
    }

    #[tokio::test]
    async fn reads_are_observed_as_the_socket_gave_them_and_the_end_once() {
        let mut tap = tap(b"abc");
        let mut all = Vec::new();
        tap.read_to_end(&mut all).await.unwrap();
        tap.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"abc");
        assert_eq!(
            tap.observer.calls,
            [(Transfer::Received, b"ab".to_vec()), (Transfer::Received, b"c".to_vec())]
        );
        assert_eq!(tap.observer.ended, [Transfer::Received]);
    }

    #[tokio::test]
    async fn an_empty_buffer_is_not_the_end_of_the_stream() {
        let mut tap = tap(b"abc");
        assert_eq!(tap.read(&mut []).await.unwrap(), 0);
        assert!(tap.observer.ended.is_empty() && tap.observer.calls.is_empty());
    }
}
