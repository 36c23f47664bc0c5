//! The selected row, field, byte and bit, and how the selection moves.

use std::ops::Range;

use super::frame_draft::Draft;
use super::state::Session;
use crate::demos::inspect::action::ByteCursor;
use crate::wire::{FieldSpan, FragmentRole, Frame, Side, TraceRow, format};

/// The maximum number of rows that are searched for the newest of some kind.
const MAX_ROWS_SEARCHED: usize = 4096;

/// A frame of the client is followed while it is among this number of the newest: beside its answer.
const ANSWERED_ROWS: usize = 2;

/// The bytes of the shown frame or draft, with their fields.
#[derive(Debug)]
pub(crate) struct ShownBytes {
    pub(crate) raw: Vec<u8>,
    pub(crate) spans: Vec<FieldSpan>,
    /// The ranges of `raw` that were not captured.
    pub(crate) missing: Vec<Range<usize>>,
}

impl Session {
    /// Returns the shown row: the selected one, otherwise the newest; that of the client if it has
    /// been answered by one frame, or if rows with a mask are preferred. If compressed rows are
    /// preferred, the newest of these comes first.
    pub(crate) fn current_row(&self) -> Option<usize> {
        if let Some(filter) = &self.filter {
            let chosen =
                self.selected_row.filter(|row| filter.rows.binary_search(&(*row as u32)).is_ok());
            return chosen.or_else(|| self.followed_row());
        }
        let last = self.connection().trace.rows().len().checked_sub(1)?;
        self.selected_row.map_or_else(|| self.followed_row(), |chosen| Some(chosen.min(last)))
    }

    /// Returns the row that is shown while the traffic is followed.
    fn followed_row(&self) -> Option<usize> {
        if let Some(filter) = &self.filter {
            // With a filter, the newest row that passes it is followed.
            return Some(*filter.rows.last()? as usize);
        }
        let rows = self.connection().trace.rows();
        let last = rows.len().checked_sub(1)?;
        // Bounded, because this runs for every frame and every picture.
        let near = &rows[last.saturating_sub(MAX_ROWS_SEARCHED)..];
        let compressed =
            || near.iter().rposition(TraceRow::is_compressed).filter(|_| self.prefers_compressed);
        let ours = || {
            let reach = if self.prefers_masked { near.len() } else { ANSWERED_ROWS };
            let rows = near.iter().enumerate().rev().take(reach);
            rows.into_iter().find(|(_, row)| row.from() == Side::Client).map(|(at, _)| at)
        };
        Some(compressed().or_else(ours).map_or(last, |at| rows.len() - near.len() + at))
    }

    /// Returns a frame with the bytes that can be shown; `None` if they are gone or not fetched
    /// yet.
    pub(crate) fn frame(&self, row: usize) -> Option<Frame> {
        self.connection().frame(row)
    }

    /// Returns the shown frame with its row.
    pub(crate) fn current_frame(&self) -> Option<(usize, &TraceRow, Frame)> {
        let current = self.current_row()?;
        Some((current, &self.connection().trace.rows()[current], self.frame(current)?))
    }

    /// Returns the bytes and fields that the cursor moves over: those of the draft while there is
    /// one.
    pub(crate) fn bytes_under_cursor(&self) -> Option<ShownBytes> {
        if let Some(draft) = &self.draft {
            let (raw, spans) = (draft.bytes().to_vec(), draft.spans());
            return Some(ShownBytes { raw, spans, missing: Vec::new() });
        }
        let (_, _, frame) = self.current_frame()?;
        Some(ShownBytes {
            raw: frame.raw().to_vec(),
            spans: frame.field_spans(),
            missing: frame.missing().to_vec(),
        })
    }

    /// Returns the index of the field under the cursor.
    pub(crate) fn field_under_cursor(&self, spans: &[FieldSpan]) -> usize {
        let ByteCursor { byte, bit } = self.cursor;
        spans.iter().position(|span| span.contains(byte, bit)).unwrap_or(0)
    }

    /// Selects a row and puts the cursor on its first byte. A draft is dropped.
    pub(crate) fn select_row(&mut self, row: usize) {
        let last = self.connection().trace.rows().len().saturating_sub(1);
        self.selected_row = Some(row.min(last));
        self.cursor = ByteCursor::default();
        self.draft = None;
    }

