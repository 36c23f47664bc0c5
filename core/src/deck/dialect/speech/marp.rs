//! Marp: directives and notes in comments, lists that appear item by item.

use crate::deck::dialect::detect::{MARP_DIRECTIVES, is_marp_directive};
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
        PieceKind::Code(_) => false,
        // Directives without a counterpart here, and `fit`, change how Marp draws and nothing else.
        PieceKind::Comment(text) if is_marp_directive(text) || text.trim() == "fit" => true,
        PieceKind::Comment(text) if is_slip(state, piece.start, text) => true,
        PieceKind::Comment(text) if state::is_directive(text) => false,
        PieceKind::Comment(text) => {
            writer.note(piece.start, text.trim());
            true
        }
        PieceKind::Line(line) => {
            let before = state.neighbour(index, -1).and_then(Piece::line).unwrap_or("");
            if let Some(waits) = is_fragment(line)
                && waits != state.lists_wait
                && (is_fragment(before) != Some(waits))
            {
                state.lists_wait = waits;
                writer.directive(piece.start, &format!("incremental_lists: {waits}"));
            }
            false
        }
    }
}

/// Whether a comment of one line is a slip in a directive, which is told.
fn is_slip(state: &mut SlideState, at: usize, comment: &str) -> bool {
    let text = comment.trim();
    let key = text.split_once(':').map_or("", |(key, _)| key);
    let name = key.strip_prefix('_').unwrap_or(key);
    let is_word = !name.is_empty() && name.chars().all(char::is_alphanumeric);
    is_word && !text.contains('\n') && state.warn_about_slip(at, name, &MARP_DIRECTIVES)
}

/// Whether the items of the list that `line` belongs to appear one by one: those after `*` and `1)`
/// do (Marpit, "Fragmented list"). `None` if it is no item.
fn is_fragment(line: &str) -> Option<bool> {
    if line.starts_with("* ") {
        return Some(true);
    }
    if line.starts_with("- ") || line.starts_with("+ ") {
        return Some(false);
    }
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let has_number = rest.len() < line.len();
    match rest.get(..2) {
        Some(") ") if has_number => Some(true),
        Some(". ") if has_number => Some(false),
        _ => None,
    }
}
