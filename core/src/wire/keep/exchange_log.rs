//! [`ExchangeLog`]: the HTTP exchanges of a connection, up to a limit.

use std::num::Saturating;
use std::time::Duration;

use crate::wire::handshake::HttpExchange;

/// The maximum number of exchanges kept. Further ones are only counted.
const MAX_EXCHANGES: usize = 4096;

/// The HTTP exchanges of a connection that did not try to open a WebSocket.
#[derive(Clone, Debug, Default)]
pub struct ExchangeLog {
    exchanges: Vec<(Duration, HttpExchange)>,
    dropped: Saturating<u64>,
}

impl ExchangeLog {
    pub(super) fn add(&mut self, at: Duration, exchange: HttpExchange) {
        if self.exchanges.len() < MAX_EXCHANGES {
            self.exchanges.push((at, exchange));
        } else {
            self.dropped += 1;
        }
    }

    /// Returns the exchanges, at most 4,096, each with the time at which it was complete, since the
    /// start of the connection.
    pub fn all(&self) -> &[(Duration, HttpExchange)] {
        &self.exchanges
    }

    /// Returns the number of exchanges that came after the list was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.0
    }
}
