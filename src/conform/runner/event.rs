//! [`ConformEvent`]: what happens during a run.

use crate::conform::{ServerTraits, Verdict};

/// A change during a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConformEvent {
    /// The cases begin.
    Began {
        /// What was found out about the server.
        traits: ServerTraits,
    },
    /// A case has its verdict.
    Played {
        /// The index of the case.
        index: usize,
        /// The verdict.
        verdict: Verdict,
    },
    /// A case that had failed beside others has another verdict alone, which counts.
    Replayed {
        /// The index of the case.
        index: usize,
        /// The verdict.
        verdict: Verdict,
        /// The verdict that it had.
        before: Verdict,
    },
    /// The server no longer accepts connections. The cases that were being played are played again,
    /// one by one.
    Down,
    /// The server is back.
    Up,
}
