//! Checks the rules of RFC 6455 sections 5, 7.4 and 8.1 and RFC 7692 section 6, each as soon as its
//! last byte has arrived.
//! `decoder` divides the bytes into headers and payloads.

use crate::wire::decode::close_body::CloseBody;
use crate::wire::decode::fault::{Bits, Detail, FaultCode};
use crate::wire::decode::fault_sink::FaultSink;
use crate::wire::deflate::inflate::{InflateStop, MessageInflater};
use crate::wire::frame::message::{FragmentRole, MessageKind, MessageTracker, OpenMessage};
use crate::wire::frame::{Header, LengthForm, MaskingKey, Opcode, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::size::ByteLen;

/// A data message that ended without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// The message's number in its direction, from 0, in the order in which messages began.
    pub number: usize,
    /// The type of the message.
    pub kind: MessageKind,
    /// Whether the payload is compressed (RFC 7692).
    pub compressed: bool,
    /// The payload bytes of all its frames, before inflating.
    pub payload_len: ByteLen,
    /// The length of its data in bytes. It differs from `payload_len` if the message is
    /// compressed.
    pub data_len: ByteLen,
    /// Why the data was not inflated completely; `None` if it was.
    pub inflate_stop: Option<InflateStop>,
}

/// The state that the rules of one direction depend on: the sender, the agreed extensions, and
/// earlier frames.
#[derive(Clone, Debug)]
pub(crate) struct FrameValidator {
    from: Side,
    /// Inflates messages, if permessage-deflate was agreed.
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

