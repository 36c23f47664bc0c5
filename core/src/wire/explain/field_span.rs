//! Labels a frame's bytes and bits with their fields. The labels are computed on demand, so after a
//! bit is flipped they are simply computed again.
//! `describe` has the explanations. Faults, not labels, say what is illegal.

use std::ops::Range;

use crate::wire::explain::FrameContext;
use crate::wire::explain::describe::{self, FieldDescription};
use crate::wire::frame::mask;
use crate::wire::frame::{Header, LengthForm, Opcode};

/// The fields of a frame, in wire order (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// FIN: whether this is the last frame of its message.
    Fin,
    /// RSV1, the first reserved bit.
    Rsv1,
    /// RSV2, the second reserved bit.
    Rsv2,
    /// RSV3, the third reserved bit.
    Rsv3,
    /// The type of the frame.
    Opcode,
    /// MASK: whether there is a masking key.
    Mask,
    /// The seven length bits: the length itself, or the size of the extended length.
    Length,
    /// The extended length: two or eight bytes.
    ExtendedLength,
    /// The masking key: four bytes.
    MaskingKey,
    /// The payload, except that of a Close.
    Payload,
    /// The close code: the first two payload bytes of a Close.
    CloseCode,
    /// The close reason: the payload of a Close after the code.
    CloseReason,
}

impl Field {
    /// The fields in wire order.
    pub const ALL: [Self; 12] = [
        Self::Fin,
        Self::Rsv1,
        Self::Rsv2,
        Self::Rsv3,
        Self::Opcode,
        Self::Mask,
        Self::Length,
        Self::ExtendedLength,
        Self::MaskingKey,
        Self::Payload,
        Self::CloseCode,
        Self::CloseReason,
    ];

    /// Returns the field's name, as in the RFC's diagram.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "FIN",
            Self::Rsv1 => "RSV1",
            Self::Rsv2 => "RSV2",
            Self::Rsv3 => "RSV3",
            Self::Opcode => "opcode",
            Self::Mask => "MASK",
            Self::Length => "length",
            Self::ExtendedLength => "extended length",
            Self::MaskingKey => "masking key",
            Self::Payload => "payload",
            Self::CloseCode => "close code",
            Self::CloseReason => "close reason",
        }
    }
}

/// A field of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    /// The field that this span covers.
    pub field: Field,
    /// The range of bytes, counted from the first byte of the frame.
    pub bytes: Range<usize>,
    /// The range of bits in each of these bytes, 0 = most significant. It is `0..8` unless the
    /// field is smaller than a byte.
    pub bits: Range<u8>,
    /// The value as text: `text`, `5`, `37fa213d`.
    pub value: String,
    /// One sentence on the meaning of this value here.
    pub meaning: String,
    /// The section that defines the field.
    pub section: &'static str,
}

impl FieldSpan {
    /// Whether the field contains the bit (0 = most significant) of the byte.
    pub fn contains(&self, byte: usize, bit: u8) -> bool {
        self.bytes.contains(&byte) && self.bits.contains(&bit)
    }
}

/// Returns the fields in `raw`, which is a frame or the beginning of one, in wire order.
pub fn field_spans(raw: &[u8], context: FrameContext) -> Vec<FieldSpan> {
    let mut spans = Vec::with_capacity(10);
    if let Some(first) = raw.first() {
        first_byte(*first, context, &mut spans);
    }
    if let (Some(first), Some(second)) = (raw.first(), raw.get(1)) {
        second_byte(Opcode::from_bits(*first), *second, context, &mut spans);
        length_and_key(raw, *second, &mut spans);
    }
    if let Ok(header) = Header::parse(raw) {
        payload(raw, &header, context, &mut spans);
    }
    spans
}

fn field_span(
    field: Field,
    bytes: Range<usize>,
    bits: Range<u8>,
    description: FieldDescription,
) -> FieldSpan {
    let FieldDescription { value, meaning, section } = description;
    FieldSpan { field, bytes, bits, value, meaning, section }
}

fn first_byte(byte: u8, context: FrameContext, spans: &mut Vec<FieldSpan>) {
    let opcode = Opcode::from_bits(byte);
    let is_set = |bit: u8| byte & bit != 0;
    let rsv1 = describe::rsv1(is_set(0x40), opcode, context.deflate);
    spans.extend([
        field_span(Field::Fin, 0..1, 0..1, describe::fin(is_set(0x80), opcode)),
        field_span(Field::Rsv1, 0..1, 1..2, rsv1),
        field_span(Field::Rsv2, 0..1, 2..3, describe::rsv(is_set(0x20))),
        field_span(Field::Rsv3, 0..1, 3..4, describe::rsv(is_set(0x10))),
        field_span(Field::Opcode, 0..1, 4..8, describe::opcode(opcode, context)),
    ]);
}

fn second_byte(opcode: Opcode, byte: u8, context: FrameContext, spans: &mut Vec<FieldSpan>) {
    let mask = describe::mask(byte & 0x80 != 0, context.from);
    spans.push(field_span(Field::Mask, 1..2, 0..1, mask));
    spans.push(field_span(Field::Length, 1..2, 1..8, describe::length(byte & 0x7f, opcode)));
}

fn length_and_key(raw: &[u8], second: u8, spans: &mut Vec<FieldSpan>) {
    let form = LengthForm::from_second_byte(second);
    let end = form.header_len(false);
    if let Some((place, bytes)) = arrived_part(raw, 2..end) {
        spans.push(field_span(
            Field::ExtendedLength,
            place,
            0..8,
            describe::extended_length(bytes, form),
        ));
    }
    if second & 0x80 != 0
        && let Some((place, key)) = arrived_part(raw, end..form.header_len(true))
    {
        spans.push(field_span(Field::MaskingKey, place, 0..8, describe::masking_key(key)));
    }
}

