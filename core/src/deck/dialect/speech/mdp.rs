//! mdp: `^` waits, `-> text <-` is centred.

use crate::deck::dialect::pieces::Piece;
use crate::deck::dialect::speech::state::{self, SlideState};
use crate::deck::dialect::writer::Writer;

pub(super) fn write(state: &mut SlideState, _: usize, piece: &Piece, writer: &mut Writer) -> bool {
    let Some(line) = piece.line() else { return false };
    let text = line.trim();
    let centred = text.strip_prefix("->").and_then(|rest| rest.strip_suffix("<-")).map(str::trim);
    let is_underline = !text.is_empty() && text.trim_matches(['=', '-']).is_empty();
    // The underline of a title that is centred stands right below it.
    if state.is_centred && centred.is_none() && !is_underline {
        state.is_centred = false;
        writer.directive(piece.start, "alignment: none");
    }
    if let Some(centred) = centred {
        if !std::mem::replace(&mut state.is_centred, true) {
            writer.directive(piece.start, "alignment: center");
        }
        // The text lies within the line, so its place follows from the line's.
        let within = line.find(centred).unwrap_or(0);
        writer.copy(piece.start + within, piece.start + within + centred.len());
        writer.insert(piece.start, "\n");
        return true;
    }
    if text == "^" {
        state::pause(writer, piece.start, line);
        return true;
    }
    false
}
