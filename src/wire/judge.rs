//! The rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6, each asked as soon as its last byte is there.
//! It reads bytes that `decoder` has cut into headers and payloads; cutting is not its business.

use std::collections::VecDeque;

use super::close::{CloseCode, Standing};
use super::extension::Agreed;
use super::fault::{Bits, Code, Detail, Fault};
use super::frame::{Header, Key, LengthForm, Opcode, Side};
use super::inflate::{Inflation, Uninflated};
use super::message::{Kind, Messages, Open, Place};
use super::utf8::Validator;

/// Faults of the frame at hand, with places counted from its first byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) frame: usize,
    pub(crate) start: u64,
    pub(crate) found: VecDeque<Fault>,
    /// The frame at hand has a fatal fault.
    pub(crate) fatal: bool,
}

impl Report {
    fn add(&mut self, code: Code, byte: u64, bits: Option<Bits>, certain_after: u64, detail: Detail) {
        let fault = Fault {
            code,
            frame: self.frame,
            byte_offset: self.start + byte,
            bits,
            detectable_after: self.start + certain_after,
            detail,
        };
        self.fatal |= fault.is_fatal();
        self.found.push_back(fault);
    }
}

/// A data message that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Its number among the messages that were begun, from 0.
    pub number: usize,
    /// Text or binary.
    pub kind: Kind,
    /// Its payload is compressed (RFC 7692).
    pub compressed: bool,
    /// Payload bytes of its frames, as they came.
    pub payload_len: u64,
    /// Bytes of its data: more or less than `payload_len` where it is compressed.
    pub data_len: u64,
    /// Why its data was not inflated, or not to the end.
    pub uninflated: Option<Uninflated>,
}

/// What one direction has to be judged by: who speaks, what was agreed, what came before.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    from: Side,
    /// What inflates, where permessage-deflate was agreed.
    pub(crate) inflation: Option<Inflation>,
    pub(crate) messages: Messages,
    pub(crate) place: Place,
    closed: bool,
    pub(super) last_key: Option<Key>,
    close: CloseBody,
}

/// The body of the Close frame at hand, as far as it has come.
#[derive(Clone, Copy, Debug, Default)]
struct CloseBody {
    first: u8,
    reason: Validator,
    broken: bool,
}

impl Judge {
    pub(crate) fn new(from: Side, agreed: Agreed) -> Self {
        Self {
            from,
            inflation: agreed.deflate.map(|deflate| Inflation::new(deflate, from)),
            messages: Messages::default(),
            place: Place::Control,
            closed: false,
            last_key: None,
            close: CloseBody::default(),
        }
    }

    pub(crate) fn deflate(&self) -> bool {
        self.inflation.is_some()
    }

