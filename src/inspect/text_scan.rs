//! [`TextScanJob`]: looks for the texts of a filter in the messages of a connection, on a thread of
//! its own.

use crate::inspect::direction_cursor::{DirectionCursor, SearchedBytes};
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::{TextMatcher, TextSet};
use crate::wire::{AgreedExtensions, Decoder, Offset, Sides, TraceRow};

/// The maximum number of rows of a job. The next one goes on where it ends, so what was found so far
/// can be shown.
pub(crate) const MAX_ROWS_SCANNED: usize = 1 << 15;

/// How far both directions were read; `None` before the first frame of a direction.
pub(crate) type ScanCursors = Sides<Option<DirectionCursor<TextMatcher>>>;

/// Rows whose messages are searched, after those of the job before. It is plain data, so a command
/// can hold it.
#[derive(Clone, Debug)]
pub struct TextScanJob {
    /// Identifies the job: the result of another one is ignored.
    pub(crate) number: u64,
    pub(crate) needles: Vec<Needle>,
    pub(crate) agreed: AgreedExtensions,
    /// The number of the first row.
    pub(crate) first_row: usize,
    /// The rows, with the offset of each in its stream.
    pub(crate) rows: Vec<(TraceRow, Offset)>,
    pub(crate) bytes: SearchedBytes,
    pub(crate) cursors: ScanCursors,
}

/// The result of a job.
#[derive(Debug)]
pub struct TextScan {
    pub(crate) number: u64,
    /// The rows that contain a text, in ascending order, with the texts.
    pub(crate) hits: Vec<(u32, TextSet)>,
    /// The number of the row after the last one.
    pub(crate) end_row: usize,
    /// The number of rows whose bytes are no longer there.
    pub(crate) unread: usize,
    pub(crate) cursors: ScanCursors,
}

impl TextScanJob {
    /// Reads the rows. Returns `None` once `is_cancelled` is true.
    pub(crate) fn run(mut self, is_cancelled: impl Fn() -> bool) -> Option<TextScan> {
        let (mut hits, mut unread) = (Vec::new(), 0_usize);
        for (number, (row, begin)) in (self.first_row..).zip(&self.rows) {
            if is_cancelled() {
                return None;
            }
            match self.cursors[row.from()].as_ref().map_or(*begin, |cursor| cursor.at) {
                at if self.bytes.has(row.from(), at) => {}
                // The bytes that the cursor stands at are gone, so it has to begin anew.
                _ => self.cursors[row.from()] = None,
            }
            if !self.bytes.has(row.from(), *begin) {
                unread = unread.saturating_add(1);
                continue;
            }
            let cursor = self.cursors[row.from()].get_or_insert_with(|| {
                let decoder = Decoder::new(row.from(), self.agreed);
                let matcher = TextMatcher::new(decoder, &self.needles);
                DirectionCursor::new(matcher, &self.bytes, row, *begin)
            });
            if cursor.read_row(&self.bytes, row, *begin).is_err() {
                unread = unread.saturating_add(1);
                continue;
            }
            let frame_number = cursor.number_of(row);
            let mut found = cursor.reader.take_hits().into_iter();
            if let Some(hit) = found.find(|hit| hit.frame_number == frame_number) {
                hits.push((u32::try_from(number).unwrap_or(u32::MAX), hit.texts));
            }
        }
        let end_row = self.first_row.saturating_add(self.rows.len());
        Some(TextScan { number: self.number, hits, end_row, unread, cursors: self.cursors })
    }
}
