//! Recognizes the form of a text. Only the text decides, never what its bytes would mean.

use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::digits::{base64_text, binary, decimal, hex};
use crate::wire::pasted::dump::{self, DumpVerdict};
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};
use crate::wire::pasted::form::PastedForm;
use crate::wire::pasted::source::array::{self, Base};
use crate::wire::pasted::source::{field, literal};
use crate::wire::pasted::{markup, printed, transfers, unread};

/// Returns the form of a text.
///
/// # Errors
///
/// Fails if it could be two forms, or if it is none: then the error is that of the likeliest form.
pub(super) fn recognize(text: &str) -> Result<PastedForm, PasteError> {
    let form = known_form(text);
    let shows = matches!(
        form,
        Ok(PastedForm::Buffer | PastedForm::Array | PastedForm::Json | PastedForm::String)
    );
    if let Some(problem) = unread::no_frames(text).filter(|_| shows) {
        return Err(PasteError::in_text(text, 0, problem));
    }
    form
}

/// Returns the error about a text with the name of the tool that it looks like: that says more than
/// the first odd character.
pub(super) fn explain(text: &str, error: PasteError) -> PasteError {
    if error.problem.is_certain() {
        return error;
    }
    let log = || markup::log_name(text).map(unread::log);
    match unread::recognize(text).or_else(log) {
        Some(problem) => PasteError { problem, ..error },
        None => behind_bytes(text, &error).unwrap_or(error),
    }
}

