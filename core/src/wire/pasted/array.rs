//! Lists of bytes in brackets, as programs and their source have them.

use crate::wire::format::hex_digit;
use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::decimal::{self, Signs};
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};
use crate::wire::pasted::literal;

/// The maximum depth of brackets.
const MAX_DEPTH: usize = 32;

/// Parses the one list of the text. What stands around it (types, names, calls) is ignored.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = &blank_comments(text);
    let list =
        find_list(text)?.ok_or_else(|| PasteError::in_text(text, 0, PasteProblem::NoList))?;
    if let Some(second) = list.second {
        return Err(PasteError::in_text(text, second, PasteProblem::Second("list")));
    }
    Elements::new(text, &list).parse()
}

/// The list of bytes in a text: brackets without brackets in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    /// The bracket that opens it.
    open: char,
    /// The byte at which its content starts.
    start: usize,
    /// The byte behind its content.
    end: usize,
    /// The start of another list of the same kind.
    second: Option<usize>,
}

impl List {
    /// Returns what is between the brackets.
    pub(super) fn content<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether nothing but blanks is before the bracket, and the bracket is `[`: what a program
    /// printed, and no source whose language tells the base of its numbers.
    pub(super) fn is_bare(&self, text: &str) -> bool {
        let before = text.get(..self.start).unwrap_or_default();
        self.open == '[' && before.trim_start_matches('\u{feff}').trim() == "["
    }
}

