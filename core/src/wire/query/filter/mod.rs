//! The inspector's filter language: `op=close && len<9`, parsed once and then applied to every row
//! of a `Trace`.
//! A filter tests headers, faults and what messages say. Headers and faults are in the rows; which
//! of its texts a message contains is found out by a `TextMatcher` that reads the bytes.

mod error;
mod fields;
mod parse;
mod predicate;
mod token;
mod value;

use std::fmt;
use std::ops::Range;
use std::time::Duration;

pub use error::FilterError;
pub use fields::FilterField;
use predicate::{FaultSource, Known, Node};

use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::frame::Side;
use crate::wire::keep::TraceRow;
use crate::wire::keep::trace::Trace;
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::TextSet;

/// A filter for the rows of a [`Trace`].
///
/// ```
/// use std::time::Duration;
/// use wiretalk_core::wire::{AgreedExtensions, Side, Trace, query::filter::Filter};
///
/// let mut trace = Trace::mid_connection(AgreedExtensions::none());
/// trace.push(Side::Server, Duration::ZERO, b"\x81\x05Hello\x88\x02\x03\xe8");
/// let filter = Filter::parse("op=close && len<9").unwrap();
/// let rows = filter.rows(&trace, 0..2, |_| Default::default());
/// assert_eq!(rows.collect::<Vec<_>>(), [1]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter {
    root: Option<Node>,
    texts: Vec<Needle>,
}

/// Filters are equal if they test the same.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl Eq for Filter {}

impl Filter {
    /// All fields with their descriptions, in the order of the help page.
    pub const FIELDS: &'static [FilterField] = fields::FIELDS;

    /// Parses a filter.
    ///
    /// A filter consists of comparisons with `=` `!=` `<` `<=` `>` `>=`, joined by `&&` (`and`),
    /// `||` (`or`), `!` (`not`) and parentheses; `&&` binds tighter than `||`. Several values are
    /// separated by `|`: `op=ping|pong`. What a message says is asked for by `text contains "x"`. An
    /// opcode or a side can stand alone: `close`. `!=` is true
    /// wherever `=` is false. The empty filter matches everything.
    ///
    /// # Errors
    /// Returns the offset of the error, what is wrong, and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(|(root, texts)| Self { root, texts })
    }

    /// Whether the filter is empty and so matches everything.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Returns the texts that the filter looks for in what messages say; none if it tests only
    /// headers and faults. Their numbers are those of a [`TextSet`].
    pub fn texts(&self) -> &[Needle] {
        &self.texts
    }

    /// Whether the filter matches row number `row`, from 0. `texts` are those that the row was found
    /// to contain. A row that does not exist does not match.
    pub fn matches(&self, trace: &Trace, row: usize, texts: TextSet) -> bool {
        let Some(shown) = trace.rows().get(row) else { return false };
        let known = Known { faults: FaultSource::Trace(trace), texts };
        self.root.as_ref().is_none_or(|root| root.matches(known, shown, row))
    }

    /// Whether the filter matches a frame that is in no trace. `at` is the time of its last byte
    /// since the start of the connection, `row` the number of frames of both directions that were
    /// complete before it, and `texts` those that it was found to contain. A frame without a
    /// complete header matches the empty filter only.
    pub fn matches_frame(
        &self,
        frame: &AssembledFrame,
        from: Side,
        at: Duration,
        row: usize,
        texts: TextSet,
    ) -> bool {
        let Some(root) = &self.root else { return true };
        let known = Known { faults: FaultSource::Frame(&frame.faults), texts };
        TraceRow::of_assembled(frame, from, at)
            .is_some_and(|tested| root.matches(known, &tested, row))
    }

    /// Returns the numbers of the matching rows in `range`, in order. `texts_of` returns what a row
    /// was found to contain. When rows are added, only the new ones have to be tested.
    pub fn rows<'a>(
        &'a self,
        trace: &'a Trace,
        range: Range<usize>,
        texts_of: impl Fn(usize) -> TextSet + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        range.filter(move |row| self.matches(trace, *row, texts_of(*row)))
    }
}

/// Formats the filter so that [`Filter::parse`] gives the same filter again.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

#[cfg(test)]
mod tests;
