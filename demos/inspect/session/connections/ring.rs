//! The bytes of a live connection, for the frames that are looked at; the oldest go when there are
//! too many.
//!
//! Which bytes belong to which frame is the trace's to know.

use std::collections::VecDeque;

use crate::wire::{Offset, Side};

/// Bytes kept of each direction. What is older is not shown any more; a recording on disk keeps it.
const MAX_RING_BYTES: usize = 32 << 20;

/// Both directions.
#[derive(Debug, Default)]
pub(crate) struct ByteRings {
    client: ByteRing,
    server: ByteRing,
}

/// The newest bytes of one direction.
#[derive(Debug, Default)]
struct ByteRing {
    bytes: VecDeque<u8>,
    /// Bytes that are gone.
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

    /// The bytes of both directions.
    pub(crate) fn len(&self) -> usize {
        self.client.bytes.len() + self.server.bytes.len()
    }

    /// At most `most` bytes from `at` on, where `at` counts from the first byte of the direction;
    /// none if they are gone.
    pub(crate) fn read(&self, from: Side, at: Offset, most: usize) -> Option<Vec<u8>> {
        let ring = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        if at < ring.discarded {
            return None;
        }
        let start = (at - ring.discarded).to_usize_saturating();
        let end = start.saturating_add(most).min(ring.bytes.len());
        (start <= end).then(|| ring.bytes.range(start..end).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
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
