//! What a session sends and gets back: numbered messages with the time at which they were due.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::Instant;
use wiretalk::measure::Histogram;

/// The messages of one session.
#[derive(Default)]
pub(crate) struct ExchangeCounts {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) latency: Histogram,
}

/// When messages are due.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) begin: Instant,
    pub(crate) every: Duration,
    pub(crate) messages: u32,
}

impl Schedule {
    /// Returns when the message of that number is due.
    pub(crate) fn due(&self, number: u32) -> Instant {
        self.begin + self.every * number
    }

    pub(crate) fn text(number: u32) -> String {
        format!("message {number:08} of a session, long enough to be a line of a chat")
    }
}

impl ExchangeCounts {
    /// Takes a message, which must be the next one.
    pub(crate) fn receive(&mut self, text: &str, schedule: Schedule) -> anyhow::Result<()> {
        let number = text.split(' ').nth(1).and_then(|number| number.parse::<u32>().ok());
        let number = number.with_context(|| format!("{text:?} is no message of ours"))?;
        let expected = self.received;
        ensure!(u64::from(number) == expected, "message {number} came instead of {expected}");
        self.received += 1;
        self.latency.record(schedule.due(number).elapsed());
        Ok(())
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.latency.add_counts(&other.latency.counts());
    }
}
