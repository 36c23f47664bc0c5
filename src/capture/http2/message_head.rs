//! [`Http2WebSocket`]: the handshake of a WebSocket on a stream of HTTP/2: the header fields of both
//! messages, as decoded, with the result of validating them.

use std::time::Duration;

use crate::wire::handshake::HeadValidation;
use crate::wire::handshake::extended_connect::{self, Field};

/// The header fields of a request or response, and the result of validating them.
#[derive(Clone, Debug)]
pub struct Http2Head {
    /// When the header block was complete, since the start of the stream.
    pub at: Duration,
    /// The fields in order, pseudo-header fields among them. There are no other bytes of the head:
    /// HPACK (RFC 7541) has no lines.
    pub fields: Vec<Field>,
    /// The number of bytes of the header block, as on the wire.
    pub block_len: usize,
    /// The result of validating the fields.
    pub validation: HeadValidation,
}

impl Http2Head {
    /// Returns the value of the first field with this name, with U+FFFD for invalid UTF-8.
    pub fn value(&self, name: &str) -> Option<String> {
        let value = extended_connect::value_of(&self.fields, name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// Returns the status of a response; `None` if it isn't three digits, and for a request.
    pub fn status(&self) -> Option<u16> {
        extended_connect::status(&self.fields)
    }
}

/// A WebSocket on a stream of HTTP/2.
#[derive(Clone, Debug)]
pub struct Http2WebSocket {
    /// The identifier of the stream.
    pub stream_id: u32,
    /// The request; `None` if it was not captured, or could not be decoded.
    pub request: Option<Http2Head>,
    /// The final response; `None` if it was not captured, or could not be decoded.
    pub response: Option<Http2Head>,
    /// Whether the DATA is frames: the response is a 2xx, or unknown although there is DATA of the
    /// server. Otherwise the server's bytes are the body of a refusal.
    pub is_open: bool,
}
