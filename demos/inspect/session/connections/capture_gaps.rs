//! [`CaptureGaps`]: what a capture lacks of a connection, by its place in the list of frames.

use std::sync::Arc;

use crate::capture::Gap;
use crate::wire::decode::Resumption;
use crate::wire::{ByteLen, Side, Sides, Trace};

/// Bytes between two frames of a side that were not captured. How many frames they held is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LostBytes {
    /// The row of the side's first frame after them, or the number of rows if there is none.
    pub(crate) before_row: usize,
    pub(crate) from: Side,
    /// The number of missing bytes; zero if it is not known.
    pub(crate) len: ByteLen,
    /// The number of captured bytes behind them that lie within messages or frames whose beginning is
    /// missing.
    pub(crate) unframed: ByteLen,
    /// The kind of unit that these lie in; `None` if it may be any.
    pub(crate) unframed_in: Option<Resumption>,
}

impl LostBytes {
    fn new(before_row: usize, gap: &Gap) -> Self {
        let len = gap.missing - gap.filled;
        let Gap { from, unframed, unframed_in, .. } = *gap;
        Self { before_row, from, len, unframed, unframed_in }
    }
}

/// A line of the list of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListEntry {
    /// A frame, by its row.
    Row(usize),
    Lost(LostBytes),
}

/// The gaps of a connection: at most as many as the capture keeps of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaptureGaps {
    /// All gaps; those of one side are in ascending order.
    all: Arc<[Gap]>,
    /// In ascending order of `before_row`.
    lost: Vec<LostBytes>,
}

impl CaptureGaps {
    /// Finds the place of each gap among the rows of `trace`.
    pub(crate) fn new(all: &[Gap], trace: &Trace) -> Self {
        let mut lost = Vec::new();
        if !all.is_empty() {
            // A gap that one frame goes on behind is shown within it.
            let is_within = |gap: &Gap| gap.filled == gap.missing && gap.filled > ByteLen::ZERO;
            let waiting = Sides::each(|from| {
                all.iter().filter(move |gap| {
                    gap.from == from && !(is_within(gap) && gap.unframed == ByteLen::ZERO)
                })
            });
            let mut waiting = Sides::each(|from| waiting[from].clone().peekable());
            let end = trace.rows().len();
            for (before_row, row) in trace.rows().iter().enumerate() {
                let from = row.from();
                let start = trace.stream_offset(from, row.offset());
                let is_before = |gap: &&Gap| gap.end() <= start;
                while let Some(gap) = waiting[from].next_if(is_before) {
                    lost.push(LostBytes::new(before_row, gap));
                }
            }
            for from in [Side::Client, Side::Server] {
                lost.extend(waiting[from].by_ref().map(|gap| LostBytes::new(end, gap)));
            }
        }
        Self { all: all.into(), lost }
    }

    /// Returns all gaps; those of one side are in ascending order.
    pub(crate) fn all(&self) -> Arc<[Gap]> {
        Arc::clone(&self.all)
    }

    /// Returns the gaps between frames, in the order of the list.
    pub(crate) fn lost(&self) -> &[LostBytes] {
        &self.lost
    }

    /// Returns the line of the list that shows a row.
    pub(crate) fn line_of_row(&self, row: usize) -> usize {
        row + self.lost.partition_point(|lost| lost.before_row <= row)
    }

    /// Returns what the list shows in a line. The line must be one of the list.
    pub(crate) fn entry(&self, line: usize) -> ListEntry {
        // The line of the gap at `index` is its row plus the number of gaps before it. These rise,
        // so a binary search finds how many gaps are above.
        let (mut low, mut high) = (0, self.lost.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.lost[middle].before_row + middle < line {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        match self.lost.get(low) {
            Some(lost) if lost.before_row + low == line => ListEntry::Lost(*lost),
            _ => ListEntry::Row(line - low),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::{AgreedExtensions, Offset};

    fn gap(from: Side, offset: u64, missing: u64, filled: u64) -> Gap {
        let [missing, filled] = [missing, filled].map(ByteLen::new);
        let (offset, unframed) = (Offset::new(offset), ByteLen::ZERO);
        Gap { from, at: Duration::ZERO, offset, missing, filled, unframed, unframed_in: None }
    }

    #[test]
    fn lost_bytes_stand_before_the_next_frame_of_their_side() {
        let mut trace = Trace::mid_connection(AgreedExtensions::none());
        for (from, bytes) in [
            (Side::Server, &b"\x81\x01a"[..]),
            (Side::Client, b"\x81\x81\0\0\0\0b"),
            (Side::Server, b"\x81\x01c"),
        ] {
            trace.push(from, Duration::ZERO, bytes);
        }
        let gaps = CaptureGaps::new(
            &[
                gap(Side::Server, 3, 100, 0),
                gap(Side::Server, 4, 1, 1),
                gap(Side::Server, 6, 7, 0),
                gap(Side::Client, 0, 5, 0),
            ],
            &trace,
        );
        let lost: Vec<_> =
            gaps.lost().iter().map(|lost| (lost.before_row, lost.from, lost.len.get())).collect();
        assert_eq!(
            lost,
            [(1, Side::Client, 5), (2, Side::Server, 100), (3, Side::Server, 7)],
            "a gap within a frame is no line"
        );
        let entries: Vec<_> = (0..6)
            .map(|line| match gaps.entry(line) {
                ListEntry::Row(row) => row.to_string(),
                ListEntry::Lost(lost) => format!("{} lost", lost.len),
            })
            .collect();
        assert_eq!(entries, ["0", "5 lost", "1", "100 lost", "2", "7 lost"]);
        assert_eq!([0, 1, 2].map(|row| gaps.line_of_row(row)), [0, 2, 4]);
    }
}
