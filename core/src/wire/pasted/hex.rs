//! Plain hex: two digits a byte, with or without separators, comments and `0x`.

use crate::wire::format::hex_digit;
use crate::wire::pasted::error::{PasteError, PasteProblem, Position, excerpt};

/// Parses plain hex. A list in brackets is hex too where the caller asks for it.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let mut scanner = HexScanner::default();
    let mut bytes = Vec::new();
    let bare = text.trim();
    let in_brackets = bare.starts_with('[') && bare.ends_with(']');
    for mut char in text.chars() {
        if in_brackets && matches!(char, '[' | ']') {
            char = ' ';
        }
        if scanner.push(char, &mut bytes)?.is_some() {
            return Err(PasteError::at(scanner.last, PasteProblem::HexDigit(char)));
        }
    }
    scanner.finish(&mut bytes)?;
    Ok(bytes)
}

/// Parses what Node prints of a buffer: `<Buffer 81 05>`, whose bytes have two digits each.
pub(super) fn parse_node_buffer(text: &str) -> Result<Vec<u8>, PasteError> {
    let error = |at, problem| PasteError::in_text(text, at, problem);
    let open = text.find("<Buffer").ok_or_else(|| error(0, PasteProblem::HexDigit('<')))?;
    let start = open.saturating_add("<Buffer".len());
    let inside = text.get(start..).unwrap_or_default();
    let len = inside.find('>').ok_or_else(|| error(open, PasteProblem::Unclosed('<')))?;
    let after = start.saturating_add(len).saturating_add(1);
    if let Some(second) = text.get(after..).and_then(|rest| rest.find("<Buffer")) {
        return Err(error(after.saturating_add(second), PasteProblem::Second("buffer")));
    }
    let inside = inside.get(..len).unwrap_or_default();
    let mut bytes = Vec::new();
    let mut at = start;
    for word in inside.split_ascii_whitespace() {
        let found = text.get(at..).and_then(|rest| rest.find(word)).unwrap_or_default();
        at = at.saturating_add(found);
        // Node prints 50 bytes: `... 12 more bytes` follows.
        if word.starts_with("...") || word.starts_with('…') {
            let tail = text.get(at..start.saturating_add(len)).unwrap_or_default();
            return Err(error(at, PasteProblem::Cut(excerpt(tail))));
        }
        let digits: Option<Vec<u8>> = word.chars().map(hex_digit).collect();
        match digits.as_deref() {
            Some(&[high, low]) => bytes.push(high << 4 | low),
            Some(_) => return Err(error(at, PasteProblem::OddDigits(excerpt(word)))),
            None => {
                let bad = word.chars().find(|char| hex_digit(*char).is_none()).unwrap_or(' ');
                return Err(error(at, PasteProblem::HexDigit(bad)));
            }
        }
        at = at.saturating_add(word.len());
    }
    Ok(bytes)
}

/// A direction mark in hex text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `>`: the client sent what follows.
    ToServer,
    /// `<`: the server sent what follows.
    ToClient,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Comment {
    #[default]
    None,
    /// A `/` that must begin a comment.
    Slash,
    Line,
    Block,
    /// A `*` inside of a block.
    Star,
}

/// The digits between two separators.
#[derive(Debug)]
struct Group {
    start: Position,
    digits: String,
    count: usize,
    high: Option<u8>,
    prefixed: bool,
}

/// Reads plain hex character by character, in memory that doesn't grow.
///
/// Blanks, line ends, `:`, `,` and `-` separate; `0x` may precede digits. `#`, `//` and `;` after a
/// blank begin a comment that extends to the end of the line; `/* */` is one too. A byte may have
/// one digit where no other has a leading zero, as in `81 5 48`.
#[derive(Debug)]
pub struct HexScanner {
    /// The place of the next character.
    next: Position,
    /// The place of the last character.
    last: Position,
    previous: Option<char>,
    comment: Comment,
    group: Option<Group>,
    /// The place and digit of the first byte with one digit and without `0x`.
    single: Option<(Position, String)>,
    /// Whether a byte has a leading zero, or a group has several bytes: then no byte has one digit.
    padded: bool,
    /// The number of groups with `0x`.
    prefixed_groups: usize,
    /// The first group with `0x` and several bytes.
    first_word: Option<(Position, String)>,
}

impl Default for HexScanner {
    fn default() -> Self {
        Self {
            next: Position::START,
            last: Position::START,
            previous: None,
            comment: Comment::None,
            group: None,
            single: None,
            padded: false,
            prefixed_groups: 0,
            first_word: None,
        }
    }
}

