//! The rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6, each asked as soon as its last byte is there.
//! It reads bytes that `decoder` has cut into headers and payloads; cutting is not its business.

use crate::wire::decode::close_body::CloseBody;
use crate::wire::decode::fault::{Bits, Detail, FaultCode};
use crate::wire::decode::fault_sink::FaultSink;
use crate::wire::deflate::inflate::{InflateStop, MessageInflater};
use crate::wire::frame::message::{FragmentRole, MessageKind, MessageTracker, OpenMessage};
use crate::wire::frame::{Header, LengthForm, MaskingKey, Opcode, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::size::ByteLen;

/// A data message that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Its number among the messages that were begun, from 0.
    pub number: usize,
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload is compressed (RFC 7692).
    pub compressed: bool,
    /// Payload bytes of its frames, as they came.
    pub payload_len: ByteLen,
    /// Bytes of its data: more or less than `payload_len` where it is compressed.
    pub data_len: ByteLen,
    /// Why its data was not inflated, or not to the end.
    pub inflate_stop: Option<InflateStop>,
}

/// What one direction has to be judged by: who speaks, what was agreed, what came before.
#[derive(Clone, Debug)]
pub(crate) struct FrameValidator {
    from: Side,
    /// What inflates, where permessage-deflate was agreed.
    pub(crate) inflater: Option<MessageInflater>,
    pub(crate) messages: MessageTracker,
    pub(crate) role: FragmentRole,
    close_seen: bool,
    pub(super) last_masking_key: Option<MaskingKey>,
    close_body: CloseBody,
}

