//! *Read a frame*: unseen bytes are shown, and their fields are typed.
//!
//! [`drawing`] draws the bytes and [`shown`] decodes them; [`field`] has the fields that are asked
//! for, [`typed`] reads what was typed into them, and [`check`] compares both.

mod check;
mod drawing;
mod field;
mod hints;
mod shown;
#[cfg(test)]
mod tests;
mod typed;

use std::collections::BTreeMap;

use check::FieldCheck;
use drawing::{DrawnBytes, MAX_SHOWN_BYTES};
use field::FrameField;
use shown::ShownFrame;

use crate::learn::draws::Draws;
use crate::learn::exercise::{Answer, AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer, UnreadText};
use crate::wire::Opcode;
use crate::wire::explain::field_span::Field;
use crate::wire::format::quote;

/// Short text; long lengths; fragments; control frames; compressed text.
pub(crate) const LEVELS: u8 = 5;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let drawn = DrawnBytes::of_level(level, &mut Draws::of_level(level, seed));
    let task = task(level, &drawn);
    let DrawnBytes { from, frames, .. } = drawn;
    let exhibit = Exhibit::Bytes { from, bytes: frames.concat(), deflate: level == 5 };
    let hints = ShownFrame::of(&exhibit).map_or_else(Vec::new, |shown| hints::hints(level, &shown));
    let fields = FrameField::of_level(level).map(|field| field.form(level)).collect();
    Exercise {
        kind: ExerciseKind::ReadFrame,
        level,
        seed,
        task,
        exhibit,
        form: AnswerForm::Fields(fields),
        hints,
    }
}

fn task(level: u8, drawn: &DrawnBytes) -> String {
    let from = drawn.from;
    let mut task = match drawn.frames.len() {
        1 => format!("The {from} sent this frame. What does each of its fields hold?"),
        count => {
            let count = match count {
                2 => "two",
                3 => "three",
                _ => "four",
            };
            format!("The {from} sent these {count} frames. What does the last one hold?")
        }
    };
    if drawn.is_cut {
        // The number of the others would give the length away.
        let shown =
            format!(" Only its first {MAX_SHOWN_BYTES} bytes are shown; the payload goes on.");
        task.push_str(&shown);
    }
    if level == 5 {
        task.push_str(" permessage-deflate was agreed on, without context takeover.");
    }
    task
}

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let expected = UnfitAnswer::Form { expected: "a value for each field" };
    let (Answer::Fields(typed), AnswerForm::Fields(forms)) = (answer, &exercise.form) else {
        return Err(expected);
    };
    if let Some(name) = typed.keys().find(|name| !forms.iter().any(|form| form.name == **name)) {
        return Err(UnfitAnswer::Field(name.clone()));
    }
    let shown = ShownFrame::of(&exercise.exhibit).ok_or(expected)?;
    let checks = checks(exercise, &shown);
    let typed_in = |field: FrameField| typed.get(field.name()).map_or("", String::as_str);
    for (check, form) in checks.iter().zip(forms) {
        if let Some(unread) = check.unread(typed_in(check.field)) {
            return Err(UnfitAnswer::Unread(UnreadText::of_field(form, unread)));
        }
    }
    let marks: Vec<Mark> =
        checks.iter().map(|check| check.mark(typed_in(check.field), &shown)).collect();
    Ok(conclude(&checks, marks, &shown))
}

pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let checks =
        ShownFrame::of(&exercise.exhibit).map_or_else(Vec::new, |shown| checks(exercise, &shown));
    let typed = |check: FieldCheck| (check.field.name().to_owned(), check.value.typed());
    Answer::Fields(checks.into_iter().map(typed).collect::<BTreeMap<_, _>>())
}

/// Reads every field that the exercise asks for, in the order of the form.
fn checks(exercise: &Exercise, shown: &ShownFrame) -> Vec<FieldCheck> {
    let AnswerForm::Fields(forms) = &exercise.form else { return Vec::new() };
    let fields = forms.iter().filter_map(|form| FrameField::from_name(&form.name));
    fields.filter_map(|field| FieldCheck::of(field, shown)).collect()
}

fn conclude(checks: &[FieldCheck], marks: Vec<Mark>, shown: &ShownFrame) -> Judgment {
    let mut wrong =
        checks.iter().zip(&marks).filter(|(_, mark)| !mark.right).map(|(check, _)| check);
    let first = wrong.next();
    let verdict = match (first, wrong.count()) {
        (None, _) => format!("all of it is right: {}", summary(shown)),
        (Some(check), 0) => check.lesson.clone(),
        (Some(check), 1) => format!("{}; one more field is wrong", check.lesson),
        (Some(check), more) => format!("{}; {more} more fields are wrong", check.lesson),
    };
    let span = match first {
        Some(check) => Some(check.span.clone()),
        None => shown.span(Field::Opcode, Field::Fin),
    };
    let (why, source) = span.map_or_else(Default::default, |span| {
        (format!("{} = {}: {}.", span.field.name(), span.value, span.meaning), span.section)
    });
    Judgment { right: first.is_none(), marks, verdict, why, source: source.to_owned() }
}

/// Returns the frame in a few words: `a masked text frame of 5 bytes, "Hello"`.
fn summary(shown: &ShownFrame) -> String {
    let header = shown.header();
    let masked = if header.masking_key.is_some() { "a masked" } else { "an unmasked" };
    let kind = match header.opcode {
        Opcode::Close => "Close".to_owned(),
        Opcode::Text | Opcode::Binary => format!("{} frame", header.opcode),
        opcode => opcode.to_string(),
    };
    let len = crate::wire::format::byte_count(header.payload_len);
    let text = shown.text.as_ref().filter(|_| header.opcode == Opcode::Text && header.fin);
    let text = text.map(|text| format!(", {}", quote(text.as_bytes(), 40))).unwrap_or_default();
    format!("{masked} {kind} of {len}{text}")
}
