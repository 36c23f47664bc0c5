//! A block of code and the lines of it that are pointed out.

use std::ops::RangeInclusive;
use std::str::Lines;

use crate::text;

/// A block of code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeBlock {
    /// The language in lower case, as a grammar is looked up by it; empty if there is none.
    pub language: String,
    /// The lines, each ended by a line feed, with tabs expanded and control characters made
    /// visible.
    pub text: Box<str>,
    /// The number of the first line where lines are numbered.
    pub first_number: Option<usize>,
    /// The lines that stand out, step by step: the first from the beginning, each further one
    /// after another key press. Empty if none do.
    pub highlights: Vec<LineSelection>,
    /// Whether the block is shown without the background of code.
    pub hides_background: bool,
    /// Whether the deck asks to run the code. It is never run.
    pub executable: bool,
}

impl CodeBlock {
    /// Returns the lines, without line feeds.
    pub fn lines(&self) -> Lines<'_> {
        self.text.lines()
    }
}

/// Lines of a block of code, by their numbers from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineSelection {
    /// All lines.
    All,
    /// The lines within any of the ranges.
    Lines(Vec<RangeInclusive<usize>>),
}

impl LineSelection {
    /// Creates a selection of the lines within any of `ranges`.
    pub fn lines(ranges: impl IntoIterator<Item = RangeInclusive<usize>>) -> Self {
        Self::Lines(ranges.into_iter().collect())
    }

    /// Whether the selection holds line `number`, from 1.
    pub fn contains(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::Lines(ranges) => ranges.iter().any(|range| range.contains(&number)),
        }
    }
}

/// Returns lines of code as a terminal can show them, each ended by a line feed.
pub(in crate::deck) fn code_text<'a>(lines: impl Iterator<Item = &'a str>) -> Box<str> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&text::sanitize(&text::expand_tabs(line, 4)));
        text.push('\n');
    }
    text.into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_selected_by_any_range() {
        let selection = LineSelection::lines([1..=1, 5..=7]);
        let found: Vec<usize> = (0..9).filter(|&line| selection.contains(line)).collect();
        assert_eq!(found, [1, 5, 6, 7]);
        assert!(LineSelection::All.contains(9));
    }
}
