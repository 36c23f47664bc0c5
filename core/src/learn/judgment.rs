//! [`Judgment`]: what is right and wrong about an answer, and why.

use std::ops::Range;

use serde::Serialize;

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

/// A remark on bytes that are still being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypedSoFar {
    /// The number of bytes from the first one on that are right.
    pub right: usize,
    /// The first byte that is wrong, or text that isn't hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Mark>,
    /// The number of bytes that belong behind the right ones.
    pub missing: usize,
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
    /// A field that the exercise does not have.
    #[error("there is no field `{0}`")]
    Field(String),
}