impl HexScanner {
    /// Takes the next character. Bytes that it completes are added to `bytes`. Returns the direction
    /// if it is a mark: the bytes so far belong to the mark before.
    ///
    /// # Errors
    ///
    /// Fails if the character has no place in hex, or completes a group of digits that isn't bytes.
    pub fn push(&mut self, char: char, bytes: &mut Vec<u8>) -> Result<Option<Mark>, PasteError> {
        self.last = self.next;
        self.next.advance(char);
        let before = self.previous.replace(char);
        if self.comment != Comment::None {
            return self.push_in_comment(char).map(|()| None);
        }
        if before == Some('-') && hex_digit(char).is_none() {
            // A dash joins bytes: `81-05`. Elsewhere it could be a sign.
            return Err(PasteError::at(self.last, PasteProblem::HexDigit(char)));
        }
        match char {
            _ if char.is_whitespace() || matches!(char, ':' | ',') => self.end_group(bytes)?,
            // The byte order mark of a file.
            '\u{feff}' if before.is_none() => self.previous = None,
            '-' if before.is_some_and(|before| hex_digit(before).is_some()) => {
                self.end_group(bytes)?;
            }
            '#' => {
                self.end_group(bytes)?;
                self.comment = Comment::Line;
            }
            '/' => {
                self.end_group(bytes)?;
                self.comment = Comment::Slash;
            }
            ';' if before.is_none_or(char::is_whitespace) => self.comment = Comment::Line,
            // od and hexdump without offsets repeat lines too, but not how often.
            '*' => {
                let problem = PasteProblem::Star("no line with an offset follows it");
                return Err(PasteError::at(self.last, problem));
            }
            '>' | '<' => {
                self.end_group(bytes)?;
                return Ok(Some(if char == '>' { Mark::ToServer } else { Mark::ToClient }));
            }
            _ => self.push_digit(char, bytes)?,
        }
        Ok(None)
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// Fails if the last group of digits isn't bytes.
    pub fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<(), PasteError> {
        if self.comment == Comment::Slash || self.previous == Some('-') {
            let char = self.previous.unwrap_or('/');
            return Err(PasteError::at(self.last, PasteProblem::HexDigit(char)));
        }
        self.end_group(bytes)
    }

    fn push_in_comment(&mut self, char: char) -> Result<(), PasteError> {
        self.comment = match (self.comment, char) {
            (Comment::Slash, '/') => Comment::Line,
            (Comment::Slash, '*') => Comment::Block,
            (Comment::Slash, _) => {
                return Err(PasteError::at(self.last, PasteProblem::HexDigit('/')));
            }
            (Comment::Line, '\n') | (Comment::Star, '/') => Comment::None,
            (Comment::Line, _) => Comment::Line,
            (_, '*') => Comment::Star,
            _ => Comment::Block,
        };
        Ok(())
    }

    fn push_digit(&mut self, char: char, bytes: &mut Vec<u8>) -> Result<(), PasteError> {
        let start = self.last;
        let new = || Group { start, digits: String::new(), count: 0, high: None, prefixed: false };
        let group = self.group.get_or_insert_with(new);
        // The 0 of a prefix isn't a digit.
        let prefix = matches!(char, 'x' | 'X') && group.count == 1 && group.high == Some(0);
        if prefix && !group.prefixed {
            (group.prefixed, group.count, group.high) = (true, 0, None);
            group.digits.push(char);
            return Ok(());
        }
        let digit = hex_digit(char)
            .ok_or_else(|| PasteError::at(self.last, PasteProblem::HexDigit(char)))?;
        group.count = group.count.saturating_add(1);
        // For errors only, so a long group needs no memory.
        if group.digits.len() < 32 {
            group.digits.push(char);
        }
        match group.high.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => group.high = Some(digit),
        }
        Ok(())
    }

    fn end_group(&mut self, bytes: &mut Vec<u8>) -> Result<(), PasteError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let Group { start, digits, count, high, prefixed } = group;
        match (count, high) {
            (1, Some(digit)) => {
                bytes.push(digit);
                if !prefixed {
                    self.single.get_or_insert((start, digits.clone()));
                }
            }
            (0, _) | (_, Some(_)) => {
                return Err(PasteError::at(start, PasteProblem::OddDigits(excerpt(&digits))));
            }
            _ if prefixed => {}
            _ => self.padded |= count > 2 || digits.starts_with('0'),
        }
        if prefixed {
            self.check_word(start, count, digits)?;
        }
        match &self.single {
            Some((at, digit)) if self.padded => {
                Err(PasteError::at(*at, PasteProblem::MixedDigits(digit.clone())))
            }
            _ => Ok(()),
        }
    }

    /// Refuses several numbers of more than one byte each: their bytes are in the machine's order.
    fn check_word(
        &mut self,
        start: Position,
        count: usize,
        digits: String,
    ) -> Result<(), PasteError> {
        self.prefixed_groups = self.prefixed_groups.saturating_add(1);
        if count > 2 && self.first_word.is_none() {
            self.first_word = Some((start, digits));
        }
        match &self.first_word {
            Some((at, word)) if self.prefixed_groups > 1 => {
                Err(PasteError::at(*at, PasteProblem::Words(word.clone())))
            }
            _ => Ok(()),
        }
    }
}
