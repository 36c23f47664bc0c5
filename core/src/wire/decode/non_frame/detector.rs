//! [`NonFrameDetector`]: finds out whether a direction carries frames at all.

use super::non_frame_kind::NonFrame;
use super::recognition::{MAX_LEN, Recognition, may_be_text};
use crate::wire::size::ByteLen;

/// Looks at the first bytes of each frame that breaks a rule, and remembers what they are.
#[derive(Clone, Debug, Default)]
pub(in crate::wire::decode) struct NonFrameDetector {
    bytes: [u8; MAX_LEN],
    len: usize,
    state: DetectorState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum DetectorState {
    /// The frame is one, as far as is known.
    #[default]
    Frame,
    /// The frame breaks a rule, and its first bytes may be another protocol's.
    Undecided,
    /// The first bytes are no other protocol's. That is certain after this many.
    Refuted(ByteLen),
    /// The direction carries something else, from this frame on.
    Found(NonFrame),
}

impl NonFrameDetector {
    /// Returns what the direction carries instead of frames, once it is recognized. It stays so:
    /// what follows are no frames either.
    pub(in crate::wire::decode) fn found(&self) -> Option<NonFrame> {
        match self.state {
            DetectorState::Found(non_frame) => Some(non_frame),
            _ => None,
        }
    }

    /// Returns text if what has arrived is nothing else, and more than a few bytes.
    pub(in crate::wire::decode) fn likely(&self) -> Option<NonFrame> {
        let bytes = self.bytes.get(..self.len).filter(|_| self.is_undecided())?;
        may_be_text(bytes).then_some(NonFrame::Text)
    }

    /// Whether more bytes are needed.
    pub(in crate::wire::decode) fn is_undecided(&self) -> bool {
        self.state == DetectorState::Undecided
    }

    /// Returns the number of bytes of the frame after which it was certain that it is no other
    /// protocol; 0 if there was never a doubt.
    pub(in crate::wire::decode) fn refuted_after(&self) -> ByteLen {
        match self.state {
            DetectorState::Refuted(len) => len,
            _ => ByteLen::ZERO,
        }
    }

    /// Takes everything for something else, which is known from elsewhere.
    pub(in crate::wire::decode) fn set_found(&mut self, non_frame: NonFrame) {
        self.state = DetectorState::Found(non_frame);
    }

    /// Begins with the header of a frame that breaks a rule.
    pub(in crate::wire::decode) fn begin(&mut self, header: &[u8]) {
        if self.found().is_none() {
            (self.len, self.state) = (0, DetectorState::Undecided);
            self.push(header);
        }
    }

    /// Takes the next bytes of the frame as on the wire.
    pub(in crate::wire::decode) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let Some(slot) =
                self.bytes.get_mut(self.len).filter(|_| self.state == DetectorState::Undecided)
            else {
                break;
            };
            *slot = *byte;
            self.len = self.len.saturating_add(1);
            self.state = match Recognition::of(self.bytes.get(..self.len).unwrap_or_default()) {
                Recognition::Found(non_frame) => DetectorState::Found(non_frame),
                Recognition::Undecided if self.len < MAX_LEN => DetectorState::Undecided,
                _ => DetectorState::Refuted(ByteLen::from_usize(self.len)),
            };
        }
    }

    /// Gives up what is undecided, because the frame ends or the next bytes were not captured.
    pub(in crate::wire::decode) fn refute(&mut self) {
        if self.is_undecided() {
            self.state = DetectorState::Refuted(ByteLen::from_usize(self.len));
        }
    }

    /// Goes on with another frame.
    pub(in crate::wire::decode) fn end_frame(&mut self) {
        if self.found().is_none() {
            self.state = DetectorState::Frame;
        }
    }
}
