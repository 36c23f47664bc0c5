//! The inspector's filter: `op=close && len<9`, read once and then asked of every row of a `Trace`.
//! It knows headers and faults; what stands in a payload is found by `search`.

mod names;
mod parse;
mod value;

use std::fmt;
use std::ops::Range;

use super::fault::{Code, Fault, Severity};
use super::frame::{Key, Side};
use super::row::Row;
use super::trace::Trace;
pub use names::Name;
use names::{Flag, Number};

/// Which rows of a [`Trace`] are shown.
///
/// ```
/// use std::time::Duration;
/// use wiretalk::wire::{Agreed, Side, Trace, filter::Filter};
///
/// let mut seen = Trace::midway(Agreed::none());
/// seen.push(Side::Server, Duration::ZERO, b"\x81\x05Hello\x88\x02\x03\xe8");
/// let filter = Filter::parse("op=close && len<9").unwrap();
/// assert_eq!(filter.rows(&seen, 0..2).collect::<Vec<_>>(), [1]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    root: Option<Node>,
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The byte where it goes wrong, counted from 0; the length of the text where something is missing at its end.
    pub at: usize,
    /// What is wrong there, in one clause.
    pub what: String,
    /// What would be right instead.
    pub right: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, byte {}: {}; right would be {}", self.at, self.what, self.right)
    }
}

impl std::error::Error for Error {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Test(Test),
    Not(Box<Self>),
    /// At least two.
    All(Vec<Self>),
    /// At least two.
    Any(Vec<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Flag(Flag, bool),
    /// One of the opcodes whose bit is set.
    Op(u16),
    From(Side),
    Number(Number, Compare, Vec<u64>),
    /// One of these keys (or none of them).
    Key(bool, Vec<Key>),
    /// One of the rules whose bit is set (or none of them), and the names as they were written.
    Fault(bool, u64, Vec<String>),
}

/// Equal and unequal are asked of several values, the others of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// Every name with its sentence, in the order of a help page.
    pub const NAMES: &'static [Name] = names::NAMES;

    /// Reads a filter: comparisons with `=` `!=` `<` `<=` `>` `>=`, joined by `&&` (`and`), `||` (`or`), `!` (`not`) and parentheses;
    /// `&&` binds closer than `||`. Several values stand side by side: `op=ping|pong`. An opcode or a side may stand alone: `close`.
    /// `!=` holds wherever `=` does not. The empty filter lets everything through.
    ///
    /// # Errors
    /// The byte where it goes wrong, what is wrong, and what would be right.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::parse(text).map(|root| Self { root })
    }

    /// It lets everything through.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Is row number `row` (from 0) let through? A row that is not there is not.
    pub fn matches(&self, trace: &Trace, row: usize) -> bool {
        let Some(shown) = trace.rows().get(row) else { return false };
        self.root.as_ref().is_none_or(|root| root.holds(trace, shown, row))
    }

    /// The numbers of the rows in `range` that are let through, in order: ask for what is new and append it.
    pub fn rows<'a>(&'a self, trace: &'a Trace, range: Range<usize>) -> impl Iterator<Item = usize> + 'a {
        range.filter(|row| self.matches(trace, *row))
    }
}

impl Node {
    fn holds(&self, trace: &Trace, row: &Row, number: usize) -> bool {
        match self {
            Self::Test(test) => test.holds(trace, row, number),
            Self::Not(node) => !node.holds(trace, row, number),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(trace, row, number)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(trace, row, number)),
        }
    }
}

impl Test {
    fn holds(&self, trace: &Trace, row: &Row, number: usize) -> bool {
        match self {
            Self::Flag(flag, wanted) => flag.of(trace, row) == *wanted,
            Self::Op(set) => set & (1 << row.opcode().bits()) != 0,
            Self::From(side) => row.from() == *side,
            Self::Number(of, compare, values) => compare.holds(of.of(row, number), values),
            Self::Key(wanted, keys) => row.header().key.is_some_and(|key| keys.contains(&key)) == *wanted,
            Self::Fault(wanted, set, _) => breaks(trace, row, |fault| set & bit(fault.code) != 0) == *wanted,
        }
    }
}

