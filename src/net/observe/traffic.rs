//! [`Traffic`]: counts the bytes and connections of a server at its sockets. It does not
//! distinguish connections; to count one alone, give it counters of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::net::{Observer, Transfer, TransferredBytes};

/// Counters that a server's connections share. Each counter is exact, but two that are read one
/// after the other may differ by an exchange. Compare them when nothing is in flight.
#[derive(Debug, Default)]
pub struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
    connections: AtomicU64,
    open: AtomicU64,
}

/// The values of a [`Traffic`]'s counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficSnapshot {
    /// The bytes that the sockets gave to the server: TCP payload, including handshakes and
    /// headers.
    pub received: u64,
    /// The bytes that the sockets took from the server.
    pub sent: u64,
    /// The number of connections accepted so far.
    pub connections: u64,
    /// The number of connections that are open now.
    pub open: u64,
}

impl Traffic {
    /// Returns the current values.
    pub fn snapshot(&self) -> TrafficSnapshot {
        TrafficSnapshot {
            received: self.received.load(Relaxed),
            sent: self.sent.load(Relaxed),
            connections: self.connections.load(Relaxed),
            open: self.open.load(Relaxed),
        }
    }

    /// Counts a connection, which is open until the returned value is dropped. The value is also
    /// the observer for the connection's [`crate::net::Tap`].
    pub fn count_connection(self: &Arc<Self>) -> CountedConnection {
        self.connections.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        CountedConnection { traffic: self.clone() }
    }
}

/// An open connection of a [`Traffic`].
#[derive(Debug)]
pub struct CountedConnection {
    traffic: Arc<Traffic>,
}

impl CountedConnection {
    /// Counts bytes that were moved on a socket without a tap.
    pub fn add(&self, transfer: Transfer, count: usize) {
        let counter = match transfer {
            Transfer::Received => &self.traffic.received,
            Transfer::Sent => &self.traffic.sent,
        };
        // Relaxed: the counters order nothing else.
        counter.fetch_add(count as u64, Relaxed);
    }
}

impl Observer for CountedConnection {
    fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>) {
        self.add(transfer, taken.count());
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        self.traffic.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::net::Tap;

    #[tokio::test]
    async fn bytes_and_connections_are_counted() {
        let traffic = Arc::new(Traffic::default());
        let (ours, mut theirs) = duplex(64);
        let mut tap = Tap::new(ours, traffic.count_connection());
        tap.write_all(b"abc").await.unwrap();
        theirs.write_all(b"hello").await.unwrap();
        tap.read_exact(&mut [0; 5]).await.unwrap();
        let open = traffic.count_connection();
        assert_eq!(
            traffic.snapshot(),
            TrafficSnapshot { received: 5, sent: 3, connections: 2, open: 2 }
        );
        drop((tap, open));
        assert_eq!(
            traffic.snapshot(),
            TrafficSnapshot { received: 5, sent: 3, connections: 2, open: 0 }
        );
    }
}