    /// Returns the number of frames that came after the shown one.
    pub(crate) fn rows_behind(&self) -> usize {
        let Some(current) = self.current_row() else { return 0 };
        match &self.filter {
            Some(filter) => {
                filter.rows.iter().rev().take_while(|row| **row as usize > current).count()
            }
            None => self.connection().trace.rows().len().saturating_sub(current + 1),
        }
    }

    /// Whether the shown frame is the one that is followed: what is newer is its answer.
    pub(crate) fn shows_followed_row(&self) -> bool {
        self.current_row() == self.followed_row()
    }

    /// Goes to the newest frame, and follows those that come.
    pub(crate) fn follow_newest(&mut self) {
        self.select_row(usize::MAX);
        self.selected_row = None;
    }

    /// Moves the selection by `by` rows, skipping those that do not pass the filter.
    pub(crate) fn move_selection(&mut self, by: isize) {
        let Some(current) = self.current_row() else { return };
        match &self.filter {
            None => self.select_row(current.saturating_add_signed(by)),
            Some(filter) => {
                // Not empty: there is no current row without a match.
                let last = filter.rows.len() - 1;
                let at = filter.rows.partition_point(|row| (*row as usize) < current);
                let next = at.saturating_add_signed(by).min(last);
                let row = filter.rows[next] as usize;
                self.select_row(row);
            }
        }
    }

    /// Stays on the shown frame, or follows new frames again.
    pub(crate) fn toggle_follow(&mut self) {
        match self.selected_row {
            Some(_) => self.selected_row = None,
            None => self.selected_row = self.current_row(),
        }
    }

    /// Selects the next frame of the same message, wrapping around at the end.
    pub(crate) fn next_of_message(&mut self) {
        let Some(current) = self.current_row() else { return };
        let rows = self.connection().trace.message_rows(current);
        let next =
            rows.iter().position(|row| *row == current).map_or(0, |at| (at + 1) % rows.len());
        if let Some(row) = rows.get(next) {
            self.select_row(*row);
        }
        if self
            .current_row()
            .is_some_and(|row| self.connection().trace.rows()[row].role() == FragmentRole::Control)
        {
            self.notice = Some("a control frame is not part of a message".to_owned());
        }
    }

    /// Moves the cursor by `by` fields.
    pub(crate) fn next_field(&mut self, by: isize) {
        if let Some(ShownBytes { spans, .. }) = self.bytes_under_cursor() {
            let next = self
                .field_under_cursor(&spans)
                .saturating_add_signed(by)
                .min(spans.len().saturating_sub(1));
            if let Some(span) = spans.get(next) {
                self.cursor = ByteCursor { byte: span.bytes.start, bit: span.bits.start };
            }
        }
    }

    /// Moves the cursor by `by` bytes.
    pub(crate) fn next_byte(&mut self, by: isize) {
        if let Some(ShownBytes { raw, .. }) = self.bytes_under_cursor() {
            let byte = self.cursor.byte.saturating_add_signed(by).min(raw.len().saturating_sub(1));
            self.cursor = ByteCursor { byte, bit: 0 };
        }
    }

    /// Returns the lines of both heads, as sender and index.
    pub(crate) fn head_lines(&self) -> Vec<(Side, usize)> {
        let lines = |from| {
            let head =
                self.connection().trace.head(from).and_then(|validated| validated.head.as_ref());
            let count = head.map_or(0, |head| head.lines().len());
            (0..count).map(move |line| (from, line))
        };
        lines(Side::Client).chain(lines(Side::Server)).collect()
    }

    /// Flips the bit under the cursor in the draft, if there is one. Nothing is sent.
    pub(crate) fn flip_bit(&mut self) {
        let ByteCursor { byte, bit } = self.cursor;
        if let Some(draft) = &mut self.draft {
            draft.flip_bit(byte, bit);
        }
    }

    /// Starts to edit a copy of the shown frame. Returns `false` if there is none, or if bytes of
    /// it were not captured: the copy would be of a frame that nobody sent.
    pub(crate) fn start_editing(&mut self) -> bool {
        let Some((row, shown, frame)) = self.current_frame() else { return false };
        if shown.has_gap() {
            let missing = format::byte_count(self.connection().missing_len(shown));
            self.notice = Some(format!("frame {row} lacks {missing}: it cannot be edited"));
            return false;
        }
        self.selected_row = Some(row);
        self.draft = Some(Draft::from_frame(&frame, self.connection().trace.agreed()));
        true
    }
}