/// Returns the part of `range` that has arrived, with its own range; `None` if nothing of it has.
fn arrived_part(raw: &[u8], range: Range<usize>) -> Option<(Range<usize>, &[u8])> {
    let place = range.start..range.end.min(raw.len());
    let arrived = raw.get(place.clone()).filter(|bytes| !bytes.is_empty())?;
    Some((place, arrived))
}

fn payload(raw: &[u8], header: &Header, context: FrameContext, spans: &mut Vec<FieldSpan>) {
    let start = header.len();
    let Some((place, wire)) = arrived_part(raw, start..raw.len()) else { return };
    let plain = header.masking_key.map_or_else(|| wire.to_vec(), |key| mask::unmask(wire, key));
    // A Close with less than two bytes has no code. Its payload is labelled as such. Nor is there a
    // code in other bytes that happen to have the opcode of a Close.
    if let (true, [high, low, reason @ ..]) = (header.is_close(), plain.as_slice()) {
        let code = describe::close_code(u16::from_be_bytes([*high, *low]));
        let code_end = start.saturating_add(2);
        spans.push(field_span(Field::CloseCode, start..code_end, 0..8, code));
        if !reason.is_empty() {
            let reason = describe::close_reason(reason);
            spans.push(field_span(Field::CloseReason, code_end..raw.len(), 0..8, reason));
        }
        return;
    }
    let description = describe::payload(&plain, wire, header, context);
    spans.push(field_span(Field::Payload, place, 0..8, description));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Side;
    use crate::wire::frame::message::MessageKind;
    use crate::wire::handshake::extension::AgreedExtensions;
    use proptest::prelude::*;

    fn rows(raw: &[u8], context: FrameContext) -> Vec<String> {
        let row = |span: FieldSpan| {
            format!(
                "{:?}.{:?} {} = {}: {} [{}]",
                span.bytes,
                span.bits,
                span.field.name(),
                span.value,
                span.meaning,
                span.section
            )
        };
        field_spans(raw, context).into_iter().map(row).collect()
    }

    #[test]
    fn section_5_7_masked_hello_in_words() {
        let raw = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let context = FrameContext {
            kind: Some(MessageKind::Text),
            ..FrameContext::new(Side::Client, AgreedExtensions::none())
        };
        assert_eq!(
            rows(&raw, context),
            [
                "0..1.0..1 FIN = 1: the first and last frame of its message [RFC 6455 §5.2, §5.4]",
                "0..1.1..2 RSV1 = 0: would mean 'compressed' if permessage-deflate had been \
                 agreed [RFC 7692 §6]",
                "0..1.2..3 RSV2 = 0: no registered extension uses it, so it is 0 [RFC 6455 §5.2]",
                "0..1.3..4 RSV3 = 0: no registered extension uses it, so it is 0 [RFC 6455 §5.2]",
                "0..1.4..8 opcode = text: the payload is UTF-8, validated over the whole message \
                 [RFC 6455 §5.2, §5.6]",
                "1..2.0..1 MASK = 1: client to server: required, and a masking key follows [RFC \
                 6455 §5.1]",
                "1..2.1..8 length = 5: up to 125, these bits hold the length itself [RFC 6455 \
                 §5.2]",
                "2..6.0..8 masking key = 37fa213d: must be random and new for every frame; it is \
                 sent in the clear, so it hides nothing [RFC 6455 §5.3]",
                "6..11.0..8 payload = \"Hello\": 7f 9f 4d 51 58 XOR the key is 48 65 6c 6c 6f \
                 [RFC 6455 §5.3]",
            ]
        );
    }

    #[test]
    fn section_5_5_1_a_close_has_code_and_reason() {
        let raw = [0x88, 0x05, 0x03, 0xe9, b'b', b'y', b'e'];
        assert_eq!(
            rows(&raw, FrameContext::new(Side::Server, AgreedExtensions::none()))[7..],
            [
                "2..4.0..8 close code = 1001 going away: the server is going down, or the user \
                 left the page [RFC 6455 §7.4.1]",
                "4..7.0..8 close reason = \"bye\": UTF-8 for people and logs; programs use the \
                 code [RFC 6455 §5.5.1]",
            ]
        );
    }

    #[test]
    fn half_a_length_is_shown_as_half() {
        let raw = [0x82, 0x7f, 0, 0, 1];
        assert_eq!(
            rows(&raw, FrameContext::new(Side::Server, AgreedExtensions::none())).last().unwrap(),
            "2..5.0..8 extended length = 3 of 8 bytes: a 64-bit number, most significant byte \
             first; the rest has not arrived yet [RFC 6455 §5.2]"
        );
    }

    proptest! {
        #[test]
        fn every_bit_of_every_prefix_has_exactly_one_field(raw in proptest::collection::vec(any::<u8>(), 0..40), server: bool, deflate: bool) {
            let from = if server { Side::Server } else { Side::Client };
            let context = FrameContext::new(from, AgreedExtensions::none());
            let spans = field_spans(&raw, FrameContext { deflate, ..context });
            for byte in 0..raw.len() {
                for bit in 0..8 {
                    prop_assert_eq!(spans.iter().filter(|span| span.contains(byte, bit)).count(), 1, "byte {} bit {}", byte, bit);
                }
            }
            let description = |span: &FieldSpan| !span.value.is_empty() && !span.meaning.is_empty() && span.section.starts_with("RFC ");
            prop_assert!(spans.iter().all(description));
            prop_assert!(!spans.iter().flat_map(|span| span.value.chars().chain(span.meaning.chars())).any(char::is_control));
        }
    }
}
