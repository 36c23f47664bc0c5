//! [`Timeout`]: the time limit that a peer has exceeded, as an error of its socket.

use std::io;
use std::time::Duration;

/// A time limit that a peer has exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Timeout {
    /// Nothing more of a frame arrived in time.
    #[error("a frame stalled for {} s, at least {more} bytes before its end", .limit.as_secs_f32())]
    StillFrame {
        /// The timeout.
        limit: Duration,
        /// The minimum number of bytes that are missing.
        more: u64,
    },
    /// A frame arrived slower than it must.
    #[error(
        "a frame came at less than {rate} bytes a second, and at least {more} bytes are missing"
    )]
    SlowFrame {
        /// The minimum rate in bytes per second.
        rate: u64,
        /// The minimum number of bytes that are missing.
        more: u64,
    },
    /// The peer read nothing in time.
    #[error("the peer read nothing for {} s", .0.as_secs_f32())]
    Write(Duration),
}

impl Timeout {
    /// Returns the timeout behind an error of a [`Timed`](super::Timed) socket, if it is one.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// Whether a frame is late. The peer may still read then, so a Close can be sent.
    pub(crate) fn is_late_frame(self) -> bool {
        !matches!(self, Self::Write(_))
    }
}

impl From<Timeout> for io::Error {
    fn from(timeout: Timeout) -> Self {
        Self::new(io::ErrorKind::TimedOut, timeout)
    }
}
