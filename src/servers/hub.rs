//! The hub: what one client says, every client hears, the speaker too; a program can speak with its [`Hub`].
//! It keeps no history, knows no rooms, and waits for nobody: who reads too slowly is dropped.
//!
//! A message is encoded once. One task writes these bytes straight to the sockets, one after another, so that nobody's
//! task has to be woken for it. Only what a socket does not take at once goes to the subscriber's queue, which its own task
//! empties.

mod subscriber;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::net::{Tap, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::Timed;
use crate::servers::connection::handshake::{self, HandshakeError, OrdinaryHttp};
use crate::servers::connection::serve::{CountedSocket, listen_on_loopback, serve_connections};
use crate::servers::{Origins, ServerEvent, ServerOptions};
use crate::wire::Opcode;
use crate::wire::frame::encode;
use crate::wire::handshake::ServerPolicy;

use subscriber::{Subscriber, SubscriberReader};

/// Messages that wait for their turn; whoever has one more waits with it.
const BROADCAST_QUEUE_CAPACITY: usize = 16;

/// Subscribers that are written to before others get a word in: a few milliseconds.
const BATCH_SIZE: usize = 256;

/// A way to everybody who is connected to one hub; clones are further ones.
#[derive(Clone, Debug)]
pub struct Hub {
    subscribers: Arc<Subscribers>,
    broadcasts: mpsc::Sender<Broadcast>,
}

/// Whole frames that go to everybody in one write.
#[derive(Clone, Debug)]
struct Broadcast {
    frames: Bytes,
    messages: u64,
}

impl Hub {
    /// Sends a text to everybody. It waits while other messages have their turn, and never for a subscriber; once the
    /// server has ended, it does nothing.
    pub async fn publish(&self, text: &str) {
        self.broadcast(encode::single_frame(Opcode::Text, text.as_bytes(), None)).await;
    }

    /// The same with bytes.
    pub async fn publish_binary(&self, data: &[u8]) {
        self.broadcast(encode::single_frame(Opcode::Binary, data, None)).await;
    }

    /// How many are connected.
    pub fn subscribers(&self) -> usize {
        self.subscribers.lock().by_number.len()
    }

    async fn broadcast(&self, frame: Vec<u8>) {
        // It fails where nobody delivers any more, and so nobody listens.
        let _ = self.broadcasts.send(Broadcast { frames: frame.into(), messages: 1 }).await;
    }
}

/// Everybody, in the order in which they came.
#[derive(Debug, Default)]
struct Subscribers(Mutex<SubscriberTable>);

#[derive(Debug, Default)]
struct SubscriberTable {
    by_number: BTreeMap<u64, Arc<Subscriber>>,
    next: u64,
}

impl Subscribers {
    /// Enters a subscriber until what is returned is dropped.
    fn register(&self, subscriber: Arc<Subscriber>) -> Registration<'_> {
        let mut table = self.lock();
        let number = table.next;
        table.next = number.saturating_add(1);
        table.by_number.insert(number, subscriber);
        Registration { subscribers: self, number }
    }

    /// Feeds a batch, from a number on; the number to go on with, if there is anyone left.
    fn send_batch(&self, from: u64, broadcast: &Broadcast) -> Option<u64> {
        let table = self.lock();
        let mut batch = table.by_number.range(from..);
        batch.by_ref().take(BATCH_SIZE).for_each(|(_, subscriber)| subscriber.send(broadcast));
        batch.next().map(|(number, _)| *number)
    }

    /// Held for a batch at most, and never while anything is awaited.
    fn lock(&self) -> MutexGuard<'_, SubscriberTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a subscriber among all.
struct Registration<'s> {
    subscribers: &'s Subscribers,
    number: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.subscribers.lock().by_number.remove(&self.number);
    }
}

