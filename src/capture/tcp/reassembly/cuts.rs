//! [`Cuts`]: the ends of segments that a capture cut off.

use std::collections::BTreeMap;

use crate::wire::Offset;

/// The maximum number of cuts that are remembered.
const MAX_CUTS: usize = 4096;

/// What the capture cut off from the segments of one direction, by the number of its first byte.
#[derive(Debug, Default)]
pub(super) struct Cuts(BTreeMap<Offset, Cut>);

/// The end of a segment, of which the capture kept the beginning only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) captured_at: u64,
    /// The number of the byte after it.
    pub(super) end: Offset,
}

impl Cuts {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds `len` bytes from `start` on, and forgets what is before `next`, the next byte to emit.
    pub(super) fn add(&mut self, next: Offset, start: Offset, len: usize, captured_at: u64) {
        self.0 = self.0.split_off(&next);
        if len > 0 && start >= next && self.0.len() < MAX_CUTS {
            self.0.entry(start).or_insert(Cut { captured_at, end: start + len });
        }
    }

    /// Returns what was cut off from the byte `next` on.
    pub(super) fn at(&self, next: Offset) -> Option<Cut> {
        self.0.get(&next).copied()
    }

    /// Whether something was cut off from the byte `next` on, or behind it.
    pub(super) fn has_any_from(&self, next: Offset) -> bool {
        self.0.last_key_value().is_some_and(|(start, _)| *start >= next)
    }
}
