//! [`Limits`]: what a peer may ask of a server, and how long it may take. All defaults stand here.

use std::time::Duration;

/// What a peer may ask of a server. The same limits hold for all kinds of servers; which of them a
/// kind has no use for follows from what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body or message that is taken, in bytes. More is answered by 413, or closed
    /// with 1009. Default: 1 MiB.
    pub max_message: usize,
    /// How many connections are served at once; others wait in the listener's backlog. Default:
    /// 16,384.
    pub max_connections: usize,
    /// How long a request's head may take, from the moment that the server is ready for it; so it
    /// is also how long an HTTP connection may idle between requests. Default: 10 s.
    pub head_timeout: Duration,
    /// How long a request's body may take. Default: 10 s.
    pub body_timeout: Duration,
    /// How long a WebSocket frame that has begun may stand still; between two frames a peer may be
    /// silent for as long as it likes. Default: 10 s.
    pub frame_timeout: Duration,
    /// The bytes a second at which a frame that has begun must come in: it is given up once it has
    /// taken longer than [`Limits::frame_timeout`] and the time that the bytes which have come
    /// take at this rate, as `MinRate` of Apache's `mod_reqtimeout` does. So a frame of `n`
    /// bytes takes at most `frame + n / min_rate`. 0 is no rate. Default: 4096.
    pub min_rate: u64,
    /// How long a peer may take nothing of what the server has to send, as nginx's `send_timeout`.
    /// Default: 10 s.
    pub write_timeout: Duration,
    /// How many writes may wait for a subscriber of the hub before it is dropped; messages that
    /// came together are one. All subscribers share what waits, so it is also the most
    /// messages that the hub keeps for those who are slow. Default: 64.
    pub max_backlog: usize,
    /// The same in bytes; one message may always wait. Default: 16 MiB.
    pub max_backlog_bytes: usize,
    /// How long connections may take to end once the server shuts down, before they are cut.
    /// Default: 3 s.
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
