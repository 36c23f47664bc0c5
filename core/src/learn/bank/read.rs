//! Reads a file of questions and exercises, and finds what is wrong with it.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::deck::{LineIndex, Position};
use crate::learn::bank::entries::{Bank, ExerciseEntry};
use crate::learn::bank::question::{Compare, Question, RightAnswer};
use crate::learn::exercise::ExerciseKind;
use crate::text::did_you_mean;
use crate::wire::pasted;

/// The digits 1 to 9 choose an option.
const MAX_OPTIONS: usize = 9;
const QUESTION_KINDS: [&str; 3] = ["choice", "multi", "input"];
const COMPARISONS: [&str; 4] = ["int", "hex", "text", "exact"];

/// A problem in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankProblem {
    /// The place.
    pub position: Position,
    /// What is wrong, and what would be right.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBank {
    format: Spanned<u8>,
    #[serde(default)]
    question: Vec<RawQuestion>,
    #[serde(default)]
    exercise: Vec<RawExercise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    id: Spanned<String>,
    section: String,
    kind: Spanned<String>,
    level: Spanned<u8>,
    prompt: String,
    #[serde(default)]
    frame: Option<Spanned<String>>,
    #[serde(default)]
    options: Vec<String>,
    answer: Spanned<toml::Value>,
    #[serde(default)]
    accept: Option<Spanned<String>>,
    #[serde(default)]
    fixed: bool,
    #[serde(default)]
    hint: String,
    explain: String,
    refs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExercise {
    id: Spanned<String>,
    section: String,
    kind: Spanned<String>,
    #[serde(default)]
    level: Option<Spanned<u8>>,
    title: String,
}

/// A place in the source, and what is wrong there.
type Fault = (Range<usize>, String);

/// Reads a file. Entries with problems are left out.
pub(super) fn read(source: &str) -> (Bank, Vec<BankProblem>) {
    let lines = LineIndex::new(source);
    let problem = |(span, message): Fault| BankProblem {
        position: lines.position(span.start.min(source.len())),
        message,
    };
    let raw = match toml::from_str::<RawBank>(source) {
        Ok(raw) => raw,
        Err(error) => {
            let fault = (error.span().unwrap_or(0..0), error.message().to_owned());
            return (Bank::default(), vec![problem(fault)]);
        }
    };
    let (mut bank, mut faults) = (Bank::default(), Vec::new());
    if *raw.format.get_ref() != 1 {
        faults.push((raw.format.span(), "this version reads format 1".to_owned()));
    }
    let mut names = BTreeSet::new();
    for question in raw.question {
        faults.extend(repeated(&question.id, &mut names));
        match to_question(question) {
            Ok(question) => bank.questions.push(question),
            Err(fault) => faults.push(fault),
        }
    }
    for exercise in raw.exercise {
        faults.extend(repeated(&exercise.id, &mut names));
        match to_exercise(exercise) {
            Ok(exercise) => bank.exercises.push(exercise),
            Err(fault) => faults.push(fault),
        }
    }
    (bank, faults.into_iter().map(problem).collect())
}

fn repeated(id: &Spanned<String>, names: &mut BTreeSet<String>) -> Option<Fault> {
    let name = id.get_ref();
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(valid) {
        let message = format!("`{name}` isn't a name: use a to z, 0 to 9 and -, at most 64");
        return Some((id.span(), message));
    }
    let is_new = names.insert(name.clone());
    (!is_new).then(|| (id.span(), format!("there are two entries called `{name}`")))
}

fn unknown(what: &str, name: &Spanned<String>, known: &[&str]) -> Fault {
    let meant = did_you_mean(name.get_ref(), known);
    let list = known.join(", ");
    (name.span(), format!("unknown {what} `{}`{meant}; expected one of: {list}", name.get_ref()))
}

fn to_exercise(raw: RawExercise) -> Result<ExerciseEntry, Fault> {
    let kind = ExerciseKind::from_name(raw.kind.get_ref()).ok_or_else(|| {
        unknown("kind of exercise", &raw.kind, &ExerciseKind::ALL.map(ExerciseKind::name))
    })?;
    let level = match &raw.level {
        None => 1,
        Some(level) if (1..=kind.levels()).contains(level.get_ref()) => *level.get_ref(),
        Some(level) => {
            let message = format!("{} has the levels 1 to {}", kind.name(), kind.levels());
            return Err((level.span(), message));
        }
    };
    Ok(ExerciseEntry {
        name: raw.id.into_inner(),
        section: raw.section,
        kind,
        level,
        title: raw.title,
    })
}

fn to_question(raw: RawQuestion) -> Result<Question, Fault> {
    if !(1..=3).contains(raw.level.get_ref()) {
        return Err((raw.level.span(), "a level is 1, 2 or 3".to_owned()));
    }
    let bytes = match &raw.frame {
        None => Vec::new(),
        Some(frame) => {
            pasted::parse_hex(frame.get_ref()).map_err(|error| (frame.span(), error.to_string()))?
        }
    };
    let answer = right_answer(&raw)?;
    Ok(Question {
        name: raw.id.into_inner(),
        section: raw.section,
        level: raw.level.into_inner(),
        prompt: raw.prompt,
        bytes,
        answer,
        hint: raw.hint,
        explain: raw.explain,
        refs: raw.refs,
    })
}

