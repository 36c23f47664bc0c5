//! [`Implementation`]: a WebSocket implementation whose behaviour was recorded.

/// An implementation that was tested with the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Implementation {
    /// The short name: `ws`.
    pub name: &'static str,
    /// The name with version and language: `ws 8.23.0 (Node 20)`.
    pub version: &'static str,
}
