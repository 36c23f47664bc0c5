//! [`WireLog`]: the exchanges of a session, with every byte of its sockets counted, and the first
//! and last of them kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::net::{Observer, Transfer, TransferredBytes};

/// The number of exchanges that are kept, the newest ones.
const MAX_EXCHANGES: usize = 24;

/// The bytes that are kept of the beginning of each direction of an exchange.
const MAX_FIRST: usize = 768;

/// The bytes that are kept of the end, behind the first ones.
const MAX_LAST: usize = 512;

/// The purpose of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Asks what the server offers.
    Info,
    /// Opens a WebSocket.
    Open,
    /// Waits for frames.
    Receive,
    /// Sends messages.
    Send,
    /// Waits for frames although somebody else does.
    SecondReceiver,
    /// Asks whether the session still exists, by sending no message.
    Probe,
}

/// A request with its answer, or what a WebSocket carried for one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its number in the session, from 1.
    pub number: u64,
    /// Its purpose.
    pub purpose: Purpose,
    /// The method and the path; empty for a message on a WebSocket.
    pub title: String,
    /// The bytes that the client sent.
    pub sent: ByteSample,
    /// The bytes that came back.
    pub received: ByteSample,
}

/// A part of a stream: how much there was, how it began and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByteSample {
    /// The number of bytes.
    pub total: u64,
    /// The first bytes.
    pub first: Vec<u8>,
    /// The last bytes, without those in `first`.
    pub last: VecDeque<u8>,
}

/// The bytes of a session, each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteTotals {
    /// The bytes that the client sent.
    pub sent: u64,
    /// The bytes that came back.
    pub received: u64,
}

/// A log of exchanges, which sockets write and the session reads. Clones share it.
#[derive(Clone, Default)]
pub(super) struct WireLog(Arc<SharedLog>);

#[derive(Default)]
struct SharedLog {
    log: Mutex<Log>,
    changed: Notify,
}

#[derive(Default)]
struct Log {
    exchanges: VecDeque<Arc<Exchange>>,
    begun: u64,
    requests: u64,
    totals: ByteTotals,
}

impl WireLog {
    fn lock(&self) -> MutexGuard<'_, Log> {
        // Every change leaves the log consistent, so it is used even after a panic.
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an exchange and returns its number.
    pub(super) fn begin(&self, purpose: Purpose, title: String) -> u64 {
        let mut log = self.lock();
        log.begun = log.begun.saturating_add(1);
        if !title.is_empty() {
            log.requests = log.requests.saturating_add(1);
        }
        let number = log.begun;
        if log.exchanges.len() == MAX_EXCHANGES {
            log.exchanges.pop_front();
        }
        let (sent, received) = Default::default();
        let exchange = Exchange { number, purpose, title, sent, received };
        log.exchanges.push_back(Arc::new(exchange));
        number
    }

    /// Counts bytes of an exchange.
    fn add(&self, number: u64, transfer: Transfer, taken: TransferredBytes<'_>) {
        let mut log = self.lock();
        let count = taken.count() as u64;
        let total = match transfer {
            Transfer::Sent => &mut log.totals.sent,
            Transfer::Received => &mut log.totals.received,
        };
        *total = total.saturating_add(count);
        let exchange = log.exchanges.iter_mut().rev().find(|exchange| exchange.number == number);
        if let Some(exchange) = exchange {
            // A report that has it keeps it as it was.
            let exchange = Arc::make_mut(exchange);
            let sample = match transfer {
                Transfer::Sent => &mut exchange.sent,
                Transfer::Received => &mut exchange.received,
            };
            taken.pieces().for_each(|piece| sample.push(piece));
        }
        drop(log);
        self.0.changed.notify_one();
    }

    /// Waits until bytes were counted since the last call.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Returns the bytes so far.
    pub(super) fn totals(&self) -> ByteTotals {
        self.lock().totals
    }

    /// Returns the number of requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Returns the newest exchanges, the oldest of them first.
    pub(super) fn exchanges(&self) -> Vec<Arc<Exchange>> {
        self.lock().exchanges.iter().cloned().collect()
    }

    /// Returns the number of the latest exchange that waits for frames and whose request has begun to
    /// leave; 0 if there is none.
    pub(super) fn latest_receive(&self) -> u64 {
        let log = self.lock();
        let has_left = |one: &&Arc<Exchange>| one.purpose == Purpose::Receive && one.sent.total > 0;
        log.exchanges.iter().rev().find(has_left).map_or(0, |exchange| exchange.number)
    }
}

impl ByteTotals {
    /// Returns the bytes of both directions.
    pub fn both(self) -> u64 {
        self.sent.saturating_add(self.received)
    }

    /// Returns the bytes since an earlier moment.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(earlier.sent),
            received: self.received.saturating_sub(earlier.received),
        }
    }
}

impl ByteSample {
    fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let room = MAX_FIRST.saturating_sub(self.first.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.first.extend_from_slice(first);
        self.last.extend(rest.iter().rev().take(MAX_LAST).rev());
        let excess = self.last.len().saturating_sub(MAX_LAST);
        self.last.drain(..excess);
    }

    /// Returns the number of bytes between the first and the last ones, which are not kept.
    pub fn left_out(&self) -> u64 {
        let kept = self.first.len().saturating_add(self.last.len());
        self.total.saturating_sub(kept as u64)
    }
}

/// The observer of one socket. What the socket moves belongs to the exchange that was begun last on
/// it.
#[derive(Clone)]
pub(super) struct SocketLog {
    log: WireLog,
    current: Arc<Mutex<u64>>,
}

impl SocketLog {
    pub(super) fn new(log: WireLog) -> Self {
        Self { log, current: Arc::default() }
    }

    /// Begins an exchange on the socket.
    pub(super) fn begin(&self, purpose: Purpose, title: String) {
        *self.current() = self.log.begin(purpose, title);
    }

    fn current(&self) -> MutexGuard<'_, u64> {
        // A number is always whole.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for SocketLog {
    fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>) {
        let number = *self.current();
        self.log.add(number, transfer, taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_both_ends_and_counts_what_is_between() {
        let mut sample = ByteSample::default();
        let bytes: Vec<u8> = (0..4_000u32).map(|n| (n % 251) as u8).collect();
        for piece in bytes.chunks(7) {
            sample.push(piece);
        }
        assert_eq!(sample.total, 4_000);
        assert_eq!(sample.first, bytes[..MAX_FIRST]);
        assert_eq!(sample.last.make_contiguous(), &bytes[4_000 - MAX_LAST..]);
        assert_eq!(sample.left_out(), (4_000 - MAX_FIRST - MAX_LAST) as u64);
        let mut at_once = ByteSample::default();
        at_once.push(&bytes);
        assert_eq!(at_once, sample, "the pieces do not matter");
    }

    #[test]
    fn the_oldest_exchanges_go_and_stay_counted() {
        let log = WireLog::default();
        for _ in 0..MAX_EXCHANGES + 5 {
            log.begin(Purpose::Send, "POST /".to_owned());
        }
        log.begin(Purpose::Send, String::new());
        assert_eq!(log.requests(), MAX_EXCHANGES as u64 + 5, "a message is no request");
        assert_eq!((log.exchanges().len(), log.exchanges()[0].number), (MAX_EXCHANGES, 7));
    }
}
