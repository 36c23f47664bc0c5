//! Why a filter cannot be read.

use std::fmt;

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The byte where it goes wrong, counted from 0; the length of the text where something is missing at its end.
    pub offset: usize,
    /// What is wrong there, in one clause.
    pub reason: String,
    /// What would be right instead.
    pub expected: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, byte {}: {}; right would be {}", self.offset, self.reason, self.expected)
    }
}

impl std::error::Error for FilterError {}
