//! TEMPORARY: the kind `write_frame` is being written.

use crate::learn::exercise::{Answer, AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::judgment::{Judgment, TypedSoFar, UnfitAnswer};

pub(crate) const LEVELS: u8 = 1;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    Exercise {
        kind: ExerciseKind::WriteFrame,
        level,
        seed,
        task: String::new(),
        exhibit: Exhibit::Nothing,
        form: AnswerForm::Bytes,
        hints: Vec::new(),
    }
}

pub(crate) fn judge(_exercise: &Exercise, _answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    Err(UnfitAnswer::Form { expected: "nothing yet" })
}

pub(crate) fn solution(_exercise: &Exercise) -> Answer {
    Answer::Order(Vec::new())
}

pub(crate) fn judge_so_far(_exercise: &Exercise, _answer: &Answer) -> Option<TypedSoFar> {
    None
}

pub(crate) fn bytes_to_send(_exercise: &Exercise, _answer: &Answer) -> Option<Vec<u8>> {
    None
}
