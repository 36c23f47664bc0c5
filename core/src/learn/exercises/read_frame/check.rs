//! [`FieldCheck`]: what was typed into a field, compared with the bytes that hold it.

use std::ops::Range;

use crate::learn::exercises::read_frame::field::FrameField;
use crate::learn::exercises::read_frame::shown::ShownFrame;
use crate::learn::exercises::read_frame::typed::{UnreadValue, Value, hex};
use crate::learn::judgment::Mark;
use crate::wire::explain::field_span::{Field, FieldSpan};
use crate::wire::format::{byte_count, group_thousands, quote};
use crate::wire::{LengthForm, Opcode};

/// The value of a field and what proves it.
#[derive(Clone, Debug)]
pub(super) struct FieldCheck {
    /// The field.
    pub(super) field: FrameField,
    /// Its value in the frame.
    pub(super) value: Value,
    /// The value and its proof, in one clause: `the length is 5: 0x85 is 1 0000101`.
    pub(super) lesson: String,
    /// The bytes that prove it, and their explanation.
    pub(super) span: FieldSpan,
}

impl FieldCheck {
    /// Reads a field of the frame. `None` if the frame is cut before it.
    pub(super) fn of(field: FrameField, shown: &ShownFrame) -> Option<Self> {
        let (value, lesson) = match field {
            FrameField::Fin | FrameField::Rsv1 | FrameField::Opcode => first_byte(field, shown),
            FrameField::Masked | FrameField::Key => masking(field, shown),
            FrameField::Length => length(shown),
            FrameField::Start => start(shown),
            FrameField::Text => text(shown)?,
            FrameField::Payload => payload(shown),
            FrameField::Code | FrameField::Reason => close(field, shown),
        };
        let (at, otherwise) = place(field, shown);
        let mut span = shown.span(at, otherwise)?;
        if field == FrameField::Length {
            // The seven bits say that the length stands behind them.
            span.bytes.start = shown.place(1..2).start;
        }
        Some(Self { field, value, lesson, span })
    }

    /// Returns why what was typed stands for no value of the field, right or wrong; `None` for one
    /// that does, and for a field that was left empty.
    pub(super) fn unread(&self, typed: &str) -> Option<UnreadValue> {
        let unread = self.value.is_typed_as(typed).err()?;
        (unread != UnreadValue::Missing).then_some(unread)
    }

    /// Judges what was typed.
    pub(super) fn mark(&self, typed: &str, shown: &ShownFrame) -> Mark {
        let unread = match self.value.is_typed_as(typed) {
            Ok(true) => return self.marked(true, self.lesson.clone()),
            Ok(false) => None,
            Err(unread) => Some(unread.to_string()),
        };
        if self.is_body_of_close(typed, shown) {
            return self.marked(true, "that's the body of the Close".to_owned());
        }
        self.marked(false, unread.unwrap_or_else(|| self.remark(typed, shown)))
    }

    fn marked(&self, right: bool, remark: String) -> Mark {
        let bytes: Option<Range<usize>> = Some(self.span.bytes.clone());
        Mark { part: self.field.name().to_owned(), right, bytes, remark }
    }

    /// Whether the body of a Close was typed where the payload of a ping is asked for: it is a
    /// payload too.
    fn is_body_of_close(&self, typed: &str, shown: &ShownFrame) -> bool {
        self.field == FrameField::Payload
            && shown.header().opcode == Opcode::Close
            && Value::Bytes(shown.frame.payload()).is_typed_as(typed) == Ok(true)
    }

