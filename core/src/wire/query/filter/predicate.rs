//! A filter as a tree of predicates, which are tested on a row.

use std::fmt;

use super::fields::{FlagField, NumberField};
use super::value::{self, fault_bit};
use crate::wire::decode::fault::Fault;
use crate::wire::frame::{MaskingKey, Severity, Side};
use crate::wire::keep::TraceRow;
use crate::wire::keep::trace::Trace;
use crate::wire::query::text_matcher::TextSet;

/// Where the faults of a frame are.
#[derive(Clone, Copy)]
pub(super) enum FaultSource<'a> {
    /// Among those of a trace.
    Trace(&'a Trace),
    /// The frame's own.
    Frame(&'a [Fault]),
}

impl<'a> FaultSource<'a> {
    fn faults_of(self, row: &TraceRow) -> &'a [Fault] {
        match self {
            Self::Trace(trace) => trace.faults_of(row.from(), row.frame_number()),
            Self::Frame(faults) => faults,
        }
    }
}

/// What is known of a frame besides its row.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) faults: FaultSource<'a>,
    /// The texts of the filter that the message which ends with the frame contains.
    pub(super) texts: TextSet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Test(Predicate),
    Not(Box<Self>),
    /// At least two.
    All(Vec<Self>),
    /// At least two.
    Any(Vec<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    Flag(FlagField, bool),
    /// The opcode's bit is set.
    Opcode(u16),
    Sender(Side),
    Number(NumberField, Comparison, Vec<u64>),
    /// The masking key is one of these (or none of them, if the flag is false).
    Key(bool, Vec<MaskingKey>),
    /// The frame breaks a rule whose bit is set (or none of them, if the flag is false). The names
    /// are those that the user wrote.
    Fault(bool, u64, Vec<String>),
    /// What the frame ends contains one of these texts, which are numbered over the whole filter.
    Text(Vec<(usize, String)>),
}

/// A comparison operator. Only `Equal` and `Unequal` take several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Node {
    pub(super) fn matches(&self, known: Known<'_>, row: &TraceRow, number: usize) -> bool {
        match self {
            Self::Test(test) => test.matches(known, row, number),
            Self::Not(node) => !node.matches(known, row, number),
            Self::All(nodes) => nodes.iter().all(|node| node.matches(known, row, number)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(known, row, number)),
        }
    }
}

impl Predicate {
    pub(super) fn matches(&self, known: Known<'_>, row: &TraceRow, number: usize) -> bool {
        match self {
            Self::Flag(flag, wanted) => flag.is_set(known.faults, row) == *wanted,
            Self::Opcode(set) => set & (1 << row.opcode().bits()) != 0,
            Self::Sender(side) => row.from() == *side,
            Self::Number(of, compare, values) => compare.matches(of.value_of(row, number), values),
            Self::Key(wanted, keys) => {
                row.header().masking_key.is_some_and(|key| keys.contains(&key)) == *wanted
            }
            Self::Fault(wanted, set, _) => {
                has_fault(known.faults, row, |fault| set & fault_bit(fault.code) != 0) == *wanted
            }
            Self::Text(texts) => texts.iter().any(|(number, _)| known.texts.contains(*number)),
        }
    }
}

/// Whether a fault of the row satisfies `which`. The row's severity tells whether it has any, which
/// avoids most searches.
fn has_fault(faults: FaultSource<'_>, row: &TraceRow, which: impl Fn(&Fault) -> bool) -> bool {
    row.severity().is_some() && faults.faults_of(row).iter().any(which)
}

impl FlagField {
    fn is_set(self, faults: FaultSource<'_>, row: &TraceRow) -> bool {
        match self {
            Self::Fin => row.header().fin,
            Self::Rsv1 => row.header().rsv1,
            Self::Rsv2 => row.header().rsv2,
            Self::Rsv3 => row.header().rsv3,
            Self::Mask => row.header().masking_key.is_some(),
            Self::Compressed => row.is_compressed(),
            Self::AfterFault => row.is_after_fault(),
            Self::AnyFault => row.severity().is_some(),
            Self::Fatal => row.severity() == Some(Severity::Fatal),
            Self::Warning => has_fault(faults, row, |fault| !fault.is_fatal()),
            Self::InMessage => row.role().message_number().is_some(),
        }
    }
}

impl NumberField {
    fn value_of(self, row: &TraceRow, number: usize) -> Option<u64> {
        match self {
            Self::Len => Some(row.payload_len().get()),
            Self::Size => Some(row.len().get()),
            Self::Time => Some(u64::try_from(row.completed_at().as_nanos()).unwrap_or(u64::MAX)),
            Self::Row => Some(number as u64),
            Self::Message => row.role().message_number().map(|message| message as u64),
        }
    }
}

impl Comparison {
    pub(super) fn matches(self, got: Option<u64>, values: &[u64]) -> bool {
        let order = |holds: fn(&u64, &u64) -> bool| {
            got.is_some_and(|got| values.first().is_some_and(|value| holds(&got, value)))
        };
        match self {
            Self::Equal => got.is_some_and(|got| values.contains(&got)),
            // A frame without the value is unequal to every value, so that `!=` is always the
            // negation of `=`.
            Self::Unequal => !got.is_some_and(|got| values.contains(&got)),
            Self::Less => order(u64::lt),
            Self::AtMost => order(u64::le),
            Self::More => order(u64::gt),
            Self::AtLeast => order(u64::ge),
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => test.fmt(f),
            Self::Not(node) => {
                f.write_str("!")?;
                node.fmt_operand(f)
            }
            Self::All(nodes) => Self::fmt_joined(nodes, " && ", f),
            Self::Any(nodes) => Self::fmt_joined(nodes, " || ", f),
        }
    }
}

impl Node {
    fn fmt_joined(nodes: &[Self], sign: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in nodes.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { sign })?;
            node.fmt_operand(f)?;
        }
        Ok(())
    }

    /// Formats an operand. Joined operands get parentheses, so that readers need not know the
    /// precedence.
    fn fmt_operand(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) | Self::Any(_) => write!(f, "({self})"),
            Self::Test(_) | Self::Not(_) => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |wanted: &bool| if *wanted { "=" } else { "!=" };
        match self {
            Self::Flag(flag, true) => f.write_str(flag.name()),
            Self::Flag(flag, false) => write!(f, "{}=0", flag.name()),
            Self::Opcode(set) => value::write_opcodes(*set, f),
            Self::Sender(side) => write!(f, "dir={side}"),
            Self::Number(of, compare, values) => {
                let print = if *of == NumberField::Time {
                    value::format_time
                } else {
                    |value: u64| value.to_string()
                };
                let values: Vec<String> = values.iter().map(|value| print(*value)).collect();
                write!(f, "{}{}{}", of.name(), compare.symbol(), values.join("|"))
            }
            Self::Key(wanted, keys) => {
                let keys: Vec<String> =
                    keys.iter().map(|key| crate::wire::format::hex(key)).collect();
                write!(f, "key{}{}", sign(wanted), keys.join("|"))
            }
            Self::Fault(wanted, _, names) => write!(f, "fault{}{}", sign(wanted), names.join("|")),
            Self::Text(texts) => {
                let texts: Vec<String> = texts.iter().map(|(_, text)| value::quote(text)).collect();
                write!(f, "text contains {}", texts.join("|"))
            }
        }
    }
}
