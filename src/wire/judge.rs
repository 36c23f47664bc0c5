//! The rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6, each asked as soon as its last byte is there.
//! It reads bytes that `decoder` has cut into headers and payloads; cutting is not its business.

use super::close::{CloseCode, Standing};
use super::extension::Agreed;
use super::fault::{Bits, Code, Detail};
use super::frame::{Header, Key, LengthForm, Opcode, Side};
use super::inflate::{Inflation, Uninflated};
use super::message::{Kind, Messages, Open, Place};
use super::report::Report;
use super::size::ByteLen;
use super::utf8::Validator;

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
    pub payload_len: ByteLen,
    /// Bytes of its data: more or less than `payload_len` where it is compressed.
    pub data_len: ByteLen,
    /// Why its data was not inflated, or not to the end.
    pub uninflated: Option<Uninflated>,
}

/// The bytes of a Close that are its code.
const CODE: ByteLen = ByteLen::new(2);

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
    /// The first byte of its code.
    first: Option<u8>,
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
        let [first, behind @ ..] = bytes else { return };
        if reached(1) {
            self.first_byte(*first, report);
        }
        let [second, behind @ ..] = behind else { return };
        if reached(2) {
            self.second_byte(*first, *second, report);
        }
        let form = LengthForm::from_second_byte(*second);
        if form == LengthForm::Bits64 && reached(3) && behind.first().is_some_and(|byte| byte & 0x80 != 0) {
            report.add(Code::LenMsbSet, 2, Some(Bits::Field(0, 0)), 3, Detail::None);
        }
        let length_end = form.header_len(false);
        if reached(length_end)
            && form != LengthForm::Bits7
            && let Some(extended) = behind.get(..form.extra_bytes())
        {
            let (len, known) = (ByteLen::from_be_slice(extended), ByteLen::from_usize(length_end));
            if LengthForm::shortest(len) != form {
                report.add(Code::LenNotMinimal, 1, None, known, Detail::Length(len, form.bits()));
            }
            length_rules(*first, len, known, report);
        }
        if second & 0x80 != 0
            && reached(form.header_len(true))
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
            length_rules(first, u64::from(second & 0x7f).into(), ByteLen::new(2), report);
        }
    }

    fn key(&mut self, header: &Header, report: &mut Report) {
        let Some(key) = header.key else { return };
        let end = ByteLen::from_usize(header.len());
        let first = end - key.len();
        if key == [0; 4] {
            report.add(Code::MaskZero, first, None, end, Detail::Key(key));
        } else if self.last_key == Some(key) && header.payload_len > ByteLen::ZERO {
            report.add(Code::MaskReused, first, None, end, Detail::Key(key));
        }
        self.last_key = Some(key);
    }

    /// Judges the next piece of the payload, already unmasked; `done` bytes of it were judged before.
    pub(crate) fn payload(&mut self, header: &Header, plain: &[u8], done: ByteLen, report: &mut Report) {
        let at = done + header.len();
        if header.opcode == Opcode::Close {
            return self.close_body(header, plain, done, report);
        }
        let Some(open) = self.messages.open.as_mut().filter(|_| self.place.message().is_some()) else {
            return;
        };
        open.payload += plain.len();
        if open.kind == Kind::Text
            && !open.compressed
            && !open.broken
            && let Err(index) = open.text.push(plain)
        {
            open.broken = true;
            let byte = at + index;
            report.add(Code::Utf8, byte, None, byte + 1, byte_at(plain, index));
        }
    }

    fn close_body(&mut self, header: &Header, plain: &[u8], done: ByteLen, report: &mut Report) {
        let start = ByteLen::from_usize(header.len());
        let (code, reason) = plain.split_at(plain.len().min((CODE - done).to_usize_saturating()));
        for byte in code {
            match self.close.first {
                None => self.close.first = Some(*byte),
                Some(first) => close_code(u16::from_be_bytes([first, *byte]), start, report),
            }
        }
        if self.close.broken {
            return;
        }
        if let Err(index) = self.close.reason.push(reason) {
            self.close.broken = true;
            let byte = start + done + code.len() + index;
            report.add(Code::CloseReasonUtf8, byte, None, byte + 1, byte_at(reason, index));
        }
    }

    /// The frame is complete: judges what only its end makes certain, and says which message ends with it.
    pub(crate) fn end(&mut self, header: &Header, report: &mut Report) -> Option<MessageEnd> {
        let end = header.frame_len();
        // Without a payload there is no last payload byte to show: the length says where the text ended.
        let last = if header.payload_len == ByteLen::ZERO { ByteLen::new(1) } else { end - 1 };
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
        if let Some(inflation) = inflation {
            if inflation.is_tail_cut() {
                report.add(Code::DeflateTail, payload_place(header), None, end, Detail::None);
            }
            inflated_text(&mut open, inflation.stopped, header, report);
        } else if let (false, Some((have, of))) = (open.broken, open.text.pending()) {
            open.broken = true;
            report.add(Code::Utf8, last, None, end, Detail::CutOff(have, of));
        }
        (!open.broken).then_some(MessageEnd {
            number: open.number,
            kind: open.kind,
            compressed: open.compressed,
            payload_len: open.payload,
            data_len: inflation.map_or(open.payload, |inflation| inflation.data.into()),
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
            open.bad_byte = piece.get(index).copied();
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

    /// Reports why inflating has stopped, once for each message, in the frame whose bytes make it certain.
    pub(crate) fn inflating_stopped(&mut self, header: &Header, report: &mut Report) {
        let (Some(inflation), Some(open)) = (&self.inflation, &mut self.messages.open) else { return };
        let (start, end) = (ByteLen::from_usize(header.len()), header.frame_len());
        // `after` counts compressed bytes of the message; those of earlier frames come before this one's.
        let certain = |after: u64| (start + (ByteLen::new(after) - open.before)).min(end);
        match inflation.stopped {
            Some(Uninflated::Broken(fault)) if !open.broken => {
                open.broken = true;
                let after = certain(fault.certain_after());
                report.add(Code::Inflate, payload_place(header), None, after, Detail::Inflate(fault));
            }
            Some(Uninflated::Limit) if !open.limit_told => {
                open.limit_told = true;
                let after = certain(inflation.limit_after);
                let limit = Detail::InflateLimit(inflation.limit.into());
                report.add(Code::InflateLimit, payload_place(header), None, after, limit);
            }
            _ => {}
        }
    }
}

/// A close code whose first byte stands at `start`.
fn close_code(code: u16, start: ByteLen, report: &mut Report) {
    let rule = match CloseCode::new(code).standing {
        Standing::Sendable => return,
        Standing::OutOfRange => Code::CloseCodeOutOfRange,
        Standing::NeverSent | Standing::Unused | Standing::Unassigned => Code::CloseCodeInvalid,
    };
    report.add(rule, start, None, start + CODE, Detail::CloseCode(code));
}

/// What only inflating finds is shown at the first payload byte; where there is none or none can follow, at the second byte of
/// the header, which says so.
fn payload_place(header: &Header) -> ByteLen {
    let is_without = header.payload_len == ByteLen::ZERO || header.length_is_impossible();
    ByteLen::from_usize(if is_without { 1 } else { header.len() })
}

/// The byte of a piece that broke a rule.
fn byte_at(piece: &[u8], index: usize) -> Detail {
    piece.get(index).map_or(Detail::None, |byte| Detail::Byte(*byte))
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
    report.add(Code::Utf8, payload_place(header), None, header.frame_len(), detail);
}

/// The rules that need the length and no more; it is known after `known` bytes.
fn length_rules(first: u8, len: ByteLen, known: ByteLen, report: &mut Report) {
    let opcode = Opcode::from_bits(first);
    let bits = Some(Bits::Field(1, 7));
    if opcode == Opcode::Close && len == 1 {
        report.add(Code::CloseLen1, 1, bits, known, Detail::None);
    }
    if !opcode.is_control() && first & 0x80 == 0 && len == 0 {
        report.add(Code::EmptyFragment, 1, None, known, Detail::None);
    }
}
