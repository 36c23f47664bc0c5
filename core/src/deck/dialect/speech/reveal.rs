//! reveal-md: elements that are fragments appear with a key press.

use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::dialect::speech::state::{self, SlideState};
use crate::deck::dialect::writer::Writer;

pub(super) fn write(
    state: &mut SlideState,
    index: usize,
    piece: &Piece,
    writer: &mut Writer,
) -> bool {
    match piece.kind {
        PieceKind::Comment(text) => {
            text.trim().starts_with(".slide:") || text.trim().starts_with(".element:")
        }
        PieceKind::Line(line) if begins_element(state, index, line) => {
            if is_fragment(state, index) {
                state::pause(writer, piece.start, line);
            }
            false
        }
        PieceKind::Line(_) | PieceKind::Code(_) => false,
    }
}

/// Whether a paragraph, a heading or an item of a list begins with the piece at `index`.
fn begins_element(state: &SlideState, index: usize, line: &str) -> bool {
    let before = state.neighbour(index, -1);
    !line.trim().is_empty() && (is_item(line) || before.is_none_or(ends_element))
}

/// Whether the element that begins with the piece at `index` is a fragment.
fn is_fragment(state: &SlideState, index: usize) -> bool {
    let is_mark = |text: &str| {
        text.split_once(".element:").is_some_and(|(_, rest)| rest.contains("fragment"))
    };
    for (offset, piece) in state.slide.pieces.iter().skip(index).enumerate() {
        match piece.kind {
            PieceKind::Comment(text) if is_mark(text) => return true,
            PieceKind::Line(line) if offset > 0 && is_item(line) => return false,
            PieceKind::Line(line) if is_mark(line) => return true,
            PieceKind::Line(line) if !line.trim().is_empty() => {}
            _ => return false,
        }
    }
    false
}

fn ends_element(piece: &Piece) -> bool {
    match piece.kind {
        PieceKind::Line(line) => line.trim().is_empty() || line.starts_with('#'),
        PieceKind::Code(_) | PieceKind::Comment(_) => true,
    }
}

/// Whether `line` begins an item of a list.
fn is_item(line: &str) -> bool {
    let text = line.trim_start();
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_number = rest.len() < text.len() && (rest.starts_with(". ") || rest.starts_with(") "));
    is_number || ["- ", "* ", "+ "].iter().any(|marker| text.starts_with(marker))
}
