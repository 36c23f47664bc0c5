//! What the mask's page remembers.

use std::time::{Duration, Instant};

use crate::wire::MaskingKey;

/// Bytes of one wide step.
pub(crate) const WIDE_STEP: usize = 8;

/// What the tab remembers: what is tried, and of which frame. Which byte and bit is looked at, the
/// cursor says.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaskTabState {
    /// The frame that the rest belongs to: the run, the connection and the row.
    pub(crate) frame: Option<(u64, usize, usize)>,
    /// Flipped bits of the payload on the wire: index, and a 1 for each flipped bit.
    pub(crate) flips: Vec<(usize, u8)>,
    /// Another key, with which the same text is masked.
    pub(crate) key: Option<MaskingKey>,
    /// The key is applied once more.
    pub(crate) apply_twice: bool,
    /// Eight bytes a step.
    pub(crate) wide_steps: bool,
    pub(crate) auto_step: Option<AutoStep>,
}

/// Steps go on by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AutoStep {
    /// Steps a second.
    pub(crate) steps_per_second: u32,
    pub(crate) last_step: Option<Instant>,
}

impl AutoStep {
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(1) / self.steps_per_second
    }
}
