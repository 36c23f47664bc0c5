//! Plain hex: two digits a byte, with or without separators, comments and `0x`.

use crate::wire::format::hex_digit;
use crate::wire::pasted::error::{PasteError, PasteProblem, Position, excerpt};

/// Parses plain hex. A list in brackets is hex too where the caller asks for it, and so are digits
/// behind one `\x`, which `PostgreSQL` prints.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    if let Some(bytes) = parse_suffixed(text) {
        return Ok(bytes);
    }
    let mut scanner = HexScanner::default();
    let mut bytes = Vec::new();
    let bare = text.trim();
    let in_brackets = bare.starts_with('[') && bare.ends_with(']');
    let blanks =
        if is_bytea(bare) { text.find('\\').map_or(0, |at| at.saturating_add(2)) } else { 0 };
    for (at, mut char) in text.char_indices() {
        if in_brackets && matches!(char, '[' | ']') || at < blanks {
            char = ' ';
        }
        if scanner.push(char, &mut bytes)?.is_some() {
            return Err(PasteError::at(scanner.last, PasteProblem::HexDigit(char)));
        }
    }
    scanner.finish(&mut bytes)?;
    Ok(bytes)
}

/// Parses the numbers of an assembler, each with `h` behind its digits: `db 081h, 005h`. `None` if
/// one is something else.
fn parse_suffixed(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches('\u{feff}').trim();
        let line = ["db ", "DB ", "BYTE ", "byte "]
            .iter()
            .find_map(|directive| line.strip_prefix(directive))
            .unwrap_or(line);
        let words = line.split([',', ' ', '\t']).filter(|word| !word.is_empty());
        for word in words {
            let digits = word.strip_suffix(['h', 'H'])?;
            let fits =
                matches!(digits.len(), 2 | 3) && (digits.len() == 2 || digits.starts_with('0'));
            let digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| fits)?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Whether a text is `\x` and an even number of hex digits: a value of `PostgreSQL`'s type bytea, or
/// one escape and characters.
pub(in crate::wire::pasted) fn is_bytea(text: &str) -> bool {
    text.trim().strip_prefix("\\x").is_some_and(|digits| {
        digits.len() > 2
            && digits.len().is_multiple_of(2)
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
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
    /// `16#`, which may be a number of Erlang.
    Radix,
    Block,
    /// A `*` inside of a block.
    Star,
}

/// What stands between the groups of digits of a text. `:` and `-` join all of them or none:
/// otherwise what they join may be a time, a date or a name.
#[derive(Debug, Default)]
struct Separators {
    /// What was read since the last group.
    colon: bool,
    dash: bool,
    blank: bool,
    line_end: bool,
    /// Whether a group of digits was read, and whether one is being read.
    any: bool,
    inside: bool,
    /// The character that joins groups.
    joint: Option<char>,
    /// Whether groups of a line are separated by blanks or commas.
    apart: bool,
    /// The digits of the first group, and whether a group is longer or a shorter one isn't the last
    /// of its line.
    width: Option<usize>,
    shorter: bool,
    irregular: bool,
    start: Option<Position>,
}

impl Separators {
    /// Takes a character outside of comments.
    fn push(&mut self, char: char, before: Option<char>, at: Position) -> Result<(), PasteError> {
        if char == '\n' {
            self.line_end = true;
        } else if char.is_whitespace() || char == ',' {
            self.blank |= !self.line_end;
        } else if char == ':' {
            if before.is_some_and(char::is_whitespace) || !self.any {
                return Err(PasteError::at(at, PasteProblem::Label));
            }
            self.colon = true;
        } else if char == '-' {
            self.dash = true;
        } else if hex_digit(char).is_some() && !self.inside {
            self.begin_group(at)?;
        }
        Ok(())
    }

    fn begin_group(&mut self, at: Position) -> Result<(), PasteError> {
        let start = *self.start.get_or_insert(at);
        let joint = if self.colon { Some(':') } else { self.dash.then_some('-') };
        if self.any {
            if self.colon && self.blank {
                return Err(PasteError::at(at, PasteProblem::Label));
            }
            let other = joint.is_some() && self.joint.is_some_and(|known| Some(known) != joint);
            self.joint = self.joint.or(joint);
            self.apart |= joint.is_none() && !self.line_end;
            self.irregular |= self.shorter && !self.line_end;
            if let Some(known) = self.joint
                && (self.apart || other || self.irregular)
            {
                return Err(PasteError::at(start, PasteProblem::MixedSeparators(known)));
            }
        }
        (self.colon, self.dash, self.blank, self.line_end) = (false, false, false, false);
        (self.any, self.inside) = (true, true);
        Ok(())
    }

    /// Ends a group of `width` digits.
    fn end_group(&mut self, width: usize) -> Result<(), PasteError> {
        self.inside = false;
        let first = *self.width.get_or_insert(width);
        self.irregular |= width > first;
        self.shorter = width < first;
        match (self.joint, self.start) {
            (Some(joint), Some(start)) if self.irregular => {
                Err(PasteError::at(start, PasteProblem::MixedSeparators(joint)))
            }
            _ => Ok(()),
        }
    }
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
/// Blanks, line ends and `,` separate; `:` and `-` join all digits of a text, so that no time, date
/// or offset is read as bytes. `0x` may precede digits. `#`, `//` and `;` after a
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
    separators: Separators,
    /// The place and digit of the first byte with one digit and without `0x`.
    single: Option<(Position, String)>,
    /// Whether a byte has a leading zero, or a group has several bytes: then no byte has one digit.
    padded: bool,
    /// The number of groups with `0x`.
    prefixed_groups: usize,
    /// The first group with `0x` and several bytes.
    first_word: Option<(Position, String)>,
    /// The first group with `0x` that isn't two digits.
    odd_prefixed: Option<(Position, String)>,
    /// Whether a group has no `0x`.
    unprefixed: bool,
}

impl Default for HexScanner {
    fn default() -> Self {
        Self {
            next: Position::START,
            last: Position::START,
            previous: None,
            comment: Comment::None,
            group: None,
            separators: Separators::default(),
            single: None,
            padded: false,
            prefixed_groups: 0,
            first_word: None,
            odd_prefixed: None,
            unprefixed: false,
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
        self.separators.push(char, before, self.last)?;
        match char {
            _ if char.is_whitespace() || matches!(char, ':' | ',') => self.end_group(bytes)?,
            // The byte order mark of a file.
            '\u{feff}' if before.is_none() => self.previous = None,
            '-' if before.is_some_and(|before| hex_digit(before).is_some()) => {
                self.end_group(bytes)?;
            }
            '#' => {
                let sixteen = self.group.as_ref().is_some_and(|group| group.digits == "16");
                self.end_group(bytes)?;
                self.comment = if sixteen { Comment::Radix } else { Comment::Line };
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
                self.separators = Separators::default();
                (self.odd_prefixed, self.unprefixed) = (None, false);
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
            (Comment::Radix, _) if hex_digit(char).is_some() => {
                return Err(PasteError::at(self.last, PasteProblem::HexDigit('#')));
            }
            (Comment::Line | Comment::Radix, '\n') => {
                self.separators.push(char, None, self.last)?;
                Comment::None
            }
            (Comment::Star, '/') => Comment::None,
            (Comment::Line | Comment::Radix, _) => Comment::Line,
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
        self.unprefixed |= !prefixed;
        if prefixed {
            if count != 2 {
                self.odd_prefixed.get_or_insert_with(|| (start, digits.clone()));
            }
            self.check_word(start, count, digits)?;
        }
        // An address or a length has `0x` where the bytes have none.
        if let Some((at, word)) = self.odd_prefixed.as_ref().filter(|_| self.unprefixed) {
            return Err(PasteError::at(*at, PasteProblem::MixedPrefixes(excerpt(word))));
        }
        self.separators.end_group(count.max(2))?;
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
