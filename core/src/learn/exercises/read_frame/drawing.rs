//! Draws the frames of each level.

use crate::learn::draws::Draws;
use crate::learn::exercises::phrases;
use crate::learn::exercises::read_frame::shown::DEFLATE;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, ByteLen, Header, MaskingKey, MessageKind, Opcode, Side};

/// The bytes that are shown.
#[derive(Clone, Debug)]
pub(super) struct DrawnBytes {
    /// The side that sends it.
    pub(super) from: Side,
    /// The bytes of each frame; the last one is asked about.
    pub(super) frames: Vec<Vec<u8>>,
    /// Whether the last frame goes on after the bytes that are shown.
    pub(super) is_cut: bool,
}

/// The most bytes of a long frame that an exhibit shows: its header, and some of its payload, which
/// no field of its level is about.
pub(super) const MAX_SHOWN_BYTES: usize = 48;
/// The payload bytes of a long frame that are drawn.
const MAX_DRAWN_BYTES: usize = 256;

impl DrawnBytes {
    /// Draws the frames of a level.
    pub(super) fn of_level(level: u8, draws: &mut Draws) -> Self {
        let from = if draws.chance(1, 2) { Side::Client } else { Side::Server };
        let mut drawn = Self { from, frames: Vec::new(), is_cut: false };
        match level {
            1 => drawn.frames.push(short_text(from, draws)),
            2 => drawn.frames.push(long_frame(from, draws)),
            3 => drawn.frames = fragments(from, draws),
            4 => drawn.frames.push(control_frame(from, draws)),
            _ => drawn.frames.push(compressed_text(from, draws)),
        }
        if level == 2
            && let Some(frame) = drawn.frames.last_mut()
            && frame.len() > MAX_SHOWN_BYTES
        {
            frame.truncate(MAX_SHOWN_BYTES);
            drawn.is_cut = true;
        }
        drawn
    }
}

fn key(from: Side, draws: &mut Draws) -> Option<MaskingKey> {
    (from == Side::Client).then(|| draws.bytes())
}

fn short_text(from: Side, draws: &mut Draws) -> Vec<u8> {
    let text = phrases::text(draws);
    encode::single_frame(Opcode::Text, text.as_bytes(), key(from, draws))
}

/// Lengths at the borders of the three forms and beside them.
const BORDERS: [u64; 12] = [125, 126, 127, 128, 254, 255, 256, 257, 65_534, 65_535, 65_536, 65_537];

fn long_frame(from: Side, draws: &mut Draws) -> Vec<u8> {
    let len = match draws.below(6) {
        0 | 1 => draws.pick(&BORDERS).copied().unwrap_or_default(),
        2 | 3 => draws.below(4_000).saturating_add(126) as u64,
        4 => draws.below(25).saturating_add(101) as u64,
        _ => draws.below(200_000).saturating_add(65_536) as u64,
    };
    let kind = if draws.chance(1, 2) { MessageKind::Text } else { MessageKind::Binary };
    let header = Header {
        fin: draws.chance(3, 4),
        masking_key: key(from, draws),
        ..Header::new(kind.opcode(), len)
    };
    let shown = ByteLen::new(len).to_usize_saturating().min(MAX_DRAWN_BYTES);
    let mut payload = Vec::new();
    while payload.len() < shown {
        match kind {
            MessageKind::Text => payload.extend(format!("{}, ", phrases::plain(draws)).bytes()),
            MessageKind::Binary => payload.extend(phrases::bytes(draws, 16)),
        }
    }
    payload.truncate(shown);
    encode::frame(&header, &payload)
}

/// Draws one to four frames: fragments of a message, at times with a ping between. The last one may
/// be the first fragment, one in the middle or the last.
fn fragments(from: Side, draws: &mut Draws) -> Vec<Vec<u8>> {
    let text = phrases::accented(draws);
    let count = draws.below(2).saturating_add(2);
    let pieces = cut(text.as_bytes(), count, draws);
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let mut frames = encode::fragments(MessageKind::Text, &pieces, || key(from, draws));
    frames.truncate(draws.below(count).saturating_add(1));
    if frames.len() > 1 && draws.chance(1, 3) {
        let payload = phrases::bytes(draws, 3);
        let ping = encode::single_frame(Opcode::Ping, &payload, key(from, draws));
        frames.insert(frames.len().saturating_sub(1), ping);
    }
    frames
}

