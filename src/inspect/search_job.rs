//! [`SearchJob`]: a search through the frames of a connection, which runs on a thread of its own.

use std::ops::Range;
use std::sync::Arc;

use crate::inspect::direction_cursor::{DirectionCursor, SearchedBytes};
use crate::wire::query::direction_search::{DirectionSearch, HitPlace};
use crate::wire::query::search::Needle;
use crate::wire::{Decoder, FragmentRole, Side, Sides, Trace, TraceRow};

/// A search from one row on, wrapping around at the end. It is plain data, so a command can hold
/// it.
#[derive(Clone, Debug)]
pub struct SearchJob {
    /// Identifies the search: the result of another one is ignored.
    pub(crate) number: u64,
    pub(crate) needle: Needle,
    /// The row at which the search begins.
    pub(crate) from_row: usize,
    pub(crate) trace: Arc<Trace>,
    pub(crate) bytes: SearchedBytes,
}

/// A frame that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundFrame {
    pub(crate) row: usize,
    pub(crate) place: HitPlace,
}

impl SearchJob {
    /// Returns the first frame at or after the row where the search begins, otherwise the first one
    /// before it. Returns `None` if there is none, or once `is_cancelled` is true.
    pub(crate) fn run(&self, is_cancelled: impl Fn() -> bool) -> Option<FoundFrame> {
        let rows = self.trace.rows();
        let from_row = self.from_row.min(rows.len());
        // What a compressed message says depends on everything before it.
        if self.trace.agreed().deflate.is_some() {
            let mut before = None;
            return self
                .search(0, 0..rows.len(), &is_cancelled, |found| {
                    if found.row < from_row {
                        before.get_or_insert(found);
                    }
                    found.row >= from_row
                })
                .or(before);
        }
        let start = self.first_row_of_messages_at(from_row);
        self.search(start, from_row..rows.len(), &is_cancelled, |_| true)
            .or_else(|| self.search(0, 0..from_row, &is_cancelled, |_| true))
    }

    /// Returns the row from which on everything has to be decoded to know the messages that are
    /// open at `row`.
    fn first_row_of_messages_at(&self, row: usize) -> usize {
        let rows = self.trace.rows();
        let first = |from| {
            let is_part =
                |row: &TraceRow| row.from() == from && row.role().message_number().is_some();
            let mut later = rows.iter().enumerate().skip(row);
            let (next, part) = later.find(|(_, row)| is_part(row))?;
            let is_first = matches!(part.role(), FragmentRole::First { .. });
            if is_first { None } else { self.trace.message_rows(next).first().copied() }
        };
        [Side::Client, Side::Server].into_iter().filter_map(first).min().unwrap_or(row).min(row)
    }

    /// Decodes from row `start` on and passes the hits in `range` to `take`, until it takes one.
    fn search(
        &self,
        start: usize,
        range: Range<usize>,
        is_cancelled: &impl Fn() -> bool,
        mut take: impl FnMut(FoundFrame) -> bool,
    ) -> Option<FoundFrame> {
        let mut cursors = Sides::each(|_| None::<DirectionCursor<DirectionSearch>>);
        for (number, row) in self.trace.rows().iter().enumerate().take(range.end).skip(start) {
            if is_cancelled() {
                return None;
            }
            let begin = self.trace.stream_offset(row.from(), row.offset());
            if !self.bytes.has(row.from(), begin) {
                continue;
            }
            let cursor = cursors[row.from()].get_or_insert_with(|| {
                let decoder = Decoder::new(row.from(), self.trace.agreed());
                let search = DirectionSearch::new(decoder, self.needle.clone());
                DirectionCursor::new(search, &self.bytes, row, begin)
            });
            if cursor.read_row(&self.bytes, row, begin).is_err() {
                continue;
            }
            // Frames that the list does not have, because the capture lacks their rest, have hits
            // too.
            let frame_number = cursor.number_of(row);
            let mut hits = cursor.reader.take_hits().into_iter();
            let hit = hits.find(|hit| hit.frame_number == frame_number);
            let found = hit.map(|hit| FoundFrame { row: number, place: hit.place });
            if let Some(found) = found.filter(|found| range.contains(&found.row))
                && take(found)
            {
                return Some(found);
            }
        }
        None
    }
}
