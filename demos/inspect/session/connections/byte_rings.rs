//! The newest bytes of a live connection, for the frames that are shown.
//!
//! The trace knows which bytes belong to which frame.

use std::collections::VecDeque;

use crate::wire::{Offset, Side};

/// The maximum number of bytes in memory for each direction. Older ones can no longer be shown; a
/// recording on disk keeps them.
const MAX_RING_BYTES: usize = 32 << 20;

/// The rings of both directions.
#[derive(Debug, Default)]
pub(crate) struct ByteRings {
    client: ByteRing,
    server: ByteRing,
}

/// The newest bytes of one direction.
#[derive(Debug, Default)]
struct ByteRing {
    bytes: VecDeque<u8>,
    /// The number of bytes that were discarded.
    discarded: Offset,
}

impl ByteRings {
    pub(crate) fn push(&mut self, from: Side, bytes: &[u8]) {
        let ring = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        ring.bytes.extend(bytes);
        let over = ring.bytes.len().saturating_sub(MAX_RING_BYTES);
        ring.bytes.drain(..over);
        ring.discarded += over;
    }

    /// Returns the number of bytes of both directions.
    pub(crate) fn len(&self) -> usize {
        self.client.bytes.len() + self.server.bytes.len()
    }

    /// Returns a copy of the bytes of a direction that are there from `start` on, and the offset of
    /// the first of them.
    pub(crate) fn snapshot(&self, from: Side, start: Offset) -> (Offset, Vec<u8>) {
        let ring = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        let skipped = (start - ring.discarded).to_usize_saturating().min(ring.bytes.len());
        (ring.discarded + skipped, ring.bytes.iter().skip(skipped).copied().collect())
    }

    /// Returns at most `max_bytes` bytes from `at` on, where `at` counts from the first byte of the
    /// direction; `None` if they are gone.
    pub(crate) fn read(&self, from: Side, at: Offset, max_bytes: usize) -> Option<Vec<u8>> {
        let ring = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        if at < ring.discarded {
            return None;
        }
        let start = (at - ring.discarded).to_usize_saturating();
        let end = start.saturating_add(max_bytes).min(ring.bytes.len());
        (start <= end).then(|| ring.bytes.range(start..end).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_bytes_are_discarded_first() {
        let mut rings = ByteRings::default();
        rings.push(Side::Server, b"head");
        rings.push(Side::Server, &vec![7; MAX_RING_BYTES - 2]);
        assert_eq!(rings.read(Side::Server, Offset::new(1), 4), None);
        assert_eq!(rings.read(Side::Server, Offset::new(2), 4), Some(b"ad\x07\x07".to_vec()));
        assert_eq!(
            rings.read(Side::Server, Offset::new(MAX_RING_BYTES as u64), 9),
            Some(vec![7, 7])
        );
        assert_eq!(rings.read(Side::Client, Offset::new(0), 9), Some(Vec::new()));
    }
}