impl FrameValidator {
    pub(crate) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        Self {
            from,
            inflater: agreed.deflate.map(|deflate| MessageInflater::new(deflate, from)),
            messages: MessageTracker::default(),
            role: FragmentRole::Control,
            close_seen: false,
            last_masking_key: None,
            close_body: CloseBody::default(),
        }
    }

    pub(crate) fn uses_deflate(&self) -> bool {
        self.inflater.is_some()
    }

    /// No message is open, and no Close was sent.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.close_seen && self.messages.open.is_none()
    }

    pub(crate) fn sender(&self) -> Side {
        self.from
    }

    /// Judges a header of which `bytes` are there, `before` of them judged already.
    pub(crate) fn validate_header(&mut self, bytes: &[u8], before: usize, faults: &mut FaultSink) {
        let reached = |len: usize| before < len && len <= bytes.len();
        let [first, behind @ ..] = bytes else { return };
        if reached(1) {
            self.validate_first_byte(*first, faults);
        }
        let [second, behind @ ..] = behind else { return };
        if reached(2) {
            self.validate_second_byte(*first, *second, faults);
        }
        let form = LengthForm::from_second_byte(*second);
        if form == LengthForm::Bits64 && reached(3) && behind.first().is_some_and(|byte| byte & 0x80 != 0) {
            faults.add(FaultCode::LenMsbSet, 2, Some(Bits::Field(0, 0)), 3, Detail::None);
        }
        let length_end = form.header_len(false);
        if reached(length_end)
            && form != LengthForm::Bits7
            && let Some(extended) = behind.get(..form.extra_bytes())
        {
            let (len, known) = (ByteLen::from_be_slice(extended), ByteLen::from_usize(length_end));
            if LengthForm::shortest(len) != form {
                faults.add(FaultCode::LenNotMinimal, 1, None, known, Detail::Length(len, form.bits()));
            }
            validate_length(*first, len, known, faults);
        }
        if second & 0x80 != 0
            && reached(form.header_len(true))
            && let Ok(header) = Header::parse(bytes)
        {
            self.validate_masking_key(&header, faults);
        }
    }

    /// What the first byte alone makes certain.
    fn validate_first_byte(&mut self, byte: u8, faults: &mut FaultSink) {
        let opcode = Opcode::from_bits(byte);
        if opcode.is_reserved() {
            let detail = Detail::Opcode(opcode.bits());
            faults.add(FaultCode::OpcodeReserved, 0, Some(Bits::Field(4, 7)), 1, detail);
        }
        self.validate_reserved_bits(byte, opcode, faults);
        if opcode.is_control() && byte & 0x80 == 0 {
            faults.add(FaultCode::CtrlFragmented, 0, Some(Bits::Field(0, 0)), 1, Detail::None);
        }
        self.validate_order(opcode, self.uses_deflate() && byte & 0x40 != 0, faults);
        self.close_body = CloseBody::default();
    }

    /// What a frame may be at this place in the stream.
    fn validate_order(&mut self, opcode: Opcode, compressed: bool, faults: &mut FaultSink) {
        self.role = self.messages.classify(opcode, compressed);
        if self.role == FragmentRole::Orphan && !opcode.is_reserved() {
            let code = match opcode {
                Opcode::Continuation => FaultCode::ContWithoutStart,
                _ => FaultCode::NewDataInFragmented,
            };
            faults.add(code, 0, Some(Bits::Field(4, 7)), 1, Detail::None);
        }
        if let (Some(open), true) = (&mut self.messages.open, self.role.message().is_some()) {
            open.earlier_payload_len = open.payload_len;
        }
        self.validate_compressed_flag(compressed, faults);
        if self.close_seen {
            let control = opcode.is_control();
            let code = if control { FaultCode::ControlAfterClose } else { FaultCode::DataAfterClose };
            faults.add(code, 0, None, 1, Detail::None);
        }
    }

    /// What RSV1 on the frame at hand means to the sender's window.
    fn validate_compressed_flag(&mut self, compressed: bool, faults: &mut FaultSink) {
        if let (true, Some(inflater)) = (compressed, &mut self.inflater) {
            match self.role {
                FragmentRole::First { .. } => {
                    inflater.begin_message();
                    if inflater.stop.is_some() {
                        faults.add(FaultCode::ContextLost, 0, Some(Bits::Field(1, 1)), 1, Detail::None);
                    }
                }
                // What was compressed into a frame that belongs nowhere is in the sender's window all the same.
                FragmentRole::Orphan => inflater.mark_context_lost(),
                FragmentRole::Continuation { .. } | FragmentRole::Control => {}
            }
        }
    }

    fn validate_reserved_bits(&self, byte: u8, opcode: Opcode, faults: &mut FaultSink) {
        let rsv1 = byte & 0x40;
        let meaningless = if self.uses_deflate() { byte & 0x30 } else { byte & 0x70 };
        if meaningless != 0 {
            faults.add(FaultCode::RsvNonzero, 0, Some(Bits::Flags(meaningless)), 1, Detail::Rsv(meaningless));
        }
        if self.uses_deflate() && rsv1 != 0 {
            let bits = Some(Bits::Field(1, 1));
            if opcode.is_control() {
                faults.add(FaultCode::Rsv1OnControl, 0, bits, 1, Detail::None);
            } else if opcode == Opcode::Continuation {
                faults.add(FaultCode::Rsv1OnContinuation, 0, bits, 1, Detail::None);
            }
        }
    }

    fn validate_second_byte(&mut self, first: u8, second: u8, faults: &mut FaultSink) {
        let mask_bit = Some(Bits::Field(0, 0));
        match (self.from, second & 0x80 != 0) {
            (Side::Client, false) => faults.add(FaultCode::UnmaskedClient, 1, mask_bit, 2, Detail::None),
            (Side::Server, true) => faults.add(FaultCode::MaskedServer, 1, mask_bit, 2, Detail::None),
            _ => {}
        }
        if Opcode::from_bits(first).is_control() && second & 0x7f > 125 {
            faults.add(FaultCode::CtrlTooLong, 1, Some(Bits::Field(1, 7)), 2, Detail::None);
        }
        if LengthForm::from_second_byte(second) == LengthForm::Bits7 {
            validate_length(first, u64::from(second & 0x7f).into(), ByteLen::new(2), faults);
        }
    }

    fn validate_masking_key(&mut self, header: &Header, faults: &mut FaultSink) {
        let Some(key) = header.masking_key else { return };
        let end = ByteLen::from_usize(header.len());
        let first = end - key.len();
        if key == [0; 4] {
            faults.add(FaultCode::MaskZero, first, None, end, Detail::MaskingKey(key));
        } else if self.last_masking_key == Some(key) && header.payload_len > ByteLen::ZERO {
            faults.add(FaultCode::MaskReused, first, None, end, Detail::MaskingKey(key));
        }
        self.last_masking_key = Some(key);
    }

    /// Judges the next piece of the payload, already unmasked; `done` bytes of it were judged before.
    pub(crate) fn validate_payload(
        &mut self,
        header: &Header,
        plain: &[u8],
        done: ByteLen,
        faults: &mut FaultSink,
    ) {
        let at = done + header.len();
        if header.opcode == Opcode::Close {
            return self.close_body.validate(header, plain, done, faults);
        }
        let Some(open) = self.messages.open.as_mut().filter(|_| self.role.message().is_some()) else {
            return;
        };
        open.payload_len += plain.len();
        if open.kind == MessageKind::Text
            && !open.compressed
            && !open.is_invalid
            && let Err(index) = open.utf8.push(plain)
        {
            open.is_invalid = true;
            let byte = at + index;
            faults.add(FaultCode::Utf8, byte, None, byte + 1, Detail::byte_at(plain, index));
        }
    }

    /// The frame is complete: judges what only its end makes certain, and says which message ends with it.
    pub(crate) fn finish_frame(&mut self, header: &Header, faults: &mut FaultSink) -> Option<MessageEnd> {
        let end = header.frame_len();
        // Without a payload there is no last payload byte to show: the length says where the text ended.
        let last = if header.payload_len == ByteLen::ZERO { ByteLen::new(1) } else { end - 1 };
        if header.opcode == Opcode::Close {
            self.close_seen = true;
            if let (false, Some((have, of))) =
                (self.close_body.reason_is_invalid(), self.close_body.pending())
            {
                faults.add(
                    FaultCode::CloseReasonUtf8,
                    last,
                    None,
                    end,
                    Detail::IncompleteCharacter(have, of),
                );
            }
        }
        self.role.message()?;
        if !header.fin {
            self.messages.open.as_mut()?.has_complete_frame = true;
            return None;
        }
        let mut open = self.messages.open.take()?;
        let inflater = self.inflater.as_ref().filter(|_| open.compressed);
        if let Some(inflater) = inflater {
            if inflater.is_end_marker_truncated() {
                faults.add(FaultCode::DeflateTail, payload_offset(header), None, end, Detail::None);
            }
            validate_inflated_text(&mut open, inflater.stop, header, faults);
        } else if let (false, Some((have, of))) = (open.is_invalid, open.utf8.pending()) {
            open.is_invalid = true;
            faults.add(FaultCode::Utf8, last, None, end, Detail::IncompleteCharacter(have, of));
        }
        (!open.is_invalid).then_some(MessageEnd {
            number: open.number,
            kind: open.kind,
            compressed: open.compressed,
            payload_len: open.payload_len,
            data_len: inflater.map_or(open.payload_len, |inflater| inflater.data_len.into()),
            inflate_stop: inflater.and_then(|inflater| inflater.stop),
        })
    }

    /// The frame at hand is part of a compressed message.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.role.message().is_some() && self.messages.open.as_ref().is_some_and(|open| open.compressed)
    }

    /// Inflates from the front of `input`, or, without input, what the end of the message makes certain.
    /// Says whether there is data, which is then in `data`.
    pub(crate) fn inflate(&mut self, input: Option<&mut &[u8]>) -> bool {
        let (Some(inflater), Some(open)) = (&mut self.inflater, &mut self.messages.open) else {
            return false;
        };
        let piece = match input {
            Some(input) => inflater.push(input),
            None => inflater.end_message(),
        };
        if open.kind == MessageKind::Text
            && open.invalid_byte.is_none()
            && let Err(index) = open.utf8.push(piece)
        {
            open.invalid_byte = piece.get(index).copied();
        }
        !piece.is_empty()
    }

    /// A frame is complete, and its data has been handed on.
    pub(crate) fn rest(&mut self) {
        if let (Some(inflater), None) = (&mut self.inflater, &self.messages.open) {
            inflater.rest();
        }
    }

    /// What was inflated last.
    pub(crate) fn inflated(&self) -> &[u8] {
        self.inflater.as_ref().map_or(&[], MessageInflater::output)
    }

    /// Reports why inflating has stopped, once for each message, in the frame whose bytes make it certain.
    pub(crate) fn report_inflate_stop(&mut self, header: &Header, faults: &mut FaultSink) {
        let (Some(inflater), Some(open)) = (&self.inflater, &mut self.messages.open) else { return };
        let (start, end) = (ByteLen::from_usize(header.len()), header.frame_len());
        // `after` counts compressed bytes of the message; those of earlier frames come before this one's.
        let certain = |after: u64| (start + (ByteLen::new(after) - open.earlier_payload_len)).min(end);
        match inflater.stop {
            Some(InflateStop::InvalidData(fault)) if !open.is_invalid => {
                open.is_invalid = true;
                let after = certain(fault.detectable_after());
                faults.add(FaultCode::Inflate, payload_offset(header), None, after, Detail::Inflate(fault));
            }
            Some(InflateStop::Limit) if !open.limit_reported => {
                open.limit_reported = true;
                let after = certain(inflater.limit_exceeded_after);
                let limit = Detail::InflateLimit(inflater.limit.into());
                faults.add(FaultCode::InflateLimit, payload_offset(header), None, after, limit);
            }
            _ => {}
        }
    }
}

