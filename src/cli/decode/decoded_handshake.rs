//! [`DecodedHandshake`]: what `decode` has found in a head, for the text and for the JSON.

use crate::wire::Side;
use crate::wire::handshake::ValidatedHead;

/// A decoded handshake, with what followed it.
pub(super) struct DecodedHandshake {
    pub(super) validated: ValidatedHead,
    pub(super) head_bytes: Vec<u8>,
    pub(super) leftover: Vec<u8>,
    pub(super) from: Side,
}
