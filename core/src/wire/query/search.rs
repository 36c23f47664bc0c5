//! Searches unmasked payloads for a text or for bytes. A lower-case text matches any case.
//! [`find`] searches one payload on its own; `direction_search` finds what is split between the
//! fragments of a message, and what a compressed message says.

use std::fmt;
use std::ops::Range;

use memchr::memmem::{Finder, FinderBuilder};

use crate::wire::format::hex_digit;
use crate::wire::keep::transcript::Frame;

/// The text or bytes to search for.
///
/// ```
/// use wiretalk_core::wire::query::search::Needle;
///
/// assert_eq!(Needle::parse("hello").unwrap().find_in(b"say Hello"), Some(4..9));
/// assert_eq!(Needle::parse("HELLO").unwrap().find_in(b"say Hello"), None);
/// assert_eq!(Needle::parse("0x6c6c").unwrap().find_in(b"Hello"), Some(2..4));
/// ```
#[derive(Clone, Debug)]
pub struct Needle {
    finder: Finder<'static>,
    folds_case: bool,
}

/// Why a search text is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchError {
    /// The text is empty, or there are no digits after `0x`.
    Empty,
    /// The character at this byte of the text isn't a hex digit.
    NotHex(usize, char),
    /// The number of hex digits is odd.
    OddDigits,
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                write!(f, "nothing to search for; expected text, or hex such as 0x48 65")
            }
            Self::NotHex(at, char) => {
                write!(
                    f,
                    "search, byte {at}: {char:?} isn't a hex digit; expected hex such as 0x48 65, \
                     or text without 0x"
                )
            }
            Self::OddDigits => {
                write!(
                    f,
                    "the hex ends with half a byte; expected two digits per byte, such as 0x48 65"
                )
            }
        }
    }
}

impl std::error::Error for SearchError {}

impl Needle {
    /// Parses a search text. If it begins with `0x`, the rest is bytes in hex, and whitespace
    /// between the digits is ignored. A text without upper-case letters matches ASCII letters of
    /// either case.
    ///
    /// # Errors
    /// Fails if there is nothing to search for, or if the hex is invalid.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        match text.strip_prefix("0x") {
            Some(digits) => Self::bytes(&parse_hex(digits)?),
            None => Self::text(text),
        }
    }

    /// Searches for a text, even if it begins with `0x`.
    ///
    /// # Errors
    /// Fails if there is nothing to search for.
    pub fn text(text: &str) -> Result<Self, SearchError> {
        let folds_case = !text.chars().any(char::is_uppercase);
        Self::bytes(text.as_bytes()).map(|needle| Self { folds_case, ..needle })
    }

    /// Searches for exactly these bytes.
    ///
    /// # Errors
    /// Fails if there is nothing to search for.
    pub fn bytes(bytes: &[u8]) -> Result<Self, SearchError> {
        if bytes.is_empty() {
            return Err(SearchError::Empty);
        }
        Ok(Self {
            finder: FinderBuilder::new().build_forward(bytes).into_owned(),
            folds_case: false,
        })
    }

    /// Returns the length of a match in bytes, which is never 0.
    pub fn byte_len(&self) -> usize {
        self.finder.needle().len()
    }

    /// Returns the range of the first match in `plain`.
    pub fn find_in(&self, plain: &[u8]) -> Option<Range<usize>> {
        let start = if self.folds_case {
            // The needle has no upper-case letters, so lower-casing the payload is enough.
            self.finder.find(&plain.to_ascii_lowercase())
        } else {
            self.finder.find(plain)
        }?;
        Some(start..start.saturating_add(self.finder.needle().len()))
    }
}

/// Returns the range of the first match in the frame's unmasked payload, counted from the first
/// payload byte. In the frame it is [`Header::len`](crate::wire::Header::len) bytes later.
pub fn find(frame: &Frame, needle: &Needle) -> Option<Range<usize>> {
    needle.find_in(&frame.payload())
}

fn parse_hex(digits: &str) -> Result<Vec<u8>, SearchError> {
    let mut bytes = Vec::new();
    let mut high = None;
    for (at, char) in digits.char_indices().filter(|(_, char)| !char.is_whitespace()) {
        // The digits follow `0x`.
        let digit = hex_digit(char).ok_or(SearchError::NotHex(at.saturating_add(2), char))?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    if high.is_some() { Err(SearchError::OddDigits) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::encode;
    use crate::wire::{AgreedExtensions, Opcode, Side, Transcript};
    use proptest::prelude::*;

    fn frame(plain: &[u8]) -> Frame {
        let mut transcript = Transcript::new(Side::Client, AgreedExtensions::none());
        transcript.push(&encode::single_frame(
            Opcode::Binary,
            plain,
            Some([0x37, 0xfa, 0x21, 0x3d]),
        ));
        transcript.frames()[0].clone()
    }

    #[test]
    fn masked_payload_is_searched_unmasked() {
        let needle = Needle::parse("llo").unwrap();
        assert_eq!(find(&frame(b"Hello, hello"), &needle), Some(2..5));
        assert_eq!(find(&frame(b""), &needle), None);
    }

    #[test]
    fn lower_case_finds_both_and_upper_case_only_itself() {
        let both = frame(b"ping PING");
        assert_eq!(find(&both, &Needle::parse("ping").unwrap()), Some(0..4));
        assert_eq!(find(&both, &Needle::parse("PING").unwrap()), Some(5..9));
        assert_eq!(
            find(&both, &Needle::parse("0x50494e47").unwrap()),
            Some(5..9),
            "bytes are exact"
        );
    }

    #[test]
    fn hex_is_read_or_refused_with_its_place() {
        assert_eq!(Needle::parse("0x48 65").unwrap().find_in(b"aHe"), Some(1..3));
        assert_eq!(Needle::parse("0x486").unwrap_err(), SearchError::OddDigits);
        assert_eq!(Needle::parse("0x4g").unwrap_err(), SearchError::NotHex(3, 'g'));
        assert_eq!(
            (Needle::parse("").unwrap_err(), Needle::parse("0x").unwrap_err()),
            (SearchError::Empty, SearchError::Empty)
        );
        assert_eq!(Needle::text("0x4g").unwrap().find_in(b"0X4G"), Some(0..4));
    }

    proptest! {
        #[test]
        fn what_is_there_is_found_at_its_first_place(plain in proptest::collection::vec(any::<u8>(), 1..80), start: prop::sample::Index, len in 1_usize..9) {
            let start = start.index(plain.len());
            let part = &plain[start..plain.len().min(start + len)];
            let first = plain.windows(part.len()).position(|window| window == part).unwrap();
            prop_assert_eq!(find(&frame(&plain), &Needle::bytes(part).unwrap()), Some(first..first + part.len()));
        }
    }
}
