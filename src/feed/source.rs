//! The source of events: a price that walks at random, at random moments, some of them in bursts.
//! It does not know who receives it.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::sleep;

use crate::feed::metrics::FeedMetrics;
use crate::feed::tick::{FeedClock, OPENING_CENTS, Tick};
use crate::measure::SplitMix64;

/// The number of events that wait for a pushing connection. One that lags further skips to newer
/// ones.
const SUBSCRIBER_CAPACITY: usize = 256;

/// Prices and gaps, which are the same for the same seed.
#[derive(Debug)]
pub(super) struct PriceWalk {
    rng: SplitMix64,
    mean_gap: Duration,
    cents: u64,
    /// The number of events that still belong to the current burst.
    burst: usize,
}

impl PriceWalk {
    pub(super) fn new(seed: u64, gap: Duration) -> Self {
        Self { rng: SplitMix64::new(seed), mean_gap: gap, cents: OPENING_CENTS, burst: 0 }
    }

    /// Returns the time until the next event, and its price.
    pub(super) fn next_tick(&mut self) -> (Duration, f64) {
        let mut share = |thousandths: Range<usize>| {
            thousandths.start.saturating_add(self.rng.next_below(thousandths.len())) as f64 / 1000.0
        };
        let share = match self.burst.checked_sub(1) {
            Some(left) => {
                self.burst = left;
                // Within a burst the gap is 5 to 15 % of the mean, otherwise 60 to 210 %.
                share(50..150)
            }
            None => share(600..2100),
        };
        let wait = Duration::try_from_secs_f64(self.mean_gap.as_secs_f64() * share)
            .unwrap_or(Duration::MAX);
        // One event in eight starts a burst of 2 to 4 further ones.
        if self.burst == 0 && self.rng.next_below(8) == 0 {
            self.burst = self.rng.next_below(3).saturating_add(2);
        }
        let step = (self.rng.next_below(9) as u64).saturating_add(1);
        let up = self.rng.next_below(2) == 0;
        self.cents =
            if up { self.cents.saturating_add(step) } else { self.cents.saturating_sub(step) }
                // The price never falls below 1.00.
                .max(100);
        (wait, self.cents as f64 / 100.0)
    }
}

/// Publishes events: the latest one for polling clients, each of them for pushing connections.
#[derive(Clone, Debug)]
pub(super) struct TickPublisher {
    latest: Arc<watch::Sender<Tick>>,
    ticks: broadcast::Sender<Tick>,
}

impl TickPublisher {
    pub(super) fn new() -> Self {
        Self {
            latest: Arc::new(watch::Sender::new(Tick::INITIAL)),
            ticks: broadcast::Sender::new(SUBSCRIBER_CAPACITY),
        }
    }

    /// Returns a receiver of the current price and of its changes.
    pub(super) fn latest(&self) -> watch::Receiver<Tick> {
        self.latest.subscribe()
    }

    /// Returns a receiver of all events from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Tick> {
        self.ticks.subscribe()
    }

    pub(super) fn publish(&self, tick: Tick) {
        self.latest.send_replace(tick);
        // The error is ignored: there may be no receiver.
        let _ = self.ticks.send(tick);
    }
}

/// Publishes events for as long as it is polled, except while `running` is false.
pub(super) async fn publish_ticks(
    mut walk: PriceWalk,
    clock: FeedClock,
    metrics: Arc<Mutex<FeedMetrics>>,
    publisher: TickPublisher,
    mut running: watch::Receiver<bool>,
) {
    for seq in 1.. {
        let (wait, price) = walk.next_tick();
        loop {
            if running.wait_for(|flows| *flows).await.is_err() {
                return;
            }
            tokio::select! {
                () = sleep(wait) => break,
                // A change starts the wait anew, so a pause never leads to a burst of overdue
                // events.
                stopped = running.changed() => if stopped.is_err() { return },
            }
        }
        let tick =
            Tick { seq, at: u64::try_from(clock.now().as_nanos()).unwrap_or(u64::MAX), price };
        // Recorded before it is published, so that no client can know an event that the metrics
        // don't.
        metrics.lock().unwrap_or_else(PoisonError::into_inner).record_event(tick);
        publisher.publish(tick);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_keeps_its_pace_has_bursts_and_is_reproducible() {
        let steps = |seed| {
            let mut walk = PriceWalk::new(seed, Duration::from_millis(100));
            (0..2000).map(|_| walk.next_tick()).collect::<Vec<_>>()
        };
        let walk = steps(7);
        assert_eq!(walk, steps(7));
        assert_ne!(walk, steps(8));
        let mean = walk.iter().map(|(wait, _)| wait.as_secs_f64()).sum::<f64>() / walk.len() as f64;
        assert!((0.07..0.13).contains(&mean), "{mean}");
        let close = walk.iter().filter(|(wait, _)| *wait < Duration::from_millis(20)).count();
        assert!((100..1000).contains(&close), "{close} in bursts");
        assert!(walk.iter().all(|(_, price)| *price >= 1.0));
        assert!(
            walk.windows(2).all(|pair| (pair[0].1 - pair[1].1).abs() > 0.005),
            "an event changes the price"
        );
    }

    #[test]
    fn the_longest_gap_does_not_overflow() {
        let mut walk = PriceWalk::new(7, Duration::MAX);
        assert!((0..100).any(|_| walk.next_tick().0 == Duration::MAX));
    }

    #[test]
    fn an_encoded_tick_is_decoded() {
        let tick = Tick { seq: 17, at: 123_456_789, price: 42.17 };
        assert_eq!(tick.to_json(), r#"{"seq":17,"at":123456789,"price":42.17}"#);
        assert_eq!(Tick::from_json(tick.to_json().as_bytes()).unwrap(), tick);
        let error = Tick::from_json(b"<html>").unwrap_err().to_string();
        assert!(error.starts_with("this isn't a price: "), "{error}");
    }
}
