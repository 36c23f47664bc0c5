//! The events that servers report, and their bounded channel. A server never waits for the
//! receiver: an event that finds the channel full is counted and dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc;

/// An event of a server. Texts come from the peer unchanged, so escape control characters before
/// showing them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// An HTTP request was answered.
    Request {
        /// The address of the client.
        peer: SocketAddr,
        /// The method of the request.
        method: String,
        /// The path and query of the request's target.
        path: String,
        /// The status of the response.
        status: u16,
        /// The length of the response's body in bytes.
        bytes: u64,
        /// The time from the complete request head to the response being ready.
        took: Duration,
    },
    /// A WebSocket's opening handshake was accepted.
    Opened {
        /// The address of the client.
        peer: SocketAddr,
        /// The path and query of the request.
        path: String,
    },
    /// A WebSocket has ended.
    Closed {
        /// The address of the client.
        peer: SocketAddr,
        /// The status code of the first Close frame, from either side. `None` stands for a Close
        /// frame without a code, or no Close frame at all (1005 and 1006 in RFC 6455 section
        /// 7.1.5).
        code: Option<u16>,
        /// Why it ended, unless by the peer's own Close frame.
        reason: Option<String>,
        /// The number of messages received.
        received: u64,
        /// The number of messages sent.
        sent: u64,
        /// The time since the handshake.
        took: Duration,
    },
    /// A SockJS session was opened.
    SessionOpened {
        /// The address of the client.
        peer: SocketAddr,
        /// The endpoint, such as `/echo`.
        endpoint: &'static str,
        /// The transport's name.
        transport: &'static str,
    },
    /// A SockJS session has ended.
    SessionClosed {
        /// The address of the client.
        peer: SocketAddr,
        /// The endpoint, such as `/echo`.
        endpoint: &'static str,
        /// The code of the close.
        code: u16,
        /// The reason of the close.
        reason: String,
        /// The number of messages received.
        received: u64,
        /// The number of messages sent.
        sent: u64,
        /// The time since it was opened.
        took: Duration,
    },
    /// The naive proxy believes it has seen a request in bytes that it does not understand.
    Parsed {
        /// The address of the client on whose connection it was.
        peer: SocketAddr,
        /// The host in the request.
        host: String,
        /// The path in the request.
        path: String,
    },
    /// The naive proxy has cached what it takes for the response.
    Cached {
        /// The address of the client on whose connection it was.
        peer: SocketAddr,
        /// The host under which it is cached.
        host: String,
        /// The path under which it is cached.
        path: String,
        /// The length of the whole response in bytes.
        bytes: u64,
    },
    /// The naive proxy has answered from its cache.
    Served {
        /// The address of the client.
        peer: SocketAddr,
        /// The host in the request.
        host: String,
        /// The path in the request.
        path: String,
        /// The length of the whole response in bytes.
        bytes: u64,
    },
    /// The number of open connections has reached
    /// [`Limits::max_connections`](crate::servers::Limits::max_connections). Further ones wait.
    Full {
        /// The limit.
        connections: usize,
    },
    /// A peer sent something that this server could not accept as a request.
    Refused {
        /// The address of the peer.
        peer: SocketAddr,
        /// The reason, as a clause.
        reason: String,
    },
}

/// The server's end of the channel.
#[derive(Clone, Debug)]
pub struct EventLog {
    sender: mpsc::Sender<ServerEvent>,
    lost: Arc<AtomicU64>,
}

impl EventLog {
    /// Creates a log with room for `capacity` events, and its receiver.
    pub fn new(capacity: usize) -> (Self, mpsc::Receiver<ServerEvent>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self { sender, lost: Arc::default() }, receiver)
    }

    /// Returns the counter of dropped events. Unlike a clone of the log, it does not keep the
    /// channel open.
    pub fn lost(&self) -> Arc<AtomicU64> {
        self.lost.clone()
    }

    pub(in crate::servers) fn record(&self, event: ServerEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            self.lost.fetch_add(1, Relaxed);
        }
    }
}
