//! [`PasteError`]: why text doesn't stand for bytes, and where.

use std::fmt;

use thiserror::Error;

use crate::wire::pasted::form::PastedForm;

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Returns the place of the character at byte `at` of `text`.
    pub fn of(text: &str, at: usize) -> Self {
        let mut place = Self::START;
        for (_, char) in text.char_indices().take_while(|(start, _)| *start < at) {
            place.advance(char);
        }
        place
    }

    /// Moves past `char`.
    pub(super) fn advance(&mut self, char: char) {
        if char == '\n' {
            *self = Self { line: self.line.saturating_add(1), column: 1 };
        } else {
            self.column = self.column.saturating_add(1);
        }
    }
}

impl PasteProblem {
    /// Whether the problem is that of a form that was recognized, or of two.
    pub(super) fn is_certain(&self) -> bool {
        matches!(
            self,
            Self::Ambiguous(..)
                | Self::OdWords
                | Self::MaybeBase64(_)
                | Self::Count { .. }
                | Self::Hole { .. }
                | Self::BothDirections
                | Self::OnlyComments
                | Self::TooManyBytes
        )
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why text doesn't stand for bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{at}: {problem}")]
pub struct PasteError {
    /// The place of the mistake.
    pub at: Position,
    /// The mistake.
    pub problem: PasteProblem,
}

impl PasteError {
    /// Returns the error for a text that has `lines` more lines before it.
    #[must_use]
    pub fn moved_down(mut self, lines: usize) -> Self {
        self.at.line = self.at.line.saturating_add(lines);
        self
    }

    pub(super) fn at(at: Position, problem: PasteProblem) -> Self {
        Self { at, problem }
    }

    /// Creates an error about the character at byte `at` of `text`.
    pub(super) fn in_text(text: &str, at: usize, problem: PasteProblem) -> Self {
        Self { at: Position::of(text, at), problem }
    }

    pub(super) fn at_end(text: &str, problem: PasteProblem) -> Self {
        Self::in_text(text, text.len(), problem)
    }
}

/// The maximum number of characters of the text that an error quotes.
const MAX_QUOTED_CHARS: usize = 24;

/// Returns the beginning of `text` for an error.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What is wrong with a text. The sentence follows the place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasteProblem {
    /// A character is neither a hex digit nor a separator.
    #[error("{0:?} isn't a hex digit; expected hex such as 81 05 48 65")]
    HexDigit(char),
    /// A group of digits has an odd length.
    #[error(
        "{0:?} has an odd number of hex digits: every byte needs two, and digits are not joined \
         across a separator"
    )]
    OddDigits(String),
    /// Digits before a colon and a blank.
    #[error(
        "the digits before this colon look like an offset, a time or a name; remove what isn't \
         bytes"
    )]
    Label,
    /// Digits are joined in one place and separated by blanks in another.
    #[error(
        "digits joined by {0:?} are next to others, like a time, a date or a name; remove what \
         isn't bytes"
    )]
    MixedSeparators(char),
    /// A number with `0x` beside bytes without.
    #[error(
        "{0:?} is next to bytes without 0x, like an offset or a length; remove what isn't bytes"
    )]
    MixedPrefixes(String),
    /// Text before the bytes.
    #[error("{0:?} comes before the bytes; remove what isn't bytes")]
    Before(String),
    /// Text behind the bytes.
    #[error("{0:?} comes after the bytes; remove what isn't bytes")]
    Behind(String),
    /// Groups of digits that are words in the machine's order, or bytes in order.
    #[error(
        "the groups look like the words of od -A n -t x2 or -t x4, in the order of the machine; \
         print the bytes with od -A n -t x1, or use --format hex if they are in order"
    )]
    OdWords,
    /// A group of digits isn't eight binary digits.
    #[error("{0:?} isn't a byte in binary; expected eight digits such as 10000001")]
    BinaryDigits(String),
    /// Some bytes have one digit and others a leading zero.
    #[error("{0:?} has one hex digit where other bytes have two, as in 05: a digit is missing")]
    MixedDigits(String),
    /// Several numbers of more than one byte each.
    #[error(
        "{0:?} is a number of several bytes, whose order in memory isn't known; expected single \
         bytes such as 0x81, 0x05"
    )]
    Words(String),
    /// A number isn't a byte.
    #[error("{0:?} isn't a byte; expected a number from 0 to 255, or from -128 to 127")]
    NotAByte(String),
    /// A list has numbers above 127 and negative ones.
    #[error("{0:?} is negative, but the list also has numbers above 127")]
    MixedSigns(String),
    /// A number with a leading zero.
    #[error("{0:?} begins with 0, which means octal in C; expected decimal or 0x81")]
    Octal(String),
    /// The text has two possible forms.
    #[error(
        "the text could be {one} or {other}; choose with --format {0} or --format {1}",
        one = .0.description(),
        other = .1.description()
    )]
    Ambiguous(PastedForm, PastedForm),
    /// The tool that printed the bytes left some out.
    #[error("the bytes were cut off here ({0:?}): print all of them")]
    Cut(String),
    /// The output of a tool in a mode that doesn't show bytes one by one.
    #[error("this looks like {found}; print the bytes with {instead}")]
    UnsupportedDump {
        /// The tool and its mode.
        found: &'static str,
        /// The command to use.
        instead: &'static str,
    },
    /// The text shows bytes in a form that isn't read.
    #[error("this looks like {found}; {instead}")]
    Unread {
        /// The form or the tool.
        found: &'static str,
        /// The way to bytes in a form that is read.
        instead: &'static str,
    },
    /// There are bytes in brackets or quotes, and others beside them.
    #[error("this may be bytes too, outside the brackets or quotes; paste only the bytes")]
    Beside,
    /// The number of bytes that a text gives isn't that of the bytes in it.
    #[error("the length in the text is {claimed}, but it shows {found} bytes")]
    Count {
        /// The number that it gives.
        claimed: usize,
        /// The number of bytes in it.
        found: usize,
    },
    /// Escape sequences in a text with quotes.
    #[error(
        "the text has escape sequences of a terminal, which could be bytes of a string; print it \
         without colours"
    )]
    TerminalEscapes,
    /// An octal escape is followed by a digit that isn't octal.
    #[error("{0:?} is decimal in Lua, but octal and a digit in C; write \\x81")]
    DecimalEscape(String),
    /// A text with comments, and without bytes.
    #[error(
        "the text holds only comments: #, // and ; begin one; remove what comes before the bytes"
    )]
    OnlyComments,
    /// Blanks or line ends in a string without quotes.
    #[error("without quotes, this blank or line end could be a byte; put the string in quotes")]
    Unquoted,
    /// The text shows both directions.
    #[error(
        "the text shows both directions, and a second one begins here; paste what one side sent"
    )]
    BothDirections,
    /// A line of a dump isn't one.
    #[error("this line has no offset, so it isn't a line of the dump")]
    NotADumpLine,
    /// A line of a dump has something else than bytes in hex.
    #[error("this line of the dump shows no bytes in hex")]
    NoHex,
    /// A line of a dump has digits behind its bytes that aren't their characters.
    #[error("{0:?} after the bytes of this line is neither bytes nor their characters")]
    BehindBytes(String),
    /// Bytes of a dump are missing before a line.
    #[error("the dump has a hole: the line is at offset {found}, but {expected} is next")]
    Hole {
        /// The offset after the last byte, as the dump would write it.
        expected: String,
        /// The offset of the line.
        found: String,
    },
    /// A line of a dump has more bytes than there is room for before the next.
    #[error("the line has more bytes than the next line's offset {0} leaves room for")]
    Overlap(String),
    /// `*` without a line before it, or without an offset after it.
    #[error("* repeats a line, but {0}")]
    Star(&'static str),
    /// A second dump or list begins.
    #[error("a second {0} begins here; paste one at a time")]
    Second(&'static str),
    /// There is no printed buffer in the text.
    #[error("expected a printed buffer, such as <Buffer 81 05>")]
    NoBuffer,
    /// There is no line that names the direction and the number of bytes.
    #[error("expected a line that names the direction and the number of bytes before this")]
    NoTransfer,
    /// There is no list in the text.
    #[error("expected a list of bytes in brackets, such as [129, 5]")]
    NoList,
    /// A bracket or a quote isn't closed.
    #[error("{0:?} isn't closed: the text may have been cut off")]
    Unclosed(char),
    /// A bracket closes nothing, or brackets are nested too deeply.
    #[error("{0:?} doesn't belong here")]
    Misplaced(char),
    /// An element of a list is no number.
    #[error("{0:?} isn't a byte; expected numbers such as 129, 0x81, -127 or 'H'")]
    Element(String),
    /// The keys of a JSON object aren't 0, 1, 2 and so on.
    #[error("the key {0:?} is out of order; expected {1}")]
    Key(String, usize),
    /// There is no string in the text.
    #[error("expected a string with escapes, such as \"\\x81\\x05\"")]
    NoString,
    /// An escape isn't known.
    #[error("{0:?} isn't an escape for a byte; expected for example \\x81, \\n or \\201")]
    Escape(String),
    /// A character stands for no single byte.
    #[error("{0:?} is a character, not a byte: bytes above 7f need an escape such as \\x81")]
    Character(char),
    /// Bytes were replaced when they were decoded as text.
    #[error("U+FFFD stands for a byte that was lost when the bytes were decoded as text")]
    Lost,
    /// A string without escapes.
    #[error("the string has no escapes, and is neither hex nor base64")]
    PlainString,
    /// A character outside of base64.
    #[error("{0:?} isn't a character of base64")]
    Base64Character(char),
    /// The number of characters or the last of them doesn't fit.
    #[error("the base64 is incomplete: its length or its last character doesn't fit")]
    Base64Length,
    /// A `data:` URI that isn't base64.
    #[error("only a data: URI with ;base64 is read")]
    DataUri,
    /// The text could be base64, but also an ordinary word.
    #[error("{0:?} isn't hex; if it is base64, use --format base64")]
    MaybeBase64(String),
    /// The text stands for too many bytes.
    #[error("the text stands for more than 16 MiB")]
    TooManyBytes,
}
