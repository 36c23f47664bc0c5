//! [`ConnectionEnd`]: why a WebSocket of a server has ended, where not by a closing handshake: the sentence of its event, and of a
//! Close frame where one can still be sent.

use std::fmt;
use std::io;

use crate::net::describe_io_error;

/// Why a connection has ended, where not by a closing handshake.
#[derive(Debug, thiserror::Error)]
pub(in crate::servers) enum ConnectionEnd {
    /// The peer broke a rule, or was late with a frame.
    #[error("{0}")]
    Failed(String),
    #[error("the stream ended without a Close frame")]
    WithoutClose,
    #[error("the server is going away")]
    GoingAway,
    #[error("it reads too slowly: {0} wait for it")]
    Slow(Backlog),
    #[error("{}", describe_io_error(.0))]
    Io(#[from] io::Error),
}

/// The limit that a subscriber's queue has reached.
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
