//! [`ProgressEvent`]: a line of a progress file.

use serde::{Deserialize, Serialize};

/// An answer, or that an item was reset. A progress file has one such JSON object a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgressEvent {
    /// The time, in seconds since 1970 (UTC).
    pub at: u64,
    /// The item: the name of a question or of an exercise, or `lesson/NAME/STEP`.
    pub item: String,
    /// Whether the answer was right; `None`: the item was reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<bool>,
}

impl ProgressEvent {
    /// Returns the line, with its line break.
    pub fn to_line(&self) -> String {
        // A struct of plain values has no way to fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