    /// Returns how the field is read, without its value.
    fn remark(&self, typed: &str, shown: &ShownFrame) -> String {
        let header = shown.header();
        let typed_as = |value: Value| value.is_typed_as(typed) == Ok(true);
        let is_masked = header.masking_key.is_some();
        match self.field {
            FrameField::Fin => "FIN is the first bit of this byte",
            FrameField::Rsv1 => "RSV1 is the second bit of this byte",
            FrameField::Opcode => "the opcode is the last four bits of this byte",
            FrameField::Masked => "MASK is the first bit of this byte",
            FrameField::Length if typed_as(number(shown.byte(1))) && shown.byte(1) >= 0x80 => {
                "that counts the MASK bit too: the length is the other seven bits"
            }
            FrameField::Length if typed_as(number(header.len7())) => {
                "126 and 127 aren't lengths: they say that two or eight bytes with the length follow"
            }
            FrameField::Length if header.length_form != LengthForm::Bits7 => {
                "the length is in the bytes after the second one, most significant byte first"
            }
            FrameField::Length => "the length is the last seven bits of this byte",
            FrameField::Key if is_masked => "the key is the four bytes after the length",
            FrameField::Key => "MASK is 0, so no key follows",
            FrameField::Start => "the payload comes after the length and, if MASK is 1, the key",
            FrameField::Payload if typed_as(Value::Bytes(shown.frame.payload_on_wire().into())) => {
                "that's as it was sent: it isn't unmasked yet"
            }
            FrameField::Payload if header.opcode == Opcode::Close => {
                "this frame isn't a ping or pong: what a Close says belongs in the fields below"
            }
            FrameField::Text if is_trimmed(typed, shown) => "there's a blank or a quote too many",
            FrameField::Text if shown.frame.context.compressed => {
                "these bytes are compressed: unmask them if MASK is 1, then inflate them"
            }
            FrameField::Text | FrameField::Payload if is_masked => {
                "each of these bytes is XORed with a byte of the key, the fifth with the first again"
            }
            FrameField::Text | FrameField::Payload => "these bytes are sent as they are",
            FrameField::Code => {
                "the code is the first two bytes of a Close's body, most significant byte first"
            }
            FrameField::Reason => "the reason is the rest of a Close's body, after the code",
        }
        .replace("this byte", &this_byte(self.field, shown))
    }
}

/// Returns the byte of the header that a field is in: `byte 1 (0x85)`.
fn this_byte(field: FrameField, shown: &ShownFrame) -> String {
    let at = usize::from(matches!(field, FrameField::Masked | FrameField::Length));
    format!("byte {} (0x{:02x})", shown.place(at..at.saturating_add(1)).start, shown.byte(at))
}

/// Returns the field of the frame that proves the value of `field`, and the one that shows that the
/// frame doesn't have it.
fn place(field: FrameField, shown: &ShownFrame) -> (Field, Field) {
    match field {
        FrameField::Fin => (Field::Fin, Field::Fin),
        FrameField::Rsv1 => (Field::Rsv1, Field::Rsv1),
        FrameField::Opcode => (Field::Opcode, Field::Opcode),
        FrameField::Masked => (Field::Mask, Field::Mask),
        FrameField::Length => (Field::ExtendedLength, Field::Length),
        FrameField::Key => (Field::MaskingKey, Field::Mask),
        FrameField::Start => (Field::Length, Field::Length),
        FrameField::Payload if shown.header().opcode == Opcode::Close => {
            (Field::Opcode, Field::Opcode)
        }
        FrameField::Text | FrameField::Payload => (Field::Payload, Field::Length),
        FrameField::Code | FrameField::Reason if shown.header().opcode != Opcode::Close => {
            (Field::Opcode, Field::Opcode)
        }
        FrameField::Code => (Field::CloseCode, Field::Length),
        FrameField::Reason => (Field::CloseReason, Field::Length),
    }
}

fn number(value: impl Into<u64>) -> Value {
    Value::Number(Some(value.into()))
}

fn first_byte(field: FrameField, shown: &ShownFrame) -> (Value, String) {
    let (header, proof) =
        (shown.header(), format!("0x{:02x} is {}", shown.byte(0), shown.first_bits()));
    match field {
        FrameField::Fin => {
            (Value::Bit(header.fin), format!("FIN is {}: {proof}", u8::from(header.fin)))
        }
        FrameField::Rsv1 => {
            (Value::Bit(header.rsv1), format!("RSV1 is {}: {proof}", u8::from(header.rsv1)))
        }
        _ => {
            let opcode = header.opcode;
            let lesson = format!("the opcode is 0x{:X}, {opcode}: {proof}", opcode.bits());
            (Value::Opcode(opcode.bits()), lesson)
        }
    }
}

fn masking(field: FrameField, shown: &ShownFrame) -> (Value, String) {
    let proof = format!("0x{:02x} is {}", shown.byte(1), shown.second_bits());
    let key = shown.header().masking_key;
    if field == FrameField::Masked {
        let is_masked = key.is_some();
        return (Value::Bit(is_masked), format!("MASK is {}: {proof}", u8::from(is_masked)));
    }
    match key {
        Some(key) => {
            let key = Value::Bytes(key.to_vec());
            let lesson = format!("the key is {}: the four bytes after the length", key.typed());
            (key, lesson)
        }
        None => (Value::Bytes(Vec::new()), format!("there's no key, as MASK is 0: {proof}")),
    }
}

