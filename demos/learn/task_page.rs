//! [`TaskPage`]: an exercise or a question while it is worked on.

use super::form_editor::FormEditor;
use super::live::{self, Exchange, Inspected, LiveReply, ServerTrial};
use super::messages::Cmd;
use crate::demos::inspect::Spot;
use crate::learn::{
    CatalogItem, Draws, Exercise, Exhibit, Judgment, LiveCheck, Question, RepairFault, RightAnswer,
    UnfitAnswer,
};
use crate::repair::RepairOutcome;
use crate::wire::Side;

/// The most rows that a task is scrolled by.
const MAX_SCROLLED: isize = 200;

/// An exercise or a question on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskPage {
    pub(super) item: CatalogItem,
    pub(super) task: Task,
    pub(super) form: FormEditor,
    /// The number of hints that are shown.
    pub(super) hints_shown: usize,
    pub(super) judgment: Option<Judgment>,
    /// What a real peer did with the answer.
    pub(super) reply: Option<ReplyState>,
    /// Whether an answer is sent to the strict server as it is.
    pub(super) is_sent: bool,
    /// The findings about the servers of the exercise that are recorded, with their provenance.
    pub(super) recorded: Option<(RepairOutcome, String)>,
    /// The servers of the exercise, once they are tried here.
    pub(super) trial: Option<ServerTrial>,
    /// Whether an answer to this task has counted. A second try at the same one doesn't.
    pub(super) has_counted: bool,
    /// The problem of an answer that isn't of the form that is asked for, and so wasn't judged.
    pub(super) refused: Option<String>,
    /// Whether the inspector was opened on the answer.
    was_inspected: bool,
    /// The part of the task that is in sight where not all of it has room.
    pub(super) focus: Focus,
    /// The rows that were scrolled down, or up, from there.
    pub(super) scrolled: isize,
}

/// A part of a task that is in sight until there is a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    /// The place where the answer is made.
    #[default]
    Cursor,
    /// The newest hint.
    Hint,
    /// The problem of an answer that wasn't judged.
    Refusal,
    /// The end.
    End,
}

/// The exercise or the question that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Exercise(Exercise),
    Question(Question),
}

/// The state of asking a real peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplyState {
    /// This peer is being asked.
    Waiting(&'static str),
    Done(Result<LiveReply, String>),
}