/// A rule as a bit; there are fewer than 64.
fn bit(code: Code) -> u64 {
    1 << code as u32
}

/// Faults are looked up only where the row says that there are some.
fn breaks(trace: &Trace, row: &Row, which: impl Fn(&Fault) -> bool) -> bool {
    row.severity().is_some() && trace.faults_of(row.from(), row.index()).iter().any(which)
}

impl Flag {
    fn of(self, trace: &Trace, row: &Row) -> bool {
        match self {
            Self::Fin => row.header().fin,
            Self::Rsv1 => row.header().rsv1,
            Self::Rsv2 => row.header().rsv2,
            Self::Rsv3 => row.header().rsv3,
            Self::Mask => row.header().key.is_some(),
            Self::Compressed => row.is_compressed(),
            Self::AfterFault => row.is_after_fault(),
            Self::AnyFault => row.severity().is_some(),
            Self::Fatal => row.severity() == Some(Severity::Fatal),
            Self::Warning => breaks(trace, row, |fault| !fault.is_fatal()),
            Self::InMessage => row.place().message().is_some(),
        }
    }
}

impl Number {
    fn of(self, row: &Row, number: usize) -> Option<u64> {
        match self {
            Self::Len => Some(row.payload_len().get()),
            Self::Size => Some(row.len().get()),
            Self::Time => Some(u64::try_from(row.at().as_nanos()).unwrap_or(u64::MAX)),
            Self::Row => Some(number as u64),
            Self::Message => row.place().message().map(|message| message as u64),
        }
    }
}

impl Compare {
    fn holds(self, got: Option<u64>, values: &[u64]) -> bool {
        let order = |holds: fn(&u64, &u64) -> bool| {
            got.is_some_and(|got| values.first().is_some_and(|value| holds(&got, value)))
        };
        match self {
            Self::Equal => got.is_some_and(|got| values.contains(&got)),
            Self::Unequal => !got.is_some_and(|got| values.contains(&got)),
            Self::Less => order(u64::lt),
            Self::AtMost => order(u64::le),
            Self::More => order(u64::gt),
            Self::AtLeast => order(u64::ge),
        }
    }

    fn sign(self) -> &'static str {
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

/// As [`Filter::parse`] reads it: the same filter comes back.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => test.fmt(f),
            Self::Not(node) => {
                f.write_str("!")?;
                node.inside(f)
            }
            Self::All(nodes) => Self::joined(nodes, " && ", f),
            Self::Any(nodes) => Self::joined(nodes, " || ", f),
        }
    }
}

impl Node {
    fn joined(nodes: &[Self], sign: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in nodes.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { sign })?;
            node.inside(f)?;
        }
        Ok(())
    }

    /// Both kinds of joining get parentheses, so that nobody has to know which one binds closer.
    fn inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) | Self::Any(_) => write!(f, "({self})"),
            Self::Test(_) | Self::Not(_) => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |wanted: &bool| if *wanted { "=" } else { "!=" };
        match self {
            Self::Flag(flag, true) => f.write_str(flag.name()),
            Self::Flag(flag, false) => write!(f, "{}=0", flag.name()),
            Self::Op(set) => value::write_opcodes(*set, f),
            Self::From(side) => write!(f, "dir={side}"),
            Self::Number(of, compare, values) => {
                let print =
                    if *of == Number::Time { value::time_in_words } else { |value: u64| value.to_string() };
                let values: Vec<String> = values.iter().map(|value| print(*value)).collect();
                write!(f, "{}{}{}", of.name(), compare.sign(), values.join("|"))
            }
            Self::Key(wanted, keys) => {
                let keys: Vec<String> = keys.iter().map(|key| super::words::hex(key)).collect();
                write!(f, "key{}{}", sign(wanted), keys.join("|"))
            }
            Self::Fault(wanted, _, names) => write!(f, "fault{}{}", sign(wanted), names.join("|")),
        }
    }
}

#[cfg(test)]
mod tests;
