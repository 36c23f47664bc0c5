//! [`TraceRow`]: a frame in a trace's list, with its header and its offset, in 40 bytes.
//! The payload is wherever the bytes of the trace are kept.

use std::time::Duration;

use crate::wire::decode::decoder::FrameStart;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::frame::Severity;
use crate::wire::frame::message::{FragmentRole, MessageKind};
use crate::wire::frame::{Header, LengthForm, Opcode, Side};
use crate::wire::size::{ByteLen, Offset};

/// A frame in the list, in 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    completed_at: u64,
    offset: Offset,
    payload_len: ByteLen,
    masking_key: [u8; 4],
    frame_number: u32,
    message: u32,
    first_two_bytes: [u8; 2],
    pub(super) flags: u16,
}

/// The flags of a row: what is known of a frame besides its header, one bit each.
pub(super) mod mark {
    pub(in crate::wire) const SERVER: u16 = 1;
    pub(in crate::wire) const AFTER_FAULT: u16 = 1 << 1;
    pub(in crate::wire) const COMPRESSED: u16 = 1 << 2;
    pub(in crate::wire) const TEXT: u16 = 1 << 3;
    pub(in crate::wire) const BINARY: u16 = 1 << 4;
    pub(in crate::wire) const FIRST: u16 = 1 << 5;
    pub(in crate::wire) const CONTINUATION: u16 = 1 << 6;
    pub(in crate::wire) const CONTROL: u16 = 1 << 7;
    pub(in crate::wire) const FATAL: u16 = 1 << 8;
    pub(in crate::wire) const WARNING: u16 = 1 << 9;
    pub(in crate::wire) const NOT_CAPTURED: u16 = 1 << 10;
    pub(in crate::wire) const NON_FRAME: u16 = 1 << 11;
}

impl TraceRow {
    pub(super) fn new(frame_start: &FrameStart, from: Side, at: Duration) -> Self {
        let Header { payload_len, masking_key: key, .. } = frame_start.header;
        let head = frame_start.header.first_two_bytes();
        let (role, message) = match frame_start.role {
            FragmentRole::First { message } => (mark::FIRST, message),
            FragmentRole::Continuation { message } => (mark::CONTINUATION, message),
            FragmentRole::Control => (mark::CONTROL, 0),
            FragmentRole::Orphan => (0, 0),
        };
        let kind = match frame_start.kind {
            Some(MessageKind::Text) => mark::TEXT,
            Some(MessageKind::Binary) => mark::BINARY,
            None => 0,
        };
        let flag = |set, bit| if set { bit } else { 0 };
        let flags = role
            | kind
            | flag(from == Side::Server, mark::SERVER)
            | flag(frame_start.after_fault, mark::AFTER_FAULT)
            | flag(frame_start.compressed, mark::COMPRESSED);
        Self {
            completed_at: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX),
            offset: frame_start.offset,
            payload_len,
            masking_key: key.unwrap_or_default(),
            frame_number: u32::try_from(frame_start.frame_number).unwrap_or(u32::MAX),
            message: u32::try_from(message).unwrap_or(u32::MAX),
            first_two_bytes: head,
            flags,
        }
    }

    /// Creates the row of a frame that was assembled apart from a trace, `None` if its header is
    /// incomplete. `at` is the time of its last byte, since the start of the connection.
    pub fn of_assembled(frame: &AssembledFrame, from: Side, at: Duration) -> Option<Self> {
        let mut row = Self::new(frame.start.as_ref()?, from, at);
        for fault in &frame.faults {
            row.flags |= if fault.is_fatal() { mark::FATAL } else { mark::WARNING };
        }
        if frame.non_frame.is_some() {
            row.flags |= mark::NON_FRAME;
        }
        if frame.not_captured > ByteLen::ZERO {
            row.flags |= mark::NOT_CAPTURED;
        }
        Some(row)
    }

    pub(super) fn frame_start(&self) -> FrameStart {
        FrameStart {
            frame_number: self.frame_number(),
            offset: self.offset,
            header: self.header(),
            role: self.role(),
            kind: self.kind(),
            compressed: self.is_compressed(),
            after_fault: self.is_after_fault(),
        }
    }

    fn has_flag(&self, mark: u16) -> bool {
        self.flags & mark != 0
    }

    /// Whether bytes of the frame's payload were not captured.
    pub fn has_gap(&self) -> bool {
        self.has_flag(mark::NOT_CAPTURED)
    }

    /// Whether the bytes are another protocol's: the header only cuts them into pieces.
    pub fn is_non_frame(&self) -> bool {
        self.has_flag(mark::NON_FRAME)
    }

    /// Whether the frame is a Close.
    pub fn is_close(&self) -> bool {
        self.opcode() == Opcode::Close && !self.is_non_frame()
    }

    /// Returns the side that sent the frame.
    pub fn from(&self) -> Side {
        if self.has_flag(mark::SERVER) { Side::Server } else { Side::Client }
    }

    /// Returns when the last byte arrived, since the start of the connection.
    pub fn completed_at(&self) -> Duration {
        Duration::from_nanos(self.completed_at)
    }

    /// Returns the frame's number in its direction, from 0.
    pub fn frame_number(&self) -> usize {
        self.frame_number as usize
    }

    /// Returns the offset of the first byte, counted from the first frame byte of the direction.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Returns the opcode.
    pub fn opcode(&self) -> Opcode {
        Opcode::from_bits(self.first_two_bytes[0])
    }

    /// Returns the payload length in bytes, as claimed.
    pub fn payload_len(&self) -> ByteLen {
        self.payload_len
    }

    /// Returns the length of header and payload in bytes.
    pub fn len(&self) -> ByteLen {
        self.header().frame_len()
    }

    /// Always false: a frame has at least two bytes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Returns the header.
    pub fn header(&self) -> Header {
        let [first, second] = self.first_two_bytes;
        Header {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(first),
            length_form: LengthForm::from_second_byte(second),
            payload_len: self.payload_len,
            masking_key: (second & 0x80 != 0).then_some(self.masking_key),
        }
    }

    /// Returns the frame's role in the messages of its direction.
    pub fn role(&self) -> FragmentRole {
        let message = self.message as usize;
        match self.flags & (mark::FIRST | mark::CONTINUATION | mark::CONTROL) {
            mark::FIRST => FragmentRole::First { message },
            mark::CONTINUATION => FragmentRole::Continuation { message },
            mark::CONTROL => FragmentRole::Control,
            _ => FragmentRole::Orphan,
        }
    }

    /// Returns the type of the message that the frame is part of.
    pub fn kind(&self) -> Option<MessageKind> {
        match self.flags & (mark::TEXT | mark::BINARY) {
            mark::TEXT => Some(MessageKind::Text),
            mark::BINARY => Some(MessageKind::Binary),
            _ => None,
        }
    }

    /// Whether the message that the frame is part of is compressed (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.has_flag(mark::COMPRESSED)
    }

    /// Whether an earlier frame of its direction had a fatal fault, so that a receiver would not
    /// have read this one.
    pub fn is_after_fault(&self) -> bool {
        self.has_flag(mark::AFTER_FAULT)
    }

    /// Returns the severity of the frame's worst fault.
    pub fn severity(&self) -> Option<Severity> {
        if self.has_flag(mark::FATAL) {
            Some(Severity::Fatal)
        } else {
            self.has_flag(mark::WARNING).then_some(Severity::Warning)
        }
    }
}
