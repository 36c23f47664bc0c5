//! Where rows stand between the edges: their alignment, and the places of what is shown as written
//! and may be wider than text.

use ratatui::text::Line;

use crate::deck::{Block, ColumnAlign};
use crate::slide::body::builder::{BodyBuilder, LinePrefix, Room};
use crate::slide::body::rows::{Emphasis, RowPiece, Sideways, visible_width};

/// A line that is shown as written.
#[derive(Clone, Debug, Default)]
pub(super) struct WrittenLine {
    pub(super) body: Line<'static>,
    pub(super) panel: bool,
    pub(super) step: usize,
    pub(super) emphasis: Option<Emphasis>,
}

impl BodyBuilder<'_> {
    /// Appends a block that is shown as written. It begins where text does if it is no wider;
    /// otherwise it stands in the middle of the screen; what is wider still moves sideways.
    pub(super) fn written(&mut self, lines: Vec<WrittenLine>, prefix: &mut LinePrefix, room: Room) {
        let widest = lines.iter().map(|line| visible_width(&line.body)).max().unwrap_or(0);
        let indent = prefix.width();
        let mut x = room.x;
        if indent == 0 && widest > room.width {
            let all = room.right - room.left;
            x = x.min(room.left + (all - widest.min(all)) / 2);
        }
        let sideways = Sideways { room: room.right.saturating_sub(x + indent), widest };
        for WrittenLine { body, panel, step, emphasis } in lines {
            let (prefix, sideways) = (prefix.take_first(), Some(sideways));
            let rest = RowPiece::default();
            self.push(RowPiece { x, prefix, body, step, panel, sideways, emphasis, ..rest });
        }
    }

    /// Moves the rows of `block`, which begin at `from`, to where the alignment around them wants
    /// them. The lines of a paragraph are aligned one by one, everything else as a whole, so that
    /// drawings and lists keep their form.
    pub(super) fn align_rows(&mut self, from: usize, block: &Block, room: Room) {
        let each = matches!(block, Block::Paragraph(_) | Block::Heading { .. } | Block::Image(_));
        let is_placed = matches!(
            block,
            Block::Demo(_) | Block::Columns(_) | Block::Styled { .. } | Block::Footnotes(_)
        );
        if self.align == ColumnAlign::Left || self.depth > 0 || is_placed {
            return;
        }
        let align = self.align;
        let rows = &mut self.body.rows[from..];
        let right = room.x + room.width;
        let extent = |pieces: &[RowPiece]| pieces.iter().map(RowPiece::right).max().unwrap_or(0);
        let widest = rows.iter().map(|row| extent(&row.pieces)).max().unwrap_or(0);
        for row in rows {
            let end = if each { extent(&row.pieces) } else { widest };
            let free = right.saturating_sub(end);
            for piece in &mut row.pieces {
                piece.x += if align == ColumnAlign::Center { free / 2 } else { free };
            }
        }
    }
}
