//! [`TimeOrder`]: what the reassemblers of a connection emit while one of them waits for a missing
//! segment, or while it is not known which end is the client. It passes on everything in the order of time, as both ends have seen it.

use crate::capture::tcp::end::End;
use crate::capture::tcp::reassembly::Reassembled;
use crate::wire::{ByteLen, Offset};

/// The number of bytes, and of pieces, beyond which nothing waits any longer.
const MAX_WAITING_BYTES: usize = 4 << 20;
const MAX_WAITING_PIECES: usize = 1 << 14;

/// The pieces that wait.
#[derive(Debug, Default)]
pub(super) struct TimeOrder {
    pieces: Vec<WaitingPiece>,
    bytes: usize,
    /// When the last piece of each end could be read, in nanoseconds since 1970.
    latest: [u64; 2],
}

#[derive(Debug)]
struct WaitingPiece {
    sender: End,
    /// When the bytes could be read: a segment that waited for an earlier one is read with it.
    readable_at: u64,
    file_offset: Offset,
    bytes: Vec<u8>,
    missing: ByteLen,
}

impl TimeOrder {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether so much waits that it must be passed on.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > MAX_WAITING_BYTES || self.pieces.len() > MAX_WAITING_PIECES
    }

    /// Returns the memory that waiting pieces take.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.saturating_add(self.pieces.len().saturating_mul(size_of::<WaitingPiece>()))
    }

    /// Adds what the reassembler of a direction has emitted.
    pub(super) fn add(&mut self, sender: End, out: Reassembled<'_>) {
        let (captured_at, file_offset, bytes, missing) = match out {
            Reassembled::Bytes { captured_at, file_offset, bytes } => {
                (captured_at, file_offset, bytes.to_vec(), ByteLen::ZERO)
            }
            Reassembled::Gap { captured_at, missing } => {
                (captured_at, Offset::START, Vec::new(), missing)
            }
        };
        let (latest, _) = sender.own_and_other(&mut self.latest);
        *latest = captured_at.max(*latest);
        let readable_at = *latest;
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.pieces.push(WaitingPiece { sender, readable_at, file_offset, bytes, missing });
    }

    /// Passes on everything in the order of time. Pieces of the same time, and those of a
    /// direction, keep their order.
    pub(super) fn drain<E>(
        &mut self,
        mut pass_on: impl FnMut(End, Reassembled<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.bytes = 0;
        self.pieces.sort_by_key(|piece| piece.readable_at);
        self.pieces.drain(..).try_for_each(|piece| {
            let WaitingPiece { sender, readable_at: captured_at, file_offset, bytes, missing } =
                piece;
            let out = if missing > ByteLen::ZERO {
                Reassembled::Gap { captured_at, missing }
            } else {
                Reassembled::Bytes { captured_at, file_offset, bytes: &bytes }
            };
            pass_on(sender, out)
        })
    }
}
