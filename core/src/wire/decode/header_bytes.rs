//! [`HeaderBytes`]: the bytes of a header that is arriving.

use crate::wire::frame::MAX_HEADER_LEN;

/// The bytes of an incomplete header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeaderBytes {
    header_bytes: [u8; MAX_HEADER_LEN],
    pub(super) header_filled: usize,
}

impl HeaderBytes {
    pub(super) fn bytes(&self) -> &[u8] {
        self.header_bytes.get(..self.header_filled).unwrap_or_default()
    }

    /// Moves bytes from the front of `input` until there are `want` header bytes, or `input` is
    /// empty.
    pub(super) fn fill(&mut self, want: usize, input: &mut &[u8]) {
        let room = self.header_bytes.get_mut(self.header_filled..want).unwrap_or_default();
        let (taken, rest) = input.split_at(room.len().min(input.len()));
        for (to, byte) in room.iter_mut().zip(taken) {
            *to = *byte;
        }
        self.header_filled = self.header_filled.saturating_add(taken.len());
        *input = rest;
    }
}
