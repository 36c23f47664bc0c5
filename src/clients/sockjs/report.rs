//! [`SockJsReport`]: what is known of a session at one moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::wire_log::{ByteTotals, Exchange};
use crate::sockjs::{Frame, Transport};

/// The knowledge of a session at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SockJsReport {
    /// The transport.
    pub transport: Transport,
    /// Its name in the URL.
    pub session: String,
    /// Its state.
    pub state: SockJsState,
    /// Whether a receiver waits for frames.
    pub receiver: bool,
    /// The requests so far, of every purpose.
    pub requests: u64,
    /// The frames down and the messages' arrays up so far.
    pub frames: u64,
    /// The bytes so far.
    pub bytes: ByteTotals,
    /// What it took until the session was open.
    pub opening: Option<LineCost>,
    /// What the latest message took, once its echo is back.
    pub line: Option<LineCost>,
    /// The newest exchanges.
    pub exchanges: Vec<Arc<Exchange>>,
    /// When the latest frame came, and which.
    pub latest: Option<(Instant, Arc<Frame>)>,
    /// When the receiver went, while there is none.
    pub detached_at: Option<Instant>,
    /// The first frame that a second receiver got.
    pub second: Option<Frame>,
    /// Why the session has ended, or why a request of it has failed.
    pub reason: Option<String>,
}

/// The state of a session, as far as its client can know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SockJsState {
    /// No `o` has come yet.
    Connecting,
    /// Messages go both ways.
    Open,
    /// The server has sent `c`, and says it again to whoever asks.
    Closing,
    /// The server does not know the session any more, or the WebSocket has ended.
    Closed,
}

/// What one message took, there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineCost {
    /// The bytes on the wire.
    pub bytes: ByteTotals,
    /// The requests, with the one that waits for the next message.
    pub requests: u64,
    /// The frames and arrays.
    pub frames: u64,
    /// The time until the echo was here.
    pub latency: Duration,
}
