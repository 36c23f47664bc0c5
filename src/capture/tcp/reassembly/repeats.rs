//! [`Repeats`]: the bytes of one direction that were captured twice. Whether they are the same is
//! found out at the end, when the file can be read again.

use std::io;

use crate::capture::byte_store::{BackingStore, Place};
use crate::wire::{ByteLen, Offset};

/// The number of pieces in which bytes are looked for that come again.
const MAX_RECENT: usize = 32;
/// The maximum number of repeats that are remembered of one direction. Further ones are not compared.
const MAX_FOUND: usize = 64;

/// The latest pieces of a direction, and what came again of them.
#[derive(Debug, Default)]
pub(in crate::capture::tcp) struct Repeats {
    /// At most [`MAX_RECENT`]: a ring.
    recent: Vec<RecentPiece>,
    /// The place of the next piece in the ring.
    next: usize,
    found: Vec<Repeat>,
}

/// A piece that was emitted.
#[derive(Clone, Copy, Debug)]
struct RecentPiece {
    /// The 64-bit sequence number of the first byte.
    start: Offset,
    len: usize,
    file_offset: Offset,
}

/// Bytes with the same sequence numbers at two places in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Repeat {
    first: Offset,
    again: Offset,
    len: usize,
}

impl Repeats {
    /// Takes a piece that was captured for the first time.
    pub(in crate::capture::tcp) fn add(&mut self, start: Offset, len: usize, file_offset: Offset) {
        let piece = RecentPiece { start, len, file_offset };
        match self.recent.get_mut(self.next) {
            Some(oldest) => *oldest = piece,
            None => self.recent.push(piece),
        }
        self.next = self.next.saturating_add(1) % MAX_RECENT;
    }

    /// Takes two pieces with the same numbers.
    pub(in crate::capture::tcp) fn repeat_at(&mut self, first: Offset, again: Offset, len: usize) {
        if self.found.len() < MAX_FOUND {
            self.found.push(Repeat { first, again, len });
        }
    }

    /// Takes a piece whose numbers were captured before.
    pub(in crate::capture::tcp) fn repeat(
        &mut self,
        start: Offset,
        len: usize,
        file_offset: Offset,
    ) {
        let end = start + len;
        let (newer, older) = self.recent.split_at(self.next.min(self.recent.len()));
        for piece in older.iter().chain(newer) {
            let (from, to) = (start.max(piece.start), end.min(piece.start + piece.len));
            if from < to && self.found.len() < MAX_FOUND {
                let first = piece.file_offset + (from - piece.start);
                let again = file_offset + (from - start);
                self.found.push(Repeat { first, again, len: (to - from).to_usize_saturating() });
            }
        }
    }

    /// Returns the number of bytes that came again with another value. Each comparison takes one from
    /// `comparisons`; there are no more at 0.
    ///
    /// # Errors
    ///
    /// Fails if the file can no longer be read.
    pub(in crate::capture::tcp) fn differing_bytes(
        &self,
        backing: &BackingStore,
        comparisons: &mut usize,
    ) -> io::Result<ByteLen> {
        let mut differing = ByteLen::ZERO;
        for Repeat { first, again, len } in &self.found {
            let Some(left) = comparisons.checked_sub(1) else { break };
            *comparisons = left;
            let read = |at: Offset| {
                let mut bytes = Vec::new();
                backing.read(Place::File(at), ByteLen::from_usize(*len), &mut bytes)?;
                io::Result::Ok(bytes)
            };
            let (one, other) = (read(*first)?, read(*again)?);
            differing += one.iter().zip(&other).filter(|(one, other)| one != other).count();
        }
        Ok(differing)
    }
}
