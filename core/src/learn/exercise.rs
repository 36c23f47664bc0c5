//! [`Exercise`]: what is shown, what is asked, and the hints. Its solution is not in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::Side;

/// The kinds of exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExerciseKind {
    /// The fields of unseen bytes are typed.
    ReadFrame,
    /// The bytes of a frame are typed.
    WriteFrame,
    /// An opening handshake is repaired, or an accept value worked out.
    ForgeHandshake,
    /// The guilty byte is pointed at and its rule named.
    BrokenRule,
    /// The events of a connection are put in order.
    OrderEvents,
    /// The faulty line of a server in Go is chosen.
    RepairServer,
}

/// An exercise without its solution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exercise {
    /// The kind.
    pub kind: ExerciseKind,
    /// The variant of its kind, from 1: harder ones have higher numbers.
    pub level: u8,
    /// The seed that it was made from; with the kind and the level it gives the same exercise again.
    pub seed: u64,
    /// The task, in one to three sentences.
    pub task: String,
    /// The thing that the task is about.
    pub exhibit: Exhibit,
    /// The form of an answer.
    pub form: AnswerForm,
    /// Three hints, the vaguest first; the last one all but gives the solution.
    pub hints: Vec<String>,
}

/// The thing that an exercise is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exhibit {
    /// Nothing besides the task.
    Nothing,
    /// Bytes that one side sends after the opening handshake.
    Bytes {
        /// The side that sends them.
        #[serde(serialize_with = "as_name")]
        from: Side,
        /// The bytes, at most 256.
        #[serde(serialize_with = "as_hex")]
        bytes: Vec<u8>,
        /// Whether permessage-deflate was agreed on.
        deflate: bool,
    },
    /// The head of an HTTP request or response, lines ending in `\n`.
    Head(String),
    /// The response to a request that offers no subprotocol and no extension.
    Response {
        /// The key of the request.
        key: String,
        /// Its head with the blank line, lines ending in `\n`.
        head: String,
    },
    /// Lines of source code.
    Code(Vec<String>),
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerForm {
    /// A value for each field: [`Answer::Fields`].
    Fields(Vec<FieldForm>),
    /// Bytes: [`Answer::Bytes`].
    Bytes,
    /// The head of a request or a response, changed from this one: [`Answer::Head`].
    Head(String),
    /// One byte of the exhibit, and one of these rules: [`Answer::ByteAndRule`].
    ByteAndRule(Vec<String>),
    /// These events in another order: [`Answer::Order`].
    Order(Vec<String>),
    /// A line of the exhibit's code, and one of these remedies: [`Answer::LineAndRemedy`].
    LineAndRemedy(Vec<String>),
}

/// A field that is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldForm {
    /// The name, such as `opcode`: the key of [`Answer::Fields`].
    pub name: String,
    /// The name that people read.
    pub label: String,
    /// What is typed, such as `0 or 1`.
    pub expects: String,
    /// Whether any text may be typed, and not only numbers, names and hex.
    pub is_text: bool,
}

/// An answer to an exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What was typed into each field, by the field's name. A field that is missing is empty.
    Fields(BTreeMap<String, String>),
    /// Bytes as they were typed: hex in any form that people write.
    Bytes(String),
    /// The head of a request or a response, lines ending in `\n` or `\r\n`.
    Head(String),
    /// The index of a byte from 0, and of a rule.
    ByteAndRule {
        /// The byte of the exhibit; of a response any byte of the line.
        byte: usize,
        /// The rule, from 0.
        rule: usize,
    },
    /// The indexes of the events, from 0, in the order in which they happen.
    Order(Vec<usize>),
    /// The index of a line from 0, and of a remedy.
    LineAndRemedy {
        /// The line of the exhibit.
        line: usize,
        /// The remedy, from 0.
        remedy: usize,
    },
}

impl ExerciseKind {
    /// All kinds, in the order in which they are learned.
    pub const ALL: [Self; 6] = [
        Self::ReadFrame,
        Self::WriteFrame,
        Self::ForgeHandshake,
        Self::BrokenRule,
        Self::OrderEvents,
        Self::RepairServer,
    ];

    /// Returns the name, as files and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadFrame => "read-frame",
            Self::WriteFrame => "write-frame",
            Self::ForgeHandshake => "forge-handshake",
            Self::BrokenRule => "broken-rule",
            Self::OrderEvents => "order-events",
            Self::RepairServer => "repair-server",
        }
    }

    /// Returns the kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Writes bytes as hex, two digits each, with blanks between.
fn as_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&digits.join(" "))
}

/// Writes a side by its name, `client` or `server`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_name<S: serde::Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(side)
}
