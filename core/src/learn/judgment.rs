//! [`Judgment`]: what is right and wrong about an answer, and why.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::learn::exercise::FieldForm;
use crate::wire::pasted::PasteError;

/// The result of judging an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgment {
    /// Whether all of it is right.
    pub right: bool,
    /// A remark on each part of the answer, in the order of the form.
    pub marks: Vec<Mark>,
    /// The teacher's verdict in one sentence, which names what is right: `the length is 5: 85 is
    /// 1 000 0101`.
    pub verdict: String,
    /// The reason, in one to three sentences.
    pub why: String,
    /// The source of the rule, such as `RFC 6455 §5.2`.
    pub source: String,
}

/// A remark on a part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The part: the name of a field, `byte`, `rule`, `line`, `remedy`, the number of an event or
    /// of a line.
    pub part: String,
    /// Whether it is right.
    pub right: bool,
    /// The bytes that prove it: of the exhibit, or of the answer where that is bytes or a head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Range<usize>>,
    /// What is wrong with it, or why it is right. It does not give the solution away.
    pub remark: String,
}

/// A decoder's reading of bytes that are still being typed. It says whether they are legal, and not
/// whether they are the ones that the task asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedSoFar {
    /// The last frame as far as it goes: `FIN 1, opcode 0x1 (text), MASK 1, length 5`.
    pub reading: String,
    /// The rule that the bytes break, or why the text isn't bytes.
    pub problem: Option<String>,
    /// Whether the last frame is complete.
    pub is_whole: bool,
}

/// Text that stands for no value of the form that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadText {
    /// The name of the field that it was typed into; empty where there is just one.
    pub field: String,
    /// The problem, and what would be right.
    pub problem: String,
}

impl UnreadText {
    /// Returns what is wrong with the one text that is asked for.
    pub(crate) fn alone(problem: String) -> Self {
        Self { field: String::new(), problem }
    }

    /// Returns what a field says of its text.
    pub(crate) fn of_field(form: &FieldForm, problem: impl fmt::Display) -> Self {
        Self { field: form.name.clone(), problem: format!("{}: {problem}", form.label) }
    }
}

/// An answer that no judgment can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitAnswer {
    /// It is of another form than the exercise asks for.
    #[error("the exercise asks for {expected}")]
    Form {
        /// The form that it asks for.
        expected: &'static str,
    },
    /// It names a part that the exercise does not have.
    #[error("there is no {what} {number}: the exercise has {count}")]
    Missing {
        /// The kind of part, such as `byte`.
        what: &'static str,
        /// The number that was given, from 0.
        number: usize,
        /// The number of parts that there are.
        count: usize,
    },
    /// Text that doesn't stand for bytes.
    #[error("{0}")]
    Bytes(PasteError),
    /// Text that stands for no value, right or wrong.
    #[error("{}", .0.problem)]
    Unread(UnreadText),
    /// An answer of another form than a question asks for.
    #[error("the question asks for {0}")]
    Question(&'static str),
    /// A field that the exercise does not have.
    #[error("there is no field `{0}`")]
    Field(String),
}
