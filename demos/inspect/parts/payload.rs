//! Short forms of payloads.

use crate::text;
use crate::wire::{Frame, Opcode, format};

/// Returns the payload in a few words: code and reason, a quoted text, or hex.
pub(crate) fn payload_preview(frame: &Frame) -> String {
    match (frame.close_body(), frame.header.opcode) {
        (Some((code, reason)), _) if reason.is_empty() => format!("{code}"),
        (Some((code, reason)), _) => format!("{code} {}", format::quote(&reason, 60)),
        (None, _) if frame.context.compressed => format::spaced_hex(&frame.payload(), 24),
        (None, Opcode::Binary) => format::spaced_hex(&frame.payload(), 24),
        _ => format::quote(&frame.payload(), 120),
    }
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
    fn every_character_takes_one_or_two_cells() {
        for (letter, shown) in
            [('a', "a"), ('\n', "␊"), ('日', "日"), ('\u{200b}', "\u{fffd}"), ('\u{301}', "◌")]
        {
            assert_eq!(display_char(letter), shown);
        }
    }
}
