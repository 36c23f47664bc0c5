//! The state of the questions, and how keys change it. This file draws nothing.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::tree::{Answer, DecisionTree, Next, Question};
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "1 – 9", about: "answer" },
    KeyHint { keys: "↑ ↓ Enter", about: "choose an answer, and give it" },
    KeyHint { keys: "← Backspace", about: "take the last answer back" },
    KeyHint { keys: "0", about: "begin again" },
];

/// The demo's state.
#[derive(Debug, Default)]
pub struct Choose {
    pub(super) tree: DecisionTree,
    /// The questions that were answered, each with its answer, by index.
    pub(super) given: Vec<(usize, usize)>,
    /// The index of the answer under the cursor.
    pub(super) cursor: usize,
    /// Why the file with the tree cannot be used, or that it is being read.
    pub(super) notice: Option<String>,
}

/// A command of the demo: read a tree from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cmd(pub(super) PathBuf);

/// A report: the tree of a file, or why it cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Msg(pub(super) Result<DecisionTree, String>);

impl Choose {
    pub(super) fn handle_key(&mut self, key: KeyEvent) {
        let answers = self.question().map_or(0, |question| question.answers.len());
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => {
                self.cursor = (self.cursor + 1).min(answers.saturating_sub(1));
            }
            KeyCode::Char(digit @ '1'..='9') => self.answer(digit as usize - '1' as usize),
            KeyCode::Enter | KeyCode::Right | KeyCode::Char(' ') => self.answer(self.cursor),
            KeyCode::Left | KeyCode::Backspace | KeyCode::Char('h') => {
                // The cursor stands on the answer that was taken back.
                self.cursor = self.given.pop().map_or(self.cursor, |(_, answer)| answer);
            }
            KeyCode::Char('0') | KeyCode::Home => (self.given, self.cursor) = Default::default(),
            _ => {}
        }
    }

    /// Gives an answer of the open question, by its index.
    pub(super) fn answer(&mut self, answer: usize) {
        let Some(Next::Question(question)) = self.place() else { return };
        let exists = self.tree.questions.get(question).is_some_and(|of| answer < of.answers.len());
        if exists {
            self.given.push((question, answer));
            self.cursor = 0;
        }
    }

    pub(super) fn apply(&mut self, Msg(found): Msg) {
        self.notice = None;
        match found {
            Ok(tree) => self.tree = tree,
            Err(reason) => self.notice = Some(reason),
        }
    }

    /// Returns the place that the answers have led to; `None` without a tree.
    pub(super) fn place(&self) -> Option<Next<'_>> {
        match self.answers().last() {
            Some((_, answer)) => self.tree.next(answer),
            None => (!self.tree.questions.is_empty()).then_some(Next::Question(0)),
        }
    }

    /// Returns the question that waits for its answer.
    pub(super) fn question(&self) -> Option<&Question> {
        match self.place() {
            Some(Next::Question(index)) => self.tree.questions.get(index),
            _ => None,
        }
    }

    /// Returns the questions that were answered, with their answers.
    pub(super) fn answers(&self) -> impl DoubleEndedIterator<Item = (&Question, &Answer)> {
        self.given.iter().filter_map(|(question, answer)| {
            let question = self.tree.questions.get(*question)?;
            Some((question, question.answers.get(*answer)?))
        })
    }
}
