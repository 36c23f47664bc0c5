//! The demo's keys, its start, and what goes to its engine and comes back.

use super::live::{Inspected, LiveReply, ServerTrial};
use crate::learn::{Exercise, LiveCheck, Progress};
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard: in the list, and in what was opened.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "↑ ↓ Enter", about: "choose something to learn, and open it" },
    KeyHint { keys: "n", about: "what comes next: due again, or new" },
    KeyHint { keys: "/", about: "search the list" },
    KeyHint { keys: "a", about: "check everything once more, one after another" },
    KeyHint { keys: "r", about: "forget the answers to an item" },
    KeyHint { keys: "Esc", about: "from an exercise or a question: back to the list" },
    KeyHint { keys: "↑ ↓ ← →", about: "to another field, byte, line or event" },
    KeyHint { keys: "1–9", about: "choose an option, a rule or a remedy" },
    KeyHint { keys: "Space", about: "pick up an event, or put it down" },
    KeyHint { keys: "Tab", about: "the next field; elsewhere the end of a long task, and back" },
    KeyHint { keys: "Enter", about: "check the answer (a head: Ctrl-S)" },
    KeyHint { keys: "h F1", about: "a hint, where there is one (F1 where text is typed)" },
    KeyHint { keys: "↑ ↓", about: "after the verdict: scroll" },
    KeyHint { keys: "e", about: "after the verdict: try the same again" },
    KeyHint { keys: "g", about: "after the verdict: another one of its kind" },
    KeyHint { keys: "i", about: "after the verdict: the bytes in the inspector" },
    KeyHint { keys: "x", about: "after the verdict: build and try the servers in Go here" },
];
/// Those of the list.
pub(super) const LIST_KEYS: &[KeyHint] = KEYS.split_at(5).0;
/// Those of an exercise or a question that is open.
pub(super) const TASK_KEYS: &[KeyHint] = KEYS.split_at(5).1;

/// The start of the demo: its place, and the seed of the first exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnStart {
    /// The place.
    pub place: StartPlace,
    /// The seed, instead of a random one.
    pub seed: Option<u64>,
}

/// The place where the demo opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StartPlace {
    /// The list of everything.
    #[default]
    List,
    /// The questions and exercises of a section, one after another.
    Section(String),
    /// A lesson, an exercise or a question.
    Item(String),
}

/// A command of the demo.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Read the progress.
    Load,
    /// Draw a seed for an item.
    Draw(String),
    /// Draw a number that picks the question from an earlier section.
    DrawSeries(String),
    /// Keep an answer.
    Record(String, bool),
    /// Forget the answers of these names.
    Reset(Vec<String>),
    /// Open a lesson in the inspector.
    OpenLesson(String),
    /// Open an exchange in the inspector.
    Inspect(Inspected),
    /// Show an answer to a real peer. The number tells its reply from that to an earlier answer.
    Ask(u64, Box<LiveCheck>),
    /// Build and try the servers in Go of an exercise.
    TryServers(Box<Exercise>),
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The progress, the time, and what the user is to know.
    Progress(Progress, u64, Option<String>),
    /// A seed for an item.
    Seed(String, u64),
    /// A number for the series of a section.
    SeriesSeed(String, u64),
    /// The peer's reply to what was sent under this number.
    Reply(u64, Result<Reply, String>),
    /// The servers in Go that are tried.
    Servers(ServerTrial),
}

/// The reply of a real peer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply(pub(super) LiveReply);
