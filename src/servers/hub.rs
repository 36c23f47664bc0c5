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

use crate::net::{Tap, linger};
use crate::scope::Scope;
use crate::servers::connection::Timed;
use crate::servers::connection::handshake::{self, NotOpened, OrdinaryHttp};
use crate::servers::connection::serve::{Socket, listen, serve};
use crate::servers::{Event, Options, Origins};
use crate::wire::handshake::ServerPolicy;
use crate::wire::{Opcode, encode};

use subscriber::{Listener, Subscriber};

/// Messages that wait for their turn; whoever has one more waits with it.
const TURNS: usize = 16;

/// Subscribers that are written to before others get a word in: a few milliseconds.
const BATCH: usize = 256;

/// A way to everybody who is connected to one hub; clones are further ones.
#[derive(Clone, Debug)]
pub struct Hub {
    subscribers: Arc<Subscribers>,
    turns: mpsc::Sender<Said>,
}

/// Whole frames that go to everybody in one write.
#[derive(Clone, Debug)]
struct Said {
    frames: Bytes,
    messages: u64,
}

impl Hub {
    /// Sends a text to everybody. It waits while other messages have their turn, and never for a subscriber; once the
    /// server has ended, it does nothing.
    pub async fn publish(&self, text: &str) {
        self.say(encode::single_frame(Opcode::Text, text.as_bytes(), None)).await;
    }

    /// The same with bytes.
    pub async fn publish_binary(&self, data: &[u8]) {
        self.say(encode::single_frame(Opcode::Binary, data, None)).await;
    }

    /// How many are connected.
    pub fn subscribers(&self) -> usize {
        self.subscribers.lock().by_number.len()
    }

    async fn say(&self, frame: Vec<u8>) {
        // It fails where nobody delivers any more, and so nobody listens.
        let _ = self.turns.send(Said { frames: frame.into(), messages: 1 }).await;
    }
}

/// Everybody, in the order in which they came.
#[derive(Debug, Default)]
struct Subscribers(Mutex<Register>);

#[derive(Debug, Default)]
struct Register {
    by_number: BTreeMap<u64, Arc<Subscriber>>,
    next: u64,
}

impl Subscribers {
    /// Enters a subscriber until what is returned is dropped.
    fn enter(&self, subscriber: Arc<Subscriber>) -> Entry<'_> {
        let mut register = self.lock();
        let number = register.next;
        register.next = number.saturating_add(1);
        register.by_number.insert(number, subscriber);
        Entry { subscribers: self, number }
    }

    /// Feeds a batch, from a number on; the number to go on with, if there is anyone left.
    fn feed(&self, from: u64, said: &Said) -> Option<u64> {
        let register = self.lock();
        let mut batch = register.by_number.range(from..);
        batch.by_ref().take(BATCH).for_each(|(_, subscriber)| subscriber.feed(said));
        batch.next().map(|(number, _)| *number)
    }

    /// Held for a batch at most, and never while anything is awaited.
    fn lock(&self) -> MutexGuard<'_, Register> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a subscriber among all.
struct Entry<'s> {
    subscribers: &'s Subscribers,
    number: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.subscribers.lock().by_number.remove(&self.number);
    }
}

/// Gives every message to everybody, one message after the other, so that all hear the same in the same order.
async fn deliver(subscribers: Arc<Subscribers>, mut turns: mpsc::Receiver<Said>) {
    while let Some(said) = turns.recv().await {
        let mut from = subscribers.feed(0, &said);
        while let Some(number) = from {
            yield_now().await;
            from = subscribers.feed(number, &said);
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
    mut options: Options,
) -> io::Result<(SocketAddr, Hub, impl Future<Output = ()> + Send + use<>)> {
    options.access.origins.get_or_insert(Origins::Loopback);
    let (address, listener) = listen(options.port)?;
    let (connections, delivering) = (scope.child(), scope.child());
    let (turns, waiting) = mpsc::channel(TURNS);
    let hub = Hub { subscribers: Arc::default(), turns };
    let (own, handle) = (options.clone(), hub.clone());
    let server = async move {
        delivering.spawn("hub", deliver(hub.subscribers.clone(), waiting));
        let connection = move |socket, peer| serve_connection(socket, peer, own.clone(), hub.clone());
        serve("hub connection", connections, listener, options, connection).await;
        // Nobody is left who could listen.
        delivering.cancel();
    };
    Ok((address, handle, server))
}

async fn serve_connection(mut socket: Socket, peer: SocketAddr, options: Options, hub: Hub) {
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
            options.tell(Event::Opened { peer, path: opened.path });
            socket = subscribe(socket, peer, &options, &hub, opened.rest).await;
        }
        Err(NotOpened::HungUp) => return,
        Err(why) => options.tell(Event::Refused { peer, why: why.to_string() }),
    }
    linger(socket).await;
}

/// A subscriber's life, from the handshake to its last words.
async fn subscribe(socket: Socket, peer: SocketAddr, options: &Options, hub: &Hub, rest: Vec<u8>) -> Socket {
    let (stream, counted) = socket.into_parts();
    let subscriber = Arc::new(Subscriber::new(stream, counted, options.limits));
    let entry = hub.subscribers.enter(subscriber.clone());
    let mut listener = Listener::new(&subscriber, options.limits);
    let why = listener.run(rest, &hub.turns, pin!(options.shutdown.cancelled())).await;
    drop(entry);
    // Told at once: a slow reader's last words may take a while.
    options.tell(listener.closed(peer, why));
    // It may fail, or the peer may not read: there is nobody left to tell.
    let _ = timeout(options.limits.write_timeout, subscriber.empty()).await;
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
        let hub = Hub { subscribers: Arc::default(), turns: mpsc::channel(TURNS).0 };
        let size = size_of_val(&serve_connection(socket, peer, Options::default(), hub));
        assert!(size + size_of::<Subscriber>() <= 3000, "{size} bytes");
    }
}
