//! [`FilterError`]: why a filter is invalid.

use std::fmt;

/// Why a filter is invalid, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The byte offset of the error, from 0; the length of the text if something is missing at the
    /// end.
    pub offset: usize,
    /// The error in one clause.
    pub reason: String,
    /// The text or kind of text that was expected instead.
    pub expected: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, byte {}: {}; expected {}", self.offset, self.reason, self.expected)
    }
}

impl std::error::Error for FilterError {}
