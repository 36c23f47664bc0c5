//! The body of a slide in rows.

use ratatui::text::Line;

use crate::deck::{ColumnAlign, ImageBlock};
use crate::slide::text::big::BigLine;
use crate::text;

/// The content of a slide in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SlideBody {
    /// The rows from top to bottom.
    pub(crate) rows: Vec<BodyRow>,
    /// The demos, in the order of reading.
    pub(crate) demos: Vec<PlacedDemo>,
    /// The number of rows that each demo takes.
    pub(crate) rows_per_demo: usize,
    /// The pictures, in the order of reading.
    pub(crate) pictures: Vec<PlacedPicture>,
    /// The rows that a step points out without revealing them.
    pub(crate) pointed_out: Vec<PointedOut>,
    /// The row from which on the slide stands in the middle of the free height.
    pub(crate) middle: Option<usize>,
}

/// One row of a slide.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BodyRow {
    /// What stands on the row, from left to right.
    pub(crate) pieces: Vec<RowPiece>,
}

/// A piece of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RowPiece {
    /// The number of cells left of it.
    pub(crate) x: usize,
    /// What stands left of the body and does not scroll sideways: indents, bars and bullets.
    pub(crate) prefix: Line<'static>,
    /// The text.
    pub(crate) body: Line<'static>,
    /// The step from which on the piece is visible, from 0.
    pub(crate) step: usize,
    /// Whether the body has the background of a panel.
    pub(crate) panel: bool,
    /// How the body moves sideways; `None` for text, which wraps instead.
    pub(crate) sideways: Option<Sideways>,
    /// When the piece is dimmed, because other lines of its code stand out.
    pub(crate) emphasis: Option<Emphasis>,
    /// Whether this is a row of big letters, whose blanks at the end belong to the letters.
    pub(crate) is_big: bool,
    /// The line of big letters whose first row this is, and where it stands in its room.
    pub(crate) begins_big: Option<Box<(BigLine, ColumnAlign)>>,
}

/// The sideways movement of rows that are shown as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sideways {
    /// The number of cells in which the body is shown.
    pub(crate) room: usize,
    /// The width of the widest body of the same block.
    pub(crate) widest: usize,
}

impl Sideways {
    /// Returns the number of cells by which the block moves if the slide is moved by `wanted`.
    pub(crate) fn shift(self, wanted: usize) -> usize {
        wanted.min(self.widest.saturating_sub(self.room))
    }
}

/// The steps in which a line of code stands out or is dimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Emphasis {
    /// The step of the first entry of `by_step`.
    pub(crate) first_step: usize,
    /// What the line is in each step. The last entry lasts.
    pub(crate) by_step: Vec<LineEmphasis>,
}

/// How a line of code looks beside the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LineEmphasis {
    /// Like all the others.
    #[default]
    None,
    /// It stands out.
    StandsOut,
    /// Others stand out.
    Dimmed,
}

impl Emphasis {
    /// Returns what the line is at `step`.
    pub(crate) fn at(&self, step: usize) -> LineEmphasis {
        let index = step.saturating_sub(self.first_step).min(self.by_step.len().saturating_sub(1));
        self.by_step.get(index).copied().unwrap_or_default()
    }
}

/// The place of a demo in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedDemo {
    /// The row of its top edge, from 0.
    pub(crate) row: usize,
    /// The number of cells left of it.
    pub(crate) x: usize,
    /// Its width in cells.
    pub(crate) width: usize,
    /// The step from which on the demo is visible, from 0.
    pub(crate) step: usize,
}

/// The place of a picture in the body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlacedPicture {
    /// The row of its top edge, from 0.
    pub(crate) row: usize,
    /// The number of cells left of it.
    pub(crate) x: usize,
    /// Its width in cells.
    pub(crate) width: usize,
    /// Its height in rows.
    pub(crate) height: usize,
    /// The step from which on the picture is visible, from 0.
    pub(crate) step: usize,
    /// The picture.
    pub(crate) image: ImageBlock,
}

/// Rows that a step points out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PointedOut {
    /// The step, from 0.
    pub(crate) step: usize,
    /// The first row, from 0.
    pub(crate) first: usize,
    /// The last row.
    pub(crate) last: usize,
}

impl RowPiece {
    /// Returns the cell behind the last letter.
    pub(crate) fn right(&self) -> usize {
        let body = if self.is_big { self.body.width() } else { visible_width(&self.body) };
        self.x + self.prefix.width() + body
    }

    /// Returns the number of columns that are out of sight while nothing is moved sideways.
    pub(crate) fn hidden_columns(&self) -> usize {
        self.sideways.map_or(0, |sideways| sideways.widest.saturating_sub(sideways.room))
    }
}

/// Returns the width of `line` in cells without the blanks at its end.
pub(crate) fn visible_width(line: &Line) -> usize {
    let mut blank = 0;
    for span in line.spans.iter().rev() {
        let trimmed = span.content.trim_end_matches(' ');
        blank += text::width(&span.content) - text::width(trimmed);
        if !trimmed.is_empty() {
            break;
        }
    }
    line.width() - blank
}

impl SlideBody {
    /// Returns the number of columns that are out of sight at `step` while nothing is moved.
    pub(crate) fn hidden_columns(&self, step: usize) -> usize {
        let pieces = self.rows.iter().flat_map(|row| &row.pieces);
        let shown = pieces.filter(|piece| piece.step <= step);
        shown.map(RowPiece::hidden_columns).max().unwrap_or(0)
    }

    /// Returns the number of rows down to the last one that is visible at `step`.
    pub(crate) fn revealed_rows(&self, step: usize) -> usize {
        let is_revealed = |row: &BodyRow| row.pieces.iter().any(|piece| piece.step <= step);
        self.rows.iter().rposition(is_revealed).map_or(0, |last| last + 1)
    }

    /// Returns the first and the last row that `step` reveals or points out.
    pub(crate) fn rows_of_step(&self, step: usize) -> Option<(usize, usize)> {
        if let Some(rows) = self.pointed_out.iter().find(|rows| rows.step == step) {
            return Some((rows.first, rows.last));
        }
        let is_new = |row: &BodyRow| row.pieces.iter().any(|piece| piece.step == step);
        let first = self.rows.iter().position(is_new)?;
        Some((first, self.rows.iter().rposition(is_new)?))
    }
}
