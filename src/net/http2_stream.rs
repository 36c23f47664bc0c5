//! [`Http2Stream`]: a stream of HTTP/2 as bytes, for WebSockets over extended CONNECT (RFC 8441).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that are handed to the connection in one write.
const MAX_WRITE: usize = 64 << 10;

/// A stream of HTTP/2: its DATA is what is read and written. `END_STREAM` is the end of what is read,
/// and `RST_STREAM` an error (RFC 8441 section 5).
#[derive(Debug)]
pub(crate) struct Http2Stream {
    receive: RecvStream,
    send: SendStream<Bytes>,
    /// The DATA that was received and not read yet.
    unread: Bytes,
    has_sent_end: bool,
}

impl Http2Stream {
    pub(crate) fn new(receive: RecvStream, send: SendStream<Bytes>) -> Self {
        Self { receive, send, unread: Bytes::new(), has_sent_end: false }
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(self.receive.poll_data(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Ok(data)) => {
                    // The window is opened again as far as is held here.
                    let released = self.receive.flow_control().release_capacity(data.len());
                    released.map_err(io_error)?;
                    self.unread = data;
                }
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let count = self.unread.len().min(buffer.remaining());
        buffer.put_slice(self.unread.get(..count).unwrap_or_default());
        self.unread.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.send.reserve_capacity(bytes.len().min(MAX_WRITE));
        loop {
            let Some(capacity) = ready!(self.send.poll_capacity(cx)) else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            let count = capacity.map_err(io_error)?.min(bytes.len());
            let Some(part) = bytes.get(..count).filter(|part| !part.is_empty()) else { continue };
            self.send.send_data(Bytes::copy_from_slice(part), false).map_err(io_error)?;
            return Poll::Ready(Ok(count));
        }
    }

    /// The connection sends what was written by itself.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.has_sent_end {
            self.has_sent_end = true;
            self.send.send_data(Bytes::new(), true).map_err(io_error)?;
        }
        Poll::Ready(Ok(()))
    }
}

fn io_error(error: h2::Error) -> io::Error {
    if error.is_reset() || error.is_go_away() {
        io::Error::new(io::ErrorKind::ConnectionReset, error)
    } else if error.is_io() {
        error.into_io().unwrap_or_else(|| io::ErrorKind::Other.into())
    } else {
        io::Error::other(error)
    }
}
