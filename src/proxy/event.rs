//! [`ProxyEvent`]: what happens in a proxy, in order, with sentences for the events that carry
//! none.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::proxy::error::ProxyError;
use crate::wire::Side;

/// The maximum number of concurrent connections. Further clients wait until one ends.
pub(crate) const MAX_CONNECTIONS: usize = 256;

/// Returns the sentence for [`ProxyEvent::Full`].
pub fn capacity_reached_message() -> String {
    format!("{MAX_CONNECTIONS} connections, the limit; new clients wait")
}

/// The sentence for [`ProxyEvent::Room`].
pub(crate) const CAPACITY_FREED_MESSAGE: &str = "there is room for new clients again";

/// The sentence for `Ok` in [`ProxyEventKind::Ended`].
pub(crate) const BOTH_CLOSED_MESSAGE: &str = "both sides have ended their streams";

/// An event of a proxy.
#[derive(Debug)]
pub enum ProxyEvent {
    /// An event on the connection with this number, counted from 1.
    Connection(usize, ProxyEventKind),
    /// The connection limit is reached, so new clients wait.
    Full,
    /// A connection has ended, and no client was waiting.
    Room,
}

/// An event on a proxied connection.
#[derive(Debug)]
pub enum ProxyEventKind {
    /// A client has connected.
    Opened {
        /// The client's address.
        peer: SocketAddr,
    },
    /// The upstream server has accepted the connection.
    Connected {
        /// The server's address.
        server: SocketAddr,
        /// The negotiated TLS version and cipher suite, if the server uses TLS.
        tls: Option<String>,
    },
    /// Bytes as they arrived from one side. They are forwarded unless they are held or dropped.
    /// Empty bytes are the end of the side's stream.
    Bytes {
        /// The side that sent them.
        from: Side,
        /// When they arrived.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The amount that is held of what this side sent has changed.
    Held {
        /// The side that sent it.
        from: Side,
        /// The number of held frames. The last one may be incomplete.
        frames: usize,
        /// The number of held bytes.
        bytes: usize,
    },
    /// These bytes arrived and were dropped.
    Dropped {
        /// The side that sent them.
        from: Side,
        /// When they were dropped.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// These bytes were forwarded as if this side had sent them.
    Injected {
        /// The side that appears to have sent them.
        from: Side,
        /// When they were injected.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The proxy has answered the client in the server's place, and ends the connection.
    Answered {
        /// When it did.
        at: Instant,
        /// The response.
        bytes: Vec<u8>,
    },
    /// The connection is over. This is its last event. `Ok` means that both sides ended their
    /// streams.
    Ended(Result<(), ProxyError>),
}

/// Sends the events of one connection. While the channel is full it waits, and so do the peers.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    pub(super) connection: usize,
    pub(super) events: mpsc::Sender<ProxyEvent>,
}

impl EventSender {
    pub(super) async fn send(&self, kind: ProxyEventKind) {
        // The error is ignored: without a receiver the bytes are still forwarded.
        let _ = self.events.send(ProxyEvent::Connection(self.connection, kind)).await;
    }
}
