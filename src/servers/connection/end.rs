//! [`ConnectionEnd`]: why a WebSocket of a server ended without a closing handshake. Its sentence
//! is used for the event, and for a Close frame if one can still be sent.

use std::fmt;
use std::io;

use crate::net::describe_io_error;

/// Why a connection ended without a closing handshake.
#[derive(Debug, thiserror::Error)]
pub(in crate::servers) enum ConnectionEnd {
    /// The peer broke a rule, or did not finish a frame in time.
    #[error("{0}")]
    Failed(String),
    #[error("the stream ended without a Close frame")]
    WithoutClose,
    #[error("the server is going away")]
    GoingAway,
    #[error("the peer reads too slowly: {0} are queued")]
    Slow(Backlog),
    #[error("{}", describe_io_error(.0))]
    Io(#[from] io::Error),
}

/// The limit that a subscriber's queue has reached, with its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::servers) enum Backlog {
    /// [`Limits::max_backlog`](crate::servers::Limits::max_backlog).
    Writes(usize),
    /// [`Limits::max_backlog_bytes`](crate::servers::Limits::max_backlog_bytes).
    Bytes(usize),
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writes(count) => write!(f, "{count} writes"),
            Self::Bytes(count) => write!(f, "{count} bytes"),
        }
    }
}
