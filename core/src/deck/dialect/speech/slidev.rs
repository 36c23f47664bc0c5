//! Slidev: layouts and clicks, the last comment of a slide as its note.

use crate::deck::dialect::detect::SLIDEV_KEYS;
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
        PieceKind::Comment(text) if state.is_last(index) && !state::is_directive(text) => {
            writer.note(piece.start, text.trim());
            true
        }
        PieceKind::Line(line) => write_line(state, line, piece, writer),
        PieceKind::Comment(_) | PieceKind::Code(_) => false,
    }
}

/// Writes what the front matter of the slide says.
pub(super) fn begin(state: &mut SlideState, writer: &mut Writer) {
    let at = state.slide.content_start();
    for setting in &state.slide.settings {
        let line = setting.line().unwrap_or("");
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        match (key.trim(), value.trim()) {
            ("hide" | "disabled", "true") => writer.directive(at, "skip_slide"),
            ("src", path) if !path.is_empty() => writer.directive(at, &format!("include: {path}")),
            ("layout", "two-cols") => {
                state.has_two_columns = true;
                writer.directive(at, "column_layout: [1, 1]");
                writer.directive(at, "column: 0");
            }
            (key, _) if line.starts_with(char::is_alphabetic) && state.slide.divider.is_some() => {
                state.warn_about_slip(setting.start, key, &SLIDEV_KEYS);
            }
            _ => {}
        }
    }
}

fn write_line(state: &mut SlideState, line: &str, piece: &Piece, writer: &mut Writer) -> bool {
    let at = piece.start;
    let text = line.trim();
    match text {
        "::right::" | "::left::" => {
            if !std::mem::replace(&mut state.has_two_columns, true) {
                writer.directive(at, "column_layout: [1, 1]");
            }
            writer.directive(at, &format!("column: {}", u8::from(text == "::right::")));
        }
        "::default::" | "::bottom::" if state.has_two_columns => {
            writer.directive(at, "reset_layout");
        }
        _ if text.starts_with("<v-clicks") => write_clicks(line, piece, true, writer),
        _ if text.starts_with("<v-click") => write_click(line, piece, writer),
        "</v-clicks>" => writer.directive(at, "incremental_lists: false"),
        "</v-click>" | "</v-after>" | "<v-after>" => writer.insert(at, "\n"),
        _ if text.contains(" v-click") && text.starts_with('<') => {
            state::pause(writer, at, line);
            writer.copy(at, piece.end);
        }
        _ => return false,
    }
    true
}

fn write_clicks(line: &str, piece: &Piece, waits: bool, writer: &mut Writer) {
    writer.directive(piece.start, &format!("incremental_lists: {waits}"));
    write_content(line, piece, "</v-clicks>", writer);
    if line.contains("</v-clicks>") {
        writer.directive(piece.start, "incremental_lists: false");
    }
}

fn write_click(line: &str, piece: &Piece, writer: &mut Writer) {
    state::pause(writer, piece.start, line);
    write_content(line, piece, "</v-click>", writer);
}

/// Writes what stands behind the tag that `line` opens with, without the tag that closes it.
fn write_content(line: &str, piece: &Piece, closing: &str, writer: &mut Writer) {
    let Some(open) = line.find('>') else { return };
    let content = &line[open + 1..];
    let shown = content.find(closing).unwrap_or(content.len());
    let start = piece.start + open + 1;
    writer.copy(start, start + shown);
    writer.insert(piece.start, "\n");
    if shown < content.len() {
        writer.copy(start + shown + closing.len(), piece.end);
    }
}
