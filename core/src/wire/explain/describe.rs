//! Explains the value of each field in one sentence for beginners, depending on the sender and the
//! agreed extensions.
//! `field_span` finds the bytes and bits of the fields.

use crate::wire::explain::FrameContext;
use crate::wire::format;
use crate::wire::frame::close_code::CloseCode;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, LENGTH_TOP_BIT, LengthForm, Opcode, Side};
use crate::wire::size::ByteLen;

/// A field's value as text, its meaning, and the section that defines it.
pub(crate) struct FieldDescription {
    pub(crate) value: String,
    pub(crate) meaning: String,
    pub(crate) section: &'static str,
}

/// The number of characters of a text payload that are quoted.
const MAX_QUOTED_CHARS: usize = 60;
/// The number of bytes of a binary payload that are shown.
const MAX_HEX_BYTES: usize = 16;

fn description(
    value: impl Into<String>,
    meaning: impl Into<String>,
    section: &'static str,
) -> FieldDescription {
    FieldDescription { value: value.into(), meaning: meaning.into(), section }
}

fn bit(set: bool) -> &'static str {
    if set { "1" } else { "0" }
}

pub(crate) fn fin(set: bool, opcode: Opcode) -> FieldDescription {
    let meaning = match (opcode, set) {
        (Opcode::Continuation, true) => "the last fragment: the message is complete",
        (Opcode::Continuation, false) => "a fragment in the middle: more of this message follows",
        (_, true) if opcode.is_control() => "control frames are never fragmented",
        (_, false) if opcode.is_control() => "must be 1: a control frame is never fragmented",
        (_, true) => "the first and last frame of its message",
        (_, false) => "the first fragment: more of this message follows",
    };
    description(bit(set), meaning, "RFC 6455 §5.2, §5.4")
}

pub(crate) fn rsv1(set: bool, opcode: Opcode, deflate: bool) -> FieldDescription {
    // Only the first frame of a message carries the flag (RFC 7692 section 6.1).
    let begins = matches!(opcode, Opcode::Text | Opcode::Binary);
    let (meaning, section) = match (deflate, set) {
        (true, true) if begins => {
            ("this message is compressed (permessage-deflate)", "RFC 7692 §6")
        }
        (true, true) => (
            "must be 0: only the first frame of a message may be marked as compressed",
            "RFC 7692 §6.1",
        ),
        (true, false) if begins => {
            ("this message is not compressed, although compression was agreed", "RFC 7692 §6")
        }
        (true, false) => {
            ("only the first frame of a message says whether it is compressed", "RFC 7692 §6.1")
        }
        (false, false) => {
            ("would mean 'compressed' if permessage-deflate had been agreed", "RFC 7692 §6")
        }
        (false, true) => {
            ("must be 0 unless an agreed extension gives it a meaning", "RFC 6455 §5.2")
        }
    };
    description(bit(set), meaning, section)
}

pub(crate) fn rsv(set: bool) -> FieldDescription {
    let meaning = if set {
        "must be 0 unless an agreed extension gives it a meaning"
    } else {
        "no registered extension uses it, so it is 0"
    };
    description(bit(set), meaning, "RFC 6455 §5.2")
}

pub(crate) fn opcode(opcode: Opcode, context: FrameContext) -> FieldDescription {
    let (meaning, section) = match opcode {
        Opcode::Continuation => (continuation(context.kind), "RFC 6455 §5.2, §5.4"),
        Opcode::Text => {
            ("the payload is UTF-8, validated over the whole message", "RFC 6455 §5.2, §5.6")
        }
        Opcode::Binary => {
            ("the payload is bytes; what they mean is up to the application", "RFC 6455 §5.2, §5.6")
        }
        Opcode::Close => (
            "this side sends nothing more; the other side answers with a Close of its own",
            "RFC 6455 §5.5.1",
        ),
        Opcode::Ping => {
            ("a liveness check: the answer is a pong with the same payload", "RFC 6455 §5.5.2")
        }
        Opcode::Pong => ("the answer to a ping, or an unsolicited heartbeat", "RFC 6455 §5.5.3"),
        Opcode::Reserved(bits) if bits & 0x8 != 0 => {
            ("reserved for future control frames: nobody may send it today", "RFC 6455 §5.2, §5.5")
        }
        Opcode::Reserved(_) => {
            ("reserved for future data frames: nobody may send it today", "RFC 6455 §5.2, §5.6")
        }
    };
    description(opcode.name(), meaning, section)
}

fn continuation(kind: Option<MessageKind>) -> &'static str {
    match kind {
        Some(MessageKind::Text) => "the next fragment of the text message that is open",
        Some(MessageKind::Binary) => "the next fragment of the binary message that is open",
        None => "the next fragment of the message that is open",
    }
}

