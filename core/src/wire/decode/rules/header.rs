//! Checks the rules that a frame's header decides (RFC 6455 sections 5.1 to 5.5, RFC 7692 section
//! 6), each as soon as the last byte that it needs has arrived.

use crate::wire::decode::fault::{Bits, Detail, FaultCode};
use crate::wire::decode::frame_faults::FrameFaults;
use crate::wire::decode::rules::close_body::CloseBody;
use crate::wire::decode::rules::frame_validator::FrameValidator;
use crate::wire::frame::{Header, LengthForm, Opcode, Side};
use crate::wire::size::ByteLen;

impl FrameValidator {
    /// Validates the header bytes that have arrived; the first `before` of them were validated
    /// already.
    pub(crate) fn validate_header(
        &mut self,
        bytes: &[u8],
        before: usize,
        faults: &mut FrameFaults,
    ) {
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
    fn validate_first_byte(&mut self, byte: u8, faults: &mut FrameFaults) {
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

    fn validate_reserved_bits(&self, byte: u8, opcode: Opcode, faults: &mut FrameFaults) {
        if self.has_unread_extension {
            return;
        }
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

    fn validate_second_byte(&mut self, first: u8, second: u8, faults: &mut FrameFaults) {
        let mask_bit = Some(Bits::Field(0, 0));
        match (self.from, second & 0x80 != 0) {
            (Side::Client, false) => {
                faults.add(FaultCode::UnmaskedClient, 1, mask_bit, 2, Detail::None);
            }
            (Side::Server, true) => {
                faults.add(FaultCode::MaskedServer, 1, mask_bit, 2, Detail::None);
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

    fn validate_masking_key(&mut self, header: &Header, faults: &mut FrameFaults) {
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
}

/// Checks the rules that depend on the length, which is known after `known` bytes.
fn validate_length(first: u8, len: ByteLen, known: ByteLen, faults: &mut FrameFaults) {
    let opcode = Opcode::from_bits(first);
    let bits = Some(Bits::Field(1, 7));
    if opcode == Opcode::Close && len == 1 {
        faults.add(FaultCode::CloseLen1, 1, bits, known, Detail::None);
    }
    if !opcode.is_control() && first & 0x80 == 0 && len == 0 {
        faults.add(FaultCode::EmptyFragment, 1, None, known, Detail::None);
    }
}
