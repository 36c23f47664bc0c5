//! What was weighed: the bytes of an exchange, and where the payload begins in them.
//! Every figure is a count of bytes that are here.

use crate::servers::recorded::RecordedBytes;
use crate::wire::Header;

/// What went each way, and the bytes before the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuredExchange {
    /// The bytes as they went over the socket.
    pub bytes: RecordedBytes,
    /// How many of those that went up are no payload.
    pub sent_header_len: usize,
    /// How many of those that came down are no payload.
    pub received_header_len: usize,
}

/// One exchange over HTTP and one over WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangePair {
    /// Request and reply.
    pub http: MeasuredExchange,
    /// Message and message.
    pub websocket: MeasuredExchange,
    /// What opened the WebSocket before: once a connection.
    pub handshake: RecordedBytes,
}

impl MeasuredExchange {
    /// A request and a reply: the payload begins behind the empty line (RFC 9112 section 2.1).
    ///
    /// # Errors
    /// If there is no such line.
    pub(super) fn from_http(bytes: RecordedBytes) -> Result<Self, String> {
        let head = |bytes: &[u8]| {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            end.map(|at| at + 4).ok_or_else(|| "an HTTP head has no end".to_owned())
        };
        Ok(Self {
            sent_header_len: head(&bytes.up)?,
            received_header_len: head(&bytes.down)?,
            bytes,
        })
    }

    /// Two frames: the payload begins behind the header (RFC 6455 section 5.2).
    ///
    /// # Errors
    /// If one of them is not one whole frame.
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

    /// All bytes, both ways.
    pub fn total(&self) -> usize {
        self.bytes.up.len() + self.bytes.down.len()
    }

    /// The bytes of payload, both ways.
    pub fn payload(&self) -> usize {
        self.total() - self.sent_header_len - self.received_header_len
    }
}
