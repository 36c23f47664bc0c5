//! Buffers as programs print them: hex behind a name, such as Node's `<Buffer 81 05>`.

use crate::wire::format::unhex;
use crate::wire::pasted::error::{PasteError, PasteProblem, excerpt};
use crate::wire::pasted::source::beside::{self, Suspicion};

/// How a runtime prints a buffer.
struct Style {
    /// The text before the hex.
    open: &'static str,
    close: char,
    /// The text before the number of bytes, anywhere.
    count: Option<&'static str>,
    /// Whether each byte stands alone.
    single: bool,
}

const STYLES: [Style; 5] = [
    // Node.
    Style { open: "<Buffer", close: '>', count: None, single: true },
    Style { open: "[Uint8Contents]: <", close: '>', count: Some("byteLength: "), single: true },
    // Foundation's NSData, in newer and older systems.
    Style { open: "bytes = 0x", close: '}', count: Some("length = "), single: false },
    Style { open: "<", close: '>', count: None, single: false },
    // Okio, which OkHttp uses.
    Style { open: "hex=", close: ']', count: Some("size="), single: false },
];

/// Whether a text has a printed buffer.
pub(super) fn is_possible(text: &str) -> bool {
    find(text).is_some()
}

/// Returns the style of the first buffer, and where its hex begins.
fn find(text: &str) -> Option<(&'static Style, usize)> {
    STYLES.iter().find_map(|style| {
        let open = text.find(style.open)?;
        let start = open.saturating_add(style.open.len());
        let before = text.get(..open).unwrap_or_default();
        let fits = match style.open {
            // `>` and `<` are marks of directions too, and `<` begins many things.
            "<" => {
                let inside = text.get(start..)?.trim_end().strip_suffix('>')?;
                let hex = |char: char| char.is_ascii_hexdigit() || char == ' ' || char == '.';
                before.trim_start_matches('\u{feff}').trim().is_empty()
                    && inside.contains(|char: char| char.is_ascii_hexdigit())
                    && inside.chars().all(hex)
            }
            "hex=" => before.contains('['),
            "bytes = 0x" => before.contains('{') && before.contains("length = "),
            _ => true,
        };
        fits.then_some((style, start))
    })
}

/// Parses the one printed buffer of a text. What stands around it is ignored, unless it may be bytes.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let error = |at, problem| PasteError::in_text(text, at, problem);
    let (style, start) = find(text).ok_or_else(|| error(0, PasteProblem::NoBuffer))?;
    let rest = text.get(start..).unwrap_or_default();
    let open = start.saturating_sub(1);
    let bracket = style.open.chars().find(|char| matches!(char, '<' | '[')).unwrap_or('{');
    let len = rest.find(style.close).ok_or_else(|| error(open, PasteProblem::Unclosed(bracket)))?;
    let end = start.saturating_add(len);
    if let Some(second) = text.get(end..).and_then(|rest| rest.find(style.open.trim_end())) {
        return Err(error(end.saturating_add(second), PasteProblem::Second("buffer")));
    }
    let mut bytes = Vec::new();
    let mut at = start;
    for word in text.get(start..end).unwrap_or_default().split_ascii_whitespace() {
        let found = text.get(at..end).and_then(|rest| rest.find(word)).unwrap_or_default();
        at = at.saturating_add(found);
        // Node prints 50 bytes: `... 12 more bytes` follows. Others end with `…`.
        if word.contains("..") || word.contains('…') {
            let tail = text.get(at..end).unwrap_or_default();
            return Err(error(at, PasteProblem::Cut(excerpt(tail))));
        }
        if let Some(bad) = word.chars().find(|char| !char.is_ascii_hexdigit()) {
            return Err(error(at, PasteProblem::HexDigit(bad)));
        }
        let group = unhex(word).filter(|group| !style.single || group.len() == 1);
        bytes.extend(group.ok_or_else(|| error(at, PasteProblem::OddDigits(excerpt(word))))?);
        at = at.saturating_add(word.len());
    }
    let claimed = style.count.and_then(|name| claimed(text, name));
    if let Some(claimed) = claimed.filter(|count| *count != bytes.len()) {
        return Err(error(end, PasteProblem::Count { claimed, found: bytes.len() }));
    }
    let open = start.saturating_sub(style.open.len());
    match beside::find(text, &(open..end), bytes.len(), Suspicion::Bytes) {
        Some(beside) => Err(error(beside, PasteProblem::Beside)),
        None => Ok(bytes),
    }
}

/// Returns the number behind `name`.
fn claimed(text: &str, name: &str) -> Option<usize> {
    let (_, behind) = text.split_once(name)?;
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    behind.get(..digits)?.parse().ok()
}
