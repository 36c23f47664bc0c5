//! Bytes as people have them: text from a terminal, a log, a debugger or a source file is turned
//! into bytes. The form is recognized from the text alone; where two forms are possible, the text
//! is refused and both are named.
//!
//! [`parse`] reads text of any form, [`parse_as`] reads text of a given one. Digits are never
//! joined across a separator, and what a form shows beside the bytes (offsets, characters,
//! comments) is never read as bytes. [`HexScanner`] is the one reader of plain hex; it also works
//! piece by piece, for files that are larger than memory.

mod bytes;
mod comments;
mod digits;
mod dump;
mod error;
mod form;
mod markup;
mod packet;
mod printed;
mod recognize;
mod source;
mod tcp_stream;
#[cfg(test)]
mod tests;
mod transfers;
mod unread;

use std::borrow::Cow;

use digits::{base64_text, binary, decimal, hex};
use markup::{Bare, Title};
use source::{array, field, literal};

pub use bytes::{MAX_PASTED_BYTES, Pasted};
pub use digits::hex::{HexScanner, Mark};
pub use error::{PasteError, PasteProblem, Position};
pub use form::PastedForm;
pub use packet::DumpedSegment;
pub use tcp_stream::{SeveralDirections, StreamPart, TcpStream, stream_parts};

/// Parses text of any form. An empty text has no bytes.
///
/// # Errors
///
/// Fails if the text has no known form, could have two, or has a mistake in its form.
///
/// ```
/// use wiretalk_core::wire::pasted::{PastedForm, parse};
///
/// let pasted = parse("00000000: 8105 4865 6c6c 6f    ..Hello").unwrap();
/// assert_eq!((pasted.form, &pasted.bytes[..]), (PastedForm::Xxd, &b"\x81\x05Hello"[..]));
/// assert!(parse("12 9 29").unwrap_err().to_string().contains("hex or decimal"));
/// ```
pub fn parse(text: &str) -> Result<Pasted, PasteError> {
    let text = &markup::with_line_feeds(text);
    let bare = markup::remove(text);
    let pasted = recognize::recognize(&bare.text).and_then(|form| parse_bare(&bare, form));
    pasted.map_err(|error| recognize::explain(&bare.text, error))
}

/// Parses what `tshark -z follow` prints of both sides of a connection: what each sent in turn, and
/// whether it is the second one, whose lines stand behind a tab. `None` for other texts.
///
/// # Errors
///
/// The result is an error if the text has a mistake in its form.
pub fn parse_both_sides(text: &str) -> Option<Result<Vec<(bool, Pasted)>, PasteError>> {
    let text = &markup::with_line_feeds(text);
    transfers::parse_both(&markup::remove(text).text)
}

/// Parses text where hex is asked for, such as the value of an option. It may have any other form,
/// but where hex is one of two possible forms, it is hex with two digits a byte.
///
/// # Errors
///
/// Fails as [`parse`] does, but never because a text could be hex or something else.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = &markup::with_line_feeds(text);
    let bare = markup::remove(text);
    let form = match recognize::recognize(&bare.text) {
        Err(PasteError {
            problem: PasteProblem::Ambiguous(PastedForm::Hex, _) | PasteProblem::OdWords,
            ..
        }) => {
            // Typed by hand, a single digit is half a byte.
            if let Some((at, digit)) = decimal::words(&bare.text).find(|(_, word)| word.len() == 1)
            {
                let problem = PasteProblem::OddDigits(digit.to_owned());
                return Err(PasteError::in_text(&bare.text, at, problem));
            }
            PastedForm::Hex
        }
        form => form?,
    };
    parse_bare(&bare, form).map(|pasted| pasted.bytes)
}

/// Parses text of the given form.
///
/// # Errors
///
/// Fails if the text doesn't have this form, or stands for more than [`MAX_PASTED_BYTES`].
pub fn parse_as(text: &str, form: PastedForm) -> Result<Pasted, PasteError> {
    let text = &markup::with_line_feeds(text);
    parse_bare(&markup::remove(text), form)
}

