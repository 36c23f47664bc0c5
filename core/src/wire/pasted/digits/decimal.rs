//! Decimal numbers without brackets, and what a number of a list may be.

use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};

/// Parses decimal numbers, separated by blanks or commas.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = &blank_comments(text);
    let mut bytes = Vec::new();
    let mut signs = Signs::default();
    for (at, word) in words(text) {
        let byte = parse_byte(word).and_then(|byte| signs.check(word, byte));
        bytes.push(byte.map_err(|problem| PasteError::in_text(text, at, problem))?);
    }
    Ok(bytes)
}

/// Returns the words of `text`, separated by blanks or commas, each with the byte that it starts
/// at.
pub(in crate::wire::pasted) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    let separates = |char: char| char.is_whitespace() || matches!(char, ',' | '\u{feff}');
    let mut at = 0_usize;
    text.split(separates).filter_map(move |word| {
        let found = text.get(at..).and_then(|rest| rest.find(|char| !separates(char)));
        if word.is_empty() {
            return None;
        }
        let start = at.saturating_add(found.unwrap_or_default());
        at = start.saturating_add(word.len());
        Some((start, word))
    })
}

/// Whether a number is written as decimals are: digits without a leading zero.
pub(in crate::wire::pasted) fn is_decimal(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let bare = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    bare && (digits.len() == 1 || !digits.starts_with('0'))
}

/// Returns the byte of a decimal number: -128 to 255. Negative numbers are signed bytes.
pub(in crate::wire::pasted) fn parse_byte(word: &str) -> Result<i16, PasteProblem> {
    if !is_decimal(word) {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let octal = digits && word.starts_with('0');
        return Err(if octal {
            PasteProblem::Octal(excerpt(word))
        } else {
            PasteProblem::NotAByte(excerpt(word))
        });
    }
    let number = word.parse::<i16>().ok().filter(|number| (-128..=255).contains(number));
    number.ok_or_else(|| PasteProblem::NotAByte(excerpt(word)))
}

/// The signs of a list: signed bytes end at 127.
#[derive(Debug, Default)]
pub(in crate::wire::pasted) struct Signs {
    negative: Option<String>,
    large: bool,
}

impl Signs {
    /// Returns the byte of a decimal number.
    pub(in crate::wire::pasted) fn check(
        &mut self,
        word: &str,
        number: i16,
    ) -> Result<u8, PasteProblem> {
        if number < 0 {
            self.negative.get_or_insert_with(|| excerpt(word));
        }
        self.large |= number > 127;
        match &self.negative {
            Some(negative) if self.large => Err(PasteProblem::MixedSigns(negative.clone())),
            // A negative number is the byte of its two's complement.
            _ => Ok(number.to_le_bytes()[0]),
        }
    }
}
