//! [`SessionClose`]: why a session ends, with the code and the reason that its client reads.

use crate::sockjs::frame::Frame;

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClose {
    /// The cause.
    pub cause: CloseCause,
    /// The code.
    pub code: u16,
    /// The reason for people.
    pub reason: String,
}

/// The cause of a session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCause {
    /// The application.
    Application,
    /// The server, which shuts down.
    Drained,
    /// The client, by closing its WebSocket.
    Client,
    /// A response that broke off.
    Interrupted,
    /// There was no receiver for too long.
    TimedOut,
    /// A receiver that takes nothing.
    Stalled,
    /// The client sent what a limit or the protocol forbids.
    Refused,
    /// The application failed.
    Failed,
}

impl CloseCause {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Application,
        Self::Drained,
        Self::Client,
        Self::Interrupted,
        Self::TimedOut,
        Self::Stalled,
        Self::Refused,
        Self::Failed,
    ];

    /// Returns a word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Drained => "drained",
            Self::Client => "client",
            Self::Interrupted => "interrupted",
            Self::TimedOut => "timed out",
            Self::Stalled => "stalled",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl SessionClose {
    /// Makes one of its parts.
    pub fn new(cause: CloseCause, code: u16, reason: impl Into<String>) -> Self {
        Self { cause, code, reason: reason.into() }
    }

    /// The close after a response that broke off: what was on its way may be lost.
    pub fn interrupted() -> Self {
        Self::new(CloseCause::Interrupted, 1002, "Connection interrupted")
    }

    /// The close after too long a time without a receiver; no client reads it.
    pub fn timed_out() -> Self {
        Self::new(CloseCause::TimedOut, 1002, "Session timed out")
    }

    /// The close for a receiver that takes nothing.
    pub fn stalled() -> Self {
        let reason = "Messages waited too long: the client does not read";
        Self::new(CloseCause::Stalled, 1008, reason)
    }

    /// Returns the frame that tells a client.
    pub fn frame(&self) -> Frame {
        Frame::close(self.code, self.reason.clone())
    }
}
