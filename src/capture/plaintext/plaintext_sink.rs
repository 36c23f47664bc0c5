//! [`PlaintextSink`]: the receiver of the bytes of one stream, after everything that carries them:
//! TLS, a proxy, HTTP/2.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::gap::{Gap, ResumePoint};
use super::piece::{HeldPiece, Piece};
use super::resync::{Resync, SearchResult};
use crate::capture::byte_store::{BackingStore, ByteStore, Place};
use crate::capture::packets::packet_comment::Framing;
use crate::capture::sink::StreamSink;
use crate::wire::decode::Resumption;
use crate::wire::{ByteLen, Offset, Side, Sides};

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
    pub(in crate::capture) resumptions: Vec<ResumePoint>,
    /// The number of zeros that replace missing bytes.
    filled: ByteLen,
    resync: Resync,
    /// Whether each frame is known to begin where it does, so that none is searched.
    knows_frames: bool,
    /// Whether nothing before the next byte of a side tells what it is.
    lost: Sides<bool>,
    /// Whether a copy said of bytes what they cannot be.
    pub(in crate::capture) has_wrong_framing: bool,
}

impl<S: StreamSink> PlaintextSink<S> {
    pub(in crate::capture) fn new(sink: S, backing: &Arc<BackingStore>) -> Self {
        let store = ByteStore::new(Arc::clone(backing));
        let (gaps, resumptions, resync) = (Vec::new(), Vec::new(), Resync::default());
        let (began, filled) = (backing.begin_stream(), ByteLen::ZERO);
        let (lost, knows_frames, has_wrong_framing) = (Sides::default(), false, false);
        Self {
            sink,
            store,
            gaps,
            began,
            resumptions,
            filled,
            resync,
            knows_frames,
            lost,
            has_wrong_framing,
        }
    }

    pub(in crate::capture) fn push(&mut self, piece: Piece<'_>) {
        if let Some(framing) = piece.framing {
            self.push_framed(piece, framing);
        } else if self.resync.is_idle() {
            self.pass_on(piece);
        } else if self.resync.hold(piece.hold()) {
            self.conclude_search();
        }
    }

    /// Takes bytes of which a copy says what they are, if they can be that.
    fn push_framed(&mut self, piece: Piece<'_>, framing: Framing) {
        self.pass_on_held();
        let Piece { from, at, .. } = piece;
        match framing {
            Framing::Unframed if self.lost[from] => self.push_unframed(piece),
            Framing::Begins(unit) if self.may_begin(from, unit) => {
                self.resync.search(from, None);
                self.resume(from, at, unit);
                self.pass_on(piece);
            }
            Framing::Unframed | Framing::Begins(_) => {
                self.has_wrong_framing = true;
                self.push(Piece { framing: None, ..piece });
            }
        }
    }

    /// Whether the next byte of a side may be the first of this unit, although nothing before it tells.
    fn may_begin(&self, from: Side, unit: Resumption) -> bool {
        let is_lost = self.lost[from] || self.store.len(from) == ByteLen::ZERO;
        match unit {
            Resumption::Head => is_lost && !self.sink.sends_frames(from),
            // The client may send frames although the server is silent.
            Resumption::Frame if !self.sink.sends_frames(from) => self.sink.may_resume(from, unit),
            Resumption::Frame => is_lost,
        }
    }

    /// Gives bytes to the receiver, and begins the searches that are needed behind them.
    fn pass_on(&mut self, piece: Piece<'_>) {
        let Piece { from, at, place, bytes, .. } = piece;
        self.lost[from] = false;
        self.store.add(from, place, ByteLen::of(bytes));
        self.sink.push(from, at, bytes);
        self.search_where_lost();
        if from == Side::Client
            && !self.knows_frames
            && self.resync.is_idle()
            && let Some(search) = self.sink.early_frame_search()
        {
            self.resync.search_early(search);
        }
    }

