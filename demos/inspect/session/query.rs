//! The active filter and the active search.

use crate::wire::Trace;
use crate::wire::query::filter::Filter;
use crate::wire::query::search::Needle;

/// A filter with the rows that match it.
#[derive(Clone, Debug)]
pub(crate) struct ActiveFilter {
    pub(crate) text: String,
    filter: Filter,
    /// The matching rows, in order. `u32` halves the memory of a filter that matches most of a
    /// large capture.
    pub(crate) rows: Vec<u32>,
    /// The number of rows that were tested so far.
    rows_tested: usize,
}

impl ActiveFilter {
    /// Parses a filter. It has no rows yet.
    ///
    /// # Errors
    /// Fails if the line is not a valid filter, and says what is expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let filter = Filter::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), filter, rows: Vec::new(), rows_tested: 0 })
    }

    /// Tests the rows that have arrived since the last call.
    pub(crate) fn extend(&mut self, trace: &Trace) {
        let all = trace.rows().len();
        self.rows
            .extend(self.filter.rows(trace, self.rows_tested.min(all)..all).map(|row| row as u32));
        self.rows_tested = all;
    }

    /// Drops the rows, because another connection is shown.
    pub(crate) fn reset(&mut self) {
        self.rows.clear();
        self.rows_tested = 0;
    }
}

/// The last search.
#[derive(Clone, Debug)]
pub(crate) struct ActiveSearch {
    pub(crate) text: String,
    pub(crate) needle: Needle,
}
