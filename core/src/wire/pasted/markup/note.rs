//! What people and specifications write beside bytes in hex: bullets, notes in parentheses, and the
//! bytes as characters between bars.

use std::borrow::Cow;

use crate::wire::format::unhex;
use crate::wire::pasted::markup::log::is_byte;

/// Returns `text` with blanks in place of bullets, notes and characters beside bytes.
pub(super) fn without_notes(text: &str) -> Option<String> {
    let lines = || text.split('\n');
    let bulleted = lines()
        .filter(|line| !line.trim().is_empty())
        .all(|line| bullet_end(line).is_some() || line.trim_start().starts_with('('));
    let plain = |line| plain_line(line, bulleted);
    if lines().all(|line| matches!(plain(line), Cow::Borrowed(_))) {
        return None;
    }
    Some(lines().map(plain).collect::<Vec<_>>().join("\n"))
}

fn plain_line(line: &str, bulleted: bool) -> Cow<'_, str> {
    let start = bullet_end(line).filter(|_| bulleted).unwrap_or(0);
    let rest = line.get(start..).unwrap_or_default();
    let end = bytes_end(rest);
    let behind = rest.get(end..).unwrap_or_default();
    let bytes = rest.get(..end).unwrap_or_default();
    let beside = is_note(behind) || shows(behind, bytes);
    if end == 0 || start == 0 && !beside {
        return Cow::Borrowed(line);
    }
    let plain = " ".repeat(line.get(..start).unwrap_or_default().chars().count()) + bytes;
    Cow::Owned(if beside { plain } else { plain + behind })
}

/// Returns the end of the bullet of a list before bytes.
fn bullet_end(line: &str) -> Option<usize> {
    let bare = line.trim_start();
    let rest = bare.strip_prefix(['*', '•'])?;
    let first = rest.split_ascii_whitespace().next()?;
    let spaced = rest.starts_with([' ', '\t']) && is_byte(first);
    spaced.then(|| line.len().saturating_sub(rest.len()))
}

/// Returns the end of the single bytes in hex that `text` begins with; two blanks may stand in the
/// middle.
fn bytes_end(text: &str) -> usize {
    let mut end = 0_usize;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let word_on = rest.trim_start_matches([' ', ',']);
        let word = word_on.split([' ', ',']).next().unwrap_or_default();
        let gap = rest.len().saturating_sub(word_on.len());
        if !is_byte(word) || end > 0 && gap > 2 {
            return end;
        }
        end = end.saturating_add(gap).saturating_add(word.len());
    }
}

/// Whether what is behind bytes is a note in parentheses: words, none of which may be bytes.
fn is_note(behind: &str) -> bool {
    let inside = behind.trim();
    let Some(inside) = inside.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return false;
    };
    // What is in quotes is what the bytes mean.
    let unquoted: String = inside.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let words = || unquoted.split(|char: char| !char.is_ascii_alphanumeric());
    let hex = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_word = words().any(|word| {
        word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) && !hex(word)
    });
    let may_be_byte =
        |word: &str| hex(word) && word.len() > 1 && word.bytes().any(|byte| byte.is_ascii_digit());
    has_word
        && !inside.contains(['\\', '(', ')'])
        && inside.matches('"').count().is_multiple_of(2)
        && !words().any(may_be_byte)
}

/// Whether what is behind bytes are their characters: behind a bar, perhaps in two halves.
fn shows(behind: &str, bytes: &str) -> bool {
    let digits: String =
        bytes.split([' ', ',']).map(|word| word.trim_start_matches("0x")).collect();
    let (Some(bytes), Some(shown)) = (unhex(&digits), behind.trim().strip_prefix('|')) else {
        return false;
    };
    let whole = |shown: &str| {
        let mut chars = shown.chars();
        let all = bytes.iter().all(|byte| match (byte, chars.next()) {
            // Blanks at the end of a line are easily lost.
            (b' ', None) => true,
            (b' '..=b'~', char) => char == Some(char::from(*byte)),
            // Digits could be bytes behind a bar.
            (_, char) => char.is_some_and(|char| !char.is_ascii_alphanumeric()),
        });
        all && matches!(chars.as_str(), "" | "|")
    };
    let middle = shown.char_indices().nth(8).filter(|(_, char)| *char == ' ');
    let halves = middle.map(|(at, _)| {
        let (left, right) = shown.split_at_checked(at).unwrap_or_default();
        left.to_owned() + right.get(1..).unwrap_or_default()
    });
    whole(shown) || halves.is_some_and(|shown| whole(&shown))
}