pub(crate) fn mask(set: bool, from: Side) -> FieldDescription {
    let meaning = match (from, set) {
        (Side::Client, true) => "client to server: required, and a masking key follows",
        (Side::Client, false) => "must be 1: everything a client sends is masked",
        (Side::Server, false) => "server to client: never masked",
        (Side::Server, true) => "must be 0: a server must not mask",
    };
    description(bit(set), meaning, "RFC 6455 §5.1")
}

pub(crate) fn length(len7: u8, opcode: Opcode) -> FieldDescription {
    let meaning = match len7 {
        126.. if opcode.is_control() => {
            "must be at most 125: control frames are short, so that they fit between other frames"
        }
        126 => "not the length itself: 126 means that the length is in the next 2 bytes",
        127 => "not the length itself: 127 means that the length is in the next 8 bytes",
        0 => "there is no payload",
        _ => "up to 125, these bits hold the length itself",
    };
    description(len7.to_string(), meaning, "RFC 6455 §5.2")
}

pub(crate) fn extended_length(bytes: &[u8], form: LengthForm) -> FieldDescription {
    let section = "RFC 6455 §5.2";
    let order = format!("a {}-bit number, most significant byte first", form.bits());
    if bytes.len() < form.extra_bytes() {
        let value = format!("{} of {} bytes", bytes.len(), form.extra_bytes());
        return description(value, format!("{order}; the rest has not arrived yet"), section);
    }
    let len = ByteLen::from_be_slice(bytes);
    let shortest = LengthForm::shortest(len);
    let meaning = if len >= LENGTH_TOP_BIT {
        "the top bit must be 0: lengths end at 2^63 - 1".to_owned()
    } else if shortest != form {
        format!("must be encoded in {} bits: only the shortest form is legal", shortest.bits())
    } else {
        format!("the payload length: {order}")
    };
    description(format::group_thousands(len.get()), meaning, section)
}

pub(crate) fn masking_key(key: &[u8]) -> FieldDescription {
    let section = "RFC 6455 §5.3";
    if key.len() < 4 {
        return description(
            format::hex(key),
            format!("{} of 4 bytes; the rest has not arrived yet", key.len()),
            section,
        );
    }
    let meaning = match key {
        [0, 0, 0, 0] => "XOR with zero changes nothing: the payload goes over the wire unchanged",
        _ => "must be random and new for every frame; it is sent in the clear, so it hides nothing",
    };
    description(format::hex(key), meaning, section)
}

pub(crate) fn payload(
    plain: &[u8],
    wire: &[u8],
    header: &Header,
    context: FrameContext,
) -> FieldDescription {
    let is_text = header.opcode == Opcode::Text || context.kind == Some(MessageKind::Text);
    // A control payload can be anything. It is quoted if it is text.
    let readable = is_text || header.opcode.is_control() && str::from_utf8(plain).is_ok();
    let value = if context.compressed {
        format!("{}, compressed", format::byte_count(ByteLen::of(plain)))
    } else if readable {
        format::quote(plain, MAX_QUOTED_CHARS)
    } else {
        format::spaced_hex(plain, MAX_HEX_BYTES)
    };
    if header.masking_key.is_some() {
        let wire = format::spaced_hex(wire, MAX_HEX_BYTES);
        let plain = format::spaced_hex(plain, MAX_HEX_BYTES);
        return description(value, format!("{wire} XOR the key is {plain}"), "RFC 6455 §5.3");
    }
    let (meaning, section) = unmasked_payload(header, is_text, context.compressed);
    description(value, meaning, section)
}

fn unmasked_payload(
    header: &Header,
    is_text: bool,
    compressed: bool,
) -> (&'static str, &'static str) {
    match header.opcode {
        _ if compressed => {
            ("a part of the message's DEFLATE data, which may be split anywhere", "RFC 7692 §7.2")
        }
        Opcode::Ping => ("anything, up to 125 bytes; the pong echoes it", "RFC 6455 §5.5.2"),
        Opcode::Pong => {
            ("the payload of the ping, which shows which ping this answers", "RFC 6455 §5.5.3")
        }
        Opcode::Close if !header.is_close() => {
            ("no close code is read here: FIN or RSV show that it isn't a Close", "RFC 6455 §5.5")
        }
        Opcode::Close => ("half a close code: a code has 2 bytes", "RFC 6455 §5.5.1"),
        Opcode::Reserved(_) => ("undefined, because the opcode is reserved", "RFC 6455 §5.2"),
        _ if is_text => ("UTF-8, sent unmasked", "RFC 6455 §5.6"),
        _ => ("bytes, sent unmasked", "RFC 6455 §5.6"),
    }
}

pub(crate) fn close_code(code: u16) -> FieldDescription {
    let about = CloseCode::new(code);
    description(format!("{code} {}", about.name), about.meaning, about.section)
}

pub(crate) fn close_reason(reason: &[u8]) -> FieldDescription {
    description(
        format::quote(reason, MAX_QUOTED_CHARS),
        "UTF-8 for people and logs; programs use the code",
        "RFC 6455 §5.5.1",
    )
}
