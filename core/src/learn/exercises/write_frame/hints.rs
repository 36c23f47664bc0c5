//! Words the hints: how such a frame is put together, its first two bytes, and where the rest goes.

use crate::learn::exercises::write_frame::wanted::{WantedBody, WantedFrames, WantedMask};
use crate::wire::format::spaced_hex;
use crate::wire::{Header, Side};

/// Returns three hints, the vaguest first.
pub(super) fn hints(level: u8, wanted: &WantedFrames) -> Vec<String> {
    let first = match level {
        1 => {
            "The first byte is FIN, three zeros and the opcode: 1 for text, 2 for binary. The \
             second one is MASK and the payload's length in bytes. Then come the key and the \
             payload, XORed with it."
        }
        2 => {
            "A ping has the opcode 9, a pong 10, and FIN is 1 in both. A pong carries the payload \
             of the ping that it answers, masked with a key of its own."
        }
        3 => {
            "A Close has the opcode 8. Its body is empty, or a code in two bytes, most significant \
             byte first, and then the reason. All of the body is masked."
        }
        4 => {
            "Up to 125 the seven bits hold the length. For more they hold 126, and two bytes with \
             the length follow, or 127 and eight bytes; the shortest form is the only legal one."
        }
        5 => {
            "The first fragment has the opcode of a text and FIN = 0, the last one the opcode 0 \
             and FIN = 1. A ping between them is a whole frame of its own."
        }
        _ => {
            "A server never masks: MASK is 0, no key follows, and the payload is sent as it is. \
             Otherwise the frame is as a client's."
        }
    };
    let solution = wanted.solution();
    vec![first.to_owned(), beginnings(&solution), last(wanted, &solution)]
}

/// Returns the first bytes of the frames; of fragments only the first byte, because their lengths
/// depend on the cut.
fn beginnings(solution: &[Vec<u8>]) -> String {
    match solution {
        [frame] => {
            let first = frame.first().copied().unwrap_or_default();
            let second = frame.get(1).copied().unwrap_or_default();
            format!(
                "The first byte is {} {:03b} {:04b} in binary, the second one {} {:07b}.",
                first >> 7,
                first >> 4 & 7,
                first & 15,
                second >> 7,
                second & 0x7f
            )
        }
        frames => {
            let first: Vec<String> = frames.iter().map(|frame| spaced_hex(frame, 1)).collect();
            let first: Vec<&str> = first.iter().map(|byte| byte.trim_end_matches(" …")).collect();
            format!("The three frames begin with {}.", first.join(", "))
        }
    }
}

fn last(wanted: &WantedFrames, solution: &[Vec<u8>]) -> String {
    let frame = solution.first().map_or(&[][..], Vec::as_slice);
    let Ok(header) = Header::parse(frame) else { return String::new() };
    let begin = spaced_hex(frame.get(..header.len()).unwrap_or_default(), header.len());
    let payload = frame.get(header.len()..).unwrap_or_default();
    if wanted.frames.iter().any(|frame| matches!(frame.body, WantedBody::Piece(_))) {
        let whole = spaced_hex(&wanted.message, wanted.message.len());
        let example = match wanted.from {
            Side::Client => "masked with its frame's key",
            Side::Server => "as they are",
        };
        return format!(
            "The text is {whole}: the first bytes go into one frame, the others into \
                        the last, {example}. A first frame could be {}.",
            spaced_hex(frame, frame.len())
        );
    }
    let subject = match wanted.frames.first().map(|frame| frame.mask) {
        Some(WantedMask::AnyKey(key)) => format!("With the key {}, the frame", spaced_hex(&key, 4)),
        _ => "The frame".to_owned(),
    };
    match (payload.first(), header.masking_key) {
        (None, _) if wanted.left_out() > 0 => {
            let len = wanted.left_out();
            format!("The length {len} is 0x{len:x}. The key comes last, so the header ends in it.")
        }
        (None, _) => format!("There's no payload, so the header is all, such as {begin}."),
        (Some(byte), Some([key, ..])) => format!(
            "{subject} begins with {begin}, and the first payload byte is {:02x} XOR \
             {key:02x}, which is {byte:02x}.",
            byte ^ key
        ),
        (Some(byte), None) => {
            format!("The frame begins with {begin}, and the payload with {byte:02x}.")
        }
    }
}