/// Gives every message to everybody, one message after the other, so that all hear the same in the same order.
async fn deliver_broadcasts(subscribers: Arc<Subscribers>, mut broadcasts: mpsc::Receiver<Broadcast>) {
    while let Some(broadcast) = broadcasts.recv().await {
        let mut from = subscribers.send_batch(0, &broadcast);
        while let Some(number) = from {
            yield_now().await;
            from = subscribers.send_batch(number, &broadcast);
        }
    }
}

/// Listens on 127.0.0.1; the server lives as long as the future is run, and its panics go to `scope`. Unless the options say
/// otherwise, only pages of loopback origins are let in.
///
/// # Errors
/// If the port is taken or may not be used.
pub fn bind(
    scope: &Scope,
    mut options: ServerOptions,
) -> io::Result<(SocketAddr, Hub, impl Future<Output = ()> + Send + use<>)> {
    options.access.origins.get_or_insert(Origins::Loopback);
    let (address, listener) = listen_on_loopback(options.port)?;
    let (connections, delivering) = (scope.child(), scope.child());
    let (broadcasts, waiting) = mpsc::channel(BROADCAST_QUEUE_CAPACITY);
    let hub = Hub { subscribers: Arc::default(), broadcasts };
    let (own, handle) = (options.clone(), hub.clone());
    let server = async move {
        delivering.spawn("hub", deliver_broadcasts(hub.subscribers.clone(), waiting));
        let connection = move |socket, peer| serve_connection(socket, peer, own.clone(), hub.clone());
        serve_connections("hub connection", connections, listener, options, connection).await;
        // Nobody is left who could listen.
        delivering.cancel();
    };
    Ok((address, handle, server))
}

async fn serve_connection(mut socket: CountedSocket, peer: SocketAddr, options: ServerOptions, hub: Hub) {
    let opening = {
        let policy = ServerPolicy::default();
        let mut timed = Timed::new(&mut socket, options.limits);
        tokio::select! {
            opening = handshake::open(&mut timed, &policy, &options, OrdinaryHttp::UpgradeRequired) => opening,
            () = options.shutdown.cancelled() => return,
        }
    };
    match opening {
        Ok(opened) => {
            options.record(ServerEvent::Opened { peer, path: opened.path });
            socket = run_subscriber(socket, peer, &options, &hub, opened.rest).await;
        }
        Err(HandshakeError::HungUp) => return,
        Err(reason) => options.record(ServerEvent::Refused { peer, reason: reason.to_string() }),
    }
    lingering_close(socket).await;
}

/// A subscriber's life, from the handshake to its last words.
async fn run_subscriber(
    socket: CountedSocket,
    peer: SocketAddr,
    options: &ServerOptions,
    hub: &Hub,
    rest: Vec<u8>,
) -> CountedSocket {
    let (stream, counted) = socket.into_parts();
    let subscriber = Arc::new(Subscriber::new(stream, counted, options.limits));
    let registration = hub.subscribers.register(subscriber.clone());
    let mut reader = SubscriberReader::new(&subscriber, options.limits);
    let end = reader.run(rest, &hub.broadcasts, pin!(options.shutdown.cancelled())).await;
    drop(registration);
    // Told at once: a slow reader's last words may take a while.
    options.record(reader.closed(peer, end));
    // It may fail, or the peer may not read: there is nobody left to tell.
    let _ = timeout(options.limits.write_timeout, subscriber.flush()).await;
    let subscriber = Arc::into_inner(subscriber).expect("only the register had it too, which it has left");
    let (stream, counted) = subscriber.into_parts();
    Tap::new(stream, counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::connection::serve;

    #[tokio::test]
    async fn an_idle_subscriber_has_no_buffers() {
        let (socket, peer) = serve::tests::socket().await;
        let hub = Hub { subscribers: Arc::default(), broadcasts: mpsc::channel(BROADCAST_QUEUE_CAPACITY).0 };
        let size = size_of_val(&serve_connection(socket, peer, ServerOptions::default(), hub));
        assert!(size + size_of::<Subscriber>() <= 3000, "{size} bytes");
    }
}
