//! Binary digits: eight a byte.

use crate::wire::pasted::digits::decimal;
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};

/// Parses groups of eight binary digits, separated by blanks or commas, with or without `0b`.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    decimal::words(text)
        .map(|(at, word)| {
            let byte = digits_of(word).and_then(|digits| u8::from_str_radix(digits, 2).ok());
            let problem = || PasteProblem::BinaryDigits(excerpt(word));
            byte.ok_or_else(|| PasteError::in_text(text, at, problem()))
        })
        .collect()
}

/// Whether the text has several words, all of eight binary digits. As hex they would be bytes too. One
/// word alone would be a single byte, which is no frame, so it is hex.
pub(in crate::wire::pasted) fn is_possible(text: &str) -> bool {
    let mut words = decimal::words(text).map(|(_, word)| word);
    words.clone().nth(1).is_some() && words.all(|word| digits_of(word).is_some())
}

fn digits_of(word: &str) -> Option<&str> {
    let digits = word.strip_prefix("0b").or_else(|| word.strip_prefix("0B")).unwrap_or(word);
    let binary = digits.bytes().all(|digit| matches!(digit, b'0' | b'1'));
    (binary && digits.len() == 8).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_of_eight_digits_is_hex() {
        assert!(!is_possible("01000100"));
        assert!(is_possible("10000001 00000101") && !is_possible("10000001 0000010"));
    }
}
