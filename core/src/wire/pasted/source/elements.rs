//! Reads the elements of a list: numbers of any base, characters, strings.

use std::ops::Range;

use crate::wire::pasted::digits::decimal::{self, Signs};
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};
use crate::wire::pasted::source::literal;

/// How the numbers of a list are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// Decimal, or with a prefix that says what it is. A string may be a number.
    Source,
    /// Two hex digits each, as Rust's `{:02x?}` prints them, or one.
    BareHex,
    /// As in `<<129,16#05,"Hello">>`: strings are characters.
    Erlang,
}

/// Reads the elements of a list.
pub(super) struct Elements<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    notation: Notation,
    bytes: Vec<u8>,
    signs: Signs,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: &'a str, inside: Range<usize>, notation: Notation) -> Self {
        let Range { start, end } = inside;
        Self { text, at: start, end, notation, bytes: Vec::new(), signs: Signs::default() }
    }

    pub(super) fn parse(mut self) -> Result<Vec<u8>, PasteError> {
        loop {
            let rest = self.rest();
            let skipped = rest.trim_start_matches(separates);
            self.skip(rest.len().saturating_sub(skipped.len()));
            let Some(first) = skipped.chars().next() else { return Ok(self.bytes) };
            let start = self.at;
            let read = match first {
                '(' => cast_len(self.text, self.at)
                    .map(|len| self.skip(len))
                    .ok_or(PasteProblem::Misplaced('(')),
                // A byte literal of Rust.
                'b' if skipped.starts_with("b'") => {
                    self.skip(1);
                    Ok(())
                }
                '\'' | '"' if self.notation == Notation::Source && is_number(skipped) => {
                    self.read_number_in_quotes(skipped)
                }
                '\'' => self.read_char(skipped),
                '"' => self.read_string(skipped),
                _ => self.read_number(skipped),
            };
            read.map_err(|problem| PasteError::in_text(self.text, start, problem))?;
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Reads `'H'` or `'\x81'`.
    fn read_char(&mut self, rest: &str) -> Result<(), PasteProblem> {
        let (bytes, len) = literal::read_quoted(rest, false).map_err(|(_, problem)| problem)?;
        let [byte] = bytes[..] else {
            return Err(PasteProblem::Element(excerpt(rest.get(..len).unwrap_or_default())));
        };
        self.bytes.push(byte);
        self.skip(len);
        Ok(())
    }

    /// Reads a string of an Erlang binary, or the key of a JSON object, which must be the index.
    fn read_string(&mut self, rest: &str) -> Result<(), PasteProblem> {
        let (bytes, len) = literal::read_quoted(rest, false).map_err(|(_, problem)| problem)?;
        let after = rest.get(len..).unwrap_or_default();
        let colon = after.trim_start().strip_prefix(':');
        if let Some(value) = colon {
            let index = self.bytes.len();
            let key = String::from_utf8_lossy(&bytes);
            let Ok(number) = key.parse::<usize>() else {
                return Err(PasteProblem::Unread {
                    found: "JSON with named fields",
                    instead: "paste the value of the field with the bytes",
                });
            };
            if number != index {
                return Err(PasteProblem::Key(excerpt(&key), index));
            }
            self.skip(rest.len().saturating_sub(value.len()));
        } else if self.notation == Notation::Erlang {
            self.bytes.extend(bytes);
            self.skip(len);
        } else {
            return Err(PasteProblem::Element(excerpt(rest.get(..len).unwrap_or_default())));
        }
        Ok(())
    }

    /// Reads `"0x81"`: Python's `hex` and JSON give strings.
    fn read_number_in_quotes(&mut self, rest: &str) -> Result<(), PasteProblem> {
        self.skip(1);
        self.read_number(rest.get(1..).unwrap_or_default())?;
        self.skip(1);
        Ok(())
    }

    fn read_number(&mut self, rest: &str) -> Result<(), PasteProblem> {
        let ends = |char: char| separates(char) || matches!(char, '(' | '"' | '\'');
        let word = rest.find(ends).and_then(|len| rest.get(..len)).unwrap_or(rest);
        // Node and others leave out the end of long lists: `... 12 more items`.
        if word.starts_with("...") || word.starts_with('…') {
            return Err(PasteProblem::Cut(excerpt(rest.trim_end())));
        }
        let converted = [".toByte", ".toUByte"].iter().find_map(|call| word.strip_suffix(call));
        if let (Some(number), Some("()")) =
            (converted, rest.get(word.len()..word.len().saturating_add(2)))
        {
            self.skip(word.len().saturating_add(2).saturating_sub(number.len()));
            return self.read_word(number);
        }
        self.read_word(word)
    }

    /// Reads a number, which is the whole of `word`.
    fn read_word(&mut self, word: &str) -> Result<(), PasteProblem> {
        let sixteen = word.strip_prefix("16#").filter(|_| self.notation == Notation::Erlang);
        let byte = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).or(sixteen) {
            Some(digits) => parse_radix(word, digits, 16)?,
            None if self.notation == Notation::BareHex => parse_radix(word, word, 16)?,
            None => match word.strip_prefix("0b").or_else(|| word.strip_prefix("0B")) {
                Some(digits) => parse_radix(word, digits, 2)?,
                None => self.parse_decimal(word)?,
            },
        };
        self.bytes.push(byte);
        self.skip(word.len());
        Ok(())
    }

    fn parse_decimal(&mut self, word: &str) -> Result<u8, PasteProblem> {
        let bare = without_suffix(word);
        if !bare.starts_with(|char: char| char.is_ascii_digit() || char == '-') {
            return Err(PasteProblem::Element(excerpt(word)));
        }
        let number = decimal::parse_byte(bare)?;
        self.signs.check(word, number)
    }
}

fn separates(char: char) -> bool {
    char.is_whitespace() || matches!(char, ',' | ';')
}

/// Whether a string holds a hex number and nothing else.
fn is_number(text: &str) -> bool {
    let quote = text.chars().next().unwrap_or(' ');
    let inside = text.get(1..).and_then(|rest| rest.split_once(quote)).map(|(inside, _)| inside);
    inside.and_then(|inside| inside.strip_prefix("0x")).is_some_and(|digits| {
        (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// Removes the type that some languages put behind a number: `129u8`, `129U`, `129uy`.
fn without_suffix(word: &str) -> &str {
    for suffix in ["u8", "i8", "uy", "y", "u", "U"] {
        if let Some(bare) = word.strip_suffix(suffix) {
            return bare;
        }
    }
    word
}

fn parse_radix(word: &str, digits: &str, radix: u32) -> Result<u8, PasteProblem> {
    let digits = without_suffix(digits);
    // from_str_radix takes a sign too.
    let bare = digits.chars().all(|char| char.is_digit(radix));
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| bare);
    let byte = number.and_then(|number| u8::try_from(number).ok());
    byte.ok_or_else(|| match number {
        Some(_) => PasteProblem::Words(excerpt(word)),
        None => PasteProblem::Element(excerpt(word)),
    })
}

/// Returns the length of a cast at byte `at`, such as `(byte)` or `(unsigned char)`, if there is
/// one before a number. A call such as `f(x)` ends the text or is followed by something else.
pub(super) fn cast_len(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix('(')?;
    let len = rest.bytes().take(40).position(|byte| byte == b')')?;
    let name = rest.get(..len)?;
    let named = name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "_ *".contains(char));
    let after = rest.get(len.saturating_add(1)..)?.trim_start();
    let number = after.starts_with(|char: char| char.is_ascii_digit() || "-+'(".contains(char));
    (named && number).then(|| len.saturating_add(2))
}
