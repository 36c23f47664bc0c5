//! The active filter and the active search.

use super::connections::InspectedConnection;
use crate::inspect::{MAX_ROWS_SCANNED, ScanCursors, TextScan, TextScanJob};
use crate::wire::query::filter::Filter;
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::TextSet;
use crate::wire::{Offset, Sides, Trace, TraceRow, format};

/// A filter with the rows that match it.
#[derive(Clone, Debug)]
pub(crate) struct ActiveFilter {
    pub(crate) text: String,
    filter: Filter,
    /// The matching rows, in order. `u32` halves the memory of a filter that matches most of a
    /// large capture.
    pub(crate) rows: Vec<u32>,
    /// The number of rows that were tested so far.
    pub(crate) rows_tested: usize,
    scan: ScanState,
}

/// What is known of the texts that a filter looks for.
#[derive(Clone, Debug, Default)]
struct ScanState {
    /// The rows after those that were tested in which a text was found, in ascending order.
    hits: Vec<(u32, TextSet)>,
    /// The number of rows that were read.
    rows_read: usize,
    /// The number of rows whose bytes were no longer there.
    unread: usize,
    cursors: ScanCursors,
    /// The number of the job that is running.
    running: Option<u64>,
}

impl ActiveFilter {
    /// Parses a filter. It has no rows yet.
    ///
    /// # Errors
    /// Fails if the line is not a valid filter, and says what is expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let filter = Filter::parse(text).map_err(|error| error.to_string())?;
        let scan = ScanState::default();
        Ok(Self { text: text.to_owned(), filter, rows: Vec::new(), rows_tested: 0, scan })
    }

    /// Tests the rows that have arrived since the last call. If the filter looks for texts, these
    /// are the rows whose messages were read.
    pub(crate) fn extend(&mut self, trace: &Trace) {
        let all = trace.rows().len();
        let end = if self.filter.texts().is_empty() { all } else { self.scan.rows_read.min(all) };
        let hits = &self.scan.hits;
        let texts_of = |row: usize| {
            let found = hits.binary_search_by_key(&row, |(row, _)| *row as usize);
            found.ok().and_then(|at| hits.get(at)).map_or_else(TextSet::default, |(_, set)| *set)
        };
        let passed = self.filter.rows(trace, self.rows_tested.min(end)..end, texts_of);
        self.rows.extend(passed.map(|row| row as u32));
        self.rows_tested = end;
        self.scan.hits.clear();
    }

    /// Returns the job that reads the next rows, if there are any and none is running.
    pub(crate) fn next_scan(
        &mut self,
        number: u64,
        connection: &InspectedConnection,
    ) -> Option<TextScanJob> {
        let trace = &connection.trace;
        let first_row = self.scan.rows_read;
        let is_idle = self.scan.running.is_none() && !self.filter.texts().is_empty();
        let rows: Vec<(TraceRow, Offset)> = trace
            .rows()
            .iter()
            .skip(first_row)
            .take(if is_idle { MAX_ROWS_SCANNED } else { 0 })
            .map(|row| (*row, trace.stream_offset(row.from(), row.offset())))
            .collect();
        if rows.is_empty() {
            return None;
        }
        self.scan.running = Some(number);
        let cursors = std::mem::take(&mut self.scan.cursors);
        let start = Sides::each(|from| {
            let first = rows.iter().find(|(row, _)| row.from() == from).map(|(_, at)| *at);
            let at = cursors[from].as_ref().map(|cursor| cursor.at);
            at.or(first).unwrap_or(Offset::START)
        });
        Some(TextScanJob {
            number,
            needles: self.filter.texts().to_vec(),
            agreed: trace.agreed(),
            first_row,
            rows,
            bytes: connection.searched_bytes_from(start),
            cursors,
        })
    }

    /// Takes the result of the running job. The results of others are ignored: another connection
    /// may be shown by now.
    pub(crate) fn take_scan(&mut self, scan: TextScan) {
        if self.scan.running == Some(scan.number) {
            self.scan.running = None;
            self.scan.hits = scan.hits;
            self.scan.rows_read = scan.end_row;
            self.scan.unread = self.scan.unread.saturating_add(scan.unread);
            self.scan.cursors = scan.cursors;
        }
    }

    /// Returns how far the texts were looked for, unless that is everywhere.
    pub(crate) fn progress(&self, trace: &Trace) -> Option<String> {
        let all = trace.rows().len();
        if self.filter.texts().is_empty() {
            None
        } else if self.rows_tested < all {
            Some(format!("{} read", format::group_thousands(self.rows_tested as u64)))
        } else if self.scan.unread > 0 {
            Some(format!(
                "{} no longer in memory",
                format::group_thousands(self.scan.unread as u64)
            ))
        } else {
            None
        }
    }

    /// Whether a job is running.
    pub(crate) fn is_scanning(&self) -> bool {
        self.scan.running.is_some()
    }

    /// Drops the rows, because another connection is shown.
    pub(crate) fn reset(&mut self) {
        self.rows.clear();
        self.rows_tested = 0;
        self.scan = ScanState::default();
    }
}

/// The last search.
#[derive(Clone, Debug)]
pub(crate) struct ActiveSearch {
    pub(crate) text: String,
    pub(crate) needle: Needle,
}
