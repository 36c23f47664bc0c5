//! [`Bank`]: the questions and exercises of a file. `docs/lessons.md` documents the format.

mod question;
mod read;

pub use question::{Compare, Question, Response, RightAnswer};
pub use read::BankProblem;

use crate::learn::exercise::ExerciseKind;

/// The file that is built in.
const BUILT_IN: &str = include_str!("built_in.toml");

/// Questions and exercises.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bank {
    /// The questions, in the order of the file.
    pub questions: Vec<Question>,
    /// The exercises, in the order of the file.
    pub exercises: Vec<ExerciseEntry>,
}

/// An exercise that is made anew each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExerciseEntry {
    /// The name, which is the same in all versions: progress is kept under it.
    pub name: String,
    /// The section of the talk that it belongs to.
    pub section: String,
    /// The kind.
    pub kind: ExerciseKind,
    /// The level, which the kind has.
    pub level: u8,
    /// The title, in a few words.
    pub title: String,
}

impl Bank {
    /// Reads a file. Entries with problems are left out.
    pub fn read(source: &str) -> (Self, Vec<BankProblem>) {
        read::read(source)
    }

    /// Returns what is built in.
    pub fn built_in() -> Self {
        Self::read(BUILT_IN).0
    }

    /// Adds what another file has. Entries whose name is taken are left out and returned.
    pub fn extend(&mut self, other: Self) -> Vec<String> {
        let mut taken = Vec::new();
        for question in other.questions {
            if self.has(&question.name) {
                taken.push(question.name);
            } else {
                self.questions.push(question);
            }
        }
        for exercise in other.exercises {
            if self.has(&exercise.name) {
                taken.push(exercise.name);
            } else {
                self.exercises.push(exercise);
            }
        }
        taken
    }

    /// Returns the question of that name.
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.name == name)
    }

    /// Returns the exercise of that name.
    pub fn exercise(&self, name: &str) -> Option<&ExerciseEntry> {
        self.exercises.iter().find(|exercise| exercise.name == name)
    }

    fn has(&self, name: &str) -> bool {
        self.question(name).is_some() || self.exercise(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_has_no_problem_and_every_kind() {
        let (bank, problems) = Bank::read(BUILT_IN);
        assert_eq!(problems, []);
        assert!(bank.questions.len() >= 30);
        for kind in ExerciseKind::ALL {
            for level in 1..=kind.levels() {
                let has = |entry: &ExerciseEntry| (entry.kind, entry.level) == (kind, level);
                assert!(bank.exercises.iter().any(has), "{} {level}", kind.name());
            }
        }
    }

    #[test]
    fn a_name_that_is_taken_stays_with_what_has_it() {
        let mut bank = Bank::built_in();
        let count = bank.questions.len();
        let mut other = Bank { questions: bank.questions[..1].to_vec(), exercises: Vec::new() };
        other.questions[0].prompt = "Another?".to_owned();
        assert_eq!(bank.extend(other), [bank.questions[0].name.clone()]);
        assert_eq!(bank.questions.len(), count);
        assert_ne!(bank.questions[0].prompt, "Another?");
    }
}
