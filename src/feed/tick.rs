//! [`Tick`]: one piece of news, as it goes over the wire, and the [`FeedClock`] that dates it.
//! Nothing is sent or measured here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::Instant;

/// The price before anything happened, in cents.
pub(super) const OPENING_CENTS: u64 = 42_00;

/// One clock for all: server and clients are one process, so an age is a difference of two of its
/// readings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeedClock(Instant);

impl FeedClock {
    /// A clock that reads zero now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it was started.
    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }
}

/// A price and when it came to be: what a message carries, as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tick {
    /// The number of the event; 0 is the price before the first.
    pub seq: u64,
    /// When it happened, in nanoseconds of the shared [`FeedClock`].
    pub at: u64,
    /// The price, to the cent.
    pub price: f64,
}

impl Tick {
    /// The price before anything happened.
    pub(super) const INITIAL: Self = Self { seq: 0, at: 0, price: OPENING_CENTS as f64 / 100.0 };

    /// When it happened.
    pub(crate) fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }

    /// The tick as it goes over the wire.
    pub(super) fn to_json(self) -> String {
        serde_json::to_string(&self).expect("two numbers and a finite price are JSON")
    }

    /// The tick of a message.
    ///
    /// # Errors
    /// If it isn't the JSON of a tick.
    pub(super) fn from_json(text: &[u8]) -> Result<Self, PriceError> {
        serde_json::from_slice(text).map_err(PriceError)
    }
}

/// A message that isn't a [`Tick`].
#[derive(Debug, Error)]
#[error("this isn't a price: {0}")]
pub struct PriceError(#[source] serde_json::Error);