/// Returns the error about text behind the bytes of a line, such as `"Hello"` or `= Hello`, if nothing
/// in it could be bytes.
fn behind_bytes(text: &str, error: &PasteError) -> Option<PasteError> {
    matches!(error.problem, PasteProblem::HexDigit(_) | PasteProblem::PlainString).then_some(())?;
    let is_byte = |word: &str| {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let bytes = decimal::words(text).take_while(|(_, word)| is_byte(word)).count();
    let (at, word) = decimal::words(text).nth(bytes).filter(|_| bytes > 1)?;
    let behind = text.get(at..)?.lines().next()?;
    let has_bytes = behind
        .split(|char: char| !char.is_ascii_alphanumeric())
        .any(|word| is_byte(word) && word.contains(|char: char| char.is_ascii_digit()));
    let named = !word.starts_with(|char: char| char.is_ascii_hexdigit());
    let problem = PasteProblem::Behind(excerpt(behind.trim_end()));
    (named && !has_bytes).then(|| PasteError::in_text(text, at, problem))
}

fn known_form(text: &str) -> Result<PastedForm, PasteError> {
    let ambiguous = |one, other| {
        let at = text.find(|char: char| !char.is_whitespace()).unwrap_or_default();
        Err(PasteError::in_text(text, at, PasteProblem::Ambiguous(one, other)))
    };
    if let Some(form) = transfers::recognize(text) {
        return Ok(form);
    }
    if field::is_field(text) {
        return Ok(PastedForm::Json);
    }
    match dump::recognize(text) {
        DumpVerdict::Certain(form) => return Ok(form),
        DumpVerdict::OrHex(form) => return ambiguous(PastedForm::Hex, form),
        DumpVerdict::No => {}
    }
    // Base64 may begin like a comment: `//8=`, which as hex would be nothing.
    let is_hex = hex::parse(text).is_ok_and(|bytes| !bytes.is_empty());
    if base64_text::is_certain(text) && !is_hex {
        return Ok(PastedForm::Base64);
    }
    if printed::is_possible(text) {
        return Ok(PastedForm::Buffer);
    }
    if hex::is_bytea(text) {
        return ambiguous(PastedForm::Hex, PastedForm::String);
    }
    let plain = blank_comments(text);
    let starts_escaped = plain.trim_start_matches('\u{feff}').trim_start().starts_with('\\');
    if !starts_escaped && plain.contains(['[', '{', '(', '<', ']', '}']) {
        match array::find_list(&plain)? {
            // A call with a string: `bytes.fromhex("8105")`.
            Some(list)
                if literal::is_string(list.content(&plain)) && !has_number(&list, &plain) =>
            {
                return Ok(PastedForm::String);
            }
            Some(list) => return list_form(&plain, &list, ambiguous),
            None => {}
        }
    }
    if literal::is_string(&plain) {
        return Ok(PastedForm::String);
    }
    bare_form(text, &plain, ambiguous)
}

/// Whether a list has an element that isn't quoted.
fn has_number(list: &array::List, text: &str) -> bool {
    if array::are_numbers_in_quotes(list.content(text)) {
        return true;
    }
    let quoted = |word: &str| {
        let word = word.trim_start_matches(|char: char| char.is_ascii_alphabetic());
        word.starts_with(['"', '\''])
    };
    // A single quoted character is an element too.
    decimal::words(list.content(text)).next().is_some_and(|(_, word)| {
        !quoted(word)
            || word.starts_with('\'') && word.ends_with('\'') && word.len() <= 6
            || text.contains('{')
    })
}

fn list_form(
    text: &str,
    list: &array::List,
    ambiguous: impl Fn(PastedForm, PastedForm) -> Result<PastedForm, PasteError>,
) -> Result<PastedForm, PasteError> {
    let json = text.trim_start_matches('\u{feff}').trim_start().starts_with("{\"");
    list.check_rest(text)?;
    match array::base_of(text, list) {
        _ if json => Ok(PastedForm::Json),
        Base::Either => ambiguous(PastedForm::Hex, PastedForm::Array),
        Base::Decimal | Base::BareHex => Ok(PastedForm::Array),
    }
}

/// Whether a character stands in no form of hex, though another error may come before it.
fn is_no_hex(char: char) -> bool {
    matches!(char, '/' | '+' | '_')
        || char.is_ascii_alphabetic() && !"abcdefxABCDEFX".contains(char)
}

/// Returns the form of a text without brackets and quotes: hex, decimal numbers or base64.
fn bare_form(
    text: &str,
    plain: &str,
    ambiguous: impl Fn(PastedForm, PastedForm) -> Result<PastedForm, PasteError>,
) -> Result<PastedForm, PasteError> {
    let words = || decimal::words(plain).map(|(_, word)| word);
    let several = words().nth(1).is_some();
    let decimal = several && words().all(decimal::is_decimal);
    match hex::parse(text) {
        Ok(bytes) if !bytes.is_empty() && binary::is_possible(plain) => {
            ambiguous(PastedForm::Hex, PastedForm::Binary)
        }
        Ok(_) if looks_like_words_of_od(text) => {
            let at = text.find(|char: char| !char.is_whitespace()).unwrap_or_default();
            Err(PasteError::in_text(text, at, PasteProblem::OdWords))
        }
        Ok(_) if decimal && words().all(|word| decimal::parse_byte(word).is_ok()) => {
            ambiguous(PastedForm::Hex, PastedForm::Decimal)
        }
        // Slashes that are a comment as hex may be base64.
        Ok(bytes) if bytes.is_empty() && base64_text::is_possible(text.trim()) => {
            let at = text.find(|char: char| !char.is_whitespace()).unwrap_or_default();
            Err(PasteError::in_text(text, at, PasteProblem::MaybeBase64(excerpt(text.trim()))))
        }
        Ok(_) => Ok(PastedForm::Hex),
        Err(_) if decimal => Ok(PastedForm::Decimal),
        Err(error) => {
            let word = text.trim();
            let one_word = !word.contains(char::is_whitespace);
            if one_word
                && (matches!(error.problem, PasteProblem::HexDigit(_)) || word.contains(is_no_hex))
                && base64_text::is_possible(word)
            {
                let problem = PasteProblem::MaybeBase64(excerpt(word));
                return Err(PasteError { problem, ..error });
            }
            let odd = matches!(
                error.problem,
                PasteProblem::HexDigit(_) | PasteProblem::Label | PasteProblem::MixedSeparators(_)
            );
            Err(Some(text).filter(|_| odd).and_then(before_bytes).unwrap_or(error))
        }
    }
}

/// Whether every line has a blank and then words of the same width, as `od -A n -t x2` writes them.
/// One line may have lost its blank.
fn looks_like_words_of_od(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let mut words = text.split_ascii_whitespace();
    let width = words.clone().next().map_or(0, str::len);
    matches!(width, 4 | 8 | 16)
        && words
            .all(|word| word.len() == width && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && lines().filter(|line| line.starts_with(' ') && !line.starts_with("  ")).count() > 0
        && lines().skip(1).all(|line| line.starts_with(' '))
}

/// Returns the error about words before the bytes of the first line, such as `recv:`, if hex follows
/// them.
fn before_bytes(text: &str) -> Option<PasteError> {
    const MAX_WORDS: usize = 8;
    const MAX_LEN: usize = 1 << 16;
    let text = text.get(..MAX_LEN.min(text.len()))?;
    let start = text.find(|char: char| !char.is_whitespace())?;
    let end = text.get(start..)?.find('\n').map_or(text.len(), |len| start.saturating_add(len));
    let are_bytes =
        |word: &str| word.len() > 1 && hex::parse(word).is_ok() && !word.contains([':', '-']);
    let words = decimal::words(text).take(MAX_WORDS).take_while(|(at, _)| *at < end);
    let labels = words.clone().take_while(|(_, word)| !are_bytes(word)).count();
    let (at, _) = decimal::words(text).nth(labels).filter(|(at, _)| labels > 0 && *at < end)?;
    let is_hex = hex::parse(text.get(at..)?).is_ok_and(|bytes| bytes.len() > 1);
    let before = text.get(start..at)?.trim_end();
    is_hex.then(|| PasteError::in_text(text, start, PasteProblem::Before(excerpt(before))))
}
