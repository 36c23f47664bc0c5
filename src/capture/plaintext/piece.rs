//! [`Piece`]: bytes on their way to the receiver of a stream.

use std::time::Duration;

use crate::capture::byte_store::Place;
use crate::capture::packets::packet_comment::Framing;
use crate::wire::Side;

/// The next bytes of a side.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct Piece<'a> {
    pub(in crate::capture) from: Side,
    /// When they were captured, since the first packet of the connection.
    pub(in crate::capture) at: Duration,
    /// The place from which the bytes can be read again.
    pub(in crate::capture) place: Place,
    pub(in crate::capture) bytes: &'a [u8],
    /// What a copy says of the bytes.
    pub(in crate::capture) framing: Option<Framing>,
}

impl Piece<'_> {
    /// Divides the bytes: the first ones, at most `len`, and the rest.
    pub(in crate::capture) fn split_at(self, len: usize) -> (Self, Self) {
        let (first, rest) = self.bytes.split_at_checked(len).unwrap_or((self.bytes, &[]));
        let place = self.place.plus(first.len());
        let is_same = |framing: &Framing| first.is_empty() || *framing == Framing::Unframed;
        let framing = self.framing.filter(is_same);
        (Self { bytes: first, ..self }, Self { place, bytes: rest, framing, ..self })
    }

    /// Copies the bytes, because they must wait.
    pub(in crate::capture) fn hold(self) -> HeldPiece {
        let Self { from, at, place, bytes, framing } = self;
        HeldPiece { from, at, place, bytes: bytes.to_vec(), framing }
    }
}

/// Bytes that wait until it is known what they are.
#[derive(Debug)]
pub(in crate::capture) struct HeldPiece {
    pub(in crate::capture) from: Side,
    at: Duration,
    place: Place,
    pub(in crate::capture) bytes: Vec<u8>,
    framing: Option<Framing>,
}

impl HeldPiece {
    pub(in crate::capture) fn piece(&self) -> Piece<'_> {
        let Self { from, at, place, bytes, framing } = self;
        Piece { from: *from, at: *at, place: *place, bytes, framing: *framing }
    }
}
