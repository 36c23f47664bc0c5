//! What pages, chats, terminals and logs put around pasted text: escape sequences, code fences, quotes,
//! times, titles, notes. Lines stay where they are, and so do columns as far as they are seen.

mod log;
mod note;
mod pattern;
mod title;

use std::borrow::Cow;

pub(super) use log::name_of as log_name;
pub(super) use title::Title;

/// Returns `text` with a line feed at each end of a line: a terminal in raw mode pastes carriage
/// returns.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text without what was put around it.
#[derive(Debug)]
pub(super) struct Bare<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether escape sequences were removed. They could be bytes of a string.
    pub(super) had_escapes: bool,
    /// The title that was removed, if it gives the number of bytes.
    pub(super) title: Option<Title>,
}

/// Removes escape sequences, code fences around the whole text, `>` before every line, what a logger
/// writes there, and what people and programs write beside bytes.
pub(super) fn remove(text: &str) -> Bare<'_> {
    let had_escapes = text.contains("\u{1b}[");
    let mut text =
        if had_escapes { Cow::Owned(without_escapes(text)) } else { Cow::Borrowed(text) };
    let mut title = None;
    for step in [without_quote_marks, without_fence, without_backticks, log::without_prefixes] {
        if let Some(shorter) = step(&text) {
            text = Cow::Owned(shorter);
        }
    }
    if let Some((found, shorter)) = title::without_title(&text) {
        (title, text) = (Some(found), Cow::Owned(shorter));
    }
    let steps = [
        title::without_gaps,
        title::without_indexes,
        note::without_parentheses,
        note::without_notes,
    ];
    for step in steps {
        if let Some(shorter) = step(&text) {
            text = Cow::Owned(shorter);
        }
    }
    Bare { text, had_escapes, title }
}

/// Returns `text` without control sequences (ECMA-48 section 5.4), such as colours.
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let parameters = |char: char| matches!(char, '\u{20}'..='\u{3f}');
        let behind = sequence.trim_start_matches(parameters);
        rest = match behind.strip_prefix(|char| matches!(char, '\u{40}'..='\u{7e}')) {
            Some(rest) => rest,
            None => behind,
        };
    }
    out + rest
}

/// Returns a quotation without its `>`; `None` unless every line has one.
fn without_quote_marks(text: &str) -> Option<String> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let quoted = lines().next().is_some() && lines().all(|line| line.starts_with('>'));
    quoted.then(|| {
        let blank = |line: &str| {
            let bare = line.trim_start_matches(['>', ' ']);
            let marks = line.len().saturating_sub(bare.len());
            let depth = line.get(..marks).unwrap_or_default().trim_end().len();
            " ".repeat(depth) + line.get(depth..).unwrap_or_default()
        };
        text.split('\n').map(blank).collect::<Vec<_>>().join("\n")
    })
}

/// Returns a text without the fence around it (`CommonMark` 4.5). Text outside of the fence stays, and
/// so does a fence that isn't closed.
fn without_fence(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let first = lines.iter().position(|line| !line.trim().is_empty())?;
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let fence = ["```", "~~~"].into_iter().find(|fence| {
        let open = lines.get(first).is_some_and(|line| line.trim().starts_with(fence));
        let close = lines.get(last).is_some_and(|line| line.trim() == *fence);
        // The first line may name a language.
        let named = lines.get(first).is_some_and(|line| {
            let name = line.trim().trim_start_matches(['`', '~']);
            name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
        });
        open && close && named
    })?;
    let inside = lines.get(first.saturating_add(1)..last)?;
    let another = inside.iter().any(|line| line.trim().starts_with(fence));
    (!another).then(|| {
        let before = "\n".repeat(first.saturating_add(1));
        before + &inside.join("\n") + "\n"
    })
}

/// Returns a text without a backtick at both ends. Within backticks, blanks of a string could be
/// bytes: a text with a backslash stays.
fn without_backticks(text: &str) -> Option<String> {
    let bare = text.trim();
    let ticks = bare.len().saturating_sub(bare.trim_start_matches('`').len());
    let inside = bare.get(ticks..bare.len().checked_sub(ticks)?)?;
    let closed = (1..=2).contains(&ticks)
        && bare.get(bare.len().checked_sub(ticks)?..)? == bare.get(..ticks)?;
    let plain = !inside.contains(['`', '\\']);
    (closed && plain).then(|| text.replace('`', ""))
}
