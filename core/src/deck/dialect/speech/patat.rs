//! patat and Pandoc (`. . .`, divs, comments as notes), and lookatme (`<!-- stop -->`).

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::dialect::speech::state::{self, Div, SlideState};
use crate::deck::dialect::writer::Writer;

pub(super) fn write(
    state: &mut SlideState,
    index: usize,
    piece: &Piece,
    writer: &mut Writer,
) -> bool {
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
                write_div(state, index, text, writer);
                true
            }
            _ => false,
        },
    }
}

/// Writes the line at `index`, which opens or closes a div.
fn write_div(state: &mut SlideState, index: usize, text: &str, writer: &mut Writer) {
    let at = state.slide.pieces.get(index).map_or(0, |piece| piece.start);
    let classes = div_classes(text);
    if classes.is_empty() {
        match state.divs.pop() {
            Some(Div::Columns) => writer.directive(at, "reset_layout"),
            Some(Div::Lists { wait_around }) => set_lists(state, wait_around, at, writer),
            Some(Div::Other) | None => {}
        }
        return;
    }
    let has = |name: &str| classes.contains(&name);
    let div = if has("columns") {
        state.open_columns(at, count_columns(state, index), writer);
        Div::Columns
    } else if has("incremental") || has("nonincremental") {
        let wait_around = state.lists_wait;
        set_lists(state, has("incremental"), at, writer);
        Div::Lists { wait_around }
    } else {
        if has("column") && state.divs.contains(&Div::Columns) {
            state.begin_column(at, writer);
        }
        Div::Other
    };
    state.divs.push(div);
}

fn set_lists(state: &mut SlideState, wait: bool, at: usize, writer: &mut Writer) {
    state.lists_wait = wait;
    writer.directive(at, &format!("incremental_lists: {wait}"));
}

/// Returns the classes of the div that a line opens; none if it closes one. Pandoc has them in
/// braces, `::: {.columns align=center}`, or a single one without: `::: columns`.
fn div_classes(text: &str) -> Vec<&str> {
    let attributes = text.trim_matches(|letter: char| letter == ':' || letter.is_whitespace());
    match attributes.strip_prefix('{') {
        Some(inner) => {
            let words = inner.trim_end_matches('}').split_whitespace();
            // A div without a class has attributes of another kind.
            let mut classes: Vec<&str> = words.filter_map(|word| word.strip_prefix('.')).collect();
            if classes.is_empty() {
                classes.push("");
            }
            classes
        }
        None => attributes.split_whitespace().take(1).collect(),
    }
}

/// Returns how many columns the div has that the line at `index` opens.
fn count_columns(state: &SlideState, index: usize) -> usize {
    let (mut count, mut depth) = (0, 0_usize);
    for piece in state.slide.pieces.iter().skip(index + 1) {
        let text = piece.line().unwrap_or("").trim();
        if !text.starts_with(":::") {
            continue;
        }
        let classes = div_classes(text);
        if !classes.is_empty() {
            count += usize::from(depth == 0 && classes.contains(&"column"));
            depth += 1;
        } else if depth == 0 {
            break;
        } else {
            depth -= 1;
        }
    }
    count
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

#[cfg(test)]
mod tests {
    use crate::deck::Block;
    use crate::deck::parse::read;

    #[test]
    fn divs_end_what_they_began() {
        let head = "---\npatat: {}\n---\n\n";
        let slide = |body: &str| {
            let (mut deck, warnings) = read(&format!("{head}{body}"));
            assert_eq!(warnings, [] as [&str; 0], "{body}");
            deck.slides.remove(0)
        };
        let column = "::: column\na\n:::\n";
        let columns = format!(":::: {{.columns align=center}}\n\n{column}\n{column}\n::::\n\n");
        let found = slide(&format!("# A\n\n{columns}below\n\n{columns}"));
        let widths = found.blocks.iter().map(|block| match block {
            Block::Columns(columns) => columns.len(),
            _ => 0,
        });
        assert_eq!(widths.collect::<Vec<_>>(), [0, 2, 0, 2]);
        let inner =
            "::: incremental\n\n- a\n- b\n\n::: warning\nx\n:::\n\n- c\n\n:::\n\n- d\n- e\n";
        assert_eq!(slide(&format!("# A\n\n{inner}")).steps(), 6, "`x` and `d` wait, `e` does not");
        let waiting = "---\npatat:\n  incrementalLists: true\n---\n\n# A\n\n::: nonincremental\n- a\n:::\n\n- b\n";
        assert_eq!(read(waiting).0.slides[0].steps(), 2);
    }
}
