//! What the servers tell of their work, and the bounded channel they tell it through.
//! A server never waits for whoever listens: what finds the channel full is counted and dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc;

/// Something a server did. Texts come from the peer as they are: escape control characters before
/// showing them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// An HTTP request was answered.
    Request {
        /// Who asked.
        peer: SocketAddr,
        /// Its method.
        method: String,
        /// The path and query of its target.
        path: String,
        /// The answer's status.
        status: u16,
        /// The length of the answer's body.
        bytes: u64,
        /// From the request's head read to the answer ready to be sent.
        took: Duration,
    },
    /// A WebSocket's opening handshake was accepted.
    Opened {
        /// Who opened it.
        peer: SocketAddr,
        /// The path and query it asked for.
        path: String,
    },
    /// A WebSocket came to its end.
    Closed {
        /// Who it was.
        peer: SocketAddr,
        /// The status code of the first Close frame, from either side. `None`: a Close frame
        /// without a code, or no Close frame at all (what RFC 6455 section 7.1.5 calls
        /// 1005 and 1006).
        code: Option<u16>,
        /// Why it ended, in words, if not by the peer's own Close frame.
        reason: Option<String>,
        /// Messages received.
        received: u64,
        /// Messages sent.
        sent: u64,
        /// Since the handshake.
        took: Duration,
    },
    /// The naive proxy believes that it has seen a request in bytes it does not understand.
    Parsed {
        /// On whose connection.
        peer: SocketAddr,
        /// The host that it names.
        host: String,
        /// The path that it asks for.
        path: String,
    },
    /// The naive proxy has put what it takes for the answer into its cache.
    Cached {
        /// On whose connection.
        peer: SocketAddr,
        /// Under this host,
        host: String,
        /// and this path.
        path: String,
        /// The length of the whole answer.
        bytes: u64,
    },
    /// The naive proxy has answered out of its cache.
    Served {
        /// Who asked.
        peer: SocketAddr,
        /// For this host,
        host: String,
        /// and this path.
        path: String,
        /// The length of the whole answer.
        bytes: u64,
    },
    /// As many connections are open as
    /// [`Limits::max_connections`](crate::servers::Limits::max_connections) allows; further ones
    /// wait.
    Full {
        /// The limit.
        connections: usize,
    },
    /// What a peer sent was no request that this server could answer as asked.
    Refused {
        /// Who it was.
        peer: SocketAddr,
        /// What was wrong, in words.
        reason: String,
    },
}

/// The end of the channel that a server holds.
#[derive(Clone, Debug)]
pub struct EventLog {
    sender: mpsc::Sender<ServerEvent>,
    lost: Arc<AtomicU64>,
}

impl EventLog {
    /// A log with room for `capacity` events, and the end that listens.
    pub fn new(capacity: usize) -> (Self, mpsc::Receiver<ServerEvent>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self { sender, lost: Arc::default() }, receiver)
    }

    /// The number of events that found no room. It does not keep the channel open, as a clone of
    /// the log would.
    pub fn lost(&self) -> Arc<AtomicU64> {
        self.lost.clone()
    }

    pub(in crate::servers) fn record(&self, event: ServerEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            self.lost.fetch_add(1, Relaxed);
        }
    }
}
