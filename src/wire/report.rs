//! What judging finds in the frame at hand: the faults, with places of the whole stream.

use std::collections::VecDeque;

use super::fault::{Bits, FaultCode, Detail, Fault};
use super::size::{ByteLen, Offset};

/// Faults of the frame at hand, with places counted from its first byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) frame: usize,
    pub(crate) start: Offset,
    pub(crate) found: VecDeque<Fault>,
    /// The frame at hand has a fatal fault.
    pub(crate) fatal: bool,
}

impl Report {
    pub(super) fn add(
        &mut self,
        code: FaultCode,
        byte: impl Into<ByteLen>,
        bits: Option<Bits>,
        certain_after: impl Into<ByteLen>,
        detail: Detail,
    ) {
        let fault = Fault {
            code,
            frame: self.frame,
            byte_offset: self.start + byte.into(),
            bits,
            detectable_after: self.start + certain_after.into(),
            detail,
        };
        self.fatal |= fault.is_fatal();
        self.found.push_back(fault);
    }

    /// The frame at hand is complete: the next one is at hand.
    #[inline]
    pub(super) fn pass(&mut self, frame_len: ByteLen) {
        self.frame = self.frame.saturating_add(1);
        self.start += frame_len;
    }
}
