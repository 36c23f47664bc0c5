//! Exercises that hide their solution, and questions, each judged from the bytes and never by
//! comparing texts.
//!
//! An [`Exercise`] is made from a seed, so that the same seed always gives the same exercise. Its
//! [`Answer`] is judged by [`wire`](crate::wire), and the [`Judgment`] names what is wrong with the
//! byte it stands in. Nothing here reads a clock or random numbers: the caller passes both in.

mod bank;
mod catalog;
mod draws;
mod exercise;
mod exercises;
mod judgment;
mod live_check;
mod progress;

pub use bank::{Bank, BankProblem, Compare, ExerciseEntry, Question, Response, RightAnswer};
pub use catalog::{
    Catalog, CatalogItem, ItemKind, ItemState, LessonEntry, SECTIONS, lesson_step_name,
    section_title,
};
pub use draws::Draws;
pub use exercise::{Answer, AnswerForm, Exercise, ExerciseKind, Exhibit, FieldForm};
pub use exercises::broken_rule::SloppyVisit;
pub use exercises::repair_server::{GO_MODULE, GoFile, GoServer, RepairCheck, RepairFault};
pub use judgment::{Judgment, Mark, TypedSoFar, UnfitAnswer, UnreadText};
pub use live_check::LiveCheck;
pub use progress::{BadLine, ItemProgress, LeitnerBox, Progress, ProgressEvent};