/// What only inflating finds is shown at the first payload byte; where there is none or none can follow, at the second byte of
/// the header, which says so.
fn payload_offset(header: &Header) -> ByteLen {
    let is_without = header.payload_len == ByteLen::ZERO || header.has_impossible_length();
    ByteLen::from_usize(if is_without { 1 } else { header.len() })
}

/// The inflated text is judged when its message ends: which byte of DEFLATE data broke it says nothing to a reader.
fn validate_inflated_text(
    open: &mut OpenMessage,
    stopped: Option<InflateStop>,
    header: &Header,
    faults: &mut FaultSink,
) {
    let cut_off = open.utf8.pending().filter(|_| stopped.is_none() && open.kind == MessageKind::Text);
    let detail = match (open.invalid_byte, cut_off) {
        _ if open.is_invalid => return,
        (Some(byte), _) => Detail::Byte(byte),
        (None, Some((have, of))) => Detail::IncompleteCharacter(have, of),
        (None, None) => return,
    };
    open.is_invalid = true;
    faults.add(FaultCode::Utf8, payload_offset(header), None, header.frame_len(), detail);
}

/// The rules that need the length and no more; it is known after `known` bytes.
fn validate_length(first: u8, len: ByteLen, known: ByteLen, faults: &mut FaultSink) {
    let opcode = Opcode::from_bits(first);
    let bits = Some(Bits::Field(1, 7));
    if opcode == Opcode::Close && len == 1 {
        faults.add(FaultCode::CloseLen1, 1, bits, known, Detail::None);
    }
    if !opcode.is_control() && first & 0x80 == 0 && len == 0 {
        faults.add(FaultCode::EmptyFragment, 1, None, known, Detail::None);
    }
}
