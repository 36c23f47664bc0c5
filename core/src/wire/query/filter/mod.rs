//! The inspector's filter: `op=close && len<9`, read once and then asked of every row of a `Trace`.
//! It knows headers and faults; what stands in a payload is found by `search`.

mod error;
mod fields;
mod parse;
mod predicate;
mod value;

use std::fmt;
use std::ops::Range;

pub use error::FilterError;
pub use fields::FilterField;
use predicate::Node;

use crate::wire::keep::trace::Trace;

/// Which rows of a [`Trace`] are shown.
///
/// ```
/// use std::time::Duration;
/// use wiretalk_core::wire::{AgreedExtensions, Side, Trace, query::filter::Filter};
///
/// let mut trace = Trace::mid_connection(AgreedExtensions::none());
/// trace.push(Side::Server, Duration::ZERO, b"\x81\x05Hello\x88\x02\x03\xe8");
/// let filter = Filter::parse("op=close && len<9").unwrap();
/// assert_eq!(filter.rows(&trace, 0..2).collect::<Vec<_>>(), [1]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    root: Option<Node>,
}

impl Filter {
    /// Every name with its sentence, in the order of a help page.
    pub const FIELDS: &'static [FilterField] = fields::FIELDS;

    /// Reads a filter: comparisons with `=` `!=` `<` `<=` `>` `>=`, joined by `&&` (`and`), `||` (`or`), `!` (`not`) and parentheses;
    /// `&&` binds closer than `||`. Several values stand side by side: `op=ping|pong`. An opcode or a side may stand alone: `close_code`.
    /// `!=` holds wherever `=` does not. The empty filter lets everything through.
    ///
    /// # Errors
    /// The byte where it goes wrong, what is wrong, and what would be right.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(|root| Self { root })
    }

    /// It lets everything through.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Is row number `row` (from 0) let through? A row that is not there is not.
    pub fn matches(&self, trace: &Trace, row: usize) -> bool {
        let Some(shown) = trace.rows().get(row) else { return false };
        self.root.as_ref().is_none_or(|root| root.matches(trace, shown, row))
    }

    /// The numbers of the rows in `range` that are let through, in order: ask for what is new and append it.
    pub fn rows<'a>(&'a self, trace: &'a Trace, range: Range<usize>) -> impl Iterator<Item = usize> + 'a {
        range.filter(|row| self.matches(trace, *row))
    }
}

/// As [`Filter::parse`] reads it: the same filter comes back.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

#[cfg(test)]
mod tests;
