//! The bytes of a live connection, for the frames that are looked at; the oldest go when there are too many.
//!
//! Which bytes belong to which frame is the trace's to know.

use std::collections::VecDeque;

use crate::wire::{Offset, Side};

/// Bytes kept of each direction. What is older is not shown any more; a recording on disk keeps it.
const MOST: usize = 32 << 20;

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Kept {
    client: Stretch,
    server: Stretch,
}

/// The newest bytes of one direction.
#[derive(Debug, Default)]
struct Stretch {
    bytes: VecDeque<u8>,
    /// Bytes that are gone.
    gone: Offset,
}

impl Kept {
    pub(super) fn push(&mut self, from: Side, bytes: &[u8]) {
        let stretch = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        stretch.bytes.extend(bytes);
        let over = stretch.bytes.len().saturating_sub(MOST);
        stretch.bytes.drain(..over);
        stretch.gone += over;
    }

    /// The bytes of both directions.
    pub(super) fn len(&self) -> usize {
        self.client.bytes.len() + self.server.bytes.len()
    }

    /// At most `most` bytes from `at` on, where `at` counts from the first byte of the direction; none if they are gone.
    pub(super) fn read(&self, from: Side, at: Offset, most: usize) -> Option<Vec<u8>> {
        let stretch = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        if at < stretch.gone {
            return None;
        }
        let start = (at - stretch.gone).to_usize_saturating();
        let end = start.saturating_add(most).min(stretch.bytes.len());
        (start <= end).then(|| stretch.bytes.range(start..end).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut kept = Kept::default();
        kept.push(Side::Server, b"head");
        kept.push(Side::Server, &vec![7; MOST - 2]);
        assert_eq!(kept.read(Side::Server, Offset::new(1), 4), None);
        assert_eq!(kept.read(Side::Server, Offset::new(2), 4), Some(b"ad\x07\x07".to_vec()));
        assert_eq!(kept.read(Side::Server, Offset::new(MOST as u64), 9), Some(vec![7, 7]));
        assert_eq!(kept.read(Side::Client, Offset::new(0), 9), Some(Vec::new()));
    }
}
