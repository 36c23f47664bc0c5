//! What is known while a slide is rewritten.

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::pieces::Piece;
use crate::deck::dialect::slides::SlideSource;
use crate::deck::dialect::writer::Writer;
use crate::deck::directive::{self, Directive};
use crate::text::suggest;

/// Rewrites a piece of a slide. Returns whether it did; else the piece stays as written.
pub(in crate::deck::dialect) type Speech = fn(&mut SlideState, usize, &Piece, &mut Writer) -> bool;

/// The state of a slide that is being rewritten.
#[derive(Debug)]
pub(in crate::deck::dialect) struct SlideState<'s, 'a> {
    pub(in crate::deck::dialect) dialect: Dialect,
    pub(in crate::deck::dialect) body: &'a str,
    pub(in crate::deck::dialect) slide: &'s SlideSource<'a>,
    /// Whether lists appear item by item here.
    pub(super) lists_wait: bool,
    /// Whether the lines are centred here.
    pub(super) is_centred: bool,
    /// The columns that were begun.
    pub(super) columns: usize,
    /// The wrappers that were opened and not closed.
    pub(super) wrappers: usize,
    /// Whether something other than properties has come.
    pub(super) has_begun: bool,
    /// What the dialect doesn't know: the byte of the body, and a message.
    pub(in crate::deck::dialect) unknown: Vec<(usize, String)>,
    /// Whether the slide is in two columns, as its layout says.
    pub(super) has_two_columns: bool,
}

impl<'s, 'a> SlideState<'s, 'a> {
    /// Creates the state at the beginning of `slide`.
    pub(in crate::deck::dialect) fn new(
        dialect: Dialect,
        body: &'a str,
        slide: &'s SlideSource<'a>,
    ) -> Self {
        Self {
            dialect,
            body,
            slide,
            lists_wait: false,
            is_centred: false,
            columns: 0,
            wrappers: 0,
            has_begun: false,
            unknown: Vec::new(),
            has_two_columns: false,
        }
    }

    /// Warns about a word at byte `at` that is nearly one of those that the dialect knows. Returns
    /// whether it is.
    pub(super) fn warn_about_slip(&mut self, at: usize, word: &str, known: &[&str]) -> bool {
        let meant = suggest(word, known).filter(|meant| *meant != word);
        if let Some(meant) = meant {
            let message =
                format!("{} does not know `{word}` (did you mean `{meant}`?)", self.dialect);
            self.unknown.push((at, message));
        }
        meant.is_some()
    }

    /// Returns the piece before or after the one at `index`.
    pub(super) fn neighbour(&self, index: usize, offset: isize) -> Option<&'s Piece<'a>> {
        self.slide.pieces.get(index.checked_add_signed(offset)?)
    }

    /// Whether only blank lines follow the piece at `index`.
    pub(super) fn is_last(&self, index: usize) -> bool {
        self.slide.pieces.iter().skip(index + 1).all(Piece::is_blank)
    }
}

/// Whether a comment is one of our directives, or a slip in one.
pub(super) fn is_directive(comment: &str) -> bool {
    directive::parse_directive(comment) != Directive::Comment
}

/// Returns the blanks at the start of a line.
pub(super) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// Writes a pause, as deep in lists as the line in whose place or before which it stands.
pub(super) fn pause(writer: &mut Writer, at: usize, line: &str) {
    writer.insert(at, indentation(line));
    writer.insert(at, "<!-- pause -->\n");
}