    /// Whether no message is open and no Close was sent.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.close_seen && self.messages.open.is_none()
    }

    pub(crate) fn sender(&self) -> Side {
        self.from
    }

    /// Validates the header bytes that have arrived; the first `before` of them were validated
    /// already.
    pub(crate) fn validate_header(&mut self, bytes: &[u8], before: usize, faults: &mut FaultSink) {
        // Each rule is checked exactly once: in the call in which the last byte that it needs
        // arrives.
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
        // The top bit is certain after the first of the eight length bytes.
        if form == LengthForm::Bits64
            && reached(3)
            && behind.first().is_some_and(|byte| byte & 0x80 != 0)
        {
            faults.add(FaultCode::LenMsbSet, 2, Some(Bits::Field(0, 0)), 3, Detail::None);
        }
        let length_end = form.header_len(false);
        if reached(length_end)
            && form != LengthForm::Bits7
            && let Some(extended) = behind.get(..form.extra_bytes())
        {
            let (len, known) = (ByteLen::from_be_slice(extended), ByteLen::from_usize(length_end));
            if LengthForm::shortest(len) != form {
                faults.add(
                    FaultCode::LenNotMinimal,
                    1,
                    None,
                    known,
                    Detail::Length(len, form.bits()),
                );
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

    /// Checks the rules that the first byte decides alone.
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
        // A new frame begins, so the state of an earlier Close body ends here.
        self.close_body = CloseBody::default();
    }

    /// Checks whether the frame is allowed at this point of the stream (RFC 6455 sections 5.4 and
    /// 5.5.1).
    fn validate_order(&mut self, opcode: Opcode, compressed: bool, faults: &mut FaultSink) {
        self.role = self.messages.classify(opcode, compressed);
        // A reserved opcode has its own fault; a second one for the order would say nothing new.
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
            let code =
                if control { FaultCode::ControlAfterClose } else { FaultCode::DataAfterClose };
            faults.add(code, 0, None, 1, Detail::None);
        }
    }

    /// Applies RSV1 of the current frame to the inflater, which mirrors the sender's window.
    fn validate_compressed_flag(&mut self, compressed: bool, faults: &mut FaultSink) {
        if let (true, Some(inflater)) = (compressed, &mut self.inflater) {
            match self.role {
                FragmentRole::First { .. } => {
                    inflater.begin_message();
                    if inflater.stop.is_some() {
                        faults.add(
                            FaultCode::ContextLost,
                            0,
                            Some(Bits::Field(1, 1)),
                            1,
                            Detail::None,
                        );
                    }
                }
                // The sender's window contains the data of this frame too, although the frame
                // belongs to no message.
                FragmentRole::Orphan => inflater.mark_context_lost(),
                FragmentRole::Continuation { .. } | FragmentRole::Control => {}
            }
        }
    }

    fn validate_reserved_bits(&self, byte: u8, opcode: Opcode, faults: &mut FaultSink) {
        let rsv1 = byte & 0x40;
        // permessage-deflate gives a meaning to RSV1 only (RFC 7692 section 6).
        let meaningless = if self.uses_deflate() { byte & 0x30 } else { byte & 0x70 };
        if meaningless != 0 {
            faults.add(
                FaultCode::RsvNonzero,
                0,
                Some(Bits::Flags(meaningless)),
                1,
                Detail::Rsv(meaningless),
            );
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
            (Side::Client, false) => {
                faults.add(FaultCode::UnmaskedClient, 1, mask_bit, 2, Detail::None)
            }
            (Side::Server, true) => {
                faults.add(FaultCode::MaskedServer, 1, mask_bit, 2, Detail::None)
            }
            _ => {}
        }
        // Section 5.5: 125 at most, so both codes for an extended length are too long already.
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
        // A repeated key is a fault only where it masks something: an empty frame puts no chosen
        // bytes on the wire.
        if key == [0; 4] {
            faults.add(FaultCode::MaskZero, first, None, end, Detail::MaskingKey(key));
        } else if self.last_masking_key == Some(key) && header.payload_len > ByteLen::ZERO {
            faults.add(FaultCode::MaskReused, first, None, end, Detail::MaskingKey(key));
        }
        self.last_masking_key = Some(key);
    }

    /// Validates the next piece of the payload, already unmasked; `done` bytes of it came before.
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
        // Pings, pongs and orphans carry no message data. Their payload can be anything.
        let Some(open) = self.messages.open.as_mut().filter(|_| self.role.message().is_some())
        else {
            return;
        };
        // The validator keeps its state from frame to frame, because a character may be split
        // between fragments (section 5.6).
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

    /// Checks the rules that only the end of a frame decides, and returns the message that ends
    /// with it.
    pub(crate) fn finish_frame(
        &mut self,
        header: &Header,
        faults: &mut FaultSink,
    ) -> Option<MessageEnd> {
        let end = header.frame_len();
        // An empty frame has no last payload byte to highlight. Its length byte shows where the
        // text ended.
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

    /// Whether the current frame is part of a compressed message.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.role.message().is_some()
            && self.messages.open.as_ref().is_some_and(|open| open.compressed)
    }

    /// Inflates from the front of `input`, or, without input, what the end of the message makes
    /// certain. Returns whether there is data, which [`Self::inflated`] then returns.
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

    /// Releases the inflater's memory between messages, if it can. A frame is complete, and its
    /// data has been passed on.
    pub(crate) fn rest(&mut self) {
        if let (Some(inflater), None) = (&mut self.inflater, &self.messages.open) {
            inflater.rest();
        }
    }

    /// Returns the data that was inflated last.
    pub(crate) fn inflated(&self) -> &[u8] {
        self.inflater.as_ref().map_or(&[], MessageInflater::output)
    }

    /// Reports why inflating has stopped, once for each message, in the frame whose bytes make it
    /// certain.
    pub(crate) fn report_inflate_stop(&mut self, header: &Header, faults: &mut FaultSink) {
        let (Some(inflater), Some(open)) = (&self.inflater, &mut self.messages.open) else {
            return;
        };
        let (start, end) = (ByteLen::from_usize(header.len()), header.frame_len());
        // `after` counts the compressed bytes of the whole message, so those of earlier frames are
        // subtracted.
        let certain =
            |after: u64| (start + (ByteLen::new(after) - open.earlier_payload_len)).min(end);
        match inflater.stop {
            Some(InflateStop::InvalidData(fault)) if !open.is_invalid => {
                open.is_invalid = true;
                let after = certain(fault.detectable_after());
                faults.add(
                    FaultCode::Inflate,
                    payload_offset(header),
                    None,
                    after,
                    Detail::Inflate(fault),
                );
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

/// Returns the offset at which a fault is shown that only inflating finds: the first payload byte.
/// If there is no payload, or none can follow, it is the second header byte, which holds the
/// length.
fn payload_offset(header: &Header) -> ByteLen {
    let is_without = header.payload_len == ByteLen::ZERO || header.has_impossible_length();
    ByteLen::from_usize(if is_without { 1 } else { header.len() })
}

/// Validates inflated text when its message ends. Which byte of the DEFLATE data broke it would
/// tell a reader nothing.
fn validate_inflated_text(
    open: &mut OpenMessage,
    stopped: Option<InflateStop>,
    header: &Header,
    faults: &mut FaultSink,
) {
    let cut_off =
        open.utf8.pending().filter(|_| stopped.is_none() && open.kind == MessageKind::Text);
    let detail = match (open.invalid_byte, cut_off) {
        _ if open.is_invalid => return,
        (Some(byte), _) => Detail::Byte(byte),
        (None, Some((have, of))) => Detail::IncompleteCharacter(have, of),
        (None, None) => return,
    };
    open.is_invalid = true;
    faults.add(FaultCode::Utf8, payload_offset(header), None, header.frame_len(), detail);
}

/// Checks the rules that depend on the length, which is known after `known` bytes.
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
