//! Collects the faults of the frame that is being decoded and converts offsets in the frame to
//! offsets in the direction.

use std::collections::VecDeque;

use crate::wire::decode::fault::{Bits, Detail, Fault, FaultCode};
use crate::wire::size::{ByteLen, Offset};

/// The faults of the current frame, which are added with offsets from its first byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameFaults {
    pub(crate) frame_number: usize,
    pub(crate) frame_offset: Offset,
    pub(crate) queue: VecDeque<Fault>,
    /// Whether the current frame has a fatal fault.
    pub(crate) frame_is_fatal: bool,
}

impl FrameFaults {
    pub(super) fn add(
        &mut self,
        code: FaultCode,
        byte: impl Into<ByteLen>,
        bits: Option<Bits>,
        detectable_after: impl Into<ByteLen>,
        detail: Detail,
    ) {
        let fault = Fault {
            code,
            frame: self.frame_number,
            byte_offset: self.frame_offset + byte.into(),
            bits,
            detectable_after: self.frame_offset + detectable_after.into(),
            detail,
        };
        self.frame_is_fatal |= fault.is_fatal();
        self.queue.push_back(fault);
    }

    /// Moves on to the next frame; the current one has `frame_len` bytes.
    #[inline]
    pub(in crate::wire) fn advance_frame(&mut self, frame_len: ByteLen) {
        self.frame_number = self.frame_number.saturating_add(1);
        self.frame_offset += frame_len;
    }
}
