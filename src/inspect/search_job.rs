//! [`SearchJob`]: a search through the frames of a connection, which runs on a thread of its own.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::capture::{ByteStore, Gap};
use crate::wire::query::direction_search::{DirectionSearch, HitPlace};
use crate::wire::query::search::Needle;
use crate::wire::{ByteLen, Decoder, FragmentRole, Offset, Side, Sides, Trace, TraceRow};

/// The number of bytes that are read at once.
const READ_SIZE: ByteLen = ByteLen::new(1 << 18);

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

/// Where the bytes of the connection are.
#[derive(Clone, Debug)]
pub(crate) enum SearchedBytes {
    /// In a capture, with its gaps: those of one side are in ascending order.
    File(Arc<ByteStore>, Arc<[Gap]>),
    /// A copy of a live connection's newest bytes: the offset of the first and the bytes.
    Memory(Box<Sides<(Offset, Vec<u8>)>>),
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
        let mut cursors = Sides::each(|_| None::<DirectionCursor>);
        for (number, row) in self.trace.rows().iter().enumerate().take(range.end).skip(start) {
            if is_cancelled() {
                return None;
            }
            let begin = self.trace.stream_offset(row.from(), row.offset());
            if !self.bytes.has(row.from(), begin) {
                continue;
            }
            let cursor = cursors[row.from()]
                .get_or_insert_with(|| DirectionCursor::new(self, row, number > 0, begin));
            let Ok(place) = cursor.search_row(&self.bytes, row, begin) else { continue };
            let found = place.map(|place| FoundFrame { row: number, place });
            if let Some(found) = found.filter(|found| range.contains(&found.row))
                && take(found)
            {
                return Some(found);
            }
        }
        None
    }
}

/// One direction of a search, and how far it has come.
struct DirectionCursor {
    search: DirectionSearch,
    from: Side,
    at: Offset,
    /// The number of the frame at which decoding began.
    first_frame: usize,
    /// The gaps of the side that are still to come, in reverse order.
    gaps: Vec<Gap>,
}

impl DirectionCursor {
    /// Begins at a row whose first byte is at `begin`. If it is not the first of its direction,
    /// what was compressed before it is not known.
    fn new(job: &SearchJob, row: &TraceRow, is_later: bool, begin: Offset) -> Self {
        let decoder = Decoder::new(row.from(), job.trace.agreed());
        let mut search = DirectionSearch::new(decoder, job.needle.clone());
        if is_later && row.frame_number() > 0 {
            search.resume_after_gap();
        }
        let gaps = match &job.bytes {
            SearchedBytes::File(_, gaps) => {
                let own = |gap: &&Gap| gap.from == row.from() && gap.offset >= begin;
                gaps.iter().rev().filter(own).copied().collect()
            }
            SearchedBytes::Memory(_) => Vec::new(),
        };
        let first_frame = row.frame_number();
        Self { search, from: row.from(), at: begin, first_frame, gaps }
    }

    /// Decodes up to the end of a row, and returns where the first match in it is.
    fn search_row(
        &mut self,
        bytes: &SearchedBytes,
        row: &TraceRow,
        begin: Offset,
    ) -> io::Result<Option<HitPlace>> {
        let end = begin + row.len();
        while let Some(gap) = self.gaps.pop_if(|gap| gap.offset < end) {
            self.push_to(bytes, gap.offset)?;
            self.search.skip(gap.filled);
            if gap.filled < gap.missing {
                self.search.resume_after_gap();
            }
            self.at = gap.offset + gap.filled;
        }
        self.push_to(bytes, end)?;
        // The row's frame is now the last complete one. Frames that the list does not have, because
        // the capture lacks their rest, count too.
        let number = row.frame_number().saturating_sub(self.first_frame);
        let hits = self.search.take_hits();
        Ok(hits.into_iter().find(|hit| hit.frame_number == number).map(|hit| hit.place))
    }

    fn push_to(&mut self, bytes: &SearchedBytes, end: Offset) -> io::Result<()> {
        while self.at < end {
            let next = end.min(self.at + READ_SIZE);
            match bytes {
                SearchedBytes::File(store, _) => {
                    self.search.push(&store.read(self.from, self.at..next)?.bytes);
                }
                SearchedBytes::Memory(sides) => {
                    let (start, bytes) = &sides[self.from];
                    let range = [self.at, next].map(|at| (at - *start).to_usize_saturating());
                    self.search.push(bytes.get(range[0]..range[1]).unwrap_or_default());
                }
            }
            self.at = next;
        }
        Ok(())
    }
}

impl SearchedBytes {
    /// Whether the bytes of a side from an offset on are still there.
    fn has(&self, from: Side, at: Offset) -> bool {
        match self {
            Self::File(..) => true,
            Self::Memory(sides) => at >= sides[from].0,
        }
    }
}
