//! [`Limits`]: what a peer can use of a server, and how long it may take. All defaults are here.

use std::time::Duration;

use crate::net::{Pace, SocketTimes};

/// The limits for a server's peers. They are the same for all kinds of servers; a kind ignores
/// those that do not concern it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of a body or message in bytes. A larger one is answered with 413 or closed
    /// with 1009. Default: 1 MiB.
    pub max_message: usize,
    /// The maximum number of concurrent connections. Others wait in the listener's backlog.
    /// Default: 16,384.
    pub max_connections: usize,
    /// How long the head of a request may take, counted from when the server is ready for it. This
    /// is also how long an HTTP connection may idle between requests. Default: 10 s.
    pub head_timeout: Duration,
    /// How long the body of a request may take. Default: 10 s.
    pub body_timeout: Duration,
    /// How long an unfinished WebSocket frame may stall. Between two frames a peer may be silent
    /// for any time. Default: 10 s.
    pub frame_timeout: Duration,
    /// The minimum rate in bytes per second for an unfinished frame. Like `MinRate` of Apache's
    /// `mod_reqtimeout`, it allows [`Limits::frame_timeout`] plus the time that the received bytes
    /// take at this rate, so a frame of `n` bytes takes at most `frame_timeout + n / min_rate`. 0
    /// turns it off. Default: 4096.
    pub min_rate: u64,
    /// How long a peer may read nothing while the server has something to send, like nginx's
    /// `send_timeout`. Default: 10 s.
    pub write_timeout: Duration,
    /// The maximum number of writes queued for one subscriber of the hub; a subscriber that exceeds
    /// it is closed. Messages that arrived together are one write. All queues share the messages,
    /// so the hub never keeps more than this many, however many subscribers are slow. Default: 64.
    pub max_backlog: usize,
    /// The same limit in bytes. A single message may exceed it. Default: 16 MiB.
    pub max_backlog_bytes: usize,
    /// How long connections may take to end at a shutdown before they are dropped. Default: 3 s.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 1 << 20,
            max_connections: 16 << 10,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            frame_timeout: Duration::from_secs(10),
            min_rate: 4 << 10,
            write_timeout: Duration::from_secs(10),
            max_backlog: 64,
            max_backlog_bytes: 16 << 20,
            drain_timeout: Duration::from_secs(3),
        }
    }
}

impl From<Limits> for Pace {
    fn from(limits: Limits) -> Self {
        Self { still: limits.frame_timeout, min_rate: limits.min_rate }
    }
}

impl From<Limits> for SocketTimes {
    fn from(limits: Limits) -> Self {
        Self { pace: limits.into(), write: Some(limits.write_timeout) }
    }
}
