//! String literals with escapes, as C, Python, JavaScript and shells write them.

use crate::wire::format::hex_digit;
use crate::wire::pasted::base64_text;
use crate::wire::pasted::error::{PasteError, PasteProblem};
use crate::wire::pasted::hex;

/// Parses the string literals of the text, one after the other. Without quotes, the whole text is
/// one. A string without escapes is hex or base64 in quotes.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let bare = text.trim_start_matches('\u{feff}').trim();
    if bare.starts_with('\\') {
        let start = text.find('\\').unwrap_or_default();
        return parse_unquoted(text, start);
    }
    let mut bytes = Vec::new();
    let mut at = 0_usize;
    let mut found = false;
    // The name of an encoding after the string, as in `Buffer.from("8105", "hex")`.
    while let Some(quote) = next_quote(text, at) {
        let between = text.get(at..quote).unwrap_or_default();
        if found && !is_joint(between) {
            let encoding = text.get(quote.saturating_add(1)..).unwrap_or_default();
            if between.trim() == "," && is_encoding(encoding) {
                break;
            }
            return Err(PasteError::in_text(text, quote, PasteProblem::Second("string")));
        }
        let rest = text.get(quote..).unwrap_or_default();
        let error = |(inside, problem): (usize, PasteProblem)| {
            PasteError::in_text(text, quote.saturating_add(inside), problem)
        };
        let prefix = prefix_of(between);
        let raw = prefix.contains(['r', 'R']);
        let (piece, len) = read_quoted(rest, raw).map_err(error)?;
        let literally = prefix.contains(['b', 'B']) || rest.get(..len).is_some_and(has_escape);
        if literally || found {
            bytes.extend(piece);
        } else {
            let start = quote.saturating_add(1);
            let inside = text.get(start..quote.saturating_add(len).saturating_sub(1));
            bytes.extend(parse_encoded(text, start, inside.unwrap_or_default())?);
        }
        found = true;
        at = quote.saturating_add(len);
    }
    if found { Ok(bytes) } else { Err(PasteError::in_text(text, 0, PasteProblem::NoString)) }
}

/// Returns the place of the next quote. A backslash before a line end continues the line.
fn next_quote(text: &str, from: usize) -> Option<usize> {
    let found = text.get(from..)?.find(['"', '\''])?;
    Some(from.saturating_add(found))
}

/// Whether literals on both sides of `between` are one string: C and Python join adjacent ones.
fn is_joint(between: &str) -> bool {
    between.chars().all(|char| char.is_whitespace() || matches!(char, '\\' | '+' | 'b' | 'B' | '.'))
}

/// Returns the letters right before a quote: `b` of `b"..."`.
fn prefix_of(before: &str) -> &str {
    let start = before.trim_end_matches(|char: char| char.is_ascii_alphabetic()).len();
    let prefix = before.get(start..).unwrap_or_default();
    if prefix.len() <= 2 { prefix } else { "" }
}

fn is_encoding(text: &str) -> bool {
    ["hex", "base64", "base64url"]
        .iter()
        .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with(['"', '\''])))
}

fn has_escape(literal: &str) -> bool {
    literal.contains('\\')
}

/// Parses hex or base64 that stands in quotes.
fn parse_encoded(text: &str, start: usize, inside: &str) -> Result<Vec<u8>, PasteError> {
    hex::parse(inside).or_else(|error| {
        if base64_text::is_possible(inside) {
            return base64_text::parse(inside);
        }
        // Something that is nearly hex gets the error of hex, at its place in the whole text.
        let nearly = inside.chars().filter(|char| hex_digit(*char).is_some()).count();
        let problem = if nearly.saturating_mul(2) > inside.chars().count() {
            error.problem
        } else {
            PasteProblem::PlainString
        };
        Err(PasteError::in_text(text, start, problem))
    })
}

