//! [`TaskPage`]: an exercise or a question while it is worked on.

use super::form_editor::FormEditor;
use super::server_reply::ServerReply;
use super::server_trial::{self, ServerTrial};
use crate::learn::{CatalogItem, Draws, Exercise, Exhibit, Judgment, Question, RightAnswer};
use crate::repair::RepairOutcome;

/// An exercise or a question on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskPage {
    pub(super) item: CatalogItem,
    pub(super) task: Task,
    pub(super) form: FormEditor,
    /// The number of hints that are shown.
    pub(super) hints_shown: usize,
    pub(super) judgment: Option<Judgment>,
    /// What a real server did with the answer.
    pub(super) reply: Option<ReplyState>,
    /// The findings about the servers of the exercise that are recorded, with their provenance.
    pub(super) recorded: Option<(RepairOutcome, String)>,
    /// The servers of the exercise, once they are tried here.
    pub(super) trial: Option<ServerTrial>,
    /// Whether an answer to this task has counted. A second try at the same one doesn't.
    pub(super) has_counted: bool,
    /// Whether the end of a task is in sight that has no room, instead of its beginning.
    pub(super) shows_end: bool,
    /// The rows that are scrolled away at the top.
    pub(super) scrolled: usize,
}

/// The exercise or the question that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Exercise(Exercise),
    Question(Question),
}

/// The state of asking a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplyState {
    Waiting,
    Done(Result<ServerReply, String>),
}

impl TaskPage {
    /// Opens an exercise that was made.
    pub(super) fn exercise(item: CatalogItem, exercise: Exercise) -> Self {
        let form = FormEditor::of_exercise(&exercise);
        let recorded = server_trial::recorded(&exercise);
        Self { recorded, ..Self::new(item, Task::Exercise(exercise), form) }
    }

    /// Opens a question. The seed puts its options in an order.
    pub(super) fn question(item: CatalogItem, question: Question, seed: u64) -> Self {
        let (count, is_fixed) = match &question.answer {
            RightAnswer::Choice { options, fixed, .. } => (options.len(), *fixed),
            RightAnswer::Several { options, .. } => (options.len(), false),
            RightAnswer::Input { .. } => (0, true),
        };
        let mut order: Vec<usize> = (0..count).collect();
        if !is_fixed {
            Draws::new(seed).shuffle(&mut order);
        }
        let form = FormEditor::of_question(&question, order);
        Self::new(item, Task::Question(question), form)
    }

    fn new(item: CatalogItem, task: Task, form: FormEditor) -> Self {
        let (hints_shown, judgment, reply, recorded, trial, has_counted, shows_end, scrolled) =
            Default::default();
        Self {
            item,
            task,
            form,
            hints_shown,
            judgment,
            reply,
            recorded,
            trial,
            has_counted,
            shows_end,
            scrolled,
        }
    }

    /// Returns the hints, the vaguest first.
    pub(super) fn hints(&self) -> &[String] {
        match &self.task {
            Task::Exercise(exercise) => &exercise.hints,
            Task::Question(question) if question.hint.is_empty() => &[],
            Task::Question(question) => std::slice::from_ref(&question.hint),
        }
    }

    /// Whether letters are a part of the answer now, so that they can't be commands.
    pub(super) fn takes_letters(&self) -> bool {
        self.judgment.is_none() && self.form.takes_letters()
    }

    /// Whether the inspector can show the bytes of the task or of the answer.
    pub(super) fn has_bytes(&self) -> bool {
        let writes_frames = matches!(&self.form, FormEditor::Bytes(_));
        writes_frames || !self.bytes().is_empty()
    }

    /// Returns the bytes that it is about; none where it is about something else.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.task {
            Task::Exercise(Exercise { exhibit: Exhibit::Bytes { bytes, .. }, .. }) => bytes,
            Task::Exercise(_) => &[],
            Task::Question(question) => &question.bytes,
        }
    }

    /// Judges the answer. What it doesn't fit is a sentence.
    pub(super) fn judge(&self) -> Result<Judgment, String> {
        match &self.task {
            Task::Exercise(exercise) => {
                let answer = self.form.answer().ok_or("the answer isn't complete")?;
                exercise.judge(&answer).map_err(|error| error.to_string())
            }
            Task::Question(question) => {
                let response = self.form.response().ok_or("the answer isn't complete")?;
                Ok(question.judge(&response))
            }
        }
    }

    /// Returns the bytes for a real server, and whether they are a request.
    pub(super) fn bytes_to_send(&self) -> Option<(Vec<u8>, bool)> {
        let Task::Exercise(exercise) = &self.task else { return None };
        let bytes = exercise.bytes_to_send(&self.form.answer()?)?;
        Some((bytes, matches!(exercise.form, crate::learn::AnswerForm::Head(_))))
    }

    /// Whether the answer counts as right: the judgment, and no real server that objects.
    pub(super) fn is_won(&self) -> bool {
        let accepted = match &self.reply {
            Some(ReplyState::Done(Ok(reply))) => reply.is_accepted(),
            _ => true,
        };
        self.judgment.as_ref().is_some_and(|judgment| judgment.right) && accepted
    }
}
