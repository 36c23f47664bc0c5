//! What is odd in a deck, and what would be right.
//!
//! A warning never stops a talk: it is printed by `wiretalk check` and shown on its slide.

use std::fmt;

use crate::deck::{Lines, Place};
use crate::text;

/// Something odd at one place of a deck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The slide it stands on, counted from 0.
    pub slide: usize,
    /// Line and column in the file.
    pub at: Place,
    /// What is wrong and what would be right, in one line.
    pub message: String,
    /// The source line, control characters made visible.
    pub source: String,
}

impl Warning {
    /// A warning at a place of the text that `lines` has read.
    pub fn new(slide: usize, at: Place, lines: &Lines, message: impl Into<String>) -> Self {
        let source = text::visible(&text::expand_tabs(lines.text(at.line), 4)).into_owned();
        Self { slide, at, message: text::visible(&message.into()).into_owned(), source }
    }

    /// The warning as `file:line:column: message`, then the source line with a mark under the column.
    pub fn report<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        Report { warning: self, file }
    }
}

struct Report<'a> {
    warning: &'a Warning,
    file: &'a str,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Warning { at, message, source, .. } = self.warning;
        writeln!(f, "{}:{}:{}: {message}", self.file, at.line, at.column)?;
        writeln!(f, "{:>5} | {source}", at.line)?;
        let before: String = source.chars().take(at.column - 1).collect();
        write!(f, "      | {:1$}^", "", text::width(&before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_place_and_shows_the_line() {
        let lines = Lines::new("one\n\n```demo wz\n");
        let warning = Warning::new(0, Place { line: 3, column: 9 }, &lines, "no demo is called `wz`");
        let report = warning.report("talk.md").to_string();
        assert_eq!(report, "talk.md:3:9: no demo is called `wz`\n    3 | ```demo wz\n      |         ^");
    }
}
