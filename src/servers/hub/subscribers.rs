//! [`Subscribers`]: everybody who is connected to the hub, and the [`Hub`] that reaches them.
//! Sockets are the business of `subscriber`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::broadcast::Broadcast;
use super::subscriber::Subscriber;
use crate::wire::Opcode;
use crate::wire::frame::encode;

/// Subscribers that are written to before others get a word in: a few milliseconds.
const BATCH_SIZE: usize = 256;

/// A way to everybody who is connected to one hub; clones are further ones.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(super) subscribers: Arc<Subscribers>,
    pub(super) broadcasts: mpsc::Sender<Broadcast>,
}

impl Hub {
    /// Sends a text to everybody. It waits while other messages have their turn, and never for a
    /// subscriber; once the server has ended, it does nothing.
    pub async fn publish(&self, text: &str) {
        self.broadcast(encode::single_frame(Opcode::Text, text.as_bytes(), None)).await;
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
pub(super) struct Subscribers(Mutex<SubscriberTable>);

#[derive(Debug, Default)]
struct SubscriberTable {
    by_number: BTreeMap<u64, Arc<Subscriber>>,
    next: u64,
}

impl Subscribers {
    /// Enters a subscriber until what is returned is dropped.
    pub(super) fn register(&self, subscriber: Arc<Subscriber>) -> Registration<'_> {
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
pub(super) struct Registration<'s> {
    subscribers: &'s Subscribers,
    number: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.subscribers.lock().by_number.remove(&self.number);
    }
}

/// Gives every message to everybody, one message after the other, so that all hear the same in the
/// same order.
pub(super) async fn deliver_broadcasts(
    subscribers: Arc<Subscribers>,
    mut broadcasts: mpsc::Receiver<Broadcast>,
) {
    while let Some(broadcast) = broadcasts.recv().await {
        let mut from = subscribers.send_batch(0, &broadcast);
        while let Some(number) = from {
            yield_now().await;
            from = subscribers.send_batch(number, &broadcast);
        }
    }
}