    /// Searches nothing from now on, because each unit is known to begin where it does.
    pub(in crate::capture) fn know_frames(&mut self) {
        if !self.knows_frames {
            self.pass_on_held();
            self.resync = Resync::default();
            self.knows_frames = true;
        }
    }

    /// Whether nothing before the next byte of a side tells what it is.
    pub(in crate::capture) fn is_lost(&self, from: Side) -> bool {
        self.lost[from]
    }

    /// Searches frames where they are lost from now on.
    pub(in crate::capture) fn search_frames(&mut self) {
        self.knows_frames = false;
    }

    /// Returns the memory that bytes take which are held back.
    pub(in crate::capture) fn held_bytes(&self) -> usize {
        self.resync.held_bytes()
    }

    /// Begins with any byte of any message or frame of both sides.
    pub(in crate::capture) fn begin_midway(&mut self) {
        self.search(Side::Client);
        self.search(Side::Server);
    }

    /// Begins with the first byte of a frame of both sides.
    pub(in crate::capture) fn begin_with_frames(&mut self) {
        let unit = Resumption::Frame;
        for from in [Side::Client, Side::Server] {
            // Either side opens the connection for both; which sends first is not known.
            self.sink.resume(from, Duration::ZERO, unit);
            self.sink.take_out_of_step(from);
            self.resumptions.push(ResumePoint { from, offset: Offset::START, unit });
        }
    }

    /// Handles the first bytes of a side that are not HTTP although the other side's are: an unknown
    /// number of bytes was sent before the capture began.
    pub(in crate::capture) fn begin_side_midway(&mut self, from: Side, at: Duration) {
        self.push_gap(from, at, ByteLen::ZERO);
    }

    /// Searches what a side sends next.
    fn search(&mut self, from: Side) {
        self.lost[from] = true;
        if self.knows_frames {
            return;
        }
        self.resync.search(from, self.sink.frame_search(from));
    }

    /// Begins a search for each side of which the receiver has lost track.
    fn search_where_lost(&mut self) {
        for from in [Side::Client, Side::Server] {
            if self.sink.take_out_of_step(from) {
                self.search(from);
            }
        }
    }

    /// Passes on everything that is held, because nothing more comes or memory is short.
    pub(in crate::capture) fn pass_on_held(&mut self) {
        // What is passed on may open the connection, and begin another search with that.
        while self.resync.held_bytes() > 0 {
            self.conclude_search();
        }
    }

    /// Passes on what was held during a search. It goes on for a side whose units were not found.
    fn conclude_search(&mut self) {
        let mut waiting = VecDeque::new();
        let mut is_concluded = true;
        while std::mem::take(&mut is_concluded) {
            let (mut held, mut results) = self.resync.conclude();
            while let Some(piece) = held.pop_front() {
                self.release(&piece, &mut results);
                if !self.resync.is_idle() {
                    // What a side sends is searched again together with what the other one sends.
                    for from in [Side::Client, Side::Server] {
                        if results[from].is_unresolved() {
                            self.search(from);
                        }
                    }
                    results = Sides::default();
                    break;
                }
            }
            held.append(&mut waiting);
            waiting = held;
            for from in [Side::Client, Side::Server] {
                if results[from].goes_on {
                    self.search(from);
                }
            }
            while let Some(piece) = waiting.pop_front() {
                if self.resync.is_idle() {
                    self.pass_on(piece.piece());
                } else if self.resync.hold(piece) {
                    is_concluded = true;
                    break;
                }
            }
        }
    }

    /// Passes on the next piece that was held: bytes that belong to nothing known, then others.
    fn release(&mut self, held: &HeldPiece, results: &mut Sides<SearchResult>) {
        let Piece { from, at, bytes, .. } = held.piece();
        let result = &mut results[from];
        let unknown = result.unknown.min(ByteLen::of(bytes));
        let (before, rest) = held.piece().split_at(unknown.to_usize_saturating());
        result.unknown -= unknown;
        self.push_unframed(before);
        if rest.bytes.is_empty() {
            return;
        }
        if let Some(unit) = result.unit.take() {
            if !self.sink.may_resume(from, unit) {
                result.reject();
                result.unknown -= ByteLen::of(rest.bytes);
                return self.push_unframed(rest);
            }
            self.resume(from, at, unit);
        }
        result.rest -= ByteLen::of(rest.bytes);
        self.pass_on(rest);
    }

