//! Thousands of exercises: each solution is right, and nothing else is.

use super::*;
use crate::wire::{AgreedExtensions, Side, Transcript};

const SEEDS: u64 = 2_000;

fn exercises() -> impl Iterator<Item = Exercise> {
    (1..=LEVELS)
        .flat_map(|level| (0..SEEDS).map(move |seed| ExerciseKind::ReadFrame.exercise(level, seed)))
}

fn fields(exercise: &Exercise) -> BTreeMap<String, String> {
    let Answer::Fields(fields) = exercise.solution() else { panic!("{exercise:?}") };
    fields
}

/// Returns a value of the same form that is another one.
fn changed(name: &str, value: &str) -> String {
    match name {
        "fin" | "rsv1" | "masked" => if value == "1" { "0" } else { "1" }.to_owned(),
        "opcode" => if value == "ping" { "pong" } else { "ping" }.to_owned(),
        "length" | "start" | "code" => {
            value.parse::<u64>().map_or("1000".to_owned(), |number| (number + 1).to_string())
        }
        "key" | "payload" if value.is_empty() => "00 00 00 00".to_owned(),
        "key" | "payload" => {
            let last = if value.ends_with('0') { "1" } else { "0" };
            format!("{}{last}", &value[..value.len() - 1])
        }
        _ => format!("{value}?"),
    }
}

#[test]
fn every_solution_is_right_and_its_bytes_are_legal() {
    for exercise in exercises() {
        let judgment = exercise.judge(&exercise.solution()).unwrap();
        assert!(judgment.right, "{exercise:?} {judgment:?}");
        assert!(judgment.marks.iter().all(|mark| mark.right));
        assert_eq!(exercise.hints.len(), 3, "{exercise:?}");
        let AnswerForm::Fields(forms) = &exercise.form else { panic!() };
        let asked: Vec<&str> = forms.iter().map(|form| form.name.as_str()).collect();
        let marked: Vec<&str> = judgment.marks.iter().map(|mark| mark.part.as_str()).collect();
        assert_eq!(marked, asked, "one mark for each field, in order");
        let Exhibit::Bytes { from, bytes, deflate } = &exercise.exhibit else { panic!() };
        let agreed = if *deflate {
            AgreedExtensions::parse("permessage-deflate").unwrap()
        } else {
            AgreedExtensions::none()
        };
        let mut transcript = Transcript::new(*from, agreed);
        transcript.push(bytes);
        assert_eq!(transcript.faults(), [], "{exercise:?}");
        assert!(bytes.len() <= 96, "{} bytes fill the screen", bytes.len());
        assert_eq!(exercise, ExerciseKind::ReadFrame.exercise(exercise.level, exercise.seed));
    }
}

#[test]
fn one_wrong_field_is_the_one_that_is_marked() {
    for exercise in exercises() {
        let right = fields(&exercise);
        for (name, value) in &right {
            let mut wrong = right.clone();
            wrong.insert(name.clone(), changed(name, value));
            let judgment = exercise.judge(&Answer::Fields(wrong.clone())).unwrap();
            assert!(!judgment.right, "{exercise:?} {wrong:?}");
            let mut marked = judgment.marks.iter().filter(|mark| !mark.right);
            assert_eq!(marked.next().map(|mark| &mark.part), Some(name), "{exercise:?} {wrong:?}");
            assert_eq!(marked.next(), None, "{exercise:?} {wrong:?}");
        }
    }
}

/// The byte of a mark is the byte that decides: where it changes, so does the field's value.
#[test]
fn the_marked_byte_decides_the_field() {
    for exercise in exercises().filter(|exercise| exercise.seed < 300) {
        let right = fields(&exercise);
        let judgment = exercise.judge(&exercise.solution()).unwrap();
        for mark in &judgment.marks {
            let place = mark.bytes.clone().unwrap();
            let Exhibit::Bytes { from, mut bytes, deflate } = exercise.exhibit.clone() else {
                panic!()
            };
            let changed_bit = match mark.part.as_str() {
                "fin" | "masked" => 0x80,
                "rsv1" => 0x40,
                "opcode" => 0x02,
                // Where there is none, the bit that says so.
                "key" if right["key"].is_empty() => 0x80,
                "length" | "key" => 0x01,
                _ => continue,
            };
            bytes[place.end - 1] ^= changed_bit;
            // A frame with a key has four bytes more.
            match (mark.part.as_str(), right["masked"].as_str()) {
                ("masked" | "key", "0") => bytes.extend([0; 4]),
                ("masked", _) => bytes.truncate(bytes.len() - 4),
                _ => {}
            }
            let exhibit = Exhibit::Bytes { from, bytes, deflate };
            let other = Exercise { exhibit, ..exercise.clone() };
            let Answer::Fields(other) = other.solution() else { panic!() };
            assert_ne!(other.get(&mark.part), right.get(&mark.part), "{} {exercise:?}", mark.part);
        }
    }
}

