//! String literals with escapes, as C, Python, JavaScript and shells write them.

use crate::wire::format::hex_digit;
use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::digits::{base64_text, hex};
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};
use crate::wire::pasted::source::beside::{self, Suspicion};
use crate::wire::pasted::source::escape::read_one;

/// Parses the string literals of the text, one after the other. Without quotes, the whole text is
/// one. A string without escapes is hex or base64 in quotes.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let bare = text.trim_start_matches('\u{feff}').trim();
    if bare.starts_with('\\') {
        let start = text.find('\\').unwrap_or_default();
        return parse_unquoted(text, start);
    }
    let text = &blank_comments(text);
    let mut bytes = Vec::new();
    let (mut at, mut start, mut encoded) = (0_usize, None, false);
    while let Some(quote) = text.get(at..).and_then(|rest| rest.find(['"', '\''])) {
        let quote = at.saturating_add(quote);
        let between = text.get(at..quote).unwrap_or_default();
        let rest = text.get(quote..).unwrap_or_default();
        let error = |(inside, problem): (usize, PasteProblem)| {
            PasteError::in_text(text, quote.saturating_add(inside), problem)
        };
        if start.is_some() && !is_joint(between) {
            let joined = between.trim().trim_end_matches('(');
            if matches!(joined, "," | ").pack" | "].pack") && encoding_behind(rest).is_some() {
                break;
            }
            return Err(error((0, PasteProblem::Second("string"))));
        }
        // Of two strings without escapes, it isn't known whether they are one.
        if encoded && is_joint(between) {
            return Err(error((0, PasteProblem::Second("string"))));
        }
        let prefix = prefix_of(between);
        let (piece, len) = read_quoted(rest, prefix.contains(['r', 'R'])).map_err(error)?;
        let end = quote.saturating_add(len);
        // `pack("H*", "8105")`
        if start.is_none()
            && rest.starts_with(['"', '\''])
            && piece == b"H*"
            && between.contains("pack")
        {
            at = end;
            continue;
        }
        let escaped = prefix.contains(['b', 'B'])
            || rest.get(..len).is_some_and(|literal| literal.contains('\\'));
        if escaped || start.is_some() {
            bytes.extend(piece);
        } else {
            let inside =
                text.get(quote.saturating_add(1)..end.saturating_sub(1)).unwrap_or_default();
            let behind = text.get(end..).unwrap_or_default();
            encoded = true;
            let encoding = encoding_of(text.get(..quote).unwrap_or_default(), behind);
            bytes.extend(parse_encoded(text, quote.saturating_add(1), inside, encoding)?);
        }
        start.get_or_insert(quote);
        at = end;
    }
    let Some(start) = start else {
        return Err(PasteError::in_text(text, 0, PasteProblem::NoString));
    };
    check_end(text, at, bytes.len())?;
    match beside::find(text, &(start..at), bytes.len(), Suspicion::Bytes) {
        Some(beside) => Err(PasteError::in_text(text, beside, PasteProblem::Beside)),
        None => Ok(bytes),
    }
}

/// Checks what stands behind a string: strace and gdb say so when they leave bytes out, and strace
/// how many there were.
fn check_end(text: &str, end: usize, len: usize) -> Result<(), PasteError> {
    let behind = text.get(end..).unwrap_or_default();
    if behind.starts_with("...") || behind.contains("<repeats ") {
        return Err(PasteError::in_text(text, end, PasteProblem::Cut(excerpt(behind.trim()))));
    }
    let returned = behind.split_once(") = ").and_then(|(_, count)| {
        let digits = count.bytes().take_while(u8::is_ascii_digit).count();
        count.get(..digits)?.parse::<usize>().ok()
    });
    // A socket may take less than it was given, but it can't return more.
    let Some(count) = returned.filter(|count| *count != len && behind.starts_with(',')) else {
        return Ok(());
    };
    let problem = PasteProblem::Count { claimed: count, found: len };
    Err(PasteError::in_text(text, end, problem))
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

/// How a string without escapes stands for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Hex,
    Base64,
    /// Each character is a byte.
    Characters,
}

/// Returns the encoding that a string names, as in `Buffer.from("8105", "hex")`.
fn encoding_behind(text: &str) -> Option<Encoding> {
    let names = [
        ("hex", Encoding::Hex),
        ("H*", Encoding::Hex),
        ("base64", Encoding::Base64),
        ("base64url", Encoding::Base64),
        ("latin1", Encoding::Characters),
        ("binary", Encoding::Characters),
    ];
    let name = text.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
    names.into_iter().find(|(known, _)| *known == name).map(|(_, encoding)| encoding)
}

