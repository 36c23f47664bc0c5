//! [`FrameFaults`]: collects the faults of the frame that is being decoded and converts offsets in
//! the frame to offsets in the direction.

use std::collections::VecDeque;

use crate::wire::decode::fault::{Bits, Detail, Fault, FaultCode};
use crate::wire::size::{ByteLen, Offset};

/// The faults of the current frame, and where that frame is: rules report a fault with offsets from
/// the first byte of the frame, and [`FrameFaults::add`] turns them into offsets in the direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameFaults {
    /// The current frame's number in its direction, from 0. As frames are counted when they end, it
    /// is also the number of complete frames.
    pub(crate) frame_number: usize,
    /// The offset of the current frame's first byte, counted from the first frame byte of the
    /// direction.
    pub(crate) frame_offset: Offset,
    /// The faults that were found and not handed out yet. They may be of earlier frames.
    pub(crate) queue: VecDeque<Fault>,
    /// Whether the current frame has a fatal fault.
    pub(crate) frame_is_fatal: bool,
}

impl FrameFaults {
    /// Adds a fault of the current frame. `byte` and `detectable_after` count from the first byte
    /// of the frame.
    pub(in crate::wire::decode) fn add(
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

    /// Moves on by `len` bytes that belong to no frame.
    pub(in crate::wire::decode) fn skip_unframed(&mut self, len: ByteLen) {
        self.frame_offset += len;
    }

    /// Moves on to the next frame; the current one has `frame_len` bytes.
    #[inline]
    pub(in crate::wire) fn advance_frame(&mut self, frame_len: ByteLen) {
        self.frame_number = self.frame_number.saturating_add(1);
        self.frame_offset += frame_len;
    }
}
