//! What was inflated last: the bytes that a match may point back into, and the piece that is handed out now.
//! It grows to one fixed size, whatever a stream claims.

/// At most this much is inflated in one step.
pub(super) const MAX_OUTPUT: usize = 16 * 1024;

/// Room behind the window: the larger it is, the less often the window has to move to the front.
const BUFFER_SLACK: usize = 64 * 1024;

/// Most matches are no longer than this.
const SHORT_MATCH: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct SlidingWindow {
    buffer: Vec<u8>,
    /// How far back a match may point.
    size: usize,
    /// Where the bytes begin that there are.
    history_start: usize,
    /// Where the piece begins that is handed out now.
    output_start: usize,
    end: usize,
    /// Where this piece ends at the latest.
    output_limit: usize,
}

impl SlidingWindow {
    pub(super) fn new(bits: u8) -> Self {
        let size = 1_usize.wrapping_shl(bits.into());
        Self { buffer: Vec::new(), size, history_start: 0, output_start: 0, end: 0, output_limit: 0 }
    }

    /// Begins a piece of at most `room` bytes.
    pub(super) fn begin_output(&mut self, room: usize) {
        let room = room.min(MAX_OUTPUT);
        if self.buffer.len() < self.end.saturating_add(room) {
            let keep = self.reach();
            self.buffer.copy_within(self.end.saturating_sub(keep)..self.end, 0);
            (self.history_start, self.end) = (0, keep);
            // Small connections stay small: the buffer doubles until it has its size.
            let wanted = keep.saturating_add(room).max(self.buffer.len().saturating_mul(2));
            let wanted = wanted.min(self.size.saturating_add(BUFFER_SLACK));
            if wanted > self.buffer.len() {
                self.buffer.resize(wanted, 0);
            }
        }
        self.output_start = self.end;
        self.output_limit = self.end.saturating_add(room);
    }

    /// Forgets everything: nothing can be pointed at any more.
    pub(super) fn clear(&mut self) {
        self.history_start = self.end;
        self.output_start = self.end;
    }

    /// How far back a match may point.
    #[inline]
    pub(super) fn reach(&self) -> usize {
        self.size.min(self.end.saturating_sub(self.history_start))
    }

    /// How much the piece at hand can still take.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.output_limit.saturating_sub(self.end)
    }

    /// The piece at hand.
    pub(super) fn output(&self) -> &[u8] {
        self.buffer.get(self.output_start..self.end).unwrap_or_default()
    }

    /// Bytes that are allocated.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes the last byte back; the window remembers it all the same, so nothing may be inflated behind it.
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

    /// Repeats `length` bytes from `distance` back; both were checked against `reach` and `room`.
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
            // A copy of fixed size costs less than a call; what it writes behind the match is overwritten next.
            *target = source;
        } else if distance == 1
            && let Some([byte, room @ ..]) = self.buffer.get_mut(from..end)
        {
            room.fill(*byte);
        } else {
            // Where source and target overlap, what was copied is a longer source for the next turn.
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
