//! What a [`Trace`] makes of bytes that a capture lacks, and of those behind them.

use std::time::Duration;

use crate::wire::decode::FrameSearch;
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
            return ByteLen::ZERO;
        }
        let direction = &mut self.directions[from];
        let skipped = direction.decoder.skip(missing.min(limit));
        if skipped > ByteLen::ZERO {
            direction.frame_bytes += skipped;
            direction.row_flags |= mark::NOT_CAPTURED;
            self.arrivals.push(from, at, skipped.to_usize_saturating());
            self.push_frames(from, at, &[]);
        }
        if skipped < missing {
            self.directions[from].resume_after_gap();
        }
        skipped
    }

    /// Takes `len` bytes of `from` that lie within frames whose beginning was not captured. They are
    /// counted and not read, and the next byte is the first of a frame.
    pub fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.arrivals.push(from, at, len.to_usize_saturating());
        if !self.handshake.sends_frames(from) {
            self.handshake.open_after_gap(from);
            self.handle_handshake(from, at, &mut &[][..]);
        }
        let direction = &mut self.directions[from];
        direction.resume_after_gap();
        direction.decoder.skip_unframed(len);
        direction.frame_bytes += len;
    }

    /// Returns a search for the first byte of a frame of `from` after a gap, if it may send frames.
    pub fn frame_search(&self, from: Side) -> Option<FrameSearch> {
        let was_seen = self.head(Side::Server).is_some();
        let may_be_compressed = !was_seen || self.agreed().deflate.is_some();
        if self.handshake.sends_frames(from) {
            Some(FrameSearch::new(from, may_be_compressed))
        } else {
            // What was agreed on is not known before the 101.
            self.handshake
                .may_send_frames_after_gap(from)
                .then(|| FrameSearch::new(from, true).or_head())
        }
    }

    /// Whether the next byte of `from` may be any of a frame, because an unknown number of bytes
    /// before it is missing. Returns that once.
    pub fn take_out_of_step(&mut self, from: Side) -> bool {
        std::mem::take(&mut self.is_out_of_step[from])
    }
}
