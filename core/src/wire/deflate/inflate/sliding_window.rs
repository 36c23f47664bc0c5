//! The bytes that were inflated last: the window that a match can refer back to, and the piece that
//! is returned now.
//! It grows to one fixed size, whatever a stream claims.

/// The largest piece of output, in bytes.
pub(super) const MAX_OUTPUT: usize = 16 * 1024;

/// The room after the window in bytes. The larger it is, the less often the window is moved to the
/// front.
const BUFFER_SLACK: usize = 64 * 1024;

/// The length up to which a match is copied with a fixed size. Most matches are shorter.
const SHORT_MATCH: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct SlidingWindow {
    buffer: Vec<u8>,
    /// The size of the window, which limits how far back a match can refer.
    size: usize,
    /// The position of the oldest byte that a match can refer to.
    history_start: usize,
    /// The position at which the current piece begins.
    output_start: usize,
    end: usize,
    /// The position at which the current piece must end.
    output_limit: usize,
}

impl SlidingWindow {
    pub(super) fn new(bits: u8) -> Self {
        let size = 1_usize.wrapping_shl(bits.into());
        Self {
            buffer: Vec::new(),
            size,
            history_start: 0,
            output_start: 0,
            end: 0,
            output_limit: 0,
        }
    }

    /// Begins a piece of at most `room` bytes.
    pub(super) fn begin_output(&mut self, room: usize) {
        let room = room.min(MAX_OUTPUT);
        if self.buffer.len() < self.end.saturating_add(room) {
            let keep = self.reach();
            self.buffer.copy_within(self.end.saturating_sub(keep)..self.end, 0);
            (self.history_start, self.end) = (0, keep);
            // The buffer doubles until it has its full size, so that connections with little data
            // stay small.
            let wanted = keep.saturating_add(room).max(self.buffer.len().saturating_mul(2));
            let wanted = wanted.min(self.size.saturating_add(BUFFER_SLACK));
            if wanted > self.buffer.len() {
                self.buffer.resize(wanted, 0);
            }
        }
        self.output_start = self.end;
        self.output_limit = self.end.saturating_add(room);
    }

    /// Forgets all bytes, so that no match can refer to them.
    pub(super) fn clear(&mut self) {
        self.history_start = self.end;
        self.output_start = self.end;
    }

    /// Returns how far back a match can refer, in bytes.
    #[inline]
    pub(super) fn reach(&self) -> usize {
        self.size.min(self.end.saturating_sub(self.history_start))
    }

    /// Returns how many bytes the current piece can still take.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.output_limit.saturating_sub(self.end)
    }

    /// Returns the current piece.
    pub(super) fn output(&self) -> &[u8] {
        self.buffer.get(self.output_start..self.end).unwrap_or_default()
    }

    /// Returns the number of allocated bytes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    /// Removes the last byte of the current piece. A match could still refer to it, so nothing may
    /// be inflated after this.
    pub(super) fn drop_last_byte(&mut self) {
        self.end = self.end.saturating_sub(1).max(self.output_start);
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.end) {
            *place = byte;
            self.end = self.end.saturating_add(1);
        }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.end.saturating_add(bytes.len());
        if let Some(place) = self.buffer.get_mut(self.end..end) {
            place.copy_from_slice(bytes);
            self.end = end;
        }
    }

    /// Copies `length` bytes from `distance` bytes back. The caller has checked both against
    /// `reach` and `room`.
    #[inline]
    pub(super) fn copy_match(&mut self, distance: usize, length: usize) {
        let from = self.end.saturating_sub(distance);
        let end = self.end.saturating_add(length);
        if length <= distance
            && length <= SHORT_MATCH
            && let Some(room) = self.buffer.get_mut(from..self.end.saturating_add(SHORT_MATCH))
            && let Some(source) = room.first_chunk::<SHORT_MATCH>().copied()
            && let Some(target) = room.last_chunk_mut::<SHORT_MATCH>()
        {
            // A copy of fixed size is cheaper than a call to memcpy. It can write past the match;
            // the next output overwrites that.
            *target = source;
        // A run of one byte is filled in one go.
        } else if distance == 1
            && let Some([byte, room @ ..]) = self.buffer.get_mut(from..end)
        {
            room.fill(*byte);
        } else {
            // Source and target may overlap. Then each round doubles the source, because what was
            // copied is part of it.
            let mut target = self.end;
            while target < end {
                let now = target.saturating_sub(from).min(end.saturating_sub(target));
                self.buffer.copy_within(from..from.saturating_add(now), target);
                target = target.saturating_add(now);
            }
        }
        self.end = end;
    }
}
