//! [`LinkConditions`]: how far away a peer is. [`LinkModel`]: when bytes arrive over such a link.
//! It moves no bytes.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::measure::SplitMix64;
use crate::net::add_clamped;

/// The conditions of a link. The default is an ideal link without any delay.
///
/// The model has no loss, and the bandwidth is available from the first byte, without TCP's slow
/// start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkConditions {
    /// The round-trip time. Each direction takes half of it.
    pub rtt: Duration,
    /// The width of the range from which each one-way delay is drawn: half of it below to half of
    /// it above rtt/2.
    pub jitter: Duration,
    /// The bandwidth of each direction in bits per second; `None` without a limit.
    pub bandwidth: Option<u64>,
}

impl LinkConditions {
    /// Whether the link delays nothing.
    pub fn is_ideal(&self) -> bool {
        *self == Self::default()
    }
}

/// One direction of a link with [`LinkConditions`]: computes when bytes that leave now arrive.
/// Nothing overtakes what left before it.
#[derive(Debug)]
pub(in crate::net) struct LinkModel {
    conditions: LinkConditions,
    rng: SplitMix64,
    /// When the last byte so far has left. With a bandwidth, the next byte waits for that.
    link_free_at: Option<Instant>,
    /// When the last byte so far arrives.
    last_arrival: Option<Instant>,
}

/// The minimum size of a chunk in bytes: what one TCP segment carries over Ethernet.
const MIN_CHUNK: usize = 1448;

impl LinkModel {
    pub(in crate::net) fn new(conditions: LinkConditions, seed: u64) -> Self {
        Self { conditions, rng: SplitMix64::new(seed), link_free_at: None, last_arrival: None }
    }

    /// Returns how many bytes may arrive as one chunk: a millisecond's worth, so that a large
    /// message arrives gradually.
    pub(in crate::net) fn max_chunk(&self) -> usize {
        let worth = |bits: u64| usize::try_from(bits / 8 / 1000).unwrap_or(usize::MAX);
        self.conditions.bandwidth.map_or(usize::MAX, worth).max(MIN_CHUNK)
    }

    /// Returns when the last of `count` bytes arrives that are ready to leave at `at`.
    pub(in crate::net) fn arrival_time(&mut self, at: Instant, count: usize) -> Instant {
        let mut left = at;
        if let Some(bandwidth) = self.conditions.bandwidth {
            left = add_clamped(
                left.max(self.link_free_at.unwrap_or(at)),
                serialization_delay(count, bandwidth),
            );
            self.link_free_at = Some(left);
        }
        let due = add_clamped(left, self.one_way_delay());
        // Jitter must not reorder, as TCP delivers in order.
        let due = due.max(self.last_arrival.unwrap_or(due));
        self.last_arrival = Some(due);
        due
    }

    /// Returns how long bytes that are ready at `at` wait for those that leave before them.
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "only the relay between namespaces uses it")
    )]
    pub(in crate::net) fn queueing_delay(&self, at: Instant) -> Duration {
        self.link_free_at.map_or(Duration::ZERO, |free| free.saturating_duration_since(at))
    }

    fn one_way_delay(&mut self) -> Duration {
        let LinkConditions { rtt, jitter, .. } = self.conditions;
        let jitter = usize::try_from(jitter.as_nanos()).unwrap_or(usize::MAX - 1);
        let drawn = Duration::from_nanos(self.rng.next_below(jitter.saturating_add(1)) as u64);
        rtt.checked_div(2)
            .unwrap_or_default()
            .saturating_add(drawn)
            // The jitter is added before half of it is subtracted, because a Duration cannot be
            // negative.
            .saturating_sub(Duration::from_nanos(jitter as u64 / 2))
    }
}

