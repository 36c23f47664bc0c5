//! [`Content`]: what HTTP messages contain, without their heads and the framing of chunks, for whoever
//! reads a protocol above HTTP.

use crate::wire::frame::Side;
use crate::wire::handshake::exchange::RequestLine;
use crate::wire::handshake::head::Head;
use crate::wire::size::ByteLen;

/// Chooses the exchanges whose content is wanted, by their requests.
pub type ContentFilter = fn(&RequestLine) -> bool;

/// A part of an exchange. The parts of a message come in order; those of other exchanges may lie in
/// between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The number of the exchange, which no other one of the connection has.
    pub exchange: u64,
    /// The side that sent it: a request is the client's.
    pub from: Side,
    /// The part of the message.
    pub part: ContentPart,
}

/// The parts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentPart {
    /// The head of a request.
    Request(RequestLine, ContentFields),
    /// The head of a final response, with its status.
    Response(Option<u16>, ContentFields),
    /// The next bytes of the content.
    Bytes(Vec<u8>),
    /// Bytes of the content that were not captured, and how many; `None` if that is unknown, even
    /// whether there were any.
    Missing(Option<ByteLen>),
    /// The end of the message; `false` if its rest was not captured or never came.
    End(bool),
}

/// The fields of a head that say how to read the content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentFields {
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// `Content-Encoding`, unless it is `identity`.
    pub encoding: Option<String>,
}

impl Content {
    /// Creates the next bytes of a message.
    pub fn bytes(exchange: u64, from: Side, bytes: &[u8]) -> Self {
        Self { exchange, from, part: ContentPart::Bytes(bytes.to_vec()) }
    }

    /// Creates the parts for bytes that were not captured, which end the message unless it
    /// `goes_on` behind them.
    pub(super) fn gap(
        exchange: u64,
        from: Side,
        missing: ByteLen,
        goes_on: bool,
    ) -> impl Iterator<Item = Self> {
        let gap = Self { exchange, from, part: ContentPart::Missing(Some(missing)) };
        let end = (!goes_on).then(|| Self::end(exchange, from, false));
        std::iter::once(gap).chain(end)
    }

    /// Creates the end of a message.
    pub fn end(exchange: u64, from: Side, is_complete: bool) -> Self {
        Self { exchange, from, part: ContentPart::End(is_complete) }
    }
}

impl ContentFields {
    /// Creates the fields with these values of a head.
    pub fn new(media_type: Option<String>, encoding: Option<String>) -> Self {
        let is_coded = |encoding: &String| !encoding.trim().eq_ignore_ascii_case("identity");
        Self { media_type, encoding: encoding.filter(is_coded) }
    }

    pub(super) fn of(head: &Head) -> Self {
        Self::new(head.joined_value("Content-Type"), head.joined_value("Content-Encoding"))
    }
}
