//! [`PlaintextSink`]: the receiver of the bytes of one stream, after everything that carries them:
//! TLS, a proxy, HTTP/2. [`Piece`]: bytes on their way there.

use std::sync::Arc;
use std::time::Duration;

use crate::capture::byte_store::{BackingStore, ByteStore, Place};
use crate::capture::sink::StreamSink;
use crate::wire::{ByteLen, Offset, Side};

/// The maximum number of zeros that replace missing bytes of one stream. A file of a few bytes can
/// claim gaps of any length.
const MAX_FILLED_BYTES: ByteLen = ByteLen::new(16 << 20);

/// The maximum number of gaps kept of one stream. Further ones are warnings only.
const MAX_GAPS: usize = 1 << 16;

/// Bytes of a stream that are missing in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The side whose bytes are missing.
    pub from: Side,
    /// The offset in that side's stream, as for [`ByteStore::read`].
    pub offset: Offset,
    /// The number of missing bytes.
    pub missing: ByteLen,
    /// The number of them that are replaced by zeros, so that what follows keeps its position in
    /// the frame.
    pub filled: ByteLen,
}

/// The next bytes of a side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) from: Side,
    /// When they were captured, since the first packet of the connection.
    pub(super) at: Duration,
    /// The place from which the bytes can be read again.
    pub(super) place: Place,
    pub(super) bytes: &'a [u8],
}

impl Piece<'_> {
    /// Divides the bytes: the first ones, at most `len`, and the rest.
    pub(super) fn split_at(self, len: usize) -> (Self, Self) {
        let (first, rest) = self.bytes.split_at_checked(len).unwrap_or((self.bytes, &[]));
        let place = self.place.plus(first.len());
        (Self { bytes: first, ..self }, Self { place, bytes: rest, ..self })
    }

    /// Copies the bytes, because they must wait.
    pub(super) fn hold(self) -> HeldPiece {
        let Self { from, at, place, bytes } = self;
        HeldPiece { from, at, place, bytes: bytes.to_vec() }
    }
}

/// Bytes that wait until it is known what they are.
#[derive(Debug)]
pub(super) struct HeldPiece {
    pub(super) from: Side,
    at: Duration,
    place: Place,
    pub(super) bytes: Vec<u8>,
}

impl HeldPiece {
    pub(super) fn piece(&self) -> Piece<'_> {
        let Self { from, at, place, bytes } = self;
        Piece { from: *from, at: *at, place: *place, bytes }
    }
}

/// The receiver of a stream's bytes.
#[derive(Debug)]
pub(super) struct PlaintextSink<S> {
    pub(super) sink: S,
    pub(super) store: ByteStore,
    pub(super) gaps: Vec<Gap>,
    /// The number of zeros that replace missing bytes.
    filled: ByteLen,
}

impl<S: StreamSink> PlaintextSink<S> {
    pub(super) fn new(sink: S, backing: &Arc<BackingStore>) -> Self {
        let store = ByteStore::new(Arc::clone(backing));
        Self { sink, store, gaps: Vec::new(), filled: ByteLen::ZERO }
    }

    pub(super) fn push(&mut self, piece: Piece<'_>) {
        let Piece { from, at, place, bytes } = piece;
        self.store.add(from, place, ByteLen::of(bytes));
        self.sink.push(from, at, bytes);
    }

    /// Takes bytes that are neither HTTP/1.1 nor frames of a WebSocket.
    pub(super) fn pass_over(&mut self, piece: Piece<'_>) {
        let Piece { from, at, place, bytes } = piece;
        self.store.add(from, place, ByteLen::of(bytes));
        self.sink.pass_over(from, at, bytes.len());
    }

    /// Takes a gap and returns its offset in the bytes of `from`.
    pub(super) fn push_gap(&mut self, from: Side, at: Duration, missing: ByteLen) -> Offset {
        let limit = MAX_FILLED_BYTES - self.filled;
        let filled = self.sink.gap(from, at, missing, limit);
        self.add_gap(from, missing, filled)
    }

    /// Takes a gap between two frames: an unknown number of bytes is missing, at most `missing`, so
    /// the frame in progress ends there.
    pub(super) fn end_frame_at_gap(&mut self, from: Side, at: Duration, missing: ByteLen) {
        let filled = self.sink.gap(from, at, missing, ByteLen::ZERO);
        self.add_gap(from, missing, filled);
    }

    /// Notes a gap in bytes that are passed over.
    pub(super) fn pass_over_gap(&mut self, from: Side, missing: ByteLen) -> Offset {
        self.add_gap(from, missing, ByteLen::ZERO)
    }

    fn add_gap(&mut self, from: Side, missing: ByteLen, filled: ByteLen) -> Offset {
        let offset = Offset::START + self.store.len(from);
        self.filled += filled;
        self.store.add(from, Place::Missing, filled);
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap { from, offset, missing, filled });
        }
        offset
    }
}