/// Returns how long `count` bytes take to leave at `bandwidth` bits per second.
fn serialization_delay(count: usize, bandwidth: u64) -> Duration {
    let nanos =
        (count as u128).saturating_mul(8 * 1_000_000_000).checked_div(u128::from(bandwidth));
    Duration::from_nanos(nanos.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn extreme_conditions_do_not_overflow() {
        let now = Instant::now();
        for jitter in [Duration::from_nanos(u64::MAX), Duration::MAX] {
            for bandwidth in [None, Some(0), Some(1), Some(u64::MAX)] {
                let mut model =
                    LinkModel::new(LinkConditions { rtt: Duration::MAX, jitter, bandwidth }, 1);
                let first = model.arrival_time(now, usize::MAX);
                assert!(first > now + Duration::from_hours(24), "{jitter:?} {bandwidth:?}");
                assert!(model.arrival_time(first, usize::MAX) >= first);
            }
        }
    }

    #[test]
    fn each_direction_takes_half_the_round_trip() {
        let mut model =
            LinkModel::new(LinkConditions { rtt: 40 * MILLI, ..LinkConditions::default() }, 1);
        let now = Instant::now();
        assert_eq!(model.arrival_time(now, 1), now + 20 * MILLI);
        assert_eq!(model.arrival_time(now, 1 << 30), now + 20 * MILLI);
        assert_eq!(model.max_chunk(), usize::MAX);
    }

    #[test]
    fn jitter_lies_around_half_the_round_trip_and_keeps_order() {
        let conditions = LinkConditions { rtt: 40 * MILLI, jitter: 10 * MILLI, bandwidth: None };
        let mut model = LinkModel::new(conditions, 1);
        let start = Instant::now();
        let far_apart: Vec<Duration> = (0..200)
            .map(|n| {
                let left = start + n * 100 * MILLI;
                model.arrival_time(left, 1) - left
            })
            .collect();
        let (shortest, longest) =
            (far_apart.iter().min().unwrap(), far_apart.iter().max().unwrap());
        assert!((15 * MILLI..16 * MILLI).contains(shortest), "{shortest:?}");
        assert!((24 * MILLI..=25 * MILLI).contains(longest), "{longest:?}");
        let mut model = LinkModel::new(conditions, 2);
        let close: Vec<Instant> =
            (0..200).map(|n| model.arrival_time(start + n * MILLI / 10, 1)).collect();
        assert!(close.is_sorted());
    }

    #[test]
    fn jitter_wider_than_the_delay_never_arrives_before_it_left() {
        let mut model =
            LinkModel::new(LinkConditions { rtt: MILLI, jitter: 9 * MILLI, bandwidth: None }, 1);
        let now = Instant::now();
        assert!(
            (0..200).all(|n| model.arrival_time(now + n * 20 * MILLI, 1) >= now + n * 20 * MILLI)
        );
    }

    #[test]
    fn bytes_leave_one_after_another() {
        let mut model = LinkModel::new(
            LinkConditions { bandwidth: Some(8_000_000), ..LinkConditions::default() },
            1,
        );
        let now = Instant::now();
        assert_eq!(model.arrival_time(now, 1000), now + MILLI);
        assert_eq!(model.arrival_time(now, 1000), now + 2 * MILLI, "it waits for the first one");
        assert_eq!(
            (model.queueing_delay(now), model.queueing_delay(now + 3 * MILLI)),
            (2 * MILLI, Duration::ZERO)
        );
        assert_eq!(
            model.arrival_time(now + 9 * MILLI, 1000),
            now + 10 * MILLI,
            "nothing is before it"
        );
        assert_eq!(model.max_chunk(), MIN_CHUNK);
    }

    #[test]
    fn conditions_are_serialized_as_json() {
        let conditions = LinkConditions { rtt: 40 * MILLI, jitter: MILLI, bandwidth: Some(7) };
        let text = serde_json::to_string(&conditions).unwrap();
        assert_eq!(serde_json::from_str::<LinkConditions>(&text).unwrap(), conditions);
        assert!(!conditions.is_ideal() && LinkConditions::default().is_ideal());
    }
}
