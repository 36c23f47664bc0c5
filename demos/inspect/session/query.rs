//! The filter and the search as they stand.

use crate::wire::Trace;
use crate::wire::query::filter::Filter;
use crate::wire::query::search::Needle;

/// A filter, and the rows that pass it.
#[derive(Clone, Debug)]
pub(crate) struct ActiveFilter {
    pub(crate) text: String,
    filter: Filter,
    /// In order.
    pub(crate) rows: Vec<u32>,
    /// The rows that were asked already.
    rows_tested: usize,
}

impl ActiveFilter {
    /// The filter of a typed line, with no rows yet.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let filter = Filter::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), filter, rows: Vec::new(), rows_tested: 0 })
    }

    /// Asks the rows that have come since.
    pub(crate) fn extend(&mut self, trace: &Trace) {
        let all = trace.rows().len();
        self.rows
            .extend(self.filter.rows(trace, self.rows_tested.min(all)..all).map(|row| row as u32));
        self.rows_tested = all;
    }

    /// Forgets the rows: they belong to another connection.
    pub(crate) fn reset(&mut self) {
        self.rows.clear();
        self.rows_tested = 0;
    }
}

/// What was searched for.
#[derive(Clone, Debug)]
pub(crate) struct ActiveSearch {
    pub(crate) text: String,
    pub(crate) needle: Needle,
}
