//! [`DecodedHandshake`]: the input of `decode --handshake`, decoded, for the text and the JSON.

use crate::wire::Side;
use crate::wire::handshake::ValidatedHead;

/// A decoded handshake and the bytes after it.
pub(super) struct DecodedHandshake {
    pub(super) validated: ValidatedHead,
    /// The bytes of the head that were read, up to and including its blank line.
    pub(super) head_bytes: Vec<u8>,
    /// The bytes after the head.
    pub(super) leftover: Vec<u8>,
    /// The side that sent the head: the client a request, the server a response.
    pub(super) from: Side,
}
