//! What is known while a slide is rewritten.

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::pieces::Piece;
use crate::deck::dialect::slides::SlideSource;
use crate::deck::dialect::writer::Writer;
use crate::deck::directive::{self, Directive, MAX_COLUMNS};
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
    /// The divs that are open, the innermost last.
    pub(super) divs: Vec<Div>,
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
    /// Creates the state at the beginning of `slide`, where lists appear item by item if `lists_wait`.
    pub(in crate::deck::dialect) fn new(
        dialect: Dialect,
        body: &'a str,
        slide: &'s SlideSource<'a>,
        lists_wait: bool,
    ) -> Self {
        Self {
            dialect,
            body,
            slide,
            lists_wait,
            is_centred: false,
            columns: 0,
            divs: Vec::new(),
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

    /// Divides the slide into `count` equal columns from byte `at` on.
    pub(super) fn open_columns(&mut self, at: usize, count: usize, writer: &mut Writer) {
        if count > MAX_COLUMNS {
            let message = format!(
                "{count} columns are too many; there can be {MAX_COLUMNS}, and the last one holds \
                 the rest"
            );
            self.unknown.push((at, message));
        }
        let weights = vec![1; count.clamp(1, MAX_COLUMNS)];
        writer.directive(at, &format!("column_layout: {weights:?}"));
        self.columns = 0;
    }

    /// Goes on in the next column.
    pub(super) fn begin_column(&mut self, at: usize, writer: &mut Writer) {
        writer.directive(at, &format!("column: {}", self.columns.min(MAX_COLUMNS - 1)));
        self.columns += 1;
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

/// A div of Pandoc (`:::`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Div {
    /// It divides the slide into columns.
    Columns,
    /// It says whether lists appear item by item, which they did or did not around it.
    Lists {
        wait_around: bool,
    },
    Other,
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
