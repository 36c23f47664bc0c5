//! [`Tick`]: one event as it is sent, and the [`FeedClock`] that dates it. Nothing is sent or
//! measured here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::Instant;

/// The price before the first event, in cents.
pub(super) const OPENING_CENTS: u64 = 42_00;

/// The shared clock. Server and clients are one process, so the difference of two readings is an
/// age.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeedClock(Instant);

impl FeedClock {
    /// Creates a clock that reads zero now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since its start.
    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }
}

/// A price and its time, as a message carries it in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tick {
    /// The number of the event, from 1. 0 is the price before the first event.
    pub seq: u64,
    /// When it happened, in nanoseconds on the shared [`FeedClock`].
    pub at: u64,
    /// The price with two decimal places.
    pub price: f64,
}

impl Tick {
    /// The price before the first event.
    pub(super) const INITIAL: Self = Self { seq: 0, at: 0, price: OPENING_CENTS as f64 / 100.0 };

    /// Returns when it happened.
    pub(crate) fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }

    /// Returns the JSON that is sent.
    pub(super) fn to_json(self) -> String {
        serde_json::to_string(&self).expect("two numbers and a finite price are JSON")
    }

    /// Parses the JSON of a message.
    ///
    /// # Errors
    /// Fails if it isn't the JSON of a tick.
    pub(super) fn from_json(text: &[u8]) -> Result<Self, PriceError> {
        serde_json::from_slice(text).map_err(PriceError)
    }
}

/// The message isn't a [`Tick`].
#[derive(Debug, Error)]
#[error("this isn't a price: {0}")]
pub struct PriceError(#[source] serde_json::Error);
