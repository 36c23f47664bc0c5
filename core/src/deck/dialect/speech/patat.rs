//! patat and Pandoc (`. . .`, divs, comments as notes), and lookatme (`<!-- stop -->`).

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::dialect::speech::state::{self, SlideState};
use crate::deck::dialect::writer::Writer;

pub(super) fn write(state: &mut SlideState, _: usize, piece: &Piece, writer: &mut Writer) -> bool {
    match piece.kind {
        PieceKind::Code(_) => false,
        PieceKind::Comment(text) => {
            let is_note = state.dialect == Dialect::Patat && !state::is_directive(text);
            if is_note && !text.trim().starts_with("config:") {
                writer.note(piece.start, text.trim());
            }
            is_note
        }
        PieceKind::Line(line) => match line.trim() {
            ". . ." => {
                state::pause(writer, piece.start, line);
                true
            }
            text if text.starts_with(":::") => {
                write_div(state, text, piece.start, writer);
                true
            }
            _ => false,
        },
    }
}

/// Writes the line that opens or closes a div.
fn write_div(state: &mut SlideState, text: &str, at: usize, writer: &mut Writer) {
    let name = text.trim_matches([':', ' ', '{', '}']);
    let name = name.trim_start_matches('.');
    match name {
        "incremental" | "nonincremental" => {
            state.lists_wait = true;
            writer.directive(at, &format!("incremental_lists: {}", name == "incremental"));
        }
        "" if std::mem::take(&mut state.lists_wait) => {
            writer.directive(at, "incremental_lists: false");
        }
        "columns" => writer.directive(at, &format!("column_layout: {:?}", column_weights(state))),
        _ if name.split([' ', '.']).next() == Some("column") => {
            writer.directive(at, &format!("column: {}", state.columns));
            state.columns += 1;
        }
        _ => {}
    }
}

/// Returns equal weights for the columns of the slide.
fn column_weights(state: &SlideState) -> Vec<u16> {
    let is_column = |piece: &&Piece| {
        let name = piece.line().unwrap_or("").trim().trim_matches([':', ' ', '{', '}']);
        name.trim_start_matches('.').split([' ', '.']).next() == Some("column")
    };
    vec![1; state.slide.pieces.iter().filter(is_column).count().max(1)]
}

pub(super) fn write_lookatme(
    _: &mut SlideState,
    _: usize,
    piece: &Piece,
    writer: &mut Writer,
) -> bool {
    match piece.kind {
        PieceKind::Comment(text) if text.trim() == "stop" => {
            writer.directive(piece.start, "pause");
            true
        }
        _ => false,
    }
}
