//! Looks for bytes that stand beside those in brackets or quotes: they would be lost in silence.

use std::ops::Range;

use crate::wire::pasted::digits::decimal;

/// What digits beside the bytes count as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// Any number that stands alone: what is in brackets may be a size, an index or a name.
    Numbers,
    /// Several bytes in hex, or a string with escapes.
    Bytes,
}

/// Returns the place of what may be bytes outside of `inside`. `len` is the number of bytes inside,
/// which a text may tell.
pub(super) fn find(
    text: &str,
    inside: &Range<usize>,
    len: usize,
    suspicion: Suspicion,
) -> Option<usize> {
    let behind = inside.end;
    let before = text.get(..inside.start).unwrap_or_default();
    find_in(before, len, suspicion).or_else(|| {
        let found = find_in(text.get(behind..).unwrap_or_default(), len, suspicion)?;
        Some(behind.saturating_add(found))
    })
}

fn find_in(text: &str, len: usize, suspicion: Suspicion) -> Option<usize> {
    let mut before = false;
    let words = decimal::words(text).map(|(at, word)| (at, bare(word)));
    let digits = { words }.find_map(|(at, word)| {
        let hex = word.strip_prefix("0x").unwrap_or(word);
        let is_hex = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let pair = is_hex && hex.len() == 2;
        let letters = hex.bytes().any(|byte| byte.is_ascii_alphabetic());
        let several = is_hex && letters && hex.len() >= 8 && hex.len().is_multiple_of(2);
        let number =
            is_hex && hex.bytes().any(|byte| byte.is_ascii_digit()) && word.parse() != Ok(len);
        let found = several || pair && before || number && suspicion == Suspicion::Numbers;
        before = pair;
        found.then_some(at)
    });
    digits.or_else(|| escape_in_quotes(text))
}

/// Removes what stands right beside a number in source and logs.
fn bare(word: &str) -> &str {
    word.trim_matches(|char: char| ":;()[]{}=<>|.".contains(char))
}

/// Returns the place of a string with escapes of bytes.
fn escape_in_quotes(text: &str) -> Option<usize> {
    let quoted = text.find(['"', '\''])?;
    let escape =
        ["\\x", "\\0", "\\1", "\\2", "\\3"].iter().filter_map(|escape| text.find(escape)).min()?;
    (quoted < escape).then_some(quoted)
}
