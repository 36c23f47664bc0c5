//! deckhand: `row` fences are columns; `theme` fences have no counterpart.

use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::dialect::speech::state::SlideState;
use crate::deck::dialect::writer::Writer;

pub(super) fn write(state: &mut SlideState, _: usize, piece: &Piece, writer: &mut Writer) -> bool {
    let PieceKind::Code(info) = piece.kind else { return false };
    match info.split(' ').next() {
        Some("theme") => {
            writer.insert(piece.start, "\n");
            true
        }
        Some("row") => {
            write_row(state.body, piece, writer);
            true
        }
        _ => false,
    }
}

/// Writes the cells of a row, between lines `||`, as columns.
fn write_row(body: &str, piece: &Piece, writer: &mut Writer) {
    let code = &body[piece.start..piece.end];
    let first = code.split_inclusive('\n').next().map_or(0, str::len);
    let last = code.trim_end().rfind('\n').map_or(code.len(), |at| at + 1);
    let inner = code.get(first..last.max(first)).unwrap_or("");
    let mut at = piece.start + first;
    let mut cells = vec![(at, at)];
    for line in inner.split_inclusive('\n') {
        let next = at + line.len();
        if line.trim() == "||" {
            cells.push((next, next));
        } else if let Some(cell) = cells.last_mut() {
            cell.1 = next;
        }
        at = next;
    }
    writer.directive(piece.start, &format!("column_layout: {:?}", vec![1; cells.len()]));
    for (index, &(start, end)) in cells.iter().enumerate() {
        writer.directive(start, &format!("column: {index}"));
        writer.copy(start, end);
    }
    writer.directive(piece.start, "reset_layout");
}
