//! Short forms of payloads.

use std::ops::Range;

use super::json;
use crate::text;
use crate::wire::{Frame, MessageKind, Opcode, PayloadPiece, format};

/// The most characters of a text in a list.
const MAX_PREVIEW_CHARS: usize = 120;

/// What stands for the hex digits of a byte that was not captured.
pub(crate) const MISSING_DIGITS: &str = "··";

/// Returns the payload in a few words: code and reason, a quoted text, or hex. What was not
/// captured stands between its pieces as a number of bytes.
pub(crate) fn payload_preview(frame: &Frame) -> String {
    let is_binary = frame.context.compressed
        || frame.header.opcode == Opcode::Binary
        || frame.context.kind == Some(MessageKind::Binary);
    if !frame.missing().is_empty() {
        let mut pieces = frame.payload_pieces();
        let code = close_code(frame.header.opcode, &mut pieces);
        let rest = PayloadPiece::join(&pieces, |bytes| {
            if is_binary { format::spaced_hex(bytes, 24) } else { format::quote(bytes, 60) }
        });
        return code.map_or(rest.clone(), |code| format!("{code} {rest}"));
    }
    match (frame.close_body(), frame.header.opcode) {
        (Some((code, reason)), _) if reason.is_empty() => format!("{code}"),
        (Some((code, reason)), _) => format!("{code} {}", format::quote(&reason, 60)),
        (None, _) if frame.context.compressed => format::spaced_hex(&frame.payload(), 24),
        (None, Opcode::Binary) => format::spaced_hex(&frame.payload(), 24),
        _ if frame.context.kind == Some(MessageKind::Text) => text_preview(&frame.payload()),
        _ => format::quote(&frame.payload(), 120),
    }
}

/// Returns the beginning of a text in quotes. JSON has none, because its own quotes would be escaped:
/// it is shown as it was sent.
pub(crate) fn text_preview(payload: &[u8]) -> String {
    if !json::is_json(payload) {
        return format::quote(payload, MAX_PREVIEW_CHARS);
    }
    let text = String::from_utf8_lossy(payload);
    let end = text.char_indices().nth(MAX_PREVIEW_CHARS).map(|(end, _)| end);
    let cut = if end.is_some() { "…" } else { "" };
    text::sanitize(&text[..end.unwrap_or(text.len())]).into_owned() + cut
}

/// Takes the code from the front of the payload of a Close, if it was captured.
fn close_code(opcode: Opcode, pieces: &mut [PayloadPiece]) -> Option<u16> {
    let Some(PayloadPiece::Bytes(first)) = pieces.first_mut() else { return None };
    let (code, reason) = first.split_first_chunk().filter(|_| opcode == Opcode::Close)?;
    let code = u16::from_be_bytes(*code);
    *first = reason.to_vec();
    Some(code)
}

/// Returns at most `max_bytes` bytes as hex with spaces. Bytes in `missing`, which counts from the
/// first of `bytes`, were not captured and have no digits.
pub(crate) fn hex_with_gaps(bytes: &[u8], missing: &[Range<usize>], max_bytes: usize) -> String {
    if missing.is_empty() {
        return format::spaced_hex(bytes, max_bytes);
    }
    let digits = |(at, byte): (usize, &u8)| {
        if is_missing(missing, at) { MISSING_DIGITS.to_owned() } else { format!("{byte:02x}") }
    };
    let shown: Vec<String> = bytes.iter().enumerate().take(max_bytes).map(digits).collect();
    let more = if bytes.len() > max_bytes { " …" } else { "" };
    shown.join(" ") + more
}

/// Whether a byte is in one of these ranges, which are in ascending order.
pub(crate) fn is_missing(missing: &[Range<usize>], at: usize) -> bool {
    let next = missing.partition_point(|range| range.end <= at);
    missing.get(next).is_some_and(|range| range.contains(&at))
}

/// Shifts ranges of a frame's bytes so that they count from byte `start`.
pub(crate) fn ranges_from(missing: &[Range<usize>], start: usize) -> Vec<Range<usize>> {
    let shift =
        |range: &Range<usize>| range.start.saturating_sub(start)..range.end.saturating_sub(start);
    missing.iter().map(shift).filter(|range| !range.is_empty()).collect()
}

/// Returns any character in one or two cells.
pub(crate) fn display_char(letter: char) -> String {
    let shown = text::sanitize(letter.encode_utf8(&mut [0; 4])).into_owned();
    if (1..=2).contains(&text::width(&shown)) { shown } else { "◌".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_has_no_digits() {
        assert_eq!(hex_with_gaps(b"\x01\0\0\x02\0", &[1..3, 4..5], 4), "01 ·· ·· 02 …");
        assert_eq!(ranges_from(&[2..8, 9..10], 6), [0..2, 3..4]);
        let at: Vec<bool> = (0..5).map(|at| is_missing(&[1..2, 3..4], at)).collect();
        assert_eq!(at, [false, true, false, true, false]);
    }

    #[test]
    fn every_character_takes_one_or_two_cells() {
        for (letter, shown) in
            [('a', "a"), ('\n', "␊"), ('日', "日"), ('\u{200b}', "\u{fffd}"), ('\u{301}', "◌")]
        {
            assert_eq!(display_char(letter), shown);
        }
    }
}
