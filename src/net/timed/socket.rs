//! [`Timed`]: a socket that gives up on a peer which reads nothing, or which leaves a frame
//! unfinished. The only thing it knows of the protocol is where a WebSocket frame ends.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::net::timed::frame_clock::{FrameClock, Pace};
use crate::net::timed::timeout::Timeout;

/// A timer that is created when it is first needed, so that an idle connection has none.
type Timer = Option<Pin<Box<Sleep>>>;

/// The times that a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SocketTimes {
    /// The pace of a frame that is arriving.
    pub(crate) pace: Pace,
    /// How long the peer may read nothing; `None` for ever.
    pub(crate) write: Option<Duration>,
}

/// A socket with timeouts. Writes fail with [`Timeout::Write`] when the peer has read nothing for
/// [`SocketTimes::write`]. Once it knows where the frames [begin](Timed::frames_begin), reads fail
/// when a frame is late. The time in which nobody reads is not the peer's.
#[derive(Debug)]
pub(crate) struct Timed<S> {
    stream: S,
    pace: Pace,
    write: Option<Duration>,
    frames: Option<FrameClock>,
    late_frame: Timer,
    no_write: Timer,
    /// Whether a read is waiting for bytes, and not the peer for a read.
    is_waiting: bool,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, times: impl Into<SocketTimes>) -> Self {
        let SocketTimes { pace, write } = times.into();
        let (late_frame, no_write) = (None, None);
        Self { stream, pace, write, frames: None, late_frame, no_write, is_waiting: false }
    }

    /// Starts following WebSocket frames; `rest` has been read already.
    pub(crate) fn frames_begin(&mut self, rest: &[u8]) {
        let mut frames = FrameClock::new(self.pace);
        frames.push(rest, Instant::now);
        self.frames = Some(frames);
    }

    /// Completes with an error once the unfinished frame is late.
    fn poll_late_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some((frames, deadline)) =
            self.frames.as_ref().and_then(|frames| Some((frames, frames.deadline()?)))
        else {
            self.late_frame = None;
            return Poll::Pending;
        };
        let timer = self.late_frame.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(cx));
            // Bytes have arrived since the timer was set. Checking again when it fires is cheaper
            // than resetting it for each of them.
            if timer.deadline() >= deadline {
                return Poll::Ready(frames.timeout().into());
            }
            timer.as_mut().reset(deadline);
        }
    }

    /// Passes on the result of a write. A write that stays pending fails after the timeout.
    fn in_time<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.no_write = None;
            // Any progress restarts the timeout: a slow reader is not a stalled one.
            return written;
        }
        let Some(limit) = self.write else { return written };
        let timer = self.no_write.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(Timeout::Write(limit).into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let timed = self.get_mut();
        if !timed.is_waiting
            && let Some(frames) = &mut timed.frames
        {
            frames.resume(Instant::now);
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut timed.stream).poll_read(cx, buf);
        timed.is_waiting = read.is_pending();
        match read {
            Poll::Ready(Ok(())) => {
                if let Some(frames) = &mut timed.frames {
                    frames.push(buf.filled().get(before..).unwrap_or_default(), Instant::now);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => timed.poll_late_frame(cx).map(Err),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let timed = self.get_mut();
        let written = Pin::new(&mut timed.stream).poll_write(cx, buf);
        timed.in_time(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let timed = self.get_mut();
        let written = Pin::new(&mut timed.stream).poll_write_vectored(cx, bufs);
        timed.in_time(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let timed = self.get_mut();
        let flushed = Pin::new(&mut timed.stream).poll_flush(cx);
        timed.in_time(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let timed = self.get_mut();
        let shut = Pin::new(&mut timed.stream).poll_shutdown(cx);
        timed.in_time(shut, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{advance, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const ALMOST: Duration = Duration::from_millis(9_999);

    fn limits() -> SocketTimes {
        SocketTimes { pace: Pace { still: LIMIT, min_rate: 1 }, write: Some(LIMIT) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_tolerated_and_one_that_reads_nothing_is_not() {
        let (server, mut peer) = duplex(1);
        let mut server = Timed::new(server, limits());
        let reading = async {
            for _ in 0..5 {
                sleep(ALMOST).await;
                peer.read_u8().await.unwrap();
            }
            peer
        };
        let (wrote, _peer) = tokio::join!(server.write_all(b"hello!"), reading);
        wrote.unwrap();
        let before = Instant::now();
        let error = server.write_all(b"?").await.unwrap_err();
        assert_eq!((Timeout::of(&error), before.elapsed()), (Some(Timeout::Write(LIMIT)), LIMIT));
        assert_eq!(error.to_string(), "the peer read nothing for 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn an_unfinished_frame_is_late_and_a_silence_between_frames_is_not() {
        let (server, mut peer) = duplex(64);
        let mut server = Timed::new(server, limits());
        server.frames_begin(&[0x81]);
        peer.write_all(&[0x82, 1, 2, 3, 4, b'h']).await.unwrap();
        server.read_exact(&mut [0; 6]).await.unwrap();
        advance(LIMIT / 2).await;
        peer.write_all(b"i").await.unwrap();
        server.read_exact(&mut [0; 1]).await.unwrap();
        let silent = tokio::time::timeout(LIMIT * 100, server.read_u8()).await;
        assert!(silent.is_err(), "between frames");
        peer.write_all(&[0x81]).await.unwrap();
        server.read_u8().await.unwrap();
        let before = Instant::now();
        let error = server.read_u8().await.unwrap_err();
        assert_eq!(Timeout::of(&error), Some(Timeout::StillFrame { limit: LIMIT, more: 1 }));
        assert_eq!(before.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_set_for_an_earlier_deadline_waits_on() {
        let (server, mut peer) = duplex(64);
        let mut server = Timed::new(server, limits());
        server.frames_begin(&[0x82, 0x80 | 0x64, 1, 2, 3, 4]);
        let dribbling = async {
            for _ in 0..3 {
                sleep(ALMOST).await;
                peer.write_all(&[0; 20]).await.unwrap();
            }
        };
        let mut found = [0; 60];
        let (read, ()) = tokio::join!(server.read_exact(&mut found), dribbling);
        assert_eq!(read.unwrap(), 60, "20 bytes each 10 s are more than one a second");
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_in_which_nobody_reads_is_not_the_peers() {
        let (server, mut peer) = duplex(64);
        let mut server = Timed::new(server, limits());
        server.frames_begin(&[0x82, 0x80 | 0x64, 1, 2, 3, 4]);
        peer.write_all(&[0; 30]).await.unwrap();
        server.read_exact(&mut [0; 30]).await.unwrap();
        advance(LIMIT * 10).await;
        let dribbling = async {
            for _ in 0..3 {
                sleep(ALMOST).await;
                peer.write_all(&[0; 10]).await.unwrap();
            }
        };
        let mut found = [0; 30];
        let (read, ()) = tokio::join!(server.read_exact(&mut found), dribbling);
        assert_eq!(read.unwrap(), 30, "10 bytes each 10 s are one a second");
        advance(LIMIT * 10).await;
        let before = Instant::now();
        let error = server.read_u8().await.unwrap_err();
        assert_eq!(Timeout::of(&error), Some(Timeout::StillFrame { limit: LIMIT, more: 40 }));
        assert_eq!(before.elapsed(), LIMIT, "a read that waits is in time or late");
    }
}