/// Returns the encoding that the text around a string gives it, if any.
fn encoding_of(before: &str, behind: &str) -> Option<Encoding> {
    let named = behind.find(['"', '\'']).and_then(|at| encoding_behind(behind.get(at..)?));
    let call = before.trim_end().to_ascii_lowercase();
    let base64 = ["atob(", "b64decode(", "b64decode(b", "base64_decode("];
    let called = base64.iter().any(|name| call.ends_with(name)).then_some(Encoding::Base64);
    named.or(called)
}

/// Parses hex or base64 that stands in quotes.
fn parse_encoded(
    text: &str,
    start: usize,
    inside: &str,
    encoding: Option<Encoding>,
) -> Result<Vec<u8>, PasteError> {
    let place = |error: PasteError| PasteError::in_text(text, start, error.problem);
    match encoding {
        Some(Encoding::Hex) => return hex::parse(inside).map_err(place),
        Some(Encoding::Base64) => return base64_text::parse(inside).map_err(place),
        Some(Encoding::Characters) => return Ok(inside.as_bytes().to_vec()),
        None => {}
    }
    // A digit is half a byte.
    if inside.len() == 1 || inside.trim().is_empty() && !inside.is_empty() {
        return Err(PasteError::in_text(text, start, PasteProblem::PlainString));
    }
    hex::parse(inside).or_else(|error| {
        if base64_text::is_possible(inside) {
            return base64_text::parse(inside).map_err(place);
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

/// Returns the place behind an escape where only words of hex digits follow, as in `\x81 05 48`: these
/// are more likely bytes than characters.
fn digits_apart(text: &str, start: usize) -> Option<usize> {
    let hex = |word: &str| {
        word.len().is_multiple_of(2) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let (first, rest) = text.get(start..)?.split_once(char::is_whitespace)?;
    let mut words = rest.split_whitespace().peekable();
    words.peek()?;
    words.all(hex).then(|| start.saturating_add(first.len()))
}

/// Parses escapes without quotes, up to the end of the text. Line ends are no bytes where every byte
/// has an escape.
fn parse_unquoted(text: &str, start: usize) -> Result<Vec<u8>, PasteError> {
    if let Some(at) = digits_apart(text, start) {
        return Err(PasteError::in_text(text, at, PasteProblem::Unquoted));
    }
    let mut bytes = Vec::new();
    let mut at = start;
    let end = text.trim_end_matches('\n').len();
    // Blanks and line ends at the end of a line, blanks within, and characters without an escape.
    let (mut line_end, mut blank, mut plain) = (None, None, false);
    while let Some(rest) = text.get(at..end).filter(|rest| !rest.is_empty()) {
        let shown = rest.trim_start_matches([' ', '\t', '\n']);
        let blanks = rest.get(..rest.len().saturating_sub(shown.len())).unwrap_or_default();
        if blanks.contains('\n') {
            line_end.get_or_insert(at);
        }
        let begins = blanks.starts_with([' ', '\t']);
        if begins {
            blank.get_or_insert(at);
        }
        if shown.is_empty() || blanks.contains('\n') {
            if begins {
                return Err(PasteError::in_text(text, at, PasteProblem::Unquoted));
            }
            at = at.saturating_add(blanks.len());
            continue;
        }
        plain |= !rest.starts_with(['\\', ' ', '\t']);
        let len = read_one(rest, false, &mut bytes)
            .map_err(|problem| PasteError::in_text(text, at, problem))?;
        at = at.saturating_add(len);
    }
    // Where every byte has an escape, a blank may only separate.
    let doubtful = if plain { line_end } else { blank };
    match doubtful {
        Some(at) => Err(PasteError::in_text(text, at, PasteProblem::Unquoted)),
        None => Ok(bytes),
    }
}

/// Reads the literal that `text` begins with. Returns its bytes and its length with both quotes; an
/// error has its offset.
pub(in crate::wire::pasted) fn read_quoted(
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

/// Whether a text has a string literal with an escape or a prefix, or escapes without quotes.
pub(in crate::wire::pasted) fn is_string(text: &str) -> bool {
    let bare = text.trim_start_matches('\u{feff}').trim();
    bare.starts_with('\\') || bare.contains(['"', '\''])
}
