//! The text of a paragraph, a heading or a table cell, as runs built from the parser's inline
//! events.
//!
//! Styles are flags, not a stack, so deeply nested styles cost nothing.

use pulldown_cmark::TagEnd;

use crate::deck::{TextRun, TextStyle};
use crate::text;

/// The runs so far, with the current style and link.
#[derive(Default)]
pub(super) struct Inline {
    runs: Vec<TextRun>,
    pub(super) style: TextStyle,
    pub(super) link: Option<String>,
}

impl Inline {
    /// Appends text in the current style.
    pub(super) fn push(&mut self, text: &str) {
        let text =
            text::sanitize(&text.replace(['\t', '\n'], " ").replace(text::is_direction_mark, ""))
                .into_owned();
        match self.runs.last_mut() {
            Some(last)
                if last.style == self.style && last.link == self.link && !last.is_break() =>
            {
                last.text.push_str(&text);
            }
            _ => self.runs.push(TextRun { text, style: self.style, link: self.link.clone() }),
        }
    }

    /// Appends a hard line break.
    pub(super) fn end_line(&mut self) {
        self.runs.push(TextRun { text: "\n".to_owned(), ..TextRun::default() });
    }

    /// Ends a style or a link.
    pub(super) fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::Strong => self.style.bold = false,
            TagEnd::Emphasis => self.style.italic = false,
            TagEnd::Strikethrough => self.style.strike = false,
            TagEnd::Link => self.link = None,
            _ => {}
        }
    }

    /// Returns the runs, without spaces at both ends.
    pub(super) fn finish(mut self) -> Vec<TextRun> {
        if let Some(first) = self.runs.first_mut() {
            first.text = first.text.trim_start_matches(' ').to_owned();
        }
        if let Some(last) = self.runs.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
        }
        self.runs.retain(|run| !run.text.is_empty());
        // A deck keeps them all, and most paragraphs have few.
        self.runs.shrink_to_fit();
        self.runs
    }
}
