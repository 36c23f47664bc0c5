//! The measured bytes of an exchange, and where the payload begins in them.
//! Every figure that is shown is a count of these bytes.

use crate::servers::recorded::RecordedBytes;
use crate::wire::Header;

/// The bytes of one exchange in both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuredExchange {
    /// The bytes as the server's socket received and sent them.
    pub bytes: RecordedBytes,
    /// The number of bytes before the payload that the client sent.
    pub sent_header_len: usize,
    /// The number of bytes before the payload that the client received.
    pub received_header_len: usize,
}

/// One exchange over HTTP and one over WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangePair {
    /// The HTTP request and response.
    pub http: MeasuredExchange,
    /// The WebSocket message and its echo.
    pub websocket: MeasuredExchange,
    /// The opening handshake of the WebSocket, which is needed once for each connection.
    pub handshake: RecordedBytes,
}

impl MeasuredExchange {
    /// Measures a request and a response. The payload begins after the empty line (RFC 9112 section
    /// 2.1).
    ///
    /// # Errors
    /// Fails if one of them has no empty line.
    pub(super) fn from_http(bytes: RecordedBytes) -> Result<Self, String> {
        let head = |bytes: &[u8]| {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            end.map(|at| at + 4).ok_or_else(|| "an HTTP head does not end".to_owned())
        };
        Ok(Self {
            sent_header_len: head(&bytes.up)?,
            received_header_len: head(&bytes.down)?,
            bytes,
        })
    }

    /// Measures two frames. The payload begins after the header (RFC 6455 section 5.2).
    ///
    /// # Errors
    /// Fails if one of them is not exactly one frame.
    pub(super) fn from_websocket(bytes: RecordedBytes) -> Result<Self, String> {
        let head = |bytes: &[u8]| {
            let header =
                Header::parse(bytes).map_err(|_| "a frame's header is incomplete".to_owned())?;
            if header.frame_len() == bytes.len() as u64 {
                Ok(header.len())
            } else {
                Err("the message did not go as one frame".to_owned())
            }
        };
        Ok(Self {
            sent_header_len: head(&bytes.up)?,
            received_header_len: head(&bytes.down)?,
            bytes,
        })
    }

    /// Returns the number of bytes in both directions.
    pub fn total(&self) -> usize {
        self.bytes.up.len() + self.bytes.down.len()
    }

    /// Returns the number of payload bytes in both directions.
    pub fn payload(&self) -> usize {
        self.total() - self.sent_header_len - self.received_header_len
    }
}
