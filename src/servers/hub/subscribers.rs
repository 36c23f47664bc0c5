//! [`Subscribers`]: all subscribers of the hub, and the [`Hub`] that reaches them. `subscriber`
//! handles sockets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::broadcast::Broadcast;
use super::subscriber::Subscriber;
use crate::wire::Opcode;
use crate::wire::frame::encode;

/// The number of subscribers that are written to before other tasks may run, which takes a few
/// milliseconds.
const BATCH_SIZE: usize = 256;

/// A handle to the subscribers of one hub. Clones share them.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(super) subscribers: Arc<Subscribers>,
    pub(super) broadcasts: mpsc::Sender<Broadcast>,
}

impl Hub {
    /// Sends a text to all subscribers. It waits for earlier messages, but never for a subscriber.
    /// After the server has ended it does nothing.
    pub async fn publish(&self, text: &str) {
        self.broadcast(encode::single_frame(Opcode::Text, text.as_bytes(), None)).await;
    }

    /// Returns the number of connected subscribers.
    pub fn subscribers(&self) -> usize {
        self.subscribers.lock().by_number.len()
    }

    async fn broadcast(&self, frame: Vec<u8>) {
        // The error is ignored: it means that the server has ended.
        let _ = self.broadcasts.send(Broadcast { frames: frame.into(), messages: 1 }).await;
    }
}

/// All subscribers, in the order in which they connected.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<SubscriberTable>);

#[derive(Debug, Default)]
struct SubscriberTable {
    by_number: BTreeMap<u64, Arc<Subscriber>>,
    next: u64,
}

impl Subscribers {
    /// Adds a subscriber until the returned value is dropped.
    pub(super) fn register(&self, subscriber: Arc<Subscriber>) -> Registration<'_> {
        let mut table = self.lock();
        let number = table.next;
        table.next = number.saturating_add(1);
        table.by_number.insert(number, subscriber);
        Registration { subscribers: self, number }
    }

    /// Sends to a batch of subscribers, starting with the number `from`. Returns the number to
    /// continue with, if any subscriber is left.
    fn send_batch(&self, from: u64, broadcast: &Broadcast) -> Option<u64> {
        let table = self.lock();
        let mut batch = table.by_number.range(from..);
        batch.by_ref().take(BATCH_SIZE).for_each(|(_, subscriber)| subscriber.send(broadcast));
        batch.next().map(|(number, _)| *number)
    }

    /// Locks the table. The lock is held for one batch at most, and never across an await.
    fn lock(&self) -> MutexGuard<'_, SubscriberTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a subscriber. Dropping it removes the entry.
pub(super) struct Registration<'s> {
    subscribers: &'s Subscribers,
    number: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.subscribers.lock().by_number.remove(&self.number);
    }
}

/// Delivers the messages one after the other, so that all subscribers receive them in the same
/// order.
pub(super) async fn deliver_broadcasts(
    subscribers: Arc<Subscribers>,
    mut broadcasts: mpsc::Receiver<Broadcast>,
) {
    while let Some(broadcast) = broadcasts.recv().await {
        let mut from = subscribers.send_batch(0, &broadcast);
        while let Some(number) = from {
            // Between two batches other tasks run, and subscribers may come and go.
            yield_now().await;
            from = subscribers.send_batch(number, &broadcast);
        }
    }
}
