//! [`SessionLimits`]: how long a session waits, and how much it keeps.

use std::time::Duration;

/// The times and limits of a session. The defaults of the times are those of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// How long a receiver hears nothing before it is sent a heartbeat. Default: 25 s.
    pub heartbeat: Duration,
    /// How long a session lives without a receiver, and how long its close is repeated to whoever
    /// asks. Default: 5 s.
    pub disconnect: Duration,
    /// How long a receiver may take nothing although messages wait for it. Default: 20 s.
    pub stall: Duration,
    /// The maximum number of messages that wait for a receiver. Default: 1,024.
    pub queued_messages: usize,
    /// The maximum of their bytes; a single message may exceed it. Default: 1 MiB.
    pub queued_bytes: usize,
    /// The number of bytes from which a frame takes no further message. Default: 64 KiB.
    pub frame_bytes: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(25),
            disconnect: Duration::from_secs(5),
            stall: Duration::from_secs(20),
            queued_messages: 1024,
            queued_bytes: 1 << 20,
            frame_bytes: 64 << 10,
        }
    }
}
