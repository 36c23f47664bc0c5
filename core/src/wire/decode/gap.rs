//! Bytes that were not captured: what a decoder skips, and how it goes on behind them. Nothing that
//! depends on such bytes is judged.

use crate::wire::decode::decoder::{Decoder, DecoderState};
use crate::wire::decode::header_bytes::HeaderBytes;
use crate::wire::size::ByteLen;

impl Decoder {
    /// Skips `missing` bytes that were not captured, as far as they are payload of the current
    /// frame, and returns their number. The frame still has its length, but nothing that depends on
    /// the missing bytes is judged. Call it once [`Self::next_event`] has returned `None`.
    pub fn skip(&mut self, missing: ByteLen) -> ByteLen {
        let DecoderState::Payload { header, done } = self.state else { return ByteLen::ZERO };
        let skipped = missing.min(header.payload_len - done);
        if skipped == ByteLen::ZERO {
            return skipped;
        }
        self.validator.skip_payload(&header, skipped);
        self.faults.inspect_gap();
        let done = done + skipped;
        self.state = DecoderState::Payload { header, done };
        if done == header.payload_len {
            self.inflate_from = None;
            self.finish_frame(&header);
        }
        skipped
    }

    /// Gives up the current frame, because an unknown number of frames was not captured. The next
    /// byte is the first of a frame. Rules that depend on what was lost are not applied.
    pub fn resume_after_gap(&mut self) {
        let dropped = match self.state {
            DecoderState::Header => ByteLen::from_usize(self.beginning.header_filled),
            DecoderState::Payload { header, done } => done + header.len(),
            DecoderState::Stopped => return,
        };
        self.state = DecoderState::Header;
        self.inflate_from = None;
        self.beginning = HeaderBytes::default();
        self.faults.end_frame();
        if dropped > ByteLen::ZERO {
            self.faults.advance_frame(dropped);
        }
        self.validator.lose_frames();
    }

    /// Passes over `len` bytes that were captured, but lie within frames whose beginning was not.
    /// The next byte is the first of a frame, as after [`Self::resume_after_gap`].
    pub fn skip_unframed(&mut self, len: ByteLen) {
        self.resume_after_gap();
        self.faults.skip_unframed(len);
    }
}
