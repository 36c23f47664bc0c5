//! Rewrites the body of a deck in our own notation.

use crate::deck::dialect::detect::{begins_notes, starts_notes};
use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::dialect::slides::{self, SlideSource};
use crate::deck::dialect::speech::{self, SlideState};
use crate::deck::dialect::writer::{Places, Writer};

/// A body in our own notation.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) text: String,
    pub(super) places: Places,
    /// What is shown although it may be meant for the speaker: the byte of the body, and why.
    pub(super) warnings: Vec<(usize, String)>,
}

/// Whether a body in this dialect has to be rewritten.
pub(super) fn is_needed(dialect: Dialect, pieces: &[Piece]) -> bool {
    let is_note = |piece: &Piece| {
        let text = piece.line().unwrap_or("").trim();
        matches!(text, "???" | "::: notes" | ":::notes")
            || text.starts_with("^ ")
            || starts_notes(text)
    };
    speech::of(dialect).is_some() || dialect.divides_by_line() || pieces.iter().any(is_note)
}

/// Rewrites a body that begins at byte `start` of the file; `pieces` are those to be kept. `head`
/// is the front matter, which in Slidev is that of the first slide too; `lists_wait` says whether
/// lists appear item by item where nothing else is said.
pub(super) fn rewrite(
    dialect: Dialect,
    body: &str,
    start: usize,
    pieces: &[Piece],
    head: &[Piece],
    lists_wait: bool,
) -> Rewritten {
    let mut writer = Writer::new(body, start);
    let mut warnings = Vec::new();
    for (index, mut slide) in slides::divide(dialect, pieces).into_iter().enumerate() {
        if index == 0 && dialect == Dialect::Slidev {
            slide.settings = head.to_vec();
        }
        write_divider(dialect, &slide, &mut writer);
        let state = SlideState::new(dialect, body, &slide, lists_wait);
        SlideWriter { state, writer: &mut writer, warnings: &mut warnings, notes: None }.write();
    }
    let (text, places) = writer.finish();
    Rewritten { text, places, warnings }
}

fn write_divider(dialect: Dialect, slide: &SlideSource, writer: &mut Writer) {
    let Some(divider) = slide.divider else { return };
    if dialect.divides_by_line() {
        // Else Markdown takes it for the underline of a heading.
        writer.insert_blank_line(divider.start);
    }
    if divider.line().is_some_and(|line| line.trim() == "--") {
        writer.insert(divider.start, "---\n");
        writer.directive(slide.content_start(), "depth: deep");
    } else {
        writer.copy(divider.start, divider.end);
    }
}

/// Where the notes end that are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotesEnd {
    Slide,
    Div,
}

/// Writes a slide.
struct SlideWriter<'w, 's, 'a> {
    state: SlideState<'s, 'a>,
    writer: &'w mut Writer<'a>,
    warnings: &'w mut Vec<(usize, String)>,
    /// The notes that are being read: where they begin, their text, where they end.
    notes: Option<(usize, String, NotesEnd)>,
}

impl SlideWriter<'_, '_, '_> {
    fn write(mut self) {
        let speech = speech::of(self.state.dialect);
        speech::begin(&mut self.state, self.writer);
        for (index, piece) in self.state.slide.pieces.iter().enumerate() {
            if self.take_note(piece) {
                continue;
            }
            self.warn_about_notes(index, piece);
            let is_written =
                speech.is_some_and(|speech| speech(&mut self.state, index, piece, self.writer));
            if !is_written {
                self.writer.copy(piece.start, piece.end);
            }
        }
        self.end_notes();
        self.warnings.append(&mut self.state.unknown);
    }

    /// Takes a piece that is the speaker's. Returns whether it is.
    fn take_note(&mut self, piece: &Piece) -> bool {
        let text = piece.line().unwrap_or("").trim();
        let dialect = self.state.dialect;
        if let Some((_, notes, end)) = &mut self.notes {
            let is_end = match end {
                NotesEnd::Div => text == ":::",
                NotesEnd::Slide => dialect == Dialect::Remark && text == "--",
            };
            if !is_end {
                notes.push_str(&self.state.body[piece.start..piece.end]);
                return true;
            }
            let is_div = *end == NotesEnd::Div;
            self.end_notes();
            return is_div;
        }
        let (text, end) = match text {
            "???" => ("", NotesEnd::Slide),
            "::: notes" | ":::notes" | "::: {.notes}" => ("", NotesEnd::Div),
            _ if dialect == Dialect::RevealMd && starts_notes(text) => {
                (text.split_once(':').map_or("", |(_, note)| note.trim()), NotesEnd::Slide)
            }
            _ => return false,
        };
        self.notes = Some((piece.start, format!("{text}\n"), end));
        true
    }

    fn end_notes(&mut self) {
        if let Some((at, notes, _)) = self.notes.take() {
            self.writer.note(at, &notes);
        }
    }

    /// Warns about what other tools take for notes, once a kind.
    fn warn_about_notes(&mut self, index: usize, piece: &Piece) {
        let PieceKind::Line(line) = piece.kind else { return };
        let text = line.trim();
        let message = if begins_notes(&self.state.slide.pieces, index) {
            "`Note:` is shown to the audience; write `<!-- speaker_note: TEXT -->` if it is yours"
        } else if text.starts_with("^ ") && self.state.dialect != Dialect::Deckset {
            "`^` is shown to the audience; write `<!-- speaker_note: TEXT -->` if it is a note"
        } else {
            return;
        };
        if !self.warnings.iter().any(|(_, known)| *known == message) {
            self.warnings.push((piece.start, message.to_owned()));
        }
    }
}
