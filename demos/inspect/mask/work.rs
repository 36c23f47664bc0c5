//! What is on the mask's page: the payload with everything that is tried on it.
//!
//! It is made anew from the frame whenever it is needed, so that nothing can be out of step with it.

use super::super::reading::{self, Reading};
use super::super::state::Inspect;
use super::{State, WIDE};
use crate::wire::{MaskingKey, Side, mask};

/// Why there is nothing to unmask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    NoFrame,
    Gone,
    Empty { row: usize },
    Unmasked { row: usize, from: Side, masked: Option<usize> },
}

/// A payload, its key, and where the reader is in it.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) row: usize,
    pub(super) from: Side,
    pub(super) header: usize,
    /// All payload bytes of the frame; fewer may be here.
    pub(super) total: u64,
    /// What is on the wire, with what is tried.
    pub(super) wire: Vec<u8>,
    /// What was on the wire.
    pub(super) seen: Vec<u8>,
    pub(super) key: MaskingKey,
    pub(super) plain: Vec<u8>,
    pub(super) step: usize,
    pub(super) bit: u8,
    pub(super) reading: Reading,
    /// The character that the fragments before began; none if the text was broken already.
    pub(super) carried: Option<Vec<u8>>,
    pub(super) twice: bool,
    pub(super) wide: bool,
    /// Something is not as it was seen.
    pub(super) changed: bool,
}

impl Work {
    pub(super) fn of(inspect: &Inspect) -> Result<Self, Idle> {
        let row = inspect.current().ok_or(Idle::NoFrame)?;
        let frame = inspect.frame(row).ok_or(Idle::Gone)?;
        let list = &inspect.conn().trace.rows()[row];
        let from = list.from();
        let Some(first) = frame.header.masking_key else {
            return Err(Idle::Unmasked { row, from, masked: nearest_masked(inspect, row) });
        };
        let seen = frame.payload_on_wire().to_vec();
        if seen.is_empty() {
            return Err(Idle::Empty { row });
        }
        let none = State::default();
        let state = if inspect.mask.frame == Some(place(inspect, row)) { &inspect.mask } else { &none };
        let key = state.key.unwrap_or(first);
        let mut wire = mask::unmask(&mask::unmask(&seen, first), key);
        for (at, bits) in &state.flips {
            // a file's frame may be here only in part by now
            wire.get_mut(*at).into_iter().for_each(|byte| *byte ^= bits);
        }
        let reading = Reading::of(list);
        let carried = match reading {
            Reading::Text => {
                let rows = inspect.conn().trace.message_rows(row);
                let at = rows.iter().position(|other| *other == row).unwrap_or(0);
                reading::carried(inspect, &rows, at)
            }
            _ => Some(Vec::new()),
        };
        let header = frame.header.len();
        Ok(Self {
            row,
            from,
            header,
            total: list.payload_len().get(),
            plain: mask::unmask(&wire, key),
            step: inspect.cursor.byte.saturating_sub(header).min(seen.len() - 1),
            bit: inspect.cursor.bit.min(7),
            changed: key != first || !state.flips.is_empty(),
            key,
            seen,
            wire,
            reading,
            carried,
            twice: state.twice,
            wide: state.wide,
        })
    }

    /// The bytes that this step unmasks: one, or eight.
    pub(super) fn group(&self) -> std::ops::Range<usize> {
        let first = if self.wide { self.step / WIDE * WIDE } else { self.step };
        first..(first + if self.wide { WIDE } else { 1 }).min(self.wire.len())
    }

    /// The step after this one; the same at the end.
    pub(super) fn next(&self) -> usize {
        let next = self.group().end;
        if next < self.wire.len() { next } else { self.step }
    }

    /// The step before this one.
    pub(super) fn back(&self) -> usize {
        if self.wide { self.group().start.saturating_sub(WIDE) } else { self.step.saturating_sub(1) }
    }
}

/// A row of one of the connections.
pub(super) fn place(inspect: &Inspect, row: usize) -> (u64, usize, usize) {
    (inspect.run, inspect.conn().number, row)
}

/// Frames that are looked through in each direction for a masked one.
const FAR: usize = 10_000;

fn nearest_masked(inspect: &Inspect, row: usize) -> Option<usize> {
    let rows = inspect.conn().trace.rows();
    let masked = |at: &usize| {
        let header = rows[*at].header();
        header.masking_key.is_some() && header.payload_len > 0
    };
    let before = (row.saturating_sub(FAR)..row).rev().find(masked);
    let after = (row + 1..rows.len().min(row + FAR)).find(masked);
    match (before, after) {
        (Some(before), Some(after)) if after - row < row - before => Some(after),
        (before, after) => before.or(after),
    }
}
