//! What a strict side makes of a head: accepted or not, the answer, the problems, and what was agreed on.

use crate::wire::handshake::accept::AcceptValue;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::problem::Problem;

/// How a handshake stands on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandshakeOutcome {
    /// The connection is open.
    Accept,
    /// A server rejects the request, a client fails the connection.
    Reject,
    /// The head is not complete.
    #[default]
    Incomplete,
}

/// What a strict side makes of the other's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadValidation {
    /// Accept, refuse, or more bytes needed.
    pub outcome: HandshakeOutcome,
    /// The status that a server answers a request with; none for a response, and where no HTTP answer makes sense.
    pub status: Option<u16>,
    /// The headers of that answer.
    pub response_headers: Vec<(String, String)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The proof for the key, where there is a usable one.
    pub accept: Option<AcceptValue>,
    /// The accept value that the server sent.
    pub received_accept: Option<String>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
    /// The extensions that were agreed on, as the response writes them.
    pub extensions: Vec<String>,
    /// The same for the frame decoders.
    pub agreed: AgreedExtensions,
}