#[test]
fn what_is_wrong_never_says_what_is_right() {
    for exercise in exercises().filter(|exercise| exercise.seed < 300) {
        let judgment = exercise.judge(&Answer::Fields(BTreeMap::new())).unwrap();
        for (mark, value) in judgment.marks.iter().zip(checks_of(&exercise)) {
            let short = value.len() < 3;
            assert!(mark.right || short || !mark.remark.contains(&value), "{mark:?} {value}");
        }
    }
}

fn checks_of(exercise: &Exercise) -> Vec<String> {
    let shown = ShownFrame::of(&exercise.exhibit).unwrap();
    checks(exercise, &shown).into_iter().map(|check| check.value.typed()).collect()
}

fn hello() -> Exercise {
    let bytes = vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    Exercise {
        exhibit: Exhibit::Bytes { from: Side::Client, bytes, deflate: false },
        ..ExerciseKind::ReadFrame.exercise(1, 0)
    }
}

fn typed(exercise: &Exercise, change: &[(&str, &str)]) -> Judgment {
    let mut typed = fields(exercise);
    for (name, value) in change {
        typed.insert((*name).to_owned(), (*value).to_owned());
    }
    exercise.judge(&Answer::Fields(typed)).unwrap()
}

#[test]
fn section_5_7_hello_in_the_teachers_words() {
    let exercise = hello();
    assert_eq!(
        typed(&exercise, &[]).verdict,
        "all of it is right: a masked text frame of 5 bytes, \"Hello\""
    );
    let wrong = typed(&exercise, &[("length", "133"), ("text", "\"Hello\""), ("opcode", "0x2")]);
    assert_eq!(
        wrong.verdict,
        "the opcode is 0x1, text: 0x81 is 1 000 0001; 2 more fields are wrong"
    );
    let remarks: Vec<_> = wrong
        .marks
        .iter()
        .filter(|mark| !mark.right)
        .map(|mark| (mark.bytes.clone().unwrap(), mark.remark.as_str()))
        .collect();
    assert_eq!(
        remarks,
        [
            (0..1, "the opcode is the last four bits of byte 0 (0x81)"),
            (1..2, "that counts the MASK bit too: the length is the other seven bits"),
            (6..11, "there's a blank or a quote too many"),
        ]
    );
    let length = typed(&exercise, &[("length", "6")]);
    assert_eq!(length.verdict, "the length is 5: 0x85 is 1 0000101");
    assert_eq!(length.why, "length = 5: up to 125, these bits hold the length itself.");
    assert_eq!(length.source, "RFC 6455 §5.2");
}

#[test]
fn an_answer_of_another_form_is_unfit() {
    let exercise = hello();
    assert_eq!(
        exercise.judge(&Answer::Bytes("81".into())).unwrap_err().to_string(),
        "the exercise asks for a value for each field"
    );
    let unknown = Answer::Fields([("colour".to_owned(), String::new())].into());
    assert_eq!(exercise.judge(&unknown).unwrap_err().to_string(), "there is no field `colour`");
}

/// A slip of the hand isn't a wrong answer: text that no value is written as is refused, whatever
/// the value is, with what would be right.
#[test]
fn text_of_another_form_is_refused_before_it_is_judged() {
    for exercise in exercises().filter(|exercise| exercise.seed < 100) {
        let AnswerForm::Fields(forms) = &exercise.form else { panic!() };
        for form in forms {
            let odd = match form.name.as_str() {
                "text" | "reason" => continue,
                "key" | "payload" => "37 f",
                "opcode" => "16",
                _ => "x",
            };
            let mut typed = fields(&exercise);
            typed.insert(form.name.clone(), odd.to_owned());
            let error = exercise.judge(&Answer::Fields(typed)).unwrap_err();
            let UnfitAnswer::Unread(unread) = &error else { panic!("{error:?}") };
            assert_eq!(unread.field, form.name);
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: {odd:?} isn't ", form.label)), "{text}");
            assert!(text.contains("; type "), "{text}");
        }
    }
}
