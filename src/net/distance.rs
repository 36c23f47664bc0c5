//! [`Distance`]: how far away a peer is, as data, and [`Pace`]: when bytes arrive that go that far.
//! It moves nothing.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::measure::SplitMix64;
use crate::net::later;

/// How far away a peer is. The default is no distance at all: nothing is delayed.
///
/// It is a model of the way only: nothing is lost, and the bandwidth is there from the first byte, without TCP's slow
/// start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distance {
    /// There and back; each way takes half of it.
    pub rtt: Duration,
    /// The width of the range that each one-way time is drawn from: half of it less to half of it more.
    pub jitter: Duration,
    /// Bits per second, each way; `None` is without a limit.
    pub bandwidth: Option<u64>,
}

impl Distance {
    /// Whether nothing is delayed.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One way over a [`Distance`]: says when what leaves now arrives. Nothing arrives before what left before it.
#[derive(Debug)]
pub(super) struct Pace {
    distance: Distance,
    dice: SplitMix64,
    /// When the last byte so far has left; the next waits for that, if there is a bandwidth.
    free: Option<Instant>,
    /// When the last byte so far arrives.
    last: Option<Instant>,
}

/// The least that bytes are cut into: what one TCP segment holds over Ethernet.
const SEGMENT: usize = 1448;

impl Pace {
    pub(super) fn new(distance: Distance, seed: u64) -> Self {
        Self { distance, dice: SplitMix64::new(seed), free: None, last: None }
    }

    /// How many bytes may arrive as one: a millisecond's worth, so that a large message comes in bit by bit.
    pub(super) fn piece(&self) -> usize {
        let worth = |bits: u64| usize::try_from(bits / 8 / 1000).unwrap_or(usize::MAX);
        self.distance.bandwidth.map_or(usize::MAX, worth).max(SEGMENT)
    }

    /// When the last of `count` bytes arrives that are ready to leave at `at`.
    pub(super) fn arrival(&mut self, at: Instant, count: usize) -> Instant {
        let mut left = at;
        if let Some(bandwidth) = self.distance.bandwidth {
            left = later(left.max(self.free.unwrap_or(at)), serialised(count, bandwidth));
            self.free = Some(left);
        }
        let due = later(left, self.one_way());
        let due = due.max(self.last.unwrap_or(due));
        self.last = Some(due);
        due
    }

    /// How long what is ready at `at` waits for what leaves before it.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "a relay asks for it, and there is none"))]
    pub(super) fn waiting(&self, at: Instant) -> Duration {
        self.free.map_or(Duration::ZERO, |free| free.saturating_duration_since(at))
    }

    fn one_way(&mut self) -> Duration {
        let Distance { rtt, jitter, .. } = self.distance;
        let jitter = usize::try_from(jitter.as_nanos()).unwrap_or(usize::MAX - 1);
        let drawn = Duration::from_nanos(self.dice.next_below(jitter.saturating_add(1)) as u64);
        rtt.checked_div(2)
            .unwrap_or_default()
            .saturating_add(drawn)
            .saturating_sub(Duration::from_nanos(jitter as u64 / 2))
    }
}

/// How long `count` bytes take to leave, at `bandwidth` bits per second.
fn serialised(count: usize, bandwidth: u64) -> Duration {
    let nanos = (count as u128).saturating_mul(8 * 1_000_000_000).checked_div(u128::from(bandwidth));
    Duration::from_nanos(nanos.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn no_distance_is_too_large_to_reckon_with() {
        let now = Instant::now();
        for jitter in [Duration::from_nanos(u64::MAX), Duration::MAX] {
            for bandwidth in [None, Some(0), Some(1), Some(u64::MAX)] {
                let mut pace = Pace::new(Distance { rtt: Duration::MAX, jitter, bandwidth }, 1);
                let first = pace.arrival(now, usize::MAX);
                assert!(first > now + Duration::from_hours(24), "{jitter:?} {bandwidth:?}");
                assert!(pace.arrival(first, usize::MAX) >= first);
            }
        }
    }

    #[test]
    fn half_the_round_trip_each_way() {
        let mut pace = Pace::new(Distance { rtt: 40 * MILLI, ..Distance::default() }, 1);
        let now = Instant::now();
        assert_eq!(pace.arrival(now, 1), now + 20 * MILLI);
        assert_eq!(pace.arrival(now, 1 << 30), now + 20 * MILLI);
        assert_eq!(pace.piece(), usize::MAX);
    }

    #[test]
    fn jitter_lies_around_the_half_and_nothing_overtakes() {
        let distance = Distance { rtt: 40 * MILLI, jitter: 10 * MILLI, bandwidth: None };
        let mut pace = Pace::new(distance, 1);
        let start = Instant::now();
        let far_apart: Vec<Duration> = (0..200)
            .map(|n| {
                let left = start + n * 100 * MILLI;
                pace.arrival(left, 1) - left
            })
            .collect();
        let (least, most) = (far_apart.iter().min().unwrap(), far_apart.iter().max().unwrap());
        assert!((15 * MILLI..16 * MILLI).contains(least), "{least:?}");
        assert!((24 * MILLI..=25 * MILLI).contains(most), "{most:?}");
        let mut pace = Pace::new(distance, 2);
        let close: Vec<Instant> = (0..200).map(|n| pace.arrival(start + n * MILLI / 10, 1)).collect();
        assert!(close.is_sorted());
    }

    #[test]
    fn a_jitter_wider_than_the_way_never_arrives_before_it_left() {
        let mut pace = Pace::new(Distance { rtt: MILLI, jitter: 9 * MILLI, bandwidth: None }, 1);
        let now = Instant::now();
        assert!((0..200).all(|n| pace.arrival(now + n * 20 * MILLI, 1) >= now + n * 20 * MILLI));
    }

    #[test]
    fn bytes_leave_one_after_another() {
        let mut pace = Pace::new(Distance { bandwidth: Some(8_000_000), ..Distance::default() }, 1);
        let now = Instant::now();
        assert_eq!(pace.arrival(now, 1000), now + MILLI);
        assert_eq!(pace.arrival(now, 1000), now + 2 * MILLI, "it waits for the first");
        assert_eq!((pace.waiting(now), pace.waiting(now + 3 * MILLI)), (2 * MILLI, Duration::ZERO));
        assert_eq!(pace.arrival(now + 9 * MILLI, 1000), now + 10 * MILLI, "nothing is before it");
        assert_eq!(pace.piece(), SEGMENT);
    }

    #[test]
    fn distance_travels_as_json() {
        let distance = Distance { rtt: 40 * MILLI, jitter: MILLI, bandwidth: Some(7) };
        let text = serde_json::to_string(&distance).unwrap();
        assert_eq!(serde_json::from_str::<Distance>(&text).unwrap(), distance);
        assert!(!distance.is_none() && Distance::default().is_none());
    }
}
