//! [`DirectionCursor`]: reads the bytes of one direction again, row by row, for a search.

use std::io;
use std::sync::Arc;

use crate::capture::{ByteStore, Gap};
use crate::wire::query::direction_search::DirectionSearch;
use crate::wire::query::text_matcher::TextMatcher;
use crate::wire::{ByteLen, Offset, Side, Sides, TraceRow};

/// The number of bytes that are read at once.
const READ_SIZE: ByteLen = ByteLen::new(1 << 18);

/// Where the bytes of the connection are.
#[derive(Clone, Debug)]
pub(crate) enum SearchedBytes {
    /// In a capture, with its gaps: those of one side are in ascending order.
    File(Arc<ByteStore>, Arc<[Gap]>),
    /// A copy of a live connection's newest bytes: the offset of the first and the bytes.
    Memory(Box<Sides<(Offset, Vec<u8>)>>),
}

/// What takes the bytes of one direction, and knows of its gaps.
pub(crate) trait DirectionInput {
    /// Takes the next bytes.
    fn push(&mut self, bytes: &[u8]);

    /// Skips bytes of the current frame that were not captured.
    fn skip(&mut self, missing: ByteLen);

    /// Goes on with the first byte of a frame, because an unknown number of frames is missing.
    fn resume_after_gap(&mut self);
}

impl DirectionInput for DirectionSearch {
    fn push(&mut self, bytes: &[u8]) {
        self.push(bytes);
    }

    fn skip(&mut self, missing: ByteLen) {
        self.skip(missing);
    }

    fn resume_after_gap(&mut self) {
        self.resume_after_gap();
    }
}

impl DirectionInput for TextMatcher {
    fn push(&mut self, bytes: &[u8]) {
        self.push(bytes);
    }

    fn skip(&mut self, missing: ByteLen) {
        self.skip(missing);
    }

    fn resume_after_gap(&mut self) {
        self.resume_after_gap();
    }
}

/// One direction that is read again, and how far that has come.
#[derive(Clone, Debug)]
pub(crate) struct DirectionCursor<R> {
    pub(crate) reader: R,
    from: Side,
    /// The offset of the next byte in the stream.
    pub(crate) at: Offset,
    /// The number of the frame at which reading began.
    first_frame: usize,
    /// The gaps of the side that are still to come, in reverse order.
    gaps: Vec<Gap>,
}

impl<R: DirectionInput> DirectionCursor<R> {
    /// Begins at a row whose first byte is at `begin`. If it is not the first of its direction,
    /// what was compressed before it is not known.
    pub(crate) fn new(mut reader: R, bytes: &SearchedBytes, row: &TraceRow, begin: Offset) -> Self {
        if row.frame_number() > 0 {
            reader.resume_after_gap();
        }
        let gaps = match bytes {
            SearchedBytes::File(_, gaps) => {
                let own = |gap: &&Gap| gap.from == row.from() && gap.offset >= begin;
                gaps.iter().rev().filter(own).copied().collect()
            }
            SearchedBytes::Memory(_) => Vec::new(),
        };
        Self { reader, from: row.from(), at: begin, first_frame: row.frame_number(), gaps }
    }

    /// Returns the number that the reader gives to the frame of a row.
    pub(crate) fn number_of(&self, row: &TraceRow) -> usize {
        row.frame_number().saturating_sub(self.first_frame)
    }

    /// Reads up to the end of a row, whose first byte is at `begin`.
    ///
    /// # Errors
    /// If the bytes cannot be read.
    pub(crate) fn read_row(
        &mut self,
        bytes: &SearchedBytes,
        row: &TraceRow,
        begin: Offset,
    ) -> io::Result<()> {
        let end = begin + row.len();
        while let Some(gap) = self.gaps.pop_if(|gap| gap.offset < end) {
            self.read_to(bytes, gap.offset)?;
            self.reader.skip(gap.filled);
            if gap.filled < gap.missing {
                self.reader.resume_after_gap();
            }
            self.at = gap.offset + gap.filled;
        }
        self.read_to(bytes, end)
    }

    fn read_to(&mut self, bytes: &SearchedBytes, end: Offset) -> io::Result<()> {
        while self.at < end {
            let next = end.min(self.at + READ_SIZE);
            match bytes {
                SearchedBytes::File(store, _) => {
                    self.reader.push(&store.read(self.from, self.at..next)?.bytes);
                }
                SearchedBytes::Memory(sides) => {
                    let (start, bytes) = &sides[self.from];
                    let range = [self.at, next].map(|at| (at - *start).to_usize_saturating());
                    self.reader.push(bytes.get(range[0]..range[1]).unwrap_or_default());
                }
            }
            self.at = next;
        }
        Ok(())
    }
}

impl SearchedBytes {
    /// Whether the bytes of a side from an offset on are still there.
    pub(super) fn has(&self, from: Side, at: Offset) -> bool {
        match self {
            Self::File(..) => true,
            Self::Memory(sides) => at >= sides[from].0,
        }
    }
}
