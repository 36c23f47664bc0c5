//! [`Timeout`]: which of the [limits](crate::servers::Limits) of time a peer has passed, as an error of its socket.

use std::io;
use std::time::Duration;

/// A limit of time that a peer has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Timeout {
    /// Nothing more of a frame came within
    /// [`Limits::frame_timeout`](crate::servers::Limits::frame_timeout).
    #[error("a frame stood still for {} s, at least {more} bytes before its end", .limit.as_secs_f32())]
    StillFrame {
        /// The limit.
        limit: Duration,
        /// The least that was still to come, in bytes.
        more: u64,
    },
    /// A frame came slower than [`Limits::min_rate`](crate::servers::Limits::min_rate).
    #[error(
        "a frame came at less than {rate} bytes a second, and at least {more} bytes are missing"
    )]
    SlowFrame {
        /// The rate.
        rate: u64,
        /// The least that was still to come, in bytes.
        more: u64,
    },
    /// The peer took nothing within
    /// [`Limits::write_timeout`](crate::servers::Limits::write_timeout).
    #[error("it read nothing for {} s", .0.as_secs_f32())]
    Write(Duration),
}

impl Timeout {
    /// The timeout behind an error of a [`Timed`](super::Timed) socket, if that is what it is.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// The peer is late with a frame, so there may be a way to tell it.
    pub(crate) fn is_late_frame(self) -> bool {
        !matches!(self, Self::Write(_))
    }
}

impl From<Timeout> for io::Error {
    fn from(timeout: Timeout) -> Self {
        Self::new(io::ErrorKind::TimedOut, timeout)
    }
}
