//! The payload of the mask tab with all experiments applied.
//!
//! It is computed from the frame whenever it is needed, so that it can never be out of date.

use std::ops::Range;

use super::state::{MaskTabState, WIDE_STEP};
use crate::demos::inspect::parts::payload::{is_missing, ranges_from};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::payload_text;
use crate::demos::inspect::session::payload_text::{PayloadKind, TextBefore};
use crate::wire::frame::mask;
use crate::wire::{MaskingKey, Side};

/// The reason why there is nothing to unmask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMaskReason {
    NoFrame,
    BytesGone,
    Empty { row: usize },
    Unmasked { row: usize, from: Side, nearest_masked: Option<usize> },
}

/// A payload, its key, and the current step.
#[derive(Debug)]
pub(crate) struct Unmasking {
    pub(crate) row: usize,
    pub(crate) from: Side,
    pub(crate) header_len: usize,
    /// The payload length of the frame in bytes. `wire_bytes` may hold fewer.
    pub(crate) payload_len: u64,
    /// The ranges of the payload that were not captured.
    pub(crate) missing: Vec<Range<usize>>,
    /// The payload on the wire, with the experiments applied.
    pub(crate) wire_bytes: Vec<u8>,
    /// The payload as it was on the wire.
    pub(crate) original_wire_bytes: Vec<u8>,
    pub(crate) key: MaskingKey,
    pub(crate) plain_bytes: Vec<u8>,
    pub(crate) step: usize,
    pub(crate) bit: u8,
    pub(crate) payload_kind: PayloadKind,
    /// What the fragments before leave: the start of a character, or nothing known.
    pub(crate) carried: TextBefore,
    pub(crate) apply_twice: bool,
    pub(crate) wide_steps: bool,
    /// Whether an experiment has changed the payload or the key.
    pub(crate) changed: bool,
}

impl Unmasking {
    /// Returns the payload of the shown frame, with the experiments on it applied.
    ///
    /// # Errors
    /// Fails if there is nothing to unmask, and says why.
    pub(crate) fn from_current(
        session: &Session,
        tried: &MaskTabState,
    ) -> Result<Self, NoMaskReason> {
        let row = session.current_row().ok_or(NoMaskReason::NoFrame)?;
        let frame = session.frame(row).ok_or(NoMaskReason::BytesGone)?;
        let list = &session.connection().trace.rows()[row];
        let from = list.from();
        let Some(first) = frame.header.masking_key else {
            return Err(NoMaskReason::Unmasked {
                row,
                from,
                nearest_masked: nearest_masked(session, row),
            });
        };
        let seen = frame.payload_on_wire().to_vec();
        if seen.is_empty() {
            return Err(NoMaskReason::Empty { row });
        }
        let none = MaskTabState::default();
        let state = if tried.frame == Some(frame_id(session, row)) { tried } else { &none };
        let key = state.key.unwrap_or(first);
        // Undoing the mask and applying the new key leaves the plain text the same.
        let mut wire = mask::unmask(&mask::unmask(&seen, first), key);
        for (at, bits) in &state.flips {
            // The frame may have been fetched again with fewer bytes.
            wire.get_mut(*at).into_iter().for_each(|byte| *byte ^= bits);
        }
        let reading = PayloadKind::from_row(list);
        let carried = match reading {
            PayloadKind::Text => {
                let rows = session.connection().trace.message_rows(row);
                let at = rows.iter().position(|other| *other == row).unwrap_or(0);
                payload_text::text_before(session, &rows, at)
            }
            _ => TextBefore::Partial(Vec::new()),
        };
        let header = frame.header.len();
        Ok(Self {
            missing: ranges_from(frame.missing(), header),
            row,
            from,
            header_len: header,
            payload_len: list.payload_len().get(),
            plain_bytes: mask::unmask(&wire, key),
            step: session.cursor.byte.saturating_sub(header).min(seen.len() - 1),
            bit: session.cursor.bit.min(7),
            changed: key != first || !state.flips.is_empty(),
            key,
            original_wire_bytes: seen,
            wire_bytes: wire,
            payload_kind: reading,
            carried,
            apply_twice: state.apply_twice,
            wide_steps: state.wide_steps,
        })
    }

    /// Returns the range of bytes that this step unmasks: one, or up to eight.
    pub(crate) fn step_range(&self) -> std::ops::Range<usize> {
        let first = if self.wide_steps { self.step / WIDE_STEP * WIDE_STEP } else { self.step };
        first..(first + if self.wide_steps { WIDE_STEP } else { 1 }).min(self.wire_bytes.len())
    }

    /// Whether a byte of the payload was not captured.
    pub(crate) fn is_missing(&self, at: usize) -> bool {
        is_missing(&self.missing, at)
    }

    /// Returns the gap at the step.
    pub(crate) fn gap_at_step(&self) -> Option<Range<usize>> {
        self.missing.iter().find(|range| range.contains(&self.step)).cloned()
    }

    /// Returns the step after this one, or this one at the end. A gap is one step.
    pub(crate) fn next_step(&self) -> usize {
        let next = self.gap_at_step().map_or(self.step_range().end, |gap| gap.end);
        if next < self.wire_bytes.len() { next } else { self.step }
    }

    /// Returns the step before this one. A gap is one step.
    pub(crate) fn previous_step(&self) -> usize {
        if let Some(gap) = self.gap_at_step() {
            return gap.start.saturating_sub(1);
        }
        if self.wide_steps {
            self.step_range().start.saturating_sub(WIDE_STEP)
        } else {
            self.step.saturating_sub(1)
        }
    }
}

/// Identifies a frame across runs and connections.
pub(crate) fn frame_id(session: &Session, row: usize) -> (u64, usize, usize) {
    (session.run, session.connection().number, row)
}

/// The maximum number of frames that are searched in each direction for a masked one.
const MAX_FRAMES_SEARCHED: usize = 10_000;

fn nearest_masked(session: &Session, row: usize) -> Option<usize> {
    let rows = session.connection().trace.rows();
    let masked = |at: &usize| {
        let header = rows[*at].header();
        header.masking_key.is_some() && header.payload_len > 0
    };
    let before = (row.saturating_sub(MAX_FRAMES_SEARCHED)..row).rev().find(masked);
    let after = (row + 1..rows.len().min(row + MAX_FRAMES_SEARCHED)).find(masked);
    match (before, after) {
        (Some(before), Some(after)) if after - row < row - before => Some(after),
        (before, after) => before.or(after),
    }
}
