//! Deckset: `[.build-lists: true]`, `[.column]`, `^ note`, `[fit]`.

use crate::deck::dialect::pieces::Piece;
use crate::deck::dialect::speech::state::SlideState;
use crate::deck::dialect::writer::Writer;

/// The commands that stand above the slides.
const COMMANDS: [&str; 9] = [
    "footer",
    "slidenumbers",
    "slidecount",
    "autoscale",
    "build-lists",
    "theme",
    "slide-transition",
    "slide-dividers",
    "code-language",
];

/// The commands in brackets, for a single slide.
const SLIDE_COMMANDS: [&str; 16] = [
    "column",
    "build-lists",
    "hide",
    "autoscale",
    "background-color",
    "background-image",
    "code",
    "code-highlight",
    "footer",
    "header",
    "hide-footer",
    "list",
    "slidenumber-style",
    "table",
    "text",
    "theme",
];

pub(super) fn write(state: &mut SlideState, _: usize, piece: &Piece, writer: &mut Writer) -> bool {
    let Some(line) = piece.line() else { return false };
    let (at, text) = (piece.start, line.trim());
    if let Some(command) = text.strip_prefix("[.").and_then(|rest| rest.strip_suffix(']')) {
        match command.trim() {
            "column" => write_column(state, at, writer),
            "build-lists" | "build-lists: true" => writer.directive(at, "incremental_lists: true"),
            "build-lists: false" => writer.directive(at, "incremental_lists: false"),
            "hide" => writer.directive(at, "skip_slide"),
            command => {
                let name = command.split(':').next().unwrap_or("");
                state.warn_about_slip(at, name, &SLIDE_COMMANDS);
            }
        }
        return true;
    }
    if let Some(note) = text.strip_prefix("^ ") {
        writer.note(at, note);
        return true;
    }
    let is_command =
        |line: &str| line.split_once(':').is_some_and(|(key, _)| COMMANDS.contains(&key.trim()));
    if state.slide.divider.is_none() && !state.has_begun && is_command(text) {
        return true;
    }
    state.has_begun |= !text.is_empty();
    let Some(fit) = line.find("[fit]").filter(|_| text.starts_with('#')) else { return false };
    // A heading needs the blank behind its marks, which Deckset does not.
    writer.copy(at, at + fit);
    writer.insert(at + fit, " ");
    writer.copy(at + fit + "[fit]".len(), piece.end);
    true
}

fn write_column(state: &mut SlideState, at: usize, writer: &mut Writer) {
    if state.columns == 0 {
        let is_column =
            |piece: &&Piece| piece.line().is_some_and(|line| line.trim() == "[.column]");
        let count = state.slide.pieces.iter().filter(is_column).count();
        state.open_columns(at, count, writer);
    }
    state.begin_column(at, writer);
}
