//! What a [`Trace`] makes of bytes that a capture lacks, and of those behind them.

use std::time::Duration;

use crate::wire::decode::{FrameSearch, Resumption};
use crate::wire::frame::Side;
use crate::wire::keep::trace::Trace;
use crate::wire::keep::trace_row::mark;
use crate::wire::size::ByteLen;

impl Trace {
    /// Handles `missing` bytes of `from` that were not captured. Returns for how many of them, at
    /// most `limit`, the frame in progress goes on: these count as frame bytes. If there are more,
    /// the number of lost frames is unknown, and the next byte is the first of a frame.
    pub fn push_gap(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        limit: ByteLen,
    ) -> ByteLen {
        if !self.handshake.sends_frames(from) {
            self.handshake.push_gap(from, missing);
            self.handle_handshake(from, at, &mut &[][..]);
            return ByteLen::ZERO;
        }
        let direction = &mut self.directions[from];
        let skipped = direction.decoder.skip(missing.min(limit));
        if skipped > ByteLen::ZERO {
            direction.frame_bytes += skipped;
            direction.row_flags |= mark::NOT_CAPTURED;
            self.sockjs.skip(from, skipped);
            self.arrivals.push(from, at, skipped.to_usize_saturating());
            self.push_frames(from, at, &[]);
        }
        if skipped < missing {
            self.sockjs.lose_frames(from, at);
            self.directions[from].resume_after_gap();
        }
        skipped
    }

    /// Takes `len` bytes of `from` that lie within messages or frames whose beginning was not
    /// captured. They are counted and not read; what follows them is not known before
    /// [`Self::resume`], or is a frame if the side sends frames already.
    pub fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.arrivals.push(from, at, len.to_usize_saturating());
        if !self.handshake.sends_frames(from) {
            return self.handshake.skip_unknown(from, len);
        }
        self.sockjs.lose_frames(from, at);
        let direction = &mut self.directions[from];
        direction.resume_after_gap();
        direction.decoder.skip_unframed(len);
        direction.frame_bytes += len;
    }

    /// Resumes reading behind bytes that were not captured: the next byte of `from` is the first of
    /// this unit. Returns whether that was not known before.
    pub fn resume(&mut self, from: Side, at: Duration, unit: Resumption) -> bool {
        if self.handshake.sends_frames(from) {
            return false;
        }
        let was_lost = self.handshake.is_lost(from);
        self.handshake.resume(from, unit);
        self.handle_handshake(from, at, &mut &[][..]);
        self.is_out_of_step[from] = false;
        if was_lost && unit == Resumption::Frame {
            self.sockjs.lose_frames(from, at);
            self.directions[from].resume_after_gap();
        }
        true
    }

    /// Whether a unit of this kind may follow bytes of `from` that belong to nothing known.
    pub fn may_resume(&self, from: Side, unit: Resumption) -> bool {
        unit == Resumption::Head || self.handshake.may_send_frames(from)
    }

    /// Whether the next bytes of `from` are frames.
    pub fn sends_frames(&self, from: Side) -> bool {
        self.handshake.sends_frames(from)
    }

    /// Returns a search for what `from` sends after a gap, if that is not known.
    pub fn frame_search(&self, from: Side) -> Option<FrameSearch> {
        if self.handshake.sends_frames(from) {
            let was_seen = self.head(Side::Server).is_some();
            let may_be_compressed = !was_seen || self.agreed().deflate.is_some();
            Some(FrameSearch::new(from, may_be_compressed))
        } else {
            // What was agreed on is not known before the 101.
            self.handshake.is_lost(from).then(|| FrameSearch::new(from, true).or_head())
        }
    }

    /// Returns a search that tells whether the client sends frames although the server is silent: a
    /// capture may have the packets of one side only. `None` if no attempt waits for its response.
    pub fn early_frame_search(&self) -> Option<FrameSearch> {
        let waits = self.handshake.waits_for_response();
        waits.then(|| FrameSearch::new(Side::Client, true).at_start_only())
    }

    /// Whether the next byte of `from` may be any of a frame, because an unknown number of bytes
    /// before it is missing. Returns that once.
    pub fn take_out_of_step(&mut self, from: Side) -> bool {
        std::mem::take(&mut self.is_out_of_step[from])
    }
}
