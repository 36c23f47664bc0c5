//! remark: properties above a slide, `--` within it, `.class[text]`.

use crate::deck::dialect::pieces::Piece;
use crate::deck::dialect::speech::state::{self, SlideState};
use crate::deck::dialect::writer::Writer;

/// The properties of a slide.
const PROPERTIES: [&str; 14] = [
    "class",
    "name",
    "layout",
    "template",
    "count",
    "exclude",
    "continued",
    "background-image",
    "background-color",
    "background-size",
    "background-position",
    "title",
    "description",
    "status",
];

pub(super) fn write(state: &mut SlideState, _: usize, piece: &Piece, writer: &mut Writer) -> bool {
    let Some(line) = piece.line() else {
        state.has_begun = true;
        return false;
    };
    let text = line.trim();
    let (key, value) = text.split_once(':').unwrap_or(("", ""));
    if !state.has_begun && PROPERTIES.contains(&key) {
        write_property(key, value.trim(), piece.start, writer);
        return true;
    }
    if !state.has_begun && key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') {
        state.warn_about_slip(piece.start, key, &PROPERTIES);
    }
    state.has_begun |= !text.is_empty();
    match text {
        "--" => state::pause(writer, piece.start, line),
        "]" if state.wrappers > 0 => {
            state.wrappers -= 1;
            writer.insert(piece.start, "\n");
        }
        _ if class_at(text, 0) == Some(text.len()) => {
            state.wrappers += 1;
            writer.insert(piece.start, "\n");
        }
        _ => return write_unwrapped(line, piece, writer),
    }
    true
}

fn write_property(key: &str, value: &str, at: usize, writer: &mut Writer) {
    match key {
        "exclude" if value == "true" => writer.directive(at, "skip_slide"),
        "class" => {
            for class in value.split(',').map(str::trim) {
                match class {
                    "center" | "right" => writer.directive(at, &format!("alignment: {class}")),
                    "middle" => writer.directive(at, "jump_to_middle"),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Returns the byte behind the bracket, if `.class[` begins at byte `at` of `line`.
fn class_at(line: &str, at: usize) -> Option<usize> {
    let rest = line.get(at..)?.strip_prefix('.')?;
    let length = rest.find('[')?;
    let is_class =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name = &rest[..length];
    (name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && name.chars().all(is_class))
        .then_some(at + 1 + length + 1)
}

/// Writes a line without `.class[` and the brackets that close it. Returns whether there are any.
fn write_unwrapped(line: &str, piece: &Piece, writer: &mut Writer) -> bool {
    let mut dropped: Vec<(usize, usize)> = Vec::new();
    // For each open bracket, whether it belongs to a class.
    let mut open = Vec::new();
    let mut before = ' ';
    let mut skip_to = 0;
    for (at, letter) in line.char_indices() {
        if at < skip_to {
            continue;
        }
        match letter {
            '.' if !before.is_alphanumeric() => {
                if let Some(end) = class_at(line, at) {
                    dropped.push((at, end));
                    open.push(true);
                    skip_to = end;
                }
            }
            '[' => open.push(false),
            ']' if open.pop() == Some(true) => dropped.push((at, at + 1)),
            _ => {}
        }
        before = letter;
    }
    if dropped.is_empty() {
        return false;
    }
    let mut at = 0;
    for (start, end) in dropped {
        writer.copy(piece.start + at, piece.start + start);
        at = end;
    }
    writer.copy(piece.start + at, piece.end);
    true
}