    /// Resumes reading: the next byte of a side is the first of this unit.
    fn resume(&mut self, from: Side, at: Duration, unit: Resumption) {
        if !self.sink.resume(from, at, unit) {
            return;
        }
        let offset = Offset::START + self.store.len(from);
        let before = self.gaps.iter_mut().rev().find(|gap| gap.from == from);
        if let Some(gap) = before.filter(|gap| gap.end() == offset && unit == Resumption::Head) {
            gap.unframed_in = Some(Resumption::Head);
        }
        if self.resumptions.len() < MAX_GAPS {
            self.resumptions.push(ResumePoint { from, offset, unit });
        }
    }

    /// Records bytes that belong to nothing known.
    fn push_unframed(&mut self, piece: Piece<'_>) {
        let Piece { from, at, place, bytes, .. } = piece;
        if bytes.is_empty() {
            return;
        }
        let (offset, len) = (Offset::START + self.store.len(from), ByteLen::of(bytes));
        let unframed_in = self.sink.sends_frames(from).then_some(Resumption::Frame);
        self.store.add(from, place, len);
        self.sink.unframed(from, at, len);
        let last = self.gaps.iter_mut().rev().find(|gap| gap.from == from);
        if let Some(gap) = last.filter(|gap| gap.end() == offset) {
            if gap.unframed == ByteLen::ZERO {
                gap.unframed_in = unframed_in;
            }
            gap.unframed += len;
        } else if self.gaps.len() < MAX_GAPS {
            let (missing, filled) = (ByteLen::ZERO, ByteLen::ZERO);
            self.gaps.push(Gap { from, at, offset, missing, filled, unframed: len, unframed_in });
        }
    }

    /// Takes bytes that are neither HTTP/1.1 nor frames of a WebSocket.
    pub(in crate::capture) fn pass_over(&mut self, piece: Piece<'_>) {
        self.pass_on_held();
        let Piece { from, at, place, bytes, .. } = piece;
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
        let offset = self.add_gap(from, at, missing, filled);
        self.search_where_lost();
        if filled < missing || missing == ByteLen::ZERO {
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
        self.add_gap(from, at, missing, filled);
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
            None => drop(self.add_gap(from, at, missing, filled)),
        }
    }

    /// Resumes reading with a unit whose kind is known, unless that follows from what came before.
    pub(in crate::capture) fn resume_known(&mut self, from: Side, at: Duration, unit: Resumption) {
        let sends_frames = self.sink.sends_frames(from);
        let is_lost = !sends_frames && self.sink.frame_search(from).is_some();
        if unit == Resumption::Frame && !sends_frames || is_lost {
            self.resume(from, at, unit);
        }
    }

    /// Takes bytes that lie within unknown frames. What follows is the beginning of a frame.
    pub(in crate::capture) fn push_known_unframed(&mut self, piece: Piece<'_>) {
        self.push_unframed(piece);
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
        self.add_gap(from, at, missing, filled);
        self.search(from);
    }

    /// Notes a gap in bytes that are passed over.
    pub(in crate::capture) fn pass_over_gap(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) -> Offset {
        self.add_gap(from, at, missing, ByteLen::ZERO)
    }

    fn add_gap(&mut self, from: Side, at: Duration, missing: ByteLen, filled: ByteLen) -> Offset {
        let offset = Offset::START + self.store.len(from);
        self.filled += filled;
        self.store.add(from, Place::Missing, filled);
        if self.gaps.len() < MAX_GAPS {
            let (unframed, unframed_in) = (ByteLen::ZERO, None);
            self.gaps.push(Gap { from, at, offset, missing, filled, unframed, unframed_in });
        }
        offset
    }
}
