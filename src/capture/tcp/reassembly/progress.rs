//! The input and the output of a reassembler: segments and what else it learns, bytes and gaps.

use crate::capture::packets::packet_comment::Framing;
use crate::wire::{ByteLen, Offset};

/// What the reassembler emits, in stream order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture::tcp) enum Reassembled<'a> {
    Bytes {
        /// When the segment was captured, in nanoseconds since 1970.
        captured_at: u64,
        /// The file position of the first byte.
        file_offset: Offset,
        bytes: &'a [u8],
        /// The 64-bit number of the byte after them.
        end: Offset,
        framing: Option<Framing>,
    },
    /// This many bytes are missing, up to the number `end`; 0 if nobody knows how many.
    Gap { captured_at: u64, missing: ByteLen, end: Offset, is_noted: bool },
}

/// The bytes of one segment.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture::tcp) struct SegmentData<'a> {
    pub(in crate::capture::tcp) seq: u32,
    pub(in crate::capture::tcp) captured_at: u64,
    pub(in crate::capture::tcp) file_offset: Offset,
    pub(in crate::capture::tcp) bytes: &'a [u8],
    /// What a comment says of the bytes.
    pub(in crate::capture::tcp) framing: Option<Framing>,
}

/// What a reassembler learns, and may emit bytes or gaps after.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture::tcp) enum Progress<'a> {
    /// A segment with bytes was captured.
    Segment(SegmentData<'a>),
    /// The peer has acknowledged what the capture cut off.
    CutsAcknowledged,
    /// A comment says that the bytes before this sequence number are missing.
    MissingBefore { seq: u32, captured_at: u64 },
    /// Nothing more comes, or memory is short.
    End,
}
