//! The result of validating a head: accepted or not, the answer, the problems, and what was agreed
//! on.

use crate::wire::handshake::accept::AcceptValue;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::problem::Problem;

/// The outcome of the handshake on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandshakeOutcome {
    /// The connection is open.
    Accept,
    /// A server rejects the request, or a client fails the connection.
    Reject,
    /// The head is not complete.
    #[default]
    Incomplete,
}

/// The result of validating the peer's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadValidation {
    /// Whether the head is accepted, rejected or incomplete.
    pub outcome: HandshakeOutcome,
    /// The status of the server's answer to a request; `None` for a response, and if no HTTP
    /// answer makes sense.
    pub status: Option<u16>,
    /// The headers of that answer, as names and values.
    pub response_headers: Vec<(String, String)>,
    /// The problems that were found.
    pub problems: Vec<Problem>,
    /// The accept value for the key, if there is a valid key.
    pub accept: Option<AcceptValue>,
    /// The accept value that the server sent.
    pub received_accept: Option<String>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
    /// The extensions that were agreed on, as the response writes them.
    pub extensions: Vec<String>,
    /// The same extensions, for the frame decoders.
    pub agreed: AgreedExtensions,
}