    /// No message is open, and no Close was sent.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.closed && self.messages.open.is_none()
    }

    pub(crate) fn sender(&self) -> Side {
        self.from
    }

    /// Judges a header of which `bytes` are there, `before` of them judged already.
    pub(crate) fn header(&mut self, bytes: &[u8], before: usize, report: &mut Report) {
        let reached = |len: usize| before < len && len <= bytes.len();
        if reached(1) {
            self.first_byte(bytes[0], report);
        }
        if reached(2) {
            self.second_byte(bytes[0], bytes[1], report);
        }
        let Some(second) = bytes.get(1) else { return };
        let form = LengthForm::from_second_byte(*second);
        if form == LengthForm::Bits64 && reached(3) && bytes[2] & 0x80 != 0 {
            report.add(Code::LenMsbSet, 2, Some(Bits::Field(0, 0)), 3, Detail::None);
        }
        let length_end = 2 + form.extra_bytes();
        if form != LengthForm::Bits7 && reached(length_end) {
            let len = bytes[2..length_end].iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
            if LengthForm::shortest(len) != form {
                report.add(Code::LenNotMinimal, 1, None, length_end as u64, Detail::Length(len, form.bits()));
            }
            length_rules(bytes[0], len, length_end, report);
        }
        if second & 0x80 != 0
            && reached(length_end + 4)
            && let Ok(header) = Header::parse(bytes)
        {
            self.key(&header, report);
        }
    }

    /// What the first byte alone makes certain.
    fn first_byte(&mut self, byte: u8, report: &mut Report) {
        let opcode = Opcode::from_bits(byte);
        if opcode.is_reserved() {
            let detail = Detail::Opcode(opcode.bits());
            report.add(Code::OpcodeReserved, 0, Some(Bits::Field(4, 7)), 1, detail);
        }
        self.reserved_bits(byte, opcode, report);
        if opcode.is_control() && byte & 0x80 == 0 {
            report.add(Code::CtrlFragmented, 0, Some(Bits::Field(0, 0)), 1, Detail::None);
        }
        self.order(opcode, self.deflate() && byte & 0x40 != 0, report);
        self.close = CloseBody::default();
    }

    /// What a frame may be at this place in the stream.
    fn order(&mut self, opcode: Opcode, compressed: bool, report: &mut Report) {
        self.place = self.messages.place(opcode, compressed);
        if self.place == Place::Stray && !opcode.is_reserved() {
            let code = match opcode {
                Opcode::Continuation => Code::ContWithoutStart,
                _ => Code::NewDataInFragmented,
            };
            report.add(code, 0, Some(Bits::Field(4, 7)), 1, Detail::None);
        }
        if let (Some(open), true) = (&mut self.messages.open, self.place.message().is_some()) {
            open.before = open.payload;
        }
        self.compressed(compressed, report);
        if self.closed {
            let control = opcode.is_control();
            let code = if control { Code::ControlAfterClose } else { Code::DataAfterClose };
            report.add(code, 0, None, 1, Detail::None);
        }
    }

    /// What RSV1 on the frame at hand means to the sender's window.
    fn compressed(&mut self, compressed: bool, report: &mut Report) {
        if let (true, Some(inflation)) = (compressed, &mut self.inflation) {
            match self.place {
                Place::Opens { .. } => {
                    inflation.begin();
                    if inflation.stopped.is_some() {
                        report.add(Code::ContextLost, 0, Some(Bits::Field(1, 1)), 1, Detail::None);
                    }
                }
                // What was compressed into a frame that belongs nowhere is in the sender's window all the same.
                Place::Stray => inflation.lose_context(),
                Place::Continues { .. } | Place::Control => {}
            }
        }
    }

    fn reserved_bits(&self, byte: u8, opcode: Opcode, report: &mut Report) {
        let rsv1 = byte & 0x40;
        let meaningless = if self.deflate() { byte & 0x30 } else { byte & 0x70 };
        if meaningless != 0 {
            report.add(Code::RsvNonzero, 0, Some(Bits::Flags(meaningless)), 1, Detail::Rsv(meaningless));
        }
        if self.deflate() && rsv1 != 0 {
            let bits = Some(Bits::Field(1, 1));
            if opcode.is_control() {
                report.add(Code::Rsv1OnControl, 0, bits, 1, Detail::None);
            } else if opcode == Opcode::Continuation {
                report.add(Code::Rsv1OnContinuation, 0, bits, 1, Detail::None);
            }
        }
    }

    fn second_byte(&mut self, first: u8, second: u8, report: &mut Report) {
        let mask_bit = Some(Bits::Field(0, 0));
        match (self.from, second & 0x80 != 0) {
            (Side::Client, false) => report.add(Code::UnmaskedClient, 1, mask_bit, 2, Detail::None),
            (Side::Server, true) => report.add(Code::MaskedServer, 1, mask_bit, 2, Detail::None),
            _ => {}
        }
        if Opcode::from_bits(first).is_control() && second & 0x7f > 125 {
            report.add(Code::CtrlTooLong, 1, Some(Bits::Field(1, 7)), 2, Detail::None);
        }
        if LengthForm::from_second_byte(second) == LengthForm::Bits7 {
            length_rules(first, u64::from(second & 0x7f), 2, report);
        }
    }

    fn key(&mut self, header: &Header, report: &mut Report) {
        let Some(key) = header.key else { return };
        let (first, end) = ((header.len() - 4) as u64, header.len() as u64);
        if key == [0; 4] {
            report.add(Code::MaskZero, first, None, end, Detail::Key(key));
        } else if self.last_key == Some(key) && header.payload_len > 0 {
            report.add(Code::MaskReused, first, None, end, Detail::Key(key));
        }
        self.last_key = Some(key);
    }

    /// Judges the next piece of the payload, already unmasked; `done` bytes of it were judged before.
    pub(crate) fn payload(&mut self, header: &Header, plain: &[u8], done: u64, report: &mut Report) {
        let at = header.len() as u64 + done;
        if header.opcode == Opcode::Close {
            return self.close_body(header, plain, done, report);
        }
        let Some(open) = self.messages.open.as_mut().filter(|_| self.place.message().is_some()) else {
            return;
        };
        open.payload += plain.len() as u64;
        if open.kind == Kind::Text
            && !open.compressed
            && !open.broken
            && let Err(index) = open.text.push(plain)
        {
            open.broken = true;
            let byte = at + index as u64;
            report.add(Code::Utf8, byte, None, byte + 1, Detail::Byte(plain[index]));
        }
    }

    fn close_body(&mut self, header: &Header, plain: &[u8], done: u64, report: &mut Report) {
        let start = header.len() as u64;
        for (index, byte) in plain.iter().enumerate() {
            match done + index as u64 {
                0 => self.close.first = *byte,
                1 => {
                    let code = u16::from_be_bytes([self.close.first, *byte]);
                    let rule = match CloseCode::new(code).standing {
                        Standing::Sendable => continue,
                        Standing::OutOfRange => Code::CloseCodeOutOfRange,
                        Standing::NeverSent | Standing::Unused | Standing::Unassigned => {
                            Code::CloseCodeInvalid
                        }
                    };
                    report.add(rule, start, None, start + 2, Detail::CloseCode(code));
                }
                _ if self.close.broken => return,
                before => {
                    if let Err(index) = self.close.reason.push(&plain[index..]) {
                        self.close.broken = true;
                        let byte = start + before + index as u64;
                        let found = plain[(byte - start - done) as usize];
                        report.add(Code::CloseReasonUtf8, byte, None, byte + 1, Detail::Byte(found));
                    }
                    return;
                }
            }
        }
    }

    /// The frame is complete: judges what only its end makes certain, and says which message ends with it.
    pub(crate) fn end(&mut self, header: &Header, report: &mut Report) -> Option<MessageEnd> {
        let end = header.len() as u64 + header.payload_len;
        // Without a payload there is no last payload byte to show: the length says where the text ended.
        let last = if header.payload_len == 0 { 1 } else { end - 1 };
        if header.opcode == Opcode::Close {
            self.closed = true;
            if let (false, Some((have, of))) = (self.close.broken, self.close.reason.pending()) {
                report.add(Code::CloseReasonUtf8, last, None, end, Detail::CutOff(have, of));
            }
        }
        self.place.message()?;
        if !header.fin {
            self.messages.open.as_mut()?.fragmented = true;
            return None;
        }
        let mut open = self.messages.open.take()?;
        let inflation = self.inflation.as_ref().filter(|_| open.compressed);
        if inflation.is_some() {
            inflated_text(&mut open, inflation.and_then(|inflation| inflation.stopped), header, report);
        } else if let (false, Some((have, of))) = (open.broken, open.text.pending()) {
            open.broken = true;
            report.add(Code::Utf8, last, None, end, Detail::CutOff(have, of));
        }
        (!open.broken).then_some(MessageEnd {
            number: open.number,
            kind: open.kind,
            compressed: open.compressed,
            payload_len: open.payload,
            data_len: inflation.map_or(open.payload, |inflation| inflation.data),
            uninflated: inflation.and_then(|inflation| inflation.stopped),
        })
    }

    /// The frame at hand is part of a compressed message.
    pub(crate) fn in_compressed(&self) -> bool {
        self.place.message().is_some() && self.messages.open.as_ref().is_some_and(|open| open.compressed)
    }

    /// Inflates from the front of `input`, or, without input, what the end of the message makes certain.
    /// Says whether there is data, which is then in `data`.
    pub(crate) fn inflate(&mut self, input: Option<&mut &[u8]>) -> bool {
        let (Some(inflation), Some(open)) = (&mut self.inflation, &mut self.messages.open) else {
            return false;
        };
        let piece = match input {
            Some(input) => inflation.push(input),
            None => inflation.end(),
        };
        if open.kind == Kind::Text
            && open.bad_byte.is_none()
            && let Err(index) = open.text.push(piece)
        {
            open.bad_byte = Some(piece[index]);
        }
        !piece.is_empty()
    }

    /// A frame is complete, and its data has been handed on.
    pub(crate) fn rest(&mut self) {
        if let (Some(inflation), None) = (&mut self.inflation, &self.messages.open) {
            inflation.rest();
        }
    }

    /// What was inflated last.
    pub(crate) fn data(&self) -> &[u8] {
        self.inflation.as_ref().map_or(&[], Inflation::piece)
    }

    /// Tells why inflating has stopped, once for each message. Data that is broken is told with the last frame of the
    /// message, because only then the message cannot be completed; the limit in the frame that passes it.
    pub(crate) fn inflating_stopped(&mut self, header: &Header, report: &mut Report) {
        let (Some(inflation), Some(open)) = (&self.inflation, &mut self.messages.open) else { return };
        let (start, before) = (header.len() as u64, open.before);
        let end = start + header.payload_len;
        let certain = |after: u64| (start + after.saturating_sub(before)).clamp(start, end);
        match inflation.stopped {
            Some(Uninflated::Broken(fault)) if header.fin && !open.broken => {
                open.broken = true;
                let after = certain(fault.certain_after());
                report.add(Code::Inflate, payload_place(header), None, after, Detail::Inflate(fault));
            }
            Some(Uninflated::Limit) if !open.limit_told => {
                open.limit_told = true;
                let after = certain(inflation.limit_after);
                let limit = Detail::InflateLimit(inflation.limit);
                report.add(Code::InflateLimit, payload_place(header), None, after, limit);
            }
            _ => {}
        }
    }
}

