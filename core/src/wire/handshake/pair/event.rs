//! [`HandshakeEvent`]: the events of a connection before its frames.

use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{Content, HttpExchange};

/// Something that has become complete on a connection before its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeEvent {
    /// The head of an attempt to open a WebSocket, or what came in place of a head. It is in
    /// [`HandshakePair::head`](super::HandshakePair::head).
    Head(Side),
    /// The body of a response that refused an attempt. It is in [`HandshakePair::leftover`](super::HandshakePair::leftover) until
    /// the next attempt.
    RefusalBody,
    /// An exchange that did not try to open a WebSocket.
    Exchange(HttpExchange),
    /// A part of an exchange whose content is wanted
    /// ([`HandshakePair::with_content`](super::HandshakePair::with_content)).
    Content(Content),
    /// The server has answered 101. The rest of the input is frames.
    Open(Upgraded),
    /// The request of a connection that was opened before: its 101 was captured first. The rest of
    /// the client's input is frames.
    LateRequest(Vec<u8>),
}

/// The result of a completed handshake: the server has answered 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The agreed extensions.
    pub agreed: AgreedExtensions,
    /// The bytes that the client sent after its request before that was known: its first frame
    /// bytes.
    pub client_bytes: Vec<u8>,
    /// Whether bytes that a side sent before were not captured, so that its next byte may be any of a
    /// frame.
    pub lacks_bytes: Sides<bool>,
}

/// A unit with which reading resumes behind bytes that belong to nothing known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumption {
    /// The head of an HTTP message.
    Head,
    /// A frame.
    Frame,
}