fn length(shown: &ShownFrame) -> (Value, String) {
    let header = shown.header();
    let len = header.payload_len.get();
    let extended = shown.frame.raw().get(2..header.length_form.header_len(false));
    let extended = hex(extended.unwrap_or_default());
    let proof = match header.length_form {
        LengthForm::Bits7 => format!("0x{:02x} is {}", shown.byte(1), shown.second_bits()),
        LengthForm::Bits16 => format!("126 says that two bytes hold it, {extended}"),
        LengthForm::Bits64 => format!("127 says that eight bytes hold it, {extended}"),
    };
    (number(len), format!("the length is {}: {proof}", group_thousands(len)))
}

fn start(shown: &ShownFrame) -> (Value, String) {
    let header = shown.header();
    let (extra, len) = (header.length_form.extra_bytes(), header.len());
    let parts = match (extra, header.masking_key) {
        (0, None) => "the first two bytes are the whole header".to_owned(),
        (0, Some(_)) => "two bytes and the key's four come before it".to_owned(),
        (extra, None) => format!("two bytes and {extra} of length come before it"),
        (extra, Some(_)) => {
            format!("two bytes, {extra} of length and the key's four come before it")
        }
    };
    (number(len as u64), format!("the payload starts at byte {len}: {parts}"))
}

/// The number of payload bytes that a verdict shows.
const MAX_PROOF_BYTES: usize = 8;

/// Returns how bytes of the payload, from offset `at` on, become what the sender meant.
fn decoding(shown: &ShownFrame, at: usize) -> String {
    let wire = shown.frame.payload_on_wire().get(at..).unwrap_or_default();
    let wire = crate::wire::format::spaced_hex(wire, MAX_PROOF_BYTES);
    match (shown.header().masking_key, shown.frame.context.compressed) {
        (None, false) => format!("{wire} is sent as it is"),
        (None, true) => format!("{wire} inflates to it"),
        (Some(mut key), compressed) => {
            let by = at % key.len();
            key.rotate_left(by);
            let inflates = if compressed { " inflates to it" } else { "" };
            format!("{wire} XOR {}{inflates}", hex(&key))
        }
    }
}

fn text(shown: &ShownFrame) -> Option<(Value, String)> {
    let text = shown.text.clone()?;
    let lesson =
        format!("the text is {}: {}", quote(text.as_bytes(), usize::MAX), decoding(shown, 0));
    Some((Value::Text(text), lesson))
}

fn payload(shown: &ShownFrame) -> (Value, String) {
    let plain = shown.frame.payload();
    if shown.header().opcode == Opcode::Close {
        let lesson = "this frame isn't a ping or pong, but a Close";
        return (Value::Bytes(Vec::new()), lesson.to_owned());
    }
    if plain.is_empty() {
        return (Value::Bytes(plain), "there's no payload: the length is 0".to_owned());
    }
    let lesson = if shown.header().masking_key.is_some() {
        format!("the payload is {}: {}", hex(&plain), decoding(shown, 0))
    } else {
        format!("the payload is {}, which isn't masked", hex(&plain))
    };
    (Value::Bytes(plain), lesson)
}

fn close(field: FrameField, shown: &ShownFrame) -> (Value, String) {
    let (opcode, body) = (shown.header().opcode, shown.frame.payload());
    let is_close = opcode == Opcode::Close;
    let (code, reason) = match body.split_first_chunk::<2>() {
        Some((code, reason)) if is_close => (Some(*code), reason),
        _ => (None, &[][..]),
    };
    if field == FrameField::Reason {
        let text = String::from_utf8_lossy(reason).into_owned();
        let lesson = if is_close && !text.is_empty() {
            format!("the reason is {}: {}", quote(reason, usize::MAX), decoding(shown, 2))
        } else {
            missing("reason", opcode, body.len())
        };
        return (Value::Text(text), lesson);
    }
    let Some([high, low]) = code else {
        return (Value::Number(None), missing("code", opcode, body.len()));
    };
    let code = u16::from_be_bytes([high, low]);
    let lesson = format!("the code is {code}: {high:02x} {low:02x} is {high} × 256 + {low}");
    (number(code), lesson)
}

fn missing(what: &str, opcode: Opcode, body_len: usize) -> String {
    if opcode == Opcode::Close {
        format!("there's no {what}: the body has {}", byte_count(body_len as u64))
    } else {
        format!("there's no {what}: this frame is a {opcode}")
    }
}

/// Whether a text would be right without what surrounds it.
fn is_trimmed(typed: &str, shown: &ShownFrame) -> bool {
    let trimmed = typed.trim_matches(|char: char| char.is_whitespace() || char == '"');
    shown.text.as_deref() == Some(trimmed)
}