/// What only inflating finds is shown at the first payload byte; where there is none, at the length, which says so.
fn payload_place(header: &Header) -> u64 {
    if header.payload_len == 0 { 1 } else { header.len() as u64 }
}

/// The inflated text is judged when its message ends: which byte of DEFLATE data broke it says nothing to a reader.
fn inflated_text(open: &mut Open, stopped: Option<Uninflated>, header: &Header, report: &mut Report) {
    let cut_off = open.text.pending().filter(|_| stopped.is_none() && open.kind == Kind::Text);
    let detail = match (open.bad_byte, cut_off) {
        _ if open.broken => return,
        (Some(byte), _) => Detail::Byte(byte),
        (None, Some((have, of))) => Detail::CutOff(have, of),
        (None, None) => return,
    };
    open.broken = true;
    let end = header.len() as u64 + header.payload_len;
    report.add(Code::Utf8, payload_place(header), None, end, detail);
}

/// The rules that need the length and no more; it is known after `known` bytes.
fn length_rules(first: u8, len: u64, known: usize, report: &mut Report) {
    let opcode = Opcode::from_bits(first);
    let bits = Some(Bits::Field(1, 7));
    if opcode == Opcode::Close && len == 1 {
        report.add(Code::CloseLen1, 1, bits, known as u64, Detail::None);
    }
    if !opcode.is_control() && first & 0x80 == 0 && len == 0 {
        report.add(Code::EmptyFragment, 1, None, known as u64, Detail::None);
    }
}
