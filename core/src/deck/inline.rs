//! The text of a paragraph, a heading or a cell: runs, put together from the parser's inline events.
//!
//! Styles do not nest here, they are on or off, so that no depth of them costs anything.

use pulldown_cmark::TagEnd;

use crate::deck::{TextRun, TextStyle};
use crate::text;

/// Runs as they come in, with the styles in force.
#[derive(Default)]
pub(super) struct Inline {
    runs: Vec<TextRun>,
    pub(super) style: TextStyle,
    pub(super) link: Option<String>,
}

impl Inline {
    /// Text in the styles in force.
    pub(super) fn push(&mut self, text: &str) {
        let text = text::sanitize(&text.replace(['\t', '\n'], " ")).into_owned();
        match self.runs.last_mut() {
            Some(last) if last.style == self.style && last.link == self.link && !last.is_break() => {
                last.text.push_str(&text);
            }
            _ => self.runs.push(TextRun { text, style: self.style, link: self.link.clone() }),
        }
    }

    /// A hard line break.
    pub(super) fn end_line(&mut self) {
        self.runs.push(TextRun { text: "\n".to_owned(), ..TextRun::default() });
    }

    /// The end of a style or a link.
    pub(super) fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::Strong => self.style.bold = false,
            TagEnd::Emphasis => self.style.italic = false,
            TagEnd::Strikethrough => self.style.strike = false,
            TagEnd::Link => self.link = None,
            _ => {}
        }
    }

    /// The runs, without blanks at the ends.
    pub(super) fn finish(mut self) -> Vec<TextRun> {
        if let Some(first) = self.runs.first_mut() {
            first.text = first.text.trim_start_matches(' ').to_owned();
        }
        if let Some(last) = self.runs.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
        }
        self.runs.retain(|run| !run.text.is_empty());
        self.runs
    }
}
