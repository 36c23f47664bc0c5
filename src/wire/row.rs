//! [`Row`]: one frame of a trace's list, with its header and its place, in forty bytes.
//! Its payload stands wherever the trace's bytes are kept.

use std::time::Duration;

use super::decoder::Begun;
use super::fault::Severity;
use super::frame::{Header, LengthForm, Opcode, Side};
use super::message::{Kind, Place};
use super::size::{ByteLen, Offset};

/// One frame of the list, in 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    at: u64,
    offset: Offset,
    payload_len: ByteLen,
    key: [u8; 4],
    index: u32,
    message: u32,
    head: [u8; 2],
    pub(super) marks: u16,
}

/// What is known of a frame besides its header, a bit each.
pub(super) mod mark {
    pub(in crate::wire) const SERVER: u16 = 1;
    pub(in crate::wire) const AFTER_FAULT: u16 = 1 << 1;
    pub(in crate::wire) const COMPRESSED: u16 = 1 << 2;
    pub(in crate::wire) const TEXT: u16 = 1 << 3;
    pub(in crate::wire) const BINARY: u16 = 1 << 4;
    pub(in crate::wire) const OPENS: u16 = 1 << 5;
    pub(in crate::wire) const CONTINUES: u16 = 1 << 6;
    pub(in crate::wire) const CONTROL: u16 = 1 << 7;
    pub(in crate::wire) const FATAL: u16 = 1 << 8;
    pub(in crate::wire) const WARNING: u16 = 1 << 9;
}

impl Row {
    pub(super) fn new(begun: &Begun, from: Side, at: Duration) -> Self {
        let Header { payload_len, key, .. } = begun.header;
        let head = begun.header.first_two();
        let (place, message) = match begun.place {
            Place::Opens { message } => (mark::OPENS, message),
            Place::Continues { message } => (mark::CONTINUES, message),
            Place::Control => (mark::CONTROL, 0),
            Place::Stray => (0, 0),
        };
        let kind = match begun.kind {
            Some(Kind::Text) => mark::TEXT,
            Some(Kind::Binary) => mark::BINARY,
            None => 0,
        };
        let flag = |set, bit| if set { bit } else { 0 };
        let marks = place
            | kind
            | flag(from == Side::Server, mark::SERVER)
            | flag(begun.after_fault, mark::AFTER_FAULT)
            | flag(begun.compressed, mark::COMPRESSED);
        Self {
            at: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX),
            offset: begun.offset,
            payload_len,
            key: key.unwrap_or_default(),
            index: u32::try_from(begun.index).unwrap_or(u32::MAX),
            message: u32::try_from(message).unwrap_or(u32::MAX),
            head,
            marks,
        }
    }

    pub(super) fn begun(&self) -> Begun {
        Begun {
            index: self.index(),
            offset: self.offset,
            header: self.header(),
            place: self.place(),
            kind: self.kind(),
            compressed: self.is_compressed(),
            after_fault: self.is_after_fault(),
        }
    }

    fn is(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }

    /// Who sent it.
    pub fn from(&self) -> Side {
        if self.is(mark::SERVER) { Side::Server } else { Side::Client }
    }

    /// When its last byte was there, since the connection was begun.
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }

    /// Its number in its direction, from 0.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Where its first byte stands, counted from the first frame byte of the direction.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// What it is.
    pub fn opcode(&self) -> Opcode {
        Opcode::from_bits(self.head[0])
    }

    /// Payload bytes as claimed.
    pub fn payload_len(&self) -> ByteLen {
        self.payload_len
    }

    /// Header and payload, in bytes.
    pub fn len(&self) -> ByteLen {
        self.header().frame_len()
    }

    /// A frame is never empty; here because `len` is.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Its header.
    pub fn header(&self) -> Header {
        let [first, second] = self.head;
        Header {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(first),
            form: LengthForm::from_second_byte(second),
            payload_len: self.payload_len,
            key: (second & 0x80 != 0).then_some(self.key),
        }
    }

    /// What it is to the messages of its direction.
    pub fn place(&self) -> Place {
        let message = self.message as usize;
        match self.marks & (mark::OPENS | mark::CONTINUES | mark::CONTROL) {
            mark::OPENS => Place::Opens { message },
            mark::CONTINUES => Place::Continues { message },
            mark::CONTROL => Place::Control,
            _ => Place::Stray,
        }
    }

    /// What the message holds that it is part of.
    pub fn kind(&self) -> Option<Kind> {
        match self.marks & (mark::TEXT | mark::BINARY) {
            mark::TEXT => Some(Kind::Text),
            mark::BINARY => Some(Kind::Binary),
            _ => None,
        }
    }

    /// The message that it is part of is compressed (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.is(mark::COMPRESSED)
    }

    /// An earlier frame of its direction had a fatal fault: a receiver would not have read this one.
    pub fn is_after_fault(&self) -> bool {
        self.is(mark::AFTER_FAULT)
    }

    /// The gravest fault of the frame.
    pub fn severity(&self) -> Option<Severity> {
        if self.is(mark::FATAL) {
            Some(Severity::Fatal)
        } else {
            self.is(mark::WARNING).then_some(Severity::Warning)
        }
    }
}
