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
            write_row(state, piece, writer);
            true
        }
        _ => false,
    }
}

/// Writes the cells of a row, between lines `||`, as columns.
fn write_row(state: &mut SlideState, piece: &Piece, writer: &mut Writer) {
    let code = &state.body[piece.start..piece.end];
    let mut lines: Vec<&str> = code.split_inclusive('\n').collect();
    let opening = lines.remove(0);
    match lines.last() {
        Some(last) if is_closing(opening, last) => {
            lines.pop();
        }
        _ => {
            let message = "this row is never closed, so all that follows is part of it; end it \
                           with a closing fence";
            state.unknown.push((piece.start, message.to_owned()));
        }
    }
    let mut at = piece.start + opening.len();
    let mut cells = vec![(at, at)];
    for line in lines {
        let next = at + line.len();
        if line.trim() == "||" {
            cells.push((next, next));
        } else if let Some(cell) = cells.last_mut() {
            cell.1 = next;
        }
        at = next;
    }
    state.open_columns(piece.start, cells.len(), writer);
    for (start, end) in cells {
        state.begin_column(start, writer);
        writer.copy(start, end);
    }
    writer.directive(piece.start, "reset_layout");
}

/// Whether `line` closes the fence that `opening` opens.
fn is_closing(opening: &str, line: &str) -> bool {
    let opening = opening.trim_start();
    let Some(sign) = opening.chars().next() else { return false };
    let length = opening.len() - opening.trim_start_matches(sign).len();
    let line = line.trim();
    line.len() >= length && line.trim_start_matches(sign).is_empty()
}

#[cfg(test)]
mod tests {
    use crate::deck::parse::read;
    use crate::deck::{Block, Slide, plain_text};

    fn text(slide: &Slide) -> String {
        let each = |block: &Block| match block {
            Block::Paragraph(runs) => Some(plain_text(runs)),
            _ => None,
        };
        slide.all_blocks().filter_map(each).collect()
    }

    #[test]
    fn a_row_loses_no_line_and_warns_once() {
        let head = "# A\n\n???\nnote\n\n--\n\n## B\n\n";
        let (deck, warnings) = read(&format!("{head}```row\none\n||\ntwo\nthree"));
        assert!(text(&deck.slides[1]).contains("three"), "{:?}", deck.slides[1]);
        assert!(warnings.len() == 1 && warnings[0].starts_with("10: this row is never closed"));
        let cells = vec!["x\n"; 20].join("||\n");
        let (deck, warnings) = read(&format!("{head}```row\n{cells}```\n"));
        assert_eq!(text(&deck.slides[1]).matches('x').count(), 20);
        assert!(
            warnings.len() == 1 && warnings[0].contains("20 columns are too many"),
            "{warnings:?}"
        );
    }
}
