//! [`PlaintextSink`]: the receiver of the bytes of one stream, after everything that carries them:
//! TLS, a proxy, HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use super::gap::Gap;
use super::piece::Piece;
use super::resync::Resync;
use crate::capture::byte_store::{BackingStore, ByteStore, Place};
use crate::capture::sink::StreamSink;
use crate::wire::{ByteLen, Offset, Side};

/// The maximum number of zeros that replace missing bytes of one stream. A file of a few bytes can
/// claim gaps of any length.
const MAX_FILLED_BYTES: ByteLen = ByteLen::new(16 << 20);

/// The maximum number of gaps kept of one stream. Further ones are warnings only.
const MAX_GAPS: usize = 1 << 16;

/// The receiver of a stream's bytes.
#[derive(Debug)]
pub(in crate::capture) struct PlaintextSink<S> {
    pub(in crate::capture) sink: S,
    pub(in crate::capture) store: ByteStore,
    pub(in crate::capture) gaps: Vec<Gap>,
    /// The number of streams of the capture that began before this one.
    pub(in crate::capture) began: u64,
    /// The number of zeros that replace missing bytes.
    filled: ByteLen,
    resync: Resync,
    /// Whether each frame is known to begin where it does, so that none is searched.
    pub(in crate::capture) knows_frames: bool,
}

impl<S: StreamSink> PlaintextSink<S> {
    pub(in crate::capture) fn new(sink: S, backing: &Arc<BackingStore>) -> Self {
        let store = ByteStore::new(Arc::clone(backing));
        let (gaps, resync) = (Vec::new(), Resync::default());
        let began = backing.begin_stream();
        Self { sink, store, gaps, began, filled: ByteLen::ZERO, resync, knows_frames: false }
    }

    pub(in crate::capture) fn push(&mut self, piece: Piece<'_>) {
        if self.resync.is_idle() {
            let Piece { from, at, place, bytes } = piece;
            self.store.add(from, place, ByteLen::of(bytes));
            self.sink.push(from, at, bytes);
            if self.sink.take_out_of_step(Side::Client) {
                self.search(Side::Client);
            }
        } else if self.resync.hold(piece) {
            self.conclude_search();
        }
    }

    /// Returns the memory that bytes take which are held back.
    pub(in crate::capture) fn held_bytes(&self) -> usize {
        self.resync.held_bytes()
    }

    /// Begins with any byte of any frame of both sides.
    pub(in crate::capture) fn begin_midway(&mut self) {
        for from in [Side::Client, Side::Server] {
            self.sink.unframed(from, Duration::ZERO, ByteLen::ZERO);
            self.search(from);
        }
    }

    /// Handles the first bytes of a side that are not HTTP although the other side's are: an unknown
    /// number of bytes was sent before the capture began.
    pub(in crate::capture) fn begin_side_midway(&mut self, from: Side, at: Duration) {
        self.pass_on_held();
        let (missing, unframed) = (ByteLen::ZERO, ByteLen::ZERO);
        let filled = self.sink.gap(from, at, missing, missing);
        self.gaps.push(Gap { from, offset: Offset::START, missing, filled, unframed });
        self.search(from);
    }

    /// Searches the first byte of a frame in the next bytes of a side.
    fn search(&mut self, from: Side) {
        if self.knows_frames {
            return;
        }
        self.resync.search(from, self.sink.frame_search(from));
    }

    /// Passes on everything that is held, because nothing more comes or memory is short.
    pub(in crate::capture) fn pass_on_held(&mut self) {
        // What is passed on may open the connection, and begin another search with that.
        while self.resync.held_bytes() > 0 {
            self.conclude_search();
        }
    }

    /// Passes on what was held during a search. It goes on for a side whose frames were not found.
    fn conclude_search(&mut self) {
        let (held, unknown) = self.resync.conclude();
        for (held, unframed) in held {
            if self.sink.take_out_of_step(Side::Client) {
                self.search(Side::Client);
            }
            let piece = held.piece();
            if !self.resync.is_idle() && unframed == ByteLen::ZERO {
                self.push(piece);
                continue;
            }
            let Piece { from, at, place, bytes } = piece;
            self.store.add(from, place, ByteLen::of(bytes));
            let (before, frames) = bytes.split_at(unframed.to_usize_saturating().min(bytes.len()));
            if !before.is_empty() {
                self.push_unframed(from, at, unframed, ByteLen::of(frames));
            }
            if !frames.is_empty() {
                self.sink.push(from, at, frames);
            }
        }
        let out_of_step = self.sink.take_out_of_step(Side::Client).then_some(Side::Client);
        for from in unknown.into_iter().chain(out_of_step) {
            self.search(from);
        }
    }

