//! [`Warnings`]: the warnings about one stream, up to a limit.

use std::num::Saturating;

/// The maximum number of warnings about one stream. Further ones are only counted.
const MAX_WARNINGS: usize = 20;

/// Warnings in the order in which they arose.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    messages: Vec<String>,
    suppressed: Saturating<u64>,
}

impl Warnings {
    /// Adds a warning, unless it is there already.
    pub(super) fn warn(&mut self, what: String) {
        if self.messages.contains(&what) {
            return;
        }
        if self.messages.len() < MAX_WARNINGS {
            self.messages.push(what);
        } else {
            self.suppressed += 1;
        }
    }

    /// Returns the warnings, and how many more there were.
    pub(super) fn into_messages(mut self) -> Vec<String> {
        if self.suppressed.0 > 0 {
            self.messages.push(format!("and {} more warnings", self.suppressed));
        }
        self.messages
    }
}
