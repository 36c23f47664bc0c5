//! Words the hints: how such a frame is read, its first two bytes bit by bit, and one step of the
//! rest.

use crate::learn::exercises::read_frame::shown::ShownFrame;
use crate::learn::exercises::read_frame::typed::hex;
use crate::wire::{LengthForm, Opcode};

/// Returns three hints, the vaguest first.
pub(super) fn hints(level: u8, shown: &ShownFrame) -> Vec<String> {
    let first = match level {
        1 => {
            "The first byte holds FIN, three reserved bits and the opcode, the second one MASK and \
             seven bits of length. A key of four bytes follows where MASK is 1."
        }
        2 => {
            "Seven bits can't hold 126 or more: 126 says that the length is in the next two \
             bytes, 127 in the next eight, most significant byte first. The key comes after them."
        }
        3 => {
            "A frame ends where its length says, and the next one begins there. All fragments but \
             the first have the opcode 0, and all but the last have FIN = 0; a ping may come \
             between them."
        }
        4 => {
            "Opcodes from 8 on are control frames: 8 is a Close, 9 a ping, 10 a pong. The body of a \
             Close is empty, or begins with a code of two bytes."
        }
        _ if shown.header().masking_key.is_some() => {
            "RSV1, the second bit, says that the message is compressed. Unmask it, append 00 00 ff \
             ff, and inflate it."
        }
        _ => {
            "RSV1, the second bit, says that the message is compressed. Append 00 00 ff ff to the \
             payload, and inflate it."
        }
    };
    vec![first.to_owned(), bits(shown), last(level, shown)]
}

fn bits(shown: &ShownFrame) -> String {
    let at = if shown.start == 0 {
        String::new()
    } else {
        format!("The frame begins at byte {}. ", shown.start)
    };
    format!(
        "{at}{:02x} is {}: FIN, three reserved bits, opcode. {:02x} is {}: MASK and the seven \
         bits.",
        shown.byte(0),
        shown.first_bits(),
        shown.byte(1),
        shown.second_bits()
    )
}

fn last(level: u8, shown: &ShownFrame) -> String {
    let header = shown.header();
    let plain = shown.frame.payload();
    if level == 2 {
        return extended_length(shown);
    }
    if shown.frame.context.compressed {
        return inflating(&plain, header.masking_key.is_some());
    }
    let begin = shown.place(header.len()..header.len()).start;
    let close = if header.opcode == Opcode::Close && plain.len() >= 2 {
        " The first two bytes of the body are the code."
    } else {
        ""
    };
    match (plain.first(), header.masking_key) {
        (None, _) => "The length is 0, so nothing follows the header.".to_owned(),
        (Some(plain), Some([first, ..])) => format!(
            "The payload begins at byte {begin}, and the key is the four bytes before it: {:02x} \
             XOR {first:02x} is {plain:02x}.{close}",
            plain ^ first
        ),
        (Some(_), None) => {
            format!("The payload begins at byte {begin}, and it isn't masked.{close}")
        }
    }
}

fn extended_length(shown: &ShownFrame) -> String {
    let form = shown.header().length_form;
    let bytes = shown.frame.raw().get(2..form.header_len(false)).unwrap_or_default();
    match form {
        LengthForm::Bits7 => {
            "The seven bits are less than 126, so they hold the length itself.".to_owned()
        }
        LengthForm::Bits16 => {
            format!("The length is 0x{}, in two bytes.", crate::wire::format::hex(bytes))
        }
        LengthForm::Bits64 => format!("The length is {}, in eight bytes.", hex(bytes)),
    }
}

fn inflating(deflated: &[u8], is_masked: bool) -> String {
    let hex = hex(deflated);
    let payload = if is_masked { "Unmasked, the payload" } else { "The payload" };
    // RFC 1951 section 3.2.3: the second and third bit of a block are its type.
    if deflated.first().is_some_and(|byte| byte & 0b110 == 0) {
        return format!(
            "{payload} is {hex}. The block is stored: 00, a length in two bytes, low byte \
             first, its complement, and then the text as it is."
        );
    }
    format!(
        "{payload} is {hex}. Python inflates it: \
         zlib.decompressobj(-15).decompress(bytes.fromhex(\"{hex} 00 00 ff ff\"))"
    )
}
