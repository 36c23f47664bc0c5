//! Problems in a deck, each with a suggestion.
//!
//! A warning never stops a talk. `wiretalk check` prints it, and its slide shows it.

use std::fmt;

use crate::deck::{LineIndex, Position};
use crate::text;

/// The number of characters of a line that are shown on each side of the position.
const AROUND: usize = 80;

/// A problem at one position of a deck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The index of the slide, from 0.
    pub slide: usize,
    /// The line and column in the file.
    pub position: Position,
    /// What is wrong and how to fix it, in one line.
    pub message: String,
    /// The source line around the position, with control characters made visible and `…` where it
    /// was cut.
    pub source: String,
    /// The number of terminal cells of `source` before the position.
    pub mark: usize,
}

impl Warning {
    /// Creates a warning at a position of the text that `lines` indexes.
    pub fn new(slide: usize, at: Position, lines: &LineIndex, message: impl Into<String>) -> Self {
        let (source, mark) = excerpt(lines.line_text(at.line), at.column);
        Self {
            slide,
            position: at,
            message: text::sanitize(&message.into()).into_owned(),
            source,
            mark,
        }
    }

    /// Formats the warning as `file:line:column: message`, then the source line with a caret under
    /// the column.
    pub fn report<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        self.report_as(file, "")
    }

    /// Formats the warning like [`Warning::report`], with `kind` before the message, for notes that
    /// are not problems.
    pub fn report_as<'a>(&'a self, file: &'a str, kind: &'a str) -> impl fmt::Display + 'a {
        WarningReport { warning: self, file, kind }
    }
}

/// Returns the part of a line around `column` (in characters, from 1) as a terminal can show it,
/// and the number of cells before that column.
///
/// The excerpt is bounded because a single line can be as long as the whole file, and each of its
/// characters can cause a warning.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let at = column.saturating_sub(1);
    let first = at.saturating_sub(AROUND);
    let mut rest = line.chars().skip(first);
    let cut = if first > 0 { "…" } else { "" };
    let mut part: String = cut.chars().chain(rest.by_ref().take(at - first)).collect();
    // The mark counts cells of the text as shown, because tabs and wide characters take several.
    let mark = text::width(&shown(&part));
    part.extend(rest.by_ref().take(AROUND));
    let source = shown(&part) + if rest.next().is_some() { "…" } else { "" };
    (source, mark)
}

fn shown(part: &str) -> String {
    text::sanitize(&text::expand_tabs(part, 4)).into_owned()
}

struct WarningReport<'a> {
    warning: &'a Warning,
    file: &'a str,
    kind: &'a str,
}

impl fmt::Display for WarningReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Warning { position: at, message, source, mark, .. } = self.warning;
        writeln!(f, "{}:{}:{}: {}{message}", self.file, at.line, at.column, self.kind)?;
        writeln!(f, "{:>5} | {source}", at.line)?;
        write!(f, "      | {:mark$}^", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_place_and_shows_the_line() {
        let lines = LineIndex::new("one\n\n```demo wz\n");
        let warning = Warning::new(0, Position { line: 3, column: 9 }, &lines, "unknown demo `wz`");
        let report = warning.report("talk.md").to_string();
        assert_eq!(report, "talk.md:3:9: unknown demo `wz`\n    3 | ```demo wz\n      |         ^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let long = format!("{}\tHERE{}", "a".repeat(500), "b".repeat(500));
        let lines = LineIndex::new(&long);
        let warning = Warning::new(0, Position { line: 1, column: 502 }, &lines, "x");
        let (source, mark) = (&warning.source, warning.mark);
        assert_eq!(source.chars().count(), 1 + 79 + 4 + 80 + 1, "{source}");
        assert!(source.starts_with("…a") && source.ends_with("b…"), "{source}");
        assert_eq!(&source.chars().skip(mark).take(4).collect::<String>(), "HERE");
    }
}