fn right_answer(raw: &RawQuestion) -> Result<RightAnswer, Fault> {
    let at = raw.answer.span();
    let wrong = |message: &str| (at.clone(), message.to_owned());
    let options = || {
        let count = raw.options.len();
        if !(2..=MAX_OPTIONS).contains(&count) {
            return Err((raw.id.span(), format!("{count} options: expected 2 to {MAX_OPTIONS}")));
        }
        Ok(raw.options.clone())
    };
    let index = |value: &toml::Value| {
        let index = value.as_integer().and_then(|index| usize::try_from(index).ok());
        index.filter(|index| *index < raw.options.len())
    };
    match raw.kind.get_ref().as_str() {
        "choice" => {
            let options = options()?;
            let right = index(raw.answer.get_ref())
                .ok_or_else(|| wrong("expected the index of the right option, from 0"))?;
            Ok(RightAnswer::Choice { options, right, fixed: raw.fixed })
        }
        "multi" => {
            let options = options()?;
            let values = raw.answer.get_ref().as_array();
            let right: Option<BTreeSet<usize>> =
                values.and_then(|values| values.iter().map(index).collect());
            let right = right.filter(|right| !right.is_empty());
            let right = right.ok_or_else(|| wrong("expected the indexes of right options"))?;
            Ok(RightAnswer::Several { options, right: right.into_iter().collect() })
        }
        "input" => typed_answer(raw),
        _ => Err(unknown("kind of question", &raw.kind, &QUESTION_KINDS)),
    }
}

fn typed_answer(raw: &RawQuestion) -> Result<RightAnswer, Fault> {
    let compare = match raw.accept.as_ref().map(|accept| accept.get_ref().as_str()) {
        Some("int") => Compare::Integer,
        Some("hex") => Compare::Hex,
        Some("text") => Compare::Text,
        Some("exact") => Compare::Exact,
        None => {
            let message = format!("`accept` is missing: {}", COMPARISONS.join(", "));
            return Err((raw.id.span(), message));
        }
        Some(_) => {
            let accept = raw.accept.as_ref().unwrap_or(&raw.id);
            return Err(unknown("comparison", accept, &COMPARISONS));
        }
    };
    let values = raw.answer.get_ref().as_array().map(Vec::as_slice).unwrap_or_default();
    let right: Option<Vec<String>> =
        values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    let right = right.filter(|right| !right.is_empty());
    let right = right.ok_or_else(|| {
        (raw.answer.span(), "expected the right answers, in brackets and quotes".to_owned())
    })?;
    // An answer that doesn't equal itself could never be given.
    if let Some(odd) = right.iter().find(|right| !compare.is_same(right, right)) {
        return Err((raw.answer.span(), format!("`{odd}` isn't what `accept` says")));
    }
    Ok(RightAnswer::Input { right, compare })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str = "format = 1\n[[question]]\nid = \"a\"\nsection = \"frames\"\n\
                            kind = \"choice\"\nlevel = 1\nprompt = \"?\"\noptions = [\"x\", \"y\"]\n\
                            answer = 0\nexplain = \"!\"\nrefs = []\n";

    /// Returns the line and the message of the only problem.
    fn problem(source: &str) -> (usize, String) {
        let (bank, problems) = read(source);
        assert_eq!(bank.questions.len() + bank.exercises.len(), 0);
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        (problem.position.line, problem.message.clone())
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(read(QUESTION).1, []);
        for (from, to, line, expected) in [
            ("answer = 0", "answer = 2", 9, "from 0"),
            ("\"choice\"", "\"chioce\"", 5, "did you mean `choice`"),
            ("[\"x\", \"y\"]", "[\"x\"]", 3, "1 options: expected 2 to 9"),
            ("level = 1", "level = 4", 6, "1, 2 or 3"),
            ("refs = []", "ref = []", 11, "unknown field `ref`"),
            ("refs = []", "refs = []\nframe = \"8z\"", 12, "hex"),
            ("answer = 0", "answer = [\"z\"]\naccept = \"int\"", 9, "isn't what `accept` says"),
        ] {
            let mut source = QUESTION.replace(from, to);
            if to.contains("accept") {
                source = source.replace("\"choice\"", "\"input\"");
            }
            let (at, message) = problem(&source);
            assert!(message.contains(expected) && at == line, "{at}: {message} ({expected})");
        }
    }

    #[test]
    fn two_entries_of_one_name_are_refused() {
        let twice = QUESTION.to_owned() + &QUESTION.replace("format = 1\n", "");
        let (_, problems) = read(&twice);
        assert!(problems[0].message.contains("two entries called `a`"), "{problems:?}");
    }

    #[test]
    fn an_exercise_names_a_kind_and_a_level_that_exist() {
        let source = "format = 1\n[[exercise]]\nid = \"e\"\nsection = \"frames\"\n\
                      kind = \"read-frame\"\nlevel = 1\ntitle = \"Read\"\n";
        let (bank, problems) = read(source);
        assert_eq!((bank.exercises[0].kind, problems.len()), (ExerciseKind::ReadFrame, 0));
        let (line, message) = problem(&source.replace("level = 1", "level = 99"));
        assert!(message.contains("has the levels 1 to") && line == 6, "{message}");
        let (_, message) = problem(&source.replace("read-frame", "read-fame"));
        assert!(message.contains("did you mean `read-frame`"), "{message}");
    }
}