impl TaskPage {
    /// Opens an exercise that was made.
    pub(super) fn exercise(item: CatalogItem, exercise: Exercise) -> Self {
        let form = FormEditor::of_exercise(&exercise);
        let recorded = live::recorded(&exercise);
        let check = exercise.live_check(&exercise.solution());
        let is_sent = matches!(check, Some(LiveCheck::Frames(_) | LiveCheck::Request(_)));
        Self { is_sent, recorded, ..Self::new(item, Task::Exercise(exercise), form) }
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
        let (hints_shown, judgment, reply, recorded, trial, has_counted) = Default::default();
        let (is_sent, refused, was_inspected, focus, scrolled) = Default::default();
        Self {
            item,
            task,
            form,
            hints_shown,
            judgment,
            reply,
            is_sent,
            recorded,
            trial,
            has_counted,
            refused,
            was_inspected,
            focus,
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
        let is_of_frames =
            matches!(&self.form, FormEditor::Bytes(_) | FormEditor::ByteAndRule { .. });
        is_of_frames || !self.bytes().is_empty()
    }

    /// Returns the bytes that it is about; none where it is about something else.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.task {
            Task::Exercise(Exercise { exhibit: Exhibit::Bytes { bytes, .. }, .. }) => bytes,
            Task::Exercise(_) => &[],
            Task::Question(question) => &question.bytes,
        }
    }

    /// Judges the answer.
    ///
    /// # Errors
    ///
    /// If it isn't of the form that is asked for.
    pub(super) fn judge(&self) -> Result<Judgment, UnfitAnswer> {
        let incomplete = UnfitAnswer::Form { expected: "all of its answer" };
        match &self.task {
            Task::Exercise(exercise) => exercise.judge(&self.form.answer().ok_or(incomplete)?),
            Task::Question(question) => question.judge(&self.form.response().ok_or(incomplete)?),
        }
    }

    /// Shows why the answer can't be judged, at the field that it is about.
    pub(super) fn refuse(&mut self, reason: &UnfitAnswer) {
        if let (UnfitAnswer::Unread(unread), FormEditor::Fields { names, cursor, .. }) =
            (reason, &mut self.form)
        {
            *cursor = names.iter().position(|name| *name == unread.field).unwrap_or(*cursor);
        }
        self.refused = Some(reason.to_string());
        (self.focus, self.scrolled) = (Focus::Refusal, 0);
    }

    /// Shows one hint more. Returns why there is none.
    pub(super) fn show_hint(&mut self) -> Option<&'static str> {
        match self.hints().len() {
            0 => return Some("no hint for this one"),
            all if self.hints_shown == all => return Some("that was the last hint"),
            _ => self.hints_shown += 1,
        }
        (self.focus, self.scrolled) = (Focus::Hint, 0);
        None
    }

    /// Takes the verdict away, and keeps the answer.
    pub(super) fn try_again(&mut self) {
        (self.judgment, self.reply, self.focus, self.scrolled) = Default::default();
        self.was_inspected = false;
    }

    /// Scrolls down, or up.
    pub(super) fn scroll(&mut self, rows: isize) {
        self.scrolled = self.scrolled.saturating_add(rows).clamp(-MAX_SCROLLED, MAX_SCROLLED);
    }

    /// Whether a real peer hasn't replied yet.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.reply, Some(ReplyState::Waiting(_)))
    }

    /// Returns the command that builds and tries the servers of the exercise.
    pub(super) fn try_servers(&mut self) -> Option<Cmd> {
        let Task::Exercise(exercise) = &self.task else { return None };
        RepairFault::of(exercise)?;
        self.trial = Some(ServerTrial::Running("building both servers".to_owned()));
        Some(Cmd::TryServers(Box::new(exercise.clone())))
    }

    /// Returns the command that shows the bytes of the task in the inspector, with the cursor on
    /// what the verdict is about.
    pub(super) fn inspect_command(&mut self) -> Option<Cmd> {
        let exchange = self.exchange()?;
        self.was_inspected = true;
        let spot = self.spot(&exchange);
        Some(Cmd::Inspect(Inspected { exchange, spot }))
    }

    /// Returns what the inspector can show of the task or of the answer.
    fn exchange(&self) -> Option<Exchange> {
        let frames = |from, bytes: &[u8], deflate| {
            (!bytes.is_empty()).then(|| Exchange::Frames { from, bytes: bytes.to_vec(), deflate })
        };
        match (self.live_check(), &self.task) {
            (Some(LiveCheck::Frames(bytes)), _) => frames(Side::Client, &bytes, false),
            (Some(LiveCheck::SloppyVisit(visit)), _) => {
                Some(Exchange::SloppyVisit(Box::new(visit)))
            }
            (_, Task::Exercise(exercise)) => match &exercise.exhibit {
                Exhibit::Bytes { from, bytes, deflate } => frames(*from, bytes, *deflate),
                _ => None,
            },
            (_, Task::Question(question)) => {
                // The mask says who sends it.
                let is_masked = question.bytes.get(1).is_some_and(|byte| byte & 0x80 != 0);
                let from = if is_masked { Side::Client } else { Side::Server };
                frames(from, &question.bytes, false)
            }
        }
    }

    /// Returns the first byte or line of an exchange that the verdict is about: what was wrong, or
    /// what was asked for.
    fn spot(&self, exchange: &Exchange) -> Option<Spot> {
        let marks = &self.judgment.as_ref()?.marks;
        let wrong = marks.iter().find(|mark| !mark.right && mark.bytes.is_some());
        let first = wrong.or_else(|| marks.iter().find(|mark| mark.bytes.is_some()))?;
        let byte = first.bytes.as_ref()?.start;
        let from = match exchange {
            Exchange::Frames { from, .. } => *from,
            Exchange::SloppyVisit(_) => Side::Server,
        };
        Some(match (&self.form, self.bytes().is_empty()) {
            (FormEditor::ByteAndRule { places, .. }, true) => {
                let line = places.iter().rposition(|start| *start <= byte)?;
                Spot::HeadLine(from, line)
            }
            _ => Spot::FrameByte(from, byte),
        })
    }

    /// Whether the inspector comes before the next task: the answer was wrong, and it hasn't been
    /// looked at there.
    pub(super) fn is_to_be_inspected(&self) -> bool {
        !self.is_won() && !self.was_inspected && self.exchange().is_some()
    }

    /// Returns what is to be shown to a real peer once the answer is judged.
    pub(super) fn live_check(&self) -> Option<LiveCheck> {
        let Task::Exercise(exercise) = &self.task else { return None };
        exercise.live_check(&self.form.answer()?)
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
