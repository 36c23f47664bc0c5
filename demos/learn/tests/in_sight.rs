//! What has to be on the screen of a small terminal: each hint, the verdict, and the bytes that they
//! are about.

use super::*;
use crate::learn::{AnswerForm, Exercise, Exhibit, UnfitAnswer};

const SIZES: [(u16, u16); 2] = [(80, 24), (100, 30)];
const SEEDS: u64 = 10;

/// Returns the screen with an exercise of every kind, of every level and of some seeds.
fn exercises() -> impl Iterator<Item = (Learn, Exercise)> {
    let levels = |kind: ExerciseKind| (1..=kind.levels()).map(move |level| (kind, level));
    let all = ExerciseKind::ALL.into_iter().flat_map(levels);
    all.flat_map(|(kind, level)| (0..SEEDS).map(move |seed| kind.exercise(level, seed))).map(
        |exercise| {
            let mut learn = item(&of_kind(exercise.kind), 0);
            let item = learn.task.as_ref().unwrap().item.clone();
            learn.task = Some(Box::new(task_page::TaskPage::exercise(item, exercise.clone())));
            (learn, exercise)
        },
    )
}

/// Returns a text without what wrapping changes.
fn joined(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !"│║".contains(*letter)).collect()
}

/// Asserts that the row of hex with a byte is on the screen.
fn assert_byte(shown: &str, exercise: &Exercise, at: usize, size: (u16, u16)) {
    let Exhibit::Bytes { bytes, .. } = &exercise.exhibit else { return };
    let Some(row) = bytes.chunks(16).nth(at / 16) else { return };
    let row = crate::wire::format::hex(row);
    let place = format!("{}{row}", at / 16 * 16);
    assert!(joined(shown).contains(&place), "byte {at} at {size:?} of {exercise:?}\n{shown}");
}

#[test]
fn after_each_hint_its_words_and_the_byte_that_they_name_are_on_the_screen() {
    for size in SIZES {
        for (mut learn, exercise) in exercises() {
            for (number, hint) in (1..).zip(&exercise.hints) {
                press(&mut learn, &[KeyCode::F(1)]);
                let shown = picture(&learn, size.0, size.1);
                let words = joined(&format!("Hint {number}: {hint}"));
                assert!(joined(&shown).contains(&words), "{hint} at {size:?}\n{shown}");
                let named = hint.split("byte ").skip(1);
                let named =
                    named.filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
                for byte in named.filter_map(|digits| digits.parse().ok()) {
                    assert_byte(&shown, &exercise, byte, size);
                }
                let is_last = number == exercise.hints.len();
                assert_eq!(shown.contains(" hint   Esc list"), !is_last, "{shown}");
            }
            press(&mut learn, &[KeyCode::F(1)]);
            assert!(picture(&learn, size.0, size.1).contains("that was the last hint"));
        }
    }
}

/// Returns an answer that differs from the solution in what can be read off the first two bytes, or
/// in the rule that is named; `None` for other forms.
fn wrong_answer(exercise: &Exercise) -> Option<Answer> {
    match (exercise.solution(), &exercise.form) {
        (Answer::Fields(mut fields), _) => {
            for (name, value) in &mut fields {
                *value = match name.as_str() {
                    "fin" | "masked" | "rsv1" => if value == "1" { "0" } else { "1" }.to_owned(),
                    "opcode" => if value == "ping" { "pong" } else { "ping" }.to_owned(),
                    "length" | "start" => "99999".to_owned(),
                    "accept" => "bm90IHRoZSBkaWdlc3QgYXQgYWxs".to_owned(),
                    _ => continue,
                };
            }
            Some(Answer::Fields(fields))
        }
        (Answer::ByteAndRule { byte, rule }, AnswerForm::ByteAndRule(rules)) => {
            Some(Answer::ByteAndRule { byte, rule: (rule + 1) % rules.len() })
        }
        _ => None,
    }
}

#[test]
fn with_the_verdict_the_bytes_that_it_points_at_are_on_the_screen() {
    for size in SIZES {
        for (mut learn, exercise) in exercises() {
            let Some(answer) = wrong_answer(&exercise) else { continue };
            fill(&mut learn, answer.clone());
            learn.check();
            let shown = picture(&learn, size.0, size.1);
            let judgment = exercise.judge(&answer).unwrap();
            let verdict = joined(&judgment.verdict);
            assert!(joined(&shown).contains(&verdict), "{judgment:?} at {size:?}\n{shown}");
            let first = judgment.marks.iter().find(|mark| !mark.right);
            if let Some(bytes) = first.and_then(|mark| mark.bytes.clone()) {
                assert_byte(&shown, &exercise, bytes.start, size);
            }
        }
    }
}

/// Text that stands for no value is refused: the task stays open, nothing is counted, and the screen
/// says what is wrong in the field where it stands.
#[test]
fn a_slip_of_the_hand_costs_no_attempt() {
    for size in SIZES {
        for (mut learn, exercise) in exercises() {
            match exercise.solution() {
                Answer::Fields(mut fields) => {
                    let name = if fields.contains_key("key") { "key" } else { "digest" };
                    fields.insert(name.to_owned(), "37 f".to_owned());
                    fill(&mut learn, Answer::Fields(fields));
                }
                Answer::Bytes(_) => fill(&mut learn, Answer::Bytes("81 8".to_owned())),
                _ => continue,
            }
            let page = learn.task.as_ref().unwrap();
            let reason: UnfitAnswer = page.judge().unwrap_err();
            assert_eq!(learn.check(), [], "nothing is sent or recorded");
            let page = learn.task.as_ref().unwrap();
            assert!(page.judgment.is_none() && !page.has_counted);
            if let form_editor::FormEditor::Fields { names, cursor, .. } = &page.form {
                assert!(["key", "digest"].contains(&names[*cursor].as_str()));
            }
            let shown = picture(&learn, size.0, size.1);
            assert!(joined(&shown).contains(&joined(&reason.to_string())), "{reason}\n{shown}");
            press(&mut learn, &[KeyCode::Backspace]);
            assert!(learn.task.as_ref().unwrap().refused.is_none());
        }
    }
}