/// Finds the list in a text without comments. Braces win over brackets, and both over parentheses,
/// because `buf[11] = {...}` has a size and `new Uint8Array([...])` is a call.
pub(super) fn find_list(text: &str) -> Result<Option<List>, PasteError> {
    let mut found: [Option<List>; 4] = [None; 4];
    let mut open: Vec<(char, usize, bool)> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let problem = |problem| PasteError::in_text(text, at, problem);
        match char {
            '"' | '\'' => skip_quoted(char, &mut chars),
            '<' if chars.peek().is_some_and(|(_, next)| *next == '<') => {
                chars.next();
                open.push(('<', at.saturating_add(2), true));
            }
            '(' if cast_len(text, at).is_some() => {
                let end = at.saturating_add(cast_len(text, at).unwrap_or_default());
                while chars.next_if(|(at, _)| *at < end).is_some() {}
            }
            '(' | '[' | '{' => {
                if open.len() >= MAX_DEPTH {
                    return Err(problem(PasteProblem::Misplaced(char)));
                }
                open.push((char, at.saturating_add(1), true));
            }
            ')' | ']' | '}' | '>' => {
                // A single > is part of an arrow or a type, unless << is open.
                let erlang = open.last().is_some_and(|(open, ..)| *open == '<');
                if char == '>' && (!erlang || chars.next_if(|(_, next)| *next == '>').is_none()) {
                    continue;
                }
                let (kind, start, leaf) =
                    open.pop().ok_or_else(|| problem(PasteProblem::Misplaced(char)))?;
                let rank =
                    rank_of(kind, char).ok_or_else(|| problem(PasteProblem::Misplaced(char)))?;
                if !leaf || !text.get(start..at).is_some_and(holds_bytes) {
                    continue;
                }
                if let Some((.., parent)) = open.last_mut() {
                    *parent = false;
                }
                if let Some(slot) = found.get_mut(rank) {
                    match slot {
                        Some(first) => first.second = first.second.or(Some(start)),
                        None => {
                            *slot = Some(List { open: kind, start, end: at, second: None });
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if let Some((kind, start, _)) = open.first() {
        let at = start.saturating_sub(1);
        return Err(PasteError::in_text(text, at, PasteProblem::Unclosed(*kind)));
    }
    Ok(found.into_iter().flatten().next())
}

/// Whether the content of brackets begins like bytes. A type, as in `[u8]`, doesn't.
fn holds_bytes(content: &str) -> bool {
    let pair = |word: &str| word.len() == 2 && word.chars().all(|char| hex_digit(char).is_some());
    let number = |char: char| char.is_ascii_digit() || "-+'\"(.…".contains(char);
    let mut words = decimal::words(content).map(|(_, word)| word);
    words.clone().next().is_some_and(|word| {
        word.starts_with(number) || word.starts_with("b'") || word.starts_with("b\"")
    }) || words.clone().next().is_some() && words.all(pair)
}

/// Returns the rank of a kind of brackets, or `None` if `close` doesn't close `open`.
fn rank_of(open: char, close: char) -> Option<usize> {
    match (open, close) {
        ('{', '}') => Some(0),
        ('[', ']') => Some(1),
        ('<', '>') => Some(2),
        ('(', ')') => Some(3),
        _ => None,
    }
}

fn skip_quoted(quote: char, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    while let Some((_, char)) = chars.next() {
        if char == '\\' {
            chars.next();
        } else if char == quote || char == '\n' {
            return;
        }
    }
}

/// Returns the length of a cast at byte `at`, such as `(byte)` or `(unsigned char)`, if there is
/// one before a number. A call such as `f(x)` ends the text or is followed by something else.
fn cast_len(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix('(')?;
    let len = rest.bytes().take(40).position(|byte| byte == b')')?;
    let name = rest.get(..len)?;
    let named = name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "_ *".contains(char));
    let after = rest.get(len.saturating_add(1)..)?.trim_start();
    let number = after.starts_with(|char: char| char.is_ascii_digit() || "-+'(".contains(char));
    (named && number).then(|| len.saturating_add(2))
}

/// Whether the numbers of a bare list could be read in two bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Decimal, or with a prefix that says what it is.
    Decimal,
    /// Two hex digits each, as Rust's `{:02x?}` prints them.
    BareHex,
    /// Both are possible.
    Either,
}

/// Returns the base of the numbers of a list.
pub(super) fn base_of(text: &str, list: &List) -> Base {
    let words = || decimal::words(list.content(text)).map(|(_, word)| word);
    let pair = |word: &str| word.len() == 2 && word.chars().all(|char| hex_digit(char).is_some());
    if !words().all(pair) {
        Base::Decimal
    } else if words().any(|word| !decimal::is_decimal(word)) {
        Base::BareHex
    } else if list.is_bare(text) && words().nth(1).is_some() {
        Base::Either
    } else {
        Base::Decimal
    }
}

/// Reads the elements of a list.
struct Elements<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    bare_hex: bool,
    bytes: Vec<u8>,
    signs: Signs,
}

impl<'a> Elements<'a> {
    fn new(text: &'a str, list: &List) -> Self {
        let bare_hex = base_of(text, list) == Base::BareHex;
        let List { start, end, .. } = *list;
        Self { text, at: start, end, bare_hex, bytes: Vec::new(), signs: Signs::default() }
    }

    fn parse(mut self) -> Result<Vec<u8>, PasteError> {
        loop {
            let rest = self.rest();
            let skipped = rest.trim_start_matches(|char: char| char.is_whitespace() || char == ',');
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
            if key.parse() != Ok(index) {
                return Err(PasteProblem::Key(excerpt(&key), index));
            }
            self.skip(rest.len().saturating_sub(value.len()));
        } else {
            self.bytes.extend(bytes);
            self.skip(len);
        }
        Ok(())
    }

    fn read_number(&mut self, rest: &str) -> Result<(), PasteProblem> {
        let ends = |char: char| char.is_whitespace() || matches!(char, ',' | '(' | '"' | '\'');
        let word = rest.find(ends).and_then(|len| rest.get(..len)).unwrap_or(rest);
        // Node and others leave out the end of long lists: `... 12 more items`.
        if word.starts_with("...") || word.starts_with('…') {
            return Err(PasteProblem::Cut(excerpt(rest)));
        }
        let byte = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(digits) => parse_radix(word, digits, 16)?,
            None if self.bare_hex => parse_radix(word, word, 16)?,
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