fn parse_bare(bare: &Bare<'_>, form: PastedForm) -> Result<Pasted, PasteError> {
    let text = &*bare.text;
    if bare.had_escapes && text.contains(['"', '\'', '\\']) && form.has_strings() {
        return Err(PasteError::in_text(text, 0, PasteProblem::TerminalEscapes));
    }
    let pasted = match form {
        PastedForm::Hex => Pasted::new(form, hex::parse(text)?),
        PastedForm::Decimal => Pasted::new(form, decimal::parse(text)?),
        PastedForm::Binary => Pasted::new(form, binary::parse(text)?),
        PastedForm::Base64 => Pasted::new(form, base64_text::parse(text)?),
        PastedForm::Json if field::is_field(text) => Pasted::new(form, field::parse(text)?),
        PastedForm::Array | PastedForm::Json => Pasted::new(form, array::parse(text)?),
        PastedForm::String => Pasted::new(form, literal::parse(text)?),
        PastedForm::Buffer => Pasted::new(form, printed::parse(text)?),
        PastedForm::Curl | PastedForm::Openssl | PastedForm::Socat | PastedForm::Follow => {
            transfers::parse(text, form)?
        }
        PastedForm::Xxd
        | PastedForm::Hexdump
        | PastedForm::Od
        | PastedForm::Tcpdump
        | PastedForm::Wireshark
        | PastedForm::Gdb => dump::parse(text, form)?,
    };
    if pasted.bytes.len() > MAX_PASTED_BYTES {
        return Err(PasteError::at_end(text, PasteProblem::TooManyBytes));
    }
    let found = pasted.bytes.len();
    let first = text.find(|char: char| !char.is_whitespace() && char != '\u{feff}');
    match (bare.title, first) {
        (Some(Title { at, count }), _) if count != found => {
            Err(PasteError::in_text(text, at, PasteProblem::Count { claimed: count, found }))
        }
        (_, Some(first))
            if found == 0
                && text.get(first..).is_some_and(|rest| rest.starts_with(['#', ';', '/'])) =>
        {
            Err(PasteError::in_text(text, first, PasteProblem::OnlyComments))
        }
        _ => Ok(pasted),
    }
}

/// Returns the text of a file: UTF-8, or UTF-16, as PowerShell writes it. Without a byte order mark,
/// text is UTF-16 where every second byte of it is zero. `None` if it is neither.
pub fn decode_text(file: &[u8]) -> Option<Cow<'_, str>> {
    let (text, is_exact) = decode_text_lossy(file);
    is_exact.then_some(text)
}

/// Returns the text of a file like [`decode_text`], with U+FFFD for what is neither UTF-8 nor UTF-16,
/// and whether there is nothing of that.
pub fn decode_text_lossy(file: &[u8]) -> (Cow<'_, str>, bool) {
    match TextEncoding::of(file) {
        TextEncoding::Utf8(text) => (String::from_utf8_lossy(text), str::from_utf8(text).is_ok()),
        TextEncoding::Utf16(pairs, unit) => {
            let (pairs, odd) = pairs.as_chunks::<2>();
            let mut is_exact = odd.is_empty();
            let chars = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|char| {
                is_exact &= char.is_ok();
                char.unwrap_or(char::REPLACEMENT_CHARACTER)
            });
            let text: String = chars.collect();
            (Cow::Owned(text), is_exact)
        }
    }
}

/// Whether a text is UTF-16, going by its beginning.
pub fn is_utf16(beginning: &[u8]) -> bool {
    matches!(TextEncoding::of(beginning), TextEncoding::Utf16(..))
}

/// The encoding of a text, with what follows its byte order mark.
enum TextEncoding<'a> {
    Utf8(&'a [u8]),
    /// Pairs of bytes, and what makes a code unit of one.
    Utf16(&'a [u8], fn([u8; 2]) -> u16),
}

impl<'a> TextEncoding<'a> {
    fn of(file: &'a [u8]) -> Self {
        let (pairs, odd) = file.as_chunks::<2>();
        let ascii = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        let all = |is: fn([u8; 2]) -> [u8; 2]| {
            pairs.len() > 1
                && odd.is_empty()
                && pairs.iter().all(|pair| {
                    let [char, zero] = is(*pair);
                    ascii(char) && zero == 0
                })
        };
        match file {
            [0xff, 0xfe, rest @ ..] => Self::Utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => Self::Utf16(rest, u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => Self::Utf8(rest),
            _ if all(|pair| pair) => Self::Utf16(file, u16::from_le_bytes),
            _ if all(|[zero, char]| [char, zero]) => Self::Utf16(file, u16::from_be_bytes),
            _ => Self::Utf8(file),
        }
    }
}
