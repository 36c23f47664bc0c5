//! A frame that is kept with its bytes, and the beginning of one whose header is incomplete.

use crate::wire::decode::decoder::FrameStart;
use crate::wire::explain::FrameContext;
use crate::wire::explain::field_span::{self, FieldSpan};
use crate::wire::frame::message::FragmentRole;
use crate::wire::frame::{Header, Opcode, mask};
use crate::wire::size::{ByteLen, Offset};

/// A frame with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The frame's number in its direction, from 0.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The frame's header.
    pub header: Header,
    /// The frame's role in the messages of its direction.
    pub role: FragmentRole,
    /// Whether an earlier frame had a fatal fault, so that a receiver would not have read this
    /// one.
    pub after_fault: bool,
    /// Whether all of the payload has arrived.
    pub complete: bool,
    /// What else the meaning of its fields depends on.
    pub context: FrameContext,
    pub(super) raw: Vec<u8>,
}

impl Frame {
    /// Creates a frame from `raw`, which is the header and as much of the payload as has arrived.
    pub(super) fn new(frame_start: &FrameStart, context: FrameContext, raw: Vec<u8>) -> Self {
        let &FrameStart { frame_number, offset, header, role, after_fault, .. } = frame_start;
        let complete = header.frame_len() == ByteLen::of(&raw);
        Self { frame_number, offset, header, role, after_fault, complete, context, raw }
    }

    /// Returns the bytes as received, header and payload.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the payload as received, still masked if the frame is masked.
    pub fn payload_on_wire(&self) -> &[u8] {
        self.raw.get(self.header.len()..).unwrap_or_default()
    }

    /// Returns the unmasked payload, which is still compressed if the message is.
    pub fn payload(&self) -> Vec<u8> {
        match self.header.masking_key {
            Some(key) => mask::unmask(self.payload_on_wire(), key),
            None => self.payload_on_wire().to_vec(),
        }
    }

    /// Computes every field with its bytes, bits, value and meaning.
    pub fn field_spans(&self) -> Vec<FieldSpan> {
        field_span::field_spans(&self.raw, self.context)
    }

    /// Returns the code and the reason of a Close frame; `None` if there is no code.
    pub fn close_body(&self) -> Option<(u16, Vec<u8>)> {
        let body = self.payload();
        match (self.header.opcode, body.as_slice()) {
            (Opcode::Close, [high, low, reason @ ..]) => {
                Some((u16::from_be_bytes([*high, *low]), reason.to_vec()))
            }
            _ => None,
        }
    }
}

/// The first bytes of a frame whose header is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialHeader<'a> {
    /// The number that the frame will have.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The bytes that have arrived.
    pub raw: &'a [u8],
    pub(super) context: FrameContext,
}

impl PartialHeader<'_> {
    /// Returns the fields that have arrived.
    pub fn field_spans(&self) -> Vec<FieldSpan> {
        field_span::field_spans(self.raw, self.context)
    }
}
