//! [`Bank`]: the questions and exercises of a file. `docs/lessons.md` documents the format.

mod entries;
mod question;
mod read;

pub use entries::{Bank, ExerciseEntry};
pub use question::{Compare, Question, Response, RightAnswer};
pub use read::BankProblem;

/// The file that is built in.
const BUILT_IN: &str = include_str!("built_in.toml");

impl Bank {
    /// Reads a file. Entries with problems are left out.
    pub fn read(source: &str) -> (Self, Vec<BankProblem>) {
        read::read(source)
    }

    /// Returns what is built in.
    pub fn built_in() -> Self {
        Self::read(BUILT_IN).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::exercise::ExerciseKind;

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
