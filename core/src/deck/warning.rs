//! What is odd in a deck, and what would be right.
//!
//! A warning never stops a talk: it is printed by `wiretalk check` and shown on its slide.

use std::fmt;

use crate::deck::{LineIndex, Position};
use crate::text;

/// The characters of a line that are shown before and behind the place.
const AROUND: usize = 80;

/// Something odd at one place of a deck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The slide it stands on, counted from 0.
    pub slide: usize,
    /// Line and column in the file.
    pub position: Position,
    /// What is wrong and what would be right, in one line.
    pub message: String,
    /// The source line around the place, control characters made visible; `…` where it was cut.
    pub source: String,
    /// The cells of `source` before the place.
    pub mark: usize,
}

impl Warning {
    /// A warning at a place of the text that `lines` has read.
    pub fn new(slide: usize, at: Position, lines: &LineIndex, message: impl Into<String>) -> Self {
        let (source, mark) = excerpt(lines.line_text(at.line), at.column);
        Self { slide, position: at, message: text::sanitize(&message.into()).into_owned(), source, mark }
    }

    /// The warning as `file:line:column: message`, then the source line with a mark under the column.
    pub fn report<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        self.report_as(file, "")
    }

    /// The same with a word before the message, for what is worth saying and not odd.
    pub fn report_as<'a>(&'a self, file: &'a str, kind: &'a str) -> impl fmt::Display + 'a {
        WarningReport { warning: self, file, kind }
    }
}

/// The part of a line around a column, which counts characters from 1, as a terminal may show it, and the cells before
/// that column. A line may be as long as the whole file, and each of its characters worth a warning.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let at = column.saturating_sub(1);
    let first = at.saturating_sub(AROUND);
    let mut rest = line.chars().skip(first);
    let cut = if first > 0 { "…" } else { "" };
    let mut part: String = cut.chars().chain(rest.by_ref().take(at - first)).collect();
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
