//! The little JSON that SockJS needs, read with positions: strings, arrays of them, a number. A
//! reader of JSON values would lose the place of a mistake, and lone surrogates.

use thiserror::Error;

use crate::sockjs::js_string::{JsString, JsStringBuilder};

/// A mistake in a text, and its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {at}: {problem}")]
pub struct FrameError {
    /// The position of the first byte that is wrong, from 0; the length of the text if it ends too
    /// early.
    pub at: usize,
    /// The mistake.
    pub problem: FrameProblem,
}

/// A mistake in a frame or in a client's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameProblem {
    /// There is nothing at all.
    #[error("the text is empty; a frame begins with o, h, a, m or c")]
    Empty,
    /// The first byte is no type of a frame.
    #[error("a frame begins with o, h, a, m or c, not with 0x{0:02x}")]
    UnknownType(u8),
    /// A byte that cannot stand there in UTF-8.
    #[error("this is not UTF-8")]
    NotUtf8,
    /// The text ends before the value does.
    #[error("the text ends here, but the value is not complete")]
    Unfinished,
    /// Something else was due.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// A control character within a string.
    #[error("the control character 0x{0:02x} must be an escape within a string")]
    ControlCharacter(u8),
    /// A backslash with something behind it that is no escape.
    #[error("this isn't a JSON escape")]
    BadEscape,
    /// A percent sign in an event stream with something behind it that is no escape of UTF-8.
    #[error("this isn't a percent escape; sockjs-client decodes those in event streams")]
    BadPercentEscape,
    /// A close code that is no number from 0 to 65535.
    #[error("a close code is a number from 0 to 65535")]
    BadCode,
    /// More bytes than the value has.
    #[error("the value is complete, but more follows")]
    Trailing,
}

/// A position in a text.
#[derive(Clone, Debug)]
pub(super) struct JsonReader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> JsonReader<'t> {
    /// Begins at byte `at` of a text, which must be UTF-8.
    pub(super) fn new(bytes: &'t [u8], at: usize) -> Result<Self, FrameError> {
        let text = str::from_utf8(bytes).map_err(|error| FrameError {
            at: error.valid_up_to(),
            problem: FrameProblem::NotUtf8,
        })?;
        Ok(Self { text, at })
    }

    fn error(&self, problem: FrameProblem) -> FrameError {
        FrameError { at: self.at, problem }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().bytes().next()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    pub(super) fn skip_whitespace(&mut self) {
        let rest = self.rest();
        let skipped = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.advance(rest.len().saturating_sub(skipped.len()));
    }

    /// Skips whitespace and then `text`, if it stands there.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.skip_whitespace();
        let found = self.rest().starts_with(text);
        if found {
            self.advance(text.len());
        }
        found
    }

    /// Skips whitespace and `text`, which must stand there.
    pub(super) fn expect(&mut self, text: &'static str) -> Result<(), FrameError> {
        match self.eat(text) {
            true => Ok(()),
            false if self.rest().is_empty() => Err(self.error(FrameProblem::Unfinished)),
            false => Err(self.error(FrameProblem::Expected(text))),
        }
    }

    /// Checks that nothing but whitespace is left.
    pub(super) fn end(&mut self) -> Result<(), FrameError> {
        self.skip_whitespace();
        if self.rest().is_empty() { Ok(()) } else { Err(self.error(FrameProblem::Trailing)) }
    }

    /// Reads an array of strings.
    pub(super) fn strings(&mut self) -> Result<Vec<JsString>, FrameError> {
        self.expect("[")?;
        let mut strings = Vec::new();
        if self.eat("]") {
            return Ok(strings);
        }
        loop {
            strings.push(self.string()?);
            if self.eat("]") {
                return Ok(strings);
            }
            if !self.eat(",") {
                let end = self.rest().is_empty();
                let problem =
                    if end { FrameProblem::Unfinished } else { FrameProblem::Expected(", or ]") };
                return Err(self.error(problem));
            }
        }
    }

    /// Reads a number from 0 to 65535.
    pub(super) fn code(&mut self) -> Result<u16, FrameError> {
        self.skip_whitespace();
        let rest = self.rest();
        let digits = rest.len().saturating_sub(rest.trim_start_matches(char_is_digit).len());
        let number = rest.get(..digits).unwrap_or_default();
        // JSON has no leading zeros.
        let valid = number == "0" || !number.starts_with('0');
        match number.parse() {
            Ok(code) if valid => {
                self.advance(digits);
                Ok(code)
            }
            _ if rest.is_empty() => Err(self.error(FrameProblem::Unfinished)),
            _ => Err(self.error(FrameProblem::BadCode)),
        }
    }

    /// Reads a string.
    pub(super) fn string(&mut self) -> Result<JsString, FrameError> {
        if !self.eat("\"") {
            let end = self.rest().is_empty();
            let problem =
                if end { FrameProblem::Unfinished } else { FrameProblem::Expected("a string") };
            return Err(self.error(problem));
        }
        let mut string = JsStringBuilder::default();
        loop {
            let rest = self.rest();
            let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
            let plain = rest.bytes().position(special).unwrap_or(rest.len());
            string.push_str(rest.get(..plain).unwrap_or_default());
            self.advance(plain);
            match self.peek() {
                None => return Err(self.error(FrameProblem::Unfinished)),
                Some(b'"') => {
                    self.advance(1);
                    return Ok(string.finish());
                }
                Some(b'\\') => self.escape(&mut string)?,
                Some(byte) => return Err(self.error(FrameProblem::ControlCharacter(byte))),
            }
        }
    }

    /// Reads an escape, from its backslash.
    fn escape(&mut self, string: &mut JsStringBuilder) -> Result<(), FrameError> {
        let rest = self.rest();
        let Some(letter) = rest.as_bytes().get(1) else {
            self.at = self.text.len();
            return Err(self.error(FrameProblem::Unfinished));
        };
        let plain = match letter {
            b'"' => "\"",
            b'\\' => "\\",
            b'/' => "/",
            b'b' => "\u{8}",
            b'f' => "\u{C}",
            b'n' => "\n",
            b'r' => "\r",
            b't' => "\t",
            b'u' => return self.unit(string),
            _ => return Err(self.error(FrameProblem::BadEscape)),
        };
        string.push_str(plain);
        self.advance(2);
        Ok(())
    }

    fn unit(&mut self, string: &mut JsStringBuilder) -> Result<(), FrameError> {
        let digits = self.rest().as_bytes().get(2..).unwrap_or_default();
        let mut unit = 0_u16;
        for at in 0..4 {
            let Some(digit) = digits.get(at) else {
                self.at = self.text.len();
                return Err(self.error(FrameProblem::Unfinished));
            };
            let digit = char::from(*digit).to_digit(16);
            let Some(digit) = digit.and_then(|digit| u16::try_from(digit).ok()) else {
                return Err(self.error(FrameProblem::BadEscape));
            };
            unit = unit << 4 | digit;
        }
        string.push_unit(unit);
        self.advance(6);
        Ok(())
    }
}

fn char_is_digit(char: char) -> bool {
    char.is_ascii_digit()
}
