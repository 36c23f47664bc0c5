//! [`ConnectionEnd`]: the packets that end a connection in a file.

use crate::capture::StreamEnding;
use crate::wire::Side;

/// The way in which a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// This side closes first, and the other one follows (FIN).
    Closed(Side),
    /// This side closes first (FIN), and the other one resets the connection (RST).
    ClosedThenReset(Side),
    /// This side resets the connection (RST).
    Reset(Side),
}

impl From<StreamEnding> for ConnectionEnd {
    fn from(ending: StreamEnding) -> Self {
        let StreamEnding { by, is_reset, is_reset_after, .. } = ending;
        match (is_reset, is_reset_after) {
            (true, _) => Self::Reset(by),
            (false, true) => Self::ClosedThenReset(by),
            (false, false) => Self::Closed(by),
        }
    }
}
