//! What people and specifications write beside bytes in hex: bullets, notes in parentheses, and the
//! bytes as characters between bars.

use std::borrow::Cow;

use crate::wire::format::unhex;
use crate::wire::pasted::markup::pattern::is_byte;

/// The maximum length of a note, in bytes.
const MAX_NOTE: usize = 200;

/// Returns `text` with blanks in place of notes behind bytes, which may go on in the next lines.
pub(super) fn without_parentheses(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any_bytes = false;
    while let Some((line, note)) = rest.find('(').and_then(|at| rest.split_at_checked(at)) {
        let before = line.rsplit('\n').next().unwrap_or_default();
        let bytes = before.get(bullet_end(before).unwrap_or(0)..).unwrap_or_default();
        let end = bytes_end(bytes);
        let alone = bytes.trim().is_empty() && line.contains('\n');
        any_bytes |= end > 0 || line.lines().any(|line| bytes_end(line) > 0);
        let closed = note.find(')').filter(|len| *len < MAX_NOTE)?;
        let (note, behind) = note.split_at_checked(closed.saturating_add(1))?;
        let ends = behind.split('\n').next().is_some_and(|behind| behind.trim().is_empty());
        let beside = end > 0 && end == bytes.trim_end().len() || alone && any_bytes;
        if !ends || !beside || !is_note(&note.replace('\n', " ")) {
            return None;
        }
        out.push_str(line);
        out.extend(note.chars().map(|char| if char == '\n' { '\n' } else { ' ' }));
        rest = behind;
    }
    (!out.is_empty()).then(|| out + rest)
}

/// Returns `text` with blanks in place of bullets, and of characters beside bytes.
pub(super) fn without_notes(text: &str) -> Option<String> {
    let lines = || text.split('\n');
    let mut filled = lines().filter(|line| !line.trim().is_empty());
    // Bytes that go on in the next line have no bullet, but are indented.
    let bulleted = filled.next().is_some_and(|line| bullet_end(line).is_some())
        && filled
            .all(|line| bullet_end(line).is_some() || line.starts_with(' ') && bytes_end(line) > 0);
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
    let beside = shows(behind, bytes);
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
        let separates = |char: char| char == ',' || char != '\n' && char.is_whitespace();
        let word_on = rest.trim_start_matches(separates);
        let ends = |char: char| char == ',' || char.is_whitespace();
        let word = word_on.split(ends).next().unwrap_or_default();
        let between = rest.strip_suffix(word_on).unwrap_or_default();
        if !is_byte(word) || end > 0 && between.chars().count() > 2 {
            return end;
        }
        end = end.saturating_add(between.len()).saturating_add(word.len());
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
    let words = bytes.split(|char: char| char == ',' || char.is_whitespace());
    let digits: String = words.map(|word| word.trim_start_matches("0x")).collect();
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
