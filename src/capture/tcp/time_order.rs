//! [`TimeOrder`]: what the reassemblers of a connection emit while one of them waits for a missing
//! segment, or while it is not known which end is the client. It passes on everything in the order of
//! time, and nothing before the bytes that its sender had acknowledged by then.

use std::collections::VecDeque;

use crate::capture::packets::packet_comment::Framing;
use crate::capture::tcp::end::End;
use crate::capture::tcp::reassembly::Reassembled;
use crate::wire::{ByteLen, Offset};

/// The number of bytes, and of pieces, beyond which nothing waits any longer.
const MAX_WAITING_BYTES: usize = 4 << 20;
const MAX_WAITING_PIECES: usize = 1 << 14;
/// The number of pieces that wait for bytes which were acknowledged, and are not in the file so far.
/// Few captures mix up the order of more packets.
const MAX_WAITING_FOR_ACKNOWLEDGED: usize = 16;

/// The pieces that wait.
#[derive(Debug, Default)]
pub(super) struct TimeOrder {
    /// The pieces of each end, in order.
    pieces: [VecDeque<WaitingPiece>; 2],
    count: usize,
    bytes: usize,
    /// When the last piece of each end could be read, in nanoseconds since 1970.
    latest: [u64; 2],
}

#[derive(Debug)]
struct WaitingPiece {
    /// The place among the pieces of both ends.
    number: usize,
    /// When the bytes could be read: a segment that waited for an earlier one is read with it.
    readable_at: u64,
    content: WaitingContent,
    /// The sequence number after it.
    end: Offset,
    /// What its sender had acknowledged of the other end.
    acknowledged: Offset,
}

#[derive(Debug)]
enum WaitingContent {
    Bytes { file_offset: Offset, bytes: Vec<u8>, framing: Option<Framing> },
    Gap { missing: ByteLen, is_noted: bool },
}

impl TimeOrder {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether so much waits that it must be passed on.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > MAX_WAITING_BYTES || self.count > MAX_WAITING_PIECES
    }

    /// Whether as much waits as may wait for bytes that were only acknowledged.
    pub(super) fn has_waited_long(&self) -> bool {
        self.count > MAX_WAITING_FOR_ACKNOWLEDGED
    }

    /// Returns the memory that waiting pieces take.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.saturating_add(self.count.saturating_mul(size_of::<WaitingPiece>()))
    }

    /// Adds what the reassembler of `sender` has emitted, which had `acknowledged` so much of the
    /// other end.
    pub(super) fn add(&mut self, sender: End, acknowledged: Offset, out: Reassembled<'_>) {
        let (captured_at, content, end) = match out {
            Reassembled::Bytes { captured_at, file_offset, bytes, end, framing } => {
                self.bytes = self.bytes.saturating_add(bytes.len());
                let bytes = bytes.to_vec();
                (captured_at, WaitingContent::Bytes { file_offset, bytes, framing }, end)
            }
            Reassembled::Gap { captured_at, missing, end, is_noted } => {
                (captured_at, WaitingContent::Gap { missing, is_noted }, end)
            }
        };
        let (latest, _) = sender.own_and_other(&mut self.latest);
        *latest = captured_at.max(*latest);
        let (readable_at, number) = (*latest, self.count);
        self.count = self.count.saturating_add(1);
        let piece = WaitingPiece { number, readable_at, content, end, acknowledged };
        sender.own_and_other(&mut self.pieces).0.push_back(piece);
    }

    /// Passes on everything in the order of time. Pieces of the same time, and those of a
    /// direction, keep their order.
    pub(super) fn drain<E>(
        &mut self,
        mut pass_on: impl FnMut(End, Reassembled<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        (self.bytes, self.count) = (0, 0);
        let mut at = 0;
        while let Some(sender) = self.next_sender() {
            let (own, _) = sender.own_and_other(&mut self.pieces);
            let Some(piece) = own.pop_front() else { break };
            let WaitingPiece { readable_at, content, end, .. } = piece;
            at = readable_at.max(at);
            let captured_at = at;
            let out = match &content {
                WaitingContent::Bytes { file_offset, bytes, framing } => {
                    let (file_offset, framing) = (*file_offset, *framing);
                    Reassembled::Bytes { captured_at, file_offset, bytes, end, framing }
                }
                WaitingContent::Gap { missing, is_noted } => {
                    let (missing, is_noted) = (*missing, *is_noted);
                    Reassembled::Gap { captured_at, missing, end, is_noted }
                }
            };
            pass_on(sender, out)?;
        }
        Ok(())
    }

    /// Returns the end whose piece is next: the earlier one, unless its sender had acknowledged the
    /// other.
    fn next_sender(&self) -> Option<End> {
        let [lower, higher] = self.pieces.each_ref().map(VecDeque::front);
        let Some(low) = lower else { return higher.map(|_| End::Higher) };
        let Some(high) = higher else { return Some(End::Lower) };
        let knows = |one: &WaitingPiece, other: &WaitingPiece| one.acknowledged >= other.end;
        let is_lower_first = match (knows(low, high), knows(high, low)) {
            (true, false) => false,
            (false, true) => true,
            _ => (low.readable_at, low.number) <= (high.readable_at, high.number),
        };
        Some(if is_lower_first { End::Lower } else { End::Higher })
    }
}
