//! Formats bytes and numbers for people: hex, quoted text, counts. The results never contain a
//! control character.

use std::fmt::Write;

use crate::text::is_terminal_control;
pub use crate::text::units::group_thousands;
use crate::wire::size::ByteLen;

/// Formats `bytes` as lower-case hex without spaces.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

/// Returns the value of a hex digit, 0 to 15.
pub fn hex_digit(letter: char) -> Option<u8> {
    letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Parses hex digits without separators; `None` if `digits` contains anything else or an odd number
/// of digits.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| hex_digit(char::from(byte));
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Formats at most `max_bytes` bytes as lower-case hex, with spaces between bytes and `…` where the
/// list was cut.
pub fn spaced_hex(bytes: &[u8], max_bytes: usize) -> String {
    let shown: Vec<String> =
        bytes.iter().take(max_bytes).map(|byte| format!("{byte:02x}")).collect();
    let cut = if bytes.len() > max_bytes { " …" } else { "" };
    shown.join(" ") + cut
}

/// Formats a number of bytes: `1 byte`, `5 bytes`, `65,536 bytes`.
pub fn byte_count(count: impl Into<ByteLen>) -> String {
    let count = count.into().get();
    format!("{} byte{}", group_thousands(count), if count == 1 { "" } else { "s" })
}

/// Quotes at most `max_chars` characters of a text, with `…` where it was cut. Text with double
/// quotes in it, such as JSON, stands in single quotes, unless it has those as well. Bytes that
/// aren't UTF-8 become `\xNN`; characters that a terminal would interpret or hide become escapes.
pub fn quote(text: &[u8], max_chars: usize) -> String {
    let mark = if text.contains(&b'"') && !text.contains(&b'\'') { '\'' } else { '"' };
    let mut out = String::from(mark);
    let mut left = max_chars;
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid().chars().map(|char| escape_in_quotes(char, mark));
        let broken = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        for piece in valid.chain(broken) {
            let Some(fewer) = left.checked_sub(1) else {
                out.push('…');
                out.push(mark);
                return out;
            };
            left = fewer;
            out.push_str(&piece);
        }
    }
    out.push(mark);
    out
}

/// Escapes what a terminal would interpret or hide ([`is_terminal_control`]), without quotes.
pub fn escape_controls(text: &str) -> String {
    text.chars()
        .map(|char| {
            if is_terminal_control(char) {
                char.escape_default().to_string()
            } else {
                char.to_string()
            }
        })
        .collect()
}

fn escape_in_quotes(char: char, mark: char) -> String {
    match char {
        '\\' => "\\\\".to_owned(),
        _ if char == mark => format!("\\{char}"),
        _ if is_terminal_control(char) => char.escape_default().to_string(),
        _ => char.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes() {
        assert_eq!(quote(b"Hello", 9), "\"Hello\"");
        assert_eq!(quote("D😀!".as_bytes(), 9), "\"D😀!\"");
        assert_eq!(quote(b"a\x1b[2J'\"\\", 9), r#""a\u{1b}[2J'\"\\""#);
        assert_eq!(quote(br#"{"n":1}"#, 9), r#"'{"n":1}'"#);
        assert_eq!(quote(br#"{"n":1}"#, 2), r#"'{"…'"#);
        assert_eq!(quote(b"it's", 9), r#""it's""#);
        assert_eq!(quote(b"\xf0\x9f", 9), r#""\xf0\x9f""#);
        assert_eq!(quote(b"Hello", 3), "\"Hel…\"");
        assert_eq!(quote("a\u{202e}b".as_bytes(), 9), r#""a\u{202e}b""#);
    }

    #[test]
    fn counts() {
        assert_eq!(byte_count(1), "1 byte");
        assert_eq!(byte_count(65_536), "65,536 bytes");
        assert_eq!(group_thousands(9_223_372_036_854_775_807), "9,223,372,036,854,775,807");
        assert_eq!(spaced_hex(&[1, 2, 3], 2), "01 02 …");
    }

    proptest! {
        #[test]
        fn no_control_character_ever_comes_out(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(!quote(&input, 100).chars().any(char::is_control));
            prop_assert!(!escape_controls(&String::from_utf8_lossy(&input)).chars().any(char::is_control));
        }
    }
}
