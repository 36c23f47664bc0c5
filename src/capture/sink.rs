//! [`StreamSink`]: receives the bytes of a captured stream; a [`Trace`] is one.

use std::time::Duration;

use crate::wire::{ByteLen, Side, Trace};

/// Receives the bytes of one stream in order, while a capture is read.
pub(crate) trait StreamSink {
    /// Takes the next bytes of a side; `at` counts from the stream's first packet.
    fn push(&mut self, from: Side, at: Duration, bytes: &[u8]);

    /// Handles `missing` bytes of a side that are not in the capture. Returns for how many of them,
    /// at most `limit`, the sink took zeros instead.
    fn gap(&mut self, from: Side, at: Duration, missing: ByteLen, limit: ByteLen) -> ByteLen;
}

impl StreamSink for Trace {
    fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.push(from, at, bytes);
    }

    /// Completes the frame in progress with zeros, as far as bytes are missing. If more are
    /// missing, the number of lost frames is unknown, and what follows is taken for the beginning
    /// of a frame, because most segments begin with one.
    fn gap(&mut self, from: Side, at: Duration, missing: ByteLen, limit: ByteLen) -> ByteLen {
        let under_way =
            self.partial_frame(from).and_then(|frame| Some((frame.have, frame.header?)));
        let lacks = under_way.map_or(ByteLen::ZERO, |(have, header)| header.frame_len() - have);
        let filled = missing.min(lacks);
        if filled > limit {
            return ByteLen::ZERO;
        }
        let zeros = [0; 4096];
        let mut left = filled;
        while left > ByteLen::ZERO {
            let piece = zeros.get(..left.to_usize_saturating()).unwrap_or(&zeros);
            self.push(from, at, piece);
            left -= piece.len();
        }
        filled
    }
}
