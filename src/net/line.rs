//! [`Line`]: a server's socket with a [`Distance`] before it, modelled: as if the client were far away.
//! It is not a network: nothing is lost and nothing is slow to start. [`crate::net::Planet`] is one.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::road::Road;
use crate::net::{Alarm, Distance, Stall};

/// A socket that a server has accepted, at a [`Distance`]. A client on this machine sees the times that it would see
/// over a real way of that length:
///
/// - What the client wrote at *t* is given to the protocol at max(*t*, accepted + rtt) + rtt/2: a client far away could
///   not have sent before the TCP handshake's round trip, which here took none. So the first answer over TCP costs 2
///   round trips, and 3 within TLS 1.3.
/// - What the protocol wrote at *u* reaches the socket at *u* + rtt/2. That is for protocols in which the client speaks
///   first.
/// - [`Distance::jitter`] is drawn for each chunk, and order is kept. [`Distance::bandwidth`] counts these bytes, not TCP's and
///   IP's headers.
/// - Ends of stream travel as bytes do. A write is taken, and a flush is ready, when the bytes have left; a shutdown is
///   ready when the last of them has arrived.
///
/// What is not modelled: loss, slow start, and windows (up to 4 MiB are on the way each way, then a write waits).
///
/// There is no task behind it: bytes are moved, and stamped with their time, whenever the line is polled, be it to read
/// or to write; whoever waits in a read or a write is woken for it. So a line that nobody polls stands still, and what
/// is on the way when it is dropped is lost; [`tokio::io::AsyncWriteExt::shutdown`] delivers all before.
///
/// Without a distance it hands everything straight through, and a read costs one relaxed atomic load more, for the
/// [`Stall`].
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
    stall: Stall,
    /// For a stall where there is no road; made when it is needed.
    alarm: Option<Alarm>,
    road: Option<Box<Road>>,
}

impl<S> Line<S> {
    /// Puts `distance` before `stream`, which was accepted at `accepted`. The same `seed` draws the same jitter. `stream` must
    /// write without being flushed, as sockets do.
    ///
    /// # Errors
    /// If the process has no file descriptor left for a timer.
    ///
    /// # Panics
    /// Outside of a tokio runtime, if there is a distance.
    pub fn new(
        stream: S,
        distance: Distance,
        accepted: Instant,
        stall: Stall,
        seed: u64,
    ) -> io::Result<Self> {
        let road = if distance.is_none() {
            None
        } else {
            Some(Box::new(Road::new(distance, accepted + distance.rtt, seed)?))
        };
        Ok(Self { stream, stall, alarm: None, road })
    }

    /// The socket below; bytes moved there have no way to go.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Ready once no stall holds.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(until) = self.stall.until() {
            let alarm = match &mut self.alarm {
                Some(alarm) => alarm,
                none => none.insert(Alarm::new()?),
            };
            ready!(alarm.poll_at(until, cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Line<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if let Some(road) = &mut line.road {
            return road.poll_read(&mut line.stream, line.stall.until(), cx, buf);
        }
        ready!(line.poll_stall(cx))?;
        Pin::new(&mut line.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        match &mut line.road {
            Some(road) => road.poll_write(&mut line.stream, line.stall.until(), cx, &[IoSlice::new(buf)]),
            None => Pin::new(&mut line.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        match &mut line.road {
            Some(road) => road.poll_write(&mut line.stream, line.stall.until(), cx, bufs),
            None => Pin::new(&mut line.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.road.is_some() || self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match &mut line.road {
            Some(road) => road.poll_flush(&mut line.stream, line.stall.until(), cx),
            None => Pin::new(&mut line.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match &mut line.road {
            Some(road) => road.poll_shutdown(&mut line.stream, line.stall.until(), cx),
            None => Pin::new(&mut line.stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
