//! [`Bank`]: questions and exercises, and how they are found by name.

use crate::learn::bank::question::Question;
use crate::learn::exercise::ExerciseKind;

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
