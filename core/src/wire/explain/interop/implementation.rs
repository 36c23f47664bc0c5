//! A WebSocket implementation whose behaviour was recorded.

/// An implementation that was fed the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Implementation {
    /// Its short name: `ws`.
    pub name: &'static str,
    /// Its name with version and language: `ws 8.23.0 (Node 20)`.
    pub version: &'static str,
}