/// Parses escapes without quotes, up to the end of the text. Line ends are no bytes.
fn parse_unquoted(text: &str, start: usize) -> Result<Vec<u8>, PasteError> {
    let mut bytes = Vec::new();
    let mut at = start;
    let end = text.trim_end().len();
    while let Some(rest) = text.get(at..end).filter(|rest| !rest.is_empty()) {
        if let Some(line) = rest.strip_prefix(['\r', '\n']) {
            at = end.saturating_sub(line.trim_start().len());
            continue;
        }
        let len = read_one(rest, false, &mut bytes)
            .map_err(|problem| PasteError::in_text(text, at, problem))?;
        at = at.saturating_add(len);
    }
    Ok(bytes)
}

/// Reads the literal that `text` begins with. Returns its bytes and its length with both quotes; an
/// error has its offset.
pub(super) fn read_quoted(
    text: &str,
    raw: bool,
) -> Result<(Vec<u8>, usize), (usize, PasteProblem)> {
    let Some(quote) = text.chars().next() else { return Err((0, PasteProblem::NoString)) };
    let mut bytes = Vec::new();
    let mut at = quote.len_utf8();
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match rest.chars().next() {
            None | Some('\n') => return Err((0, PasteProblem::Unclosed(quote))),
            Some(char) if char == quote => return Ok((bytes, at.saturating_add(1))),
            Some(_) => {
                let len = read_one(rest, raw, &mut bytes).map_err(|problem| (at, problem))?;
                at = at.saturating_add(len);
            }
        }
    }
}

/// Reads a character or an escape, and returns its length.
fn read_one(rest: &str, raw: bool, bytes: &mut Vec<u8>) -> Result<usize, PasteProblem> {
    let Some(char) = rest.chars().next() else { return Ok(0) };
    match char {
        '\\' if !raw => read_escape(rest, bytes),
        '\u{fffd}' => Err(PasteProblem::Lost),
        // Latin-1: a string of bytes that was printed as characters, or a text. Not known.
        '\u{80}'..='\u{ff}' => Err(PasteProblem::Character(char)),
        _ => {
            bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(char.len_utf8())
        }
    }
}

/// Reads the escape that `rest` begins with, and returns its length.
fn read_escape(rest: &str, bytes: &mut Vec<u8>) -> Result<usize, PasteProblem> {
    let unknown = || {
        let end = rest.char_indices().nth(4).map_or(rest.len(), |(end, _)| end);
        PasteProblem::Escape(rest.get(..end).unwrap_or_default().to_owned())
    };
    let code = rest.chars().nth(1).ok_or_else(unknown)?;
    let digits = |skip: usize, max: usize, radix: u32| -> &str {
        let tail = rest.get(skip..).unwrap_or_default();
        let len = tail.chars().take(max).take_while(|char| char.is_digit(radix)).count();
        tail.get(..len).unwrap_or_default()
    };
    let simple = match code {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 7,
        'b' => 8,
        'v' => 11,
        'f' => 12,
        'e' => 27,
        '\\' | '\'' | '"' | '?' | '/' => u8::try_from(code).map_err(|_| unknown())?,
        'x' => {
            let hex = digits(2, 2, 16);
            bytes.push(u8::from_str_radix(hex, 16).map_err(|_| unknown())?);
            return Ok(hex.len().saturating_add(2));
        }
        '0'..='7' => {
            let octal = digits(1, 3, 8);
            bytes.push(u8::from_str_radix(octal, 8).map_err(|_| unknown())?);
            return Ok(octal.len().saturating_add(1));
        }
        // A character of Unicode is a byte only in ASCII.
        'u' => {
            let hex = Some(digits(2, 4, 16)).filter(|hex| hex.len() == 4).ok_or_else(unknown)?;
            let byte = u8::from_str_radix(hex, 16).ok().filter(u8::is_ascii);
            let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
            bytes.push(byte.ok_or_else(|| code.map_or_else(unknown, PasteProblem::Character))?);
            return Ok(6);
        }
        _ => return Err(unknown()),
    };
    bytes.push(simple);
    Ok(2)
}

/// Whether a text has a string literal with an escape or a prefix, or escapes without quotes.
pub(super) fn is_string(text: &str) -> bool {
    let bare = text.trim_start_matches('\u{feff}').trim();
    bare.starts_with('\\') || bare.contains(['"', '\''])
}
