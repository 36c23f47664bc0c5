//! [`WebSocketLimits`]: the only constructor of tungstenite's sockets, for servers, race, feed,
//! clients and benches. It gives each of them limits, because by default tungstenite buffers any
//! number of bytes for a peer that does not read.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this constructor wraps them"
)]

use std::io::{Read, Write};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, WebSocket};

/// The number of bytes read at once. tungstenite's default of 128 KiB costs every idle connection
/// that much memory, and 1.67 times the latency at 64 connections.
pub(crate) const READ_BUFFER: usize = 4096;

/// Queued messages are written once they reach this many bytes together, or when they are flushed.
const WRITE_BUFFER: usize = 128 << 10;

/// Room for the header of the largest message, and for a pong or Close beside it.
const MESSAGE_OVERHEAD: usize = 1 << 10;

/// The maximum payload of a control frame in bytes (RFC 6455 section 5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

/// The memory limits of one WebSocket.
///
/// At most `message` bytes and 129 KiB wait to be written. Beyond that sending fails with
/// [`Error::WriteBufferFull`]. A pong that finds no room is kept beside the buffer, and the pong of
/// a later ping replaces it (RFC 6455 section 5.5.3). A caller that flushes between two reads never
/// reaches the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// The largest message that is read or sent, in bytes. A larger one ends reading with
    /// [`Error::Capacity`] as soon as its header has arrived.
    pub message: usize,
    /// The size of the read buffer in bytes, which every connection allocates.
    pub read_buffer: usize,
}

impl WebSocketLimits {
    /// Creates limits for messages of at most `message` bytes, with [`READ_BUFFER`].
    pub fn new(message: usize) -> Self {
        Self { message, read_buffer: READ_BUFFER }
    }

    /// Creates the server's side of a connection whose handshake has been answered. `rest` is what
    /// followed the request.
    pub async fn server<S>(self, stream: S, rest: Vec<u8>) -> WebSocketStream<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(self.config())).await
    }

    /// Creates the client's side by performing the opening handshake over `stream`.
    ///
    /// # Errors
    /// Fails if the server refuses, or if its response breaks RFC 6455.
    pub async fn client<S>(
        self,
        request: impl IntoClientRequest + Unpin,
        stream: S,
    ) -> Result<WebSocketStream<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let opened =
            tokio_tungstenite::client_async_with_config(request, stream, Some(self.config()));
        Ok(opened.await?.0)
    }

    /// Creates a connection without tokio, for comparisons and benches.
    pub fn blocking<S: Read + Write>(self, stream: S, role: Role) -> WebSocket<S> {
        WebSocket::from_raw_socket(stream, role, Some(self.config()))
    }

    fn config(self) -> WebSocketConfig {
        let waiting = self.message.saturating_add(WRITE_BUFFER + MESSAGE_OVERHEAD);
        WebSocketConfig::default()
            .read_buffer_size(self.read_buffer)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(waiting)
            .max_message_size(Some(self.message))
            // A small message limit must not refuse control frames, which may have up to 125 bytes.
            .max_frame_size(Some(self.message.max(MAX_CONTROL_PAYLOAD)))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio_tungstenite::tungstenite::Message;

    use super::*;
    use crate::wire::Opcode;
    use crate::wire::frame::encode;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    /// A stream that gives these bytes and takes none.
    struct Deaf<'a>(&'a [u8]);

    impl Read for Deaf<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Deaf<'_> {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn queued_bytes_for_a_peer_that_does_not_read_are_bounded() {
        let limits = WebSocketLimits::new(1000);
        let pings = encode::single_frame(Opcode::Ping, &[7; 125], Some(KEY)).repeat(2000);
        let mut socket = limits.blocking(Deaf(&pings), Role::Server);
        for _ in 0..2000 {
            assert!(matches!(socket.read(), Ok(Message::Ping(_))));
        }
        // More pongs than the buffer can hold: of those that found no room only the last is kept.
        let full = socket.write(Message::binary(vec![0; 1000])).unwrap_err();
        assert!(matches!(full, Error::WriteBufferFull(_)), "{full}");
    }

    #[test]
    fn the_largest_message_can_be_sent_beside_everything_queued() {
        let limits = WebSocketLimits::new(1 << 20);
        let ping = encode::single_frame(Opcode::Ping, &[7; 125], Some(KEY));
        let mut socket = limits.blocking(Deaf(&ping), Role::Server);
        socket.read().unwrap();
        let blocked = socket.write(Message::binary(vec![0; 1 << 20])).unwrap_err();
        assert!(
            matches!(&blocked, Error::Io(err) if err.kind() == io::ErrorKind::WouldBlock),
            "{blocked}"
        );
    }

    #[test]
    fn a_message_above_the_limit_is_refused_by_its_header_but_a_control_frame_is_not() {
        let limits = WebSocketLimits::new(3);
        let close = encode::close_frame(1000, &"x".repeat(123), Some(KEY));
        let input = [encode::single_frame(Opcode::Binary, b"abc", Some(KEY)), close].concat();
        let mut socket = limits.blocking(Deaf(&input), Role::Server);
        assert_eq!(socket.read().unwrap(), Message::binary(&b"abc"[..]));
        assert!(matches!(socket.read().unwrap(), Message::Close(Some(_))));
        let claim = [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4];
        let mut socket = limits.blocking(Deaf(&claim), Role::Server);
        assert!(matches!(socket.read().unwrap_err(), Error::Capacity(_)));
        let mut socket = WebSocketLimits::new(usize::MAX).blocking(Deaf(b""), Role::Server);
        assert!(matches!(socket.read().unwrap_err(), Error::Protocol(_)));
    }
}