/// Cuts bytes into `count` pieces of at least one byte. The first cut is within a character, if
/// there is room for it.
fn cut(bytes: &[u8], count: usize, draws: &mut Draws) -> Vec<Vec<u8>> {
    let mut rest = bytes.to_vec();
    let mut pieces = Vec::new();
    for left in (1..count).rev() {
        let most = rest.len().saturating_sub(left);
        let within: Vec<usize> =
            (1..=most).filter(|at| rest.get(*at).is_some_and(|byte| byte >> 6 == 2)).collect();
        let at = match draws.pick(&within) {
            Some(at) => *at,
            None => draws.below(most).saturating_add(1),
        };
        let behind = rest.split_off(at.min(rest.len()));
        pieces.push(std::mem::replace(&mut rest, behind));
    }
    pieces.push(rest);
    pieces
}

/// Close codes that an endpoint may send.
const CODES: [u16; 14] =
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3333, 4000, 4001];

/// Reasons as programs give them.
const REASONS: [&str; 12] = [
    "bye",
    "tab closed",
    "restart",
    "too big",
    "idle",
    "done",
    "no json",
    "logged out",
    "too slow",
    "à bientôt",
    "tschüss",
    "shutdown",
];

fn control_frame(from: Side, draws: &mut Draws) -> Vec<u8> {
    let key = key(from, draws);
    let code = draws.pick(&CODES).copied().unwrap_or_default();
    match draws.below(8) {
        0 | 1 => encode::single_frame(Opcode::Ping, &phrases::bytes(draws, 6), key),
        2 => encode::single_frame(Opcode::Pong, &phrases::bytes(draws, 6), key),
        3 => {
            let opcode = if draws.chance(1, 2) { Opcode::Ping } else { Opcode::Pong };
            encode::single_frame(opcode, &[], key)
        }
        4 => encode::single_frame(Opcode::Close, &[], key),
        5 => encode::close_frame(code, "", key),
        _ => {
            let reason = draws.pick(&REASONS).copied().unwrap_or_default();
            encode::close_frame(code, reason, key)
        }
    }
}

/// Draws a text frame with compression agreed on: compressed by zlib, in a stored block, which can
/// be read by eye, or not compressed at all.
fn compressed_text(from: Side, draws: &mut Draws) -> Vec<u8> {
    let text = match draws.below(3) {
        0 => format!("{0} {0} {0}", phrases::brief(draws, 10)),
        _ => phrases::text(draws),
    };
    let deflated = match draws.below(4) {
        0 => None,
        1 => Some(stored_block(text.as_bytes())),
        _ => AgreedExtensions::parse(DEFLATE)
            .ok()
            .and_then(|agreed| agreed.deflate)
            .map(|deflate| Deflater::new(deflate, from).compress_message(text.as_bytes())),
    };
    let rsv1 = deflated.is_some();
    let payload = deflated.unwrap_or_else(|| text.into_bytes());
    let header = Header {
        rsv1,
        masking_key: key(from, draws),
        ..Header::new(Opcode::Text, ByteLen::of(&payload))
    };
    encode::frame(&header, &payload)
}

/// Puts a message into a stored block (RFC 1951 section 3.2.4) and the first byte of the empty one
/// behind it (RFC 7692 section 7.2.3.3).
fn stored_block(text: &[u8]) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut block = vec![0];
    block.extend(len.to_le_bytes());
    block.extend((!len).to_le_bytes());
    block.extend_from_slice(text);
    block.push(0);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LengthForm;

    #[test]
    fn rfc_7692_section_7_2_3_3_a_stored_block() {
        let block = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        assert_eq!(stored_block(b"Hello"), block);
    }

    #[test]
    fn a_long_frame_has_each_of_the_three_forms_at_times() {
        let mut forms = [0; 3];
        for seed in 0..300 {
            let frame = long_frame(Side::Server, &mut Draws::new(seed));
            let form = Header::parse(&frame).unwrap().length_form;
            forms[[LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64]
                .iter()
                .position(|each| *each == form)
                .unwrap()] += 1;
        }
        assert!(forms.iter().all(|count| *count > 30), "{forms:?}");
    }
}
