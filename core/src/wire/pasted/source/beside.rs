//! Looks for bytes that stand beside those in brackets or quotes: they would be lost in silence.

use std::ops::Range;

use crate::wire::pasted::digits::{base64_text, decimal};

/// What digits beside the bytes count as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire::pasted) enum Suspicion {
    /// Any number that stands alone, and any string: what is in brackets may be a size, an index or
    /// a name.
    Numbers,
    /// Several bytes in hex, or a string with escapes.
    Bytes,
}

/// Returns the place of what may be bytes outside of `inside`. `len` is the number of bytes inside,
/// which a text may tell.
pub(in crate::wire::pasted) fn find(
    text: &str,
    inside: &Range<usize>,
    len: usize,
    suspicion: Suspicion,
) -> Option<usize> {
    let before = text.get(..inside.start).unwrap_or_default();
    let behind = text.get(inside.end..).unwrap_or_default();
    // The fields of JSON have names in quotes.
    let json = before.trim_start_matches('\u{feff}').trim_start().starts_with("{\"");
    let strict = suspicion == Suspicion::Numbers;
    let quoted = |text: &str| text.find(['"', '\'', '\\']).filter(|_| strict && !json);
    let find = |text: &str, is_behind: bool| {
        let digits = find_digits(text, len, strict, is_behind);
        digits.or_else(|| quoted(text)).or_else(|| escape(text))
    };
    find(before, false)
        .or_else(|| byte_before(before, len))
        .or_else(|| Some(inside.end.saturating_add(find(behind, true)?)))
}

/// Returns the place of a number right before a bracket or a quote, if it may be a byte and isn't
/// `len`. One that is attached, as in `a[7]`, is a size or an index.
fn byte_before(before: &str, len: usize) -> Option<usize> {
    let before = before.trim_end_matches(['[', '{', '(', '<', '"', '\'']);
    let spaced = before.ends_with(char::is_whitespace);
    let (at, word) = decimal::words(before).last()?;
    let hex = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = hex && word.bytes().any(|byte| byte.is_ascii_digit())
        || word.len() <= 3 && decimal::parse_byte(word).is_ok();
    (spaced && number && word != len.to_string()).then_some(at)
}

/// Returns the place of digits that may be bytes.
fn find_digits(text: &str, len: usize, strict: bool, is_behind: bool) -> Option<usize> {
    let size = len.to_string();
    let mut before = false;
    let mut words = decimal::words(text).map(|(at, word)| (at, bare(word)));
    words.find_map(|(at, word)| {
        let hex = word.strip_prefix("0x").unwrap_or(word);
        let is_hex = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = hex.bytes().any(|byte| byte.is_ascii_digit());
        let has_letter = hex.bytes().any(|byte| byte.is_ascii_alphabetic());
        let pair = is_hex && hex.len() == 2;
        let several = is_hex
            && (has_digit || hex.len() > 8)
            && has_letter
            && hex.len() >= 4
            && hex.len().is_multiple_of(2);
        // Before brackets, letters are more likely a name.
        // `a_len = 1` tells the size, and so does `a[1]` before the bytes.
        let tells_size =
            !is_behind || text.get(..at).is_some_and(|before| before.trim_end().ends_with('='));
        let size = Some(size.as_str()).filter(|_| tells_size);
        let alone = has_number(word, size, is_behind);
        let in_strict = strict && (alone || base64_text::is_certain(word));
        let found = several || pair && before || in_strict;
        before = pair;
        found.then_some(at)
    })
}

/// Whether a word has a number in it that isn't `size`, or with `letters` any hex digits.
fn has_number(word: &str, size: Option<&str>, letters: bool) -> bool {
    word.split(|char: char| !char.is_ascii_alphanumeric()).any(|part| {
        let hex = part.strip_prefix("0x").unwrap_or(part);
        let is_hex = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = hex.bytes().any(|byte| byte.is_ascii_digit());
        is_hex && (has_digit || letters) && Some(part) != size
    })
}

/// Removes what stands right beside a number in source and logs.
fn bare(word: &str) -> &str {
    word.trim_matches(|char: char| ":;()[]{}=<>|.\"'".contains(char))
}

/// Returns the place of an escape, in a string or without quotes. A backslash before a line end only
/// continues the line.
fn escape(text: &str) -> Option<usize> {
    let escapes = |at: &usize| {
        let next = text.get(at.saturating_add(1)..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| !next.is_whitespace())
    };
    text.match_indices('\\').map(|(at, _)| at).find(escapes)
}
