//! The state of the mask tab.

use std::time::{Duration, Instant};

use crate::wire::MaskingKey;

/// The number of bytes of a wide step.
pub(crate) const WIDE_STEP: usize = 8;

/// The state of the tab: the frame and the experiments on it. The session's cursor holds the
/// current byte and bit.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaskTabState {
    /// The frame that the experiments belong to: run, connection and row.
    pub(crate) frame: Option<(u64, usize, usize)>,
    /// The flipped bits of the payload on the wire: the index of the byte, and a mask of its bits.
    pub(crate) flips: Vec<(usize, u8)>,
    /// Another key to mask the same payload with.
    pub(crate) key: Option<MaskingKey>,
    /// Whether the key is applied once more.
    pub(crate) apply_twice: bool,
    /// Whether a step has eight bytes.
    pub(crate) wide_steps: bool,
    pub(crate) auto_step: Option<AutoStep>,
}

/// Automatic stepping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AutoStep {
    /// The number of steps per second, from 1 to 9.
    pub(crate) steps_per_second: u32,
    pub(crate) last_step: Option<Instant>,
}

impl AutoStep {
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(1) / self.steps_per_second
    }
}