    /// Records bytes whose frame is not known; the store has them, and `behind` bytes more.
    fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen, behind: ByteLen) {
        self.sink.unframed(from, at, len);
        let offset = Offset::START + (self.store.len(from) - behind - len);
        let last = self.gaps.iter_mut().rev().find(|gap| gap.from == from);
        if let Some(gap) = last.filter(|gap| gap.end() == offset) {
            gap.unframed += len;
        } else if self.gaps.len() < MAX_GAPS {
            let (missing, filled) = (ByteLen::ZERO, ByteLen::ZERO);
            self.gaps.push(Gap { from, offset, missing, filled, unframed: len });
        }
    }

    /// Takes bytes that are neither HTTP/1.1 nor frames of a WebSocket.
    pub(in crate::capture) fn pass_over(&mut self, piece: Piece<'_>) {
        self.pass_on_held();
        let Piece { from, at, place, bytes } = piece;
        self.store.add(from, place, ByteLen::of(bytes));
        self.sink.pass_over(from, at, bytes.len());
    }

    /// Takes a gap and returns its offset in the bytes of `from`.
    pub(in crate::capture) fn push_gap(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) -> Offset {
        self.pass_on_held();
        let limit = MAX_FILLED_BYTES - self.filled;
        let filled = self.sink.gap(from, at, missing, limit);
        let offset = self.add_gap(from, missing, filled);
        if filled < missing {
            self.search(from);
        }
        offset
    }

    /// Takes a gap within the frame in progress, which goes on behind it.
    pub(in crate::capture) fn push_gap_within_frame(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) {
        let limit = missing.min(MAX_FILLED_BYTES - self.filled);
        let filled = self.sink.gap(from, at, missing, limit);
        self.add_gap(from, missing, filled);
    }

    /// Takes a gap behind which a frame begins. If it goes on from one within the frame before, both
    /// are the same.
    pub(in crate::capture) fn push_gap_between_frames(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) {
        let filled = self.sink.gap(from, at, missing, ByteLen::ZERO);
        let end = Offset::START + self.store.len(from);
        let last = self.gaps.iter_mut().rev().find(|gap| gap.from == from);
        match last.filter(|gap| gap.end() == end && gap.filled > ByteLen::ZERO) {
            Some(gap) => gap.missing += missing,
            None => drop(self.add_gap(from, missing, filled)),
        }
    }

    /// Takes bytes that lie within unknown frames. What follows is the beginning of a frame.
    pub(in crate::capture) fn push_known_unframed(&mut self, piece: Piece<'_>) {
        let Piece { from, at, place, bytes } = piece;
        self.store.add(from, place, ByteLen::of(bytes));
        self.push_unframed(from, at, ByteLen::of(bytes), ByteLen::ZERO);
    }

    /// Takes a gap between two frames: an unknown number of bytes is missing, at most `missing`, so
    /// the frame in progress ends there.
    pub(in crate::capture) fn end_frame_at_gap(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) {
        self.pass_on_held();
        let filled = self.sink.gap(from, at, missing, ByteLen::ZERO);
        self.add_gap(from, missing, filled);
        self.search(from);
    }

    /// Notes a gap in bytes that are passed over.
    pub(in crate::capture) fn pass_over_gap(&mut self, from: Side, missing: ByteLen) -> Offset {
        self.add_gap(from, missing, ByteLen::ZERO)
    }

    fn add_gap(&mut self, from: Side, missing: ByteLen, filled: ByteLen) -> Offset {
        let offset = Offset::START + self.store.len(from);
        self.filled += filled;
        self.store.add(from, Place::Missing, filled);
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap { from, offset, missing, filled, unframed: ByteLen::ZERO });
        }
        offset
    }
}
