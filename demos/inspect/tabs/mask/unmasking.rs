//! What is on the mask's page: the payload with everything that is tried on it.
//!
//! It is made anew from the frame whenever it is needed, so that nothing can be out of step with
//! it.

use super::state::{MaskTabState, WIDE_STEP};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::payload_text;
use crate::demos::inspect::session::payload_text::PayloadKind;
use crate::wire::frame::mask;
use crate::wire::{MaskingKey, Side};

/// Why there is nothing to unmask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMaskReason {
    NoFrame,
    BytesGone,
    Empty { row: usize },
    Unmasked { row: usize, from: Side, nearest_masked: Option<usize> },
}

/// A payload, its key, and where the reader is in it.
#[derive(Debug)]
pub(crate) struct Unmasking {
    pub(crate) row: usize,
    pub(crate) from: Side,
    pub(crate) header_len: usize,
    /// All payload bytes of the frame; fewer may be here.
    pub(crate) payload_len: u64,
    /// What is on the wire, with what is tried.
    pub(crate) wire_bytes: Vec<u8>,
    /// What was on the wire.
    pub(crate) original_wire_bytes: Vec<u8>,
    pub(crate) key: MaskingKey,
    pub(crate) plain_bytes: Vec<u8>,
    pub(crate) step: usize,
    pub(crate) bit: u8,
    pub(crate) payload_kind: PayloadKind,
    /// The character that the fragments before began; none if the text was broken already.
    pub(crate) carried: Option<Vec<u8>>,
    pub(crate) apply_twice: bool,
    pub(crate) wide_steps: bool,
    /// Something is not as it was seen.
    pub(crate) changed: bool,
}

impl Unmasking {
    /// The frame that is shown, with what was tried on it.
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
        let mut wire = mask::unmask(&mask::unmask(&seen, first), key);
        for (at, bits) in &state.flips {
            // a file's frame may be here only in part by now
            wire.get_mut(*at).into_iter().for_each(|byte| *byte ^= bits);
        }
        let reading = PayloadKind::from_row(list);
        let carried = match reading {
            PayloadKind::Text => {
                let rows = session.connection().trace.message_rows(row);
                let at = rows.iter().position(|other| *other == row).unwrap_or(0);
                payload_text::incomplete_char_before(session, &rows, at)
            }
            _ => Some(Vec::new()),
        };
        let header = frame.header.len();
        Ok(Self {
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

    /// The bytes that this step unmasks: one, or eight.
    pub(crate) fn step_range(&self) -> std::ops::Range<usize> {
        let first = if self.wide_steps { self.step / WIDE_STEP * WIDE_STEP } else { self.step };
        first..(first + if self.wide_steps { WIDE_STEP } else { 1 }).min(self.wire_bytes.len())
    }

    /// The step after this one; the same at the end.
    pub(crate) fn next_step(&self) -> usize {
        let next = self.step_range().end;
        if next < self.wire_bytes.len() { next } else { self.step }
    }

    /// The step before this one.
    pub(crate) fn previous_step(&self) -> usize {
        if self.wide_steps {
            self.step_range().start.saturating_sub(WIDE_STEP)
        } else {
            self.step.saturating_sub(1)
        }
    }
}

/// A row of one of the connections.
pub(crate) fn frame_id(session: &Session, row: usize) -> (u64, usize, usize) {
    (session.run, session.connection().number, row)
}

/// Frames that are looked through in each direction for a masked one.
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
