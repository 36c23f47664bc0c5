//! [`ProxyEvent`]: what happens in a proxy, in order, and the sentences for what has no words of its own.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::proxy::error::ProxyError;
use crate::wire::Side;

/// Connections at once; more wait until one is over.
pub(crate) const MAX_CONNECTIONS: usize = 256;

/// [`ProxyEvent::Full`] in words.
pub fn full() -> String {
    format!("{MAX_CONNECTIONS} connections, the limit; new clients wait")
}

/// [`ProxyEvent::Room`] in words.
pub(crate) const ROOM: &str = "there is room for new clients again";

/// `Ok` of [`ProxyEventKind::Ended`] in words.
pub(crate) const BOTH_CLOSED: &str = "both sides have ended their streams";

/// Something that happened.
#[derive(Debug)]
pub enum ProxyEvent {
    /// On the connection of this number, which counts from 1.
    Connection(usize, ProxyEventKind),
    /// There are as many connections as there may be: new clients wait.
    Full,
    /// One is over, and no client has waited: there is room again.
    Room,
}

/// What happens on a connection through the proxy, in order.
#[derive(Debug)]
pub enum ProxyEventKind {
    /// A client has come.
    Opened {
        /// From where.
        peer: SocketAddr,
    },
    /// The server behind has accepted it.
    Connected {
        /// Its address.
        server: SocketAddr,
        /// What TLS has come to, where the server speaks it.
        tls: Option<String>,
    },
    /// Bytes as they came from one side; they pass on unless they are held or dropped. Empty: the
    /// end of its stream.
    Bytes {
        /// Who sent them.
        from: Side,
        /// When they came.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// So much that this side sent waits now.
    Held {
        /// Who sent it.
        from: Side,
        /// Frames, the last of which may not be complete.
        frames: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// These bytes were among those that came, and did not pass.
    Dropped {
        /// Who sent them.
        from: Side,
        /// When.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// These bytes passed as if this side had sent them.
    Injected {
        /// Who seems to have sent them.
        from: Side,
        /// When.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// It is over; the last event of this connection. `Ok`: both sides ended their streams.
    Ended(Result<(), ProxyError>),
}

/// Sends what happens on one connection; while the channel is full it waits, and its peers with it.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    pub(super) connection: usize,
    pub(super) events: mpsc::Sender<ProxyEvent>,
}

impl EventSender {
    pub(super) async fn send(&self, kind: ProxyEventKind) {
        // a reader that is gone needs no events; the bytes pass on all the same
        let _ = self.events.send(ProxyEvent::Connection(self.connection, kind)).await;
    }
}
