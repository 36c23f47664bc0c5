//! [`RaceConfig::duration`]: how long a race will take, before it has started.
//!
//! It measures nothing. Over a distance the exchanges decide: a slice has at least two of them, and
//! none is cut off.

use std::time::Duration;

use crate::race::config::lane::{Lane, LaneKind};
use crate::race::config::race_config::{RaceConfig, factor};

/// The time between two slices: their two processes are asked for their counters and start anew.
const BETWEEN_SLICES: Duration = Duration::from_millis(5);

/// Returns the round trips of one message, with those that open its connection if it has its own.
fn trips_per_message(lane: Lane) -> u32 {
    let tls = u32::from(lane.tls);
    match lane.kind {
        LaneKind::HttpNew => 2_u32.saturating_add(tls),
        LaneKind::WsNew => 3_u32.saturating_add(tls),
        _ => 1,
    }
}

/// Returns the round trips that open a connection for the whole race.
fn trips_to_open(lane: Lane) -> u32 {
    let handshake = u32::from(lane.kind.is_websocket() || lane.kind == LaneKind::SsePost);
    if lane.kind.reconnects() {
        0
    } else {
        1_u32.saturating_add(u32::from(lane.tls)).saturating_add(handshake)
    }
}

impl RaceConfig {
    /// Returns how long a race takes: for each lane its warm-up and one slice a round. Only the
    /// distance and the bandwidth count, not what the machine needs for an exchange.
    pub fn duration(&self) -> Duration {
        let rounds = factor(self.rounds);
        let lane = |&lane: &Lane| {
            let slices = self.slice_time(lane, self.slice).saturating_mul(rounds);
            self.slice_time(lane, self.warm_up).saturating_add(slices)
        };
        let opening = self.lanes.iter().map(|&lane| trips_to_open(lane)).max().unwrap_or(0);
        // All lanes connect at the same time.
        let opening = self.link.rtt.saturating_mul(opening);
        self.lanes.iter().map(lane).fold(opening, Duration::saturating_add)
    }

    /// Returns how long a slice of at least `length` takes.
    fn slice_time(&self, lane: Lane, length: Duration) -> Duration {
        let exchange = self.exchange_time(lane);
        // With a rate, each connection has its share of the exchanges.
        let period = self.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs(1)
                .checked_div(rate)
                .unwrap_or_default()
                .saturating_mul(factor(self.connections))
        });
        let pace = exchange.max(period);
        let begun = length.as_nanos().div_ceil(pace.as_nanos().max(1));
        let begun = u32::try_from(begun).unwrap_or(u32::MAX).max(2);
        let last = begun.saturating_sub(1);
        let exchanges = pace.saturating_mul(last).saturating_add(exchange);
        // A new WebSocket for each message says goodbye, and the last one is waited for.
        let goodbye = if lane.kind == LaneKind::WsNew { self.link.rtt } else { Duration::ZERO };
        exchanges.max(length).saturating_add(goodbye).saturating_add(BETWEEN_SLICES)
    }

    /// Returns how long one exchange takes because of the distance and the bandwidth.
    fn exchange_time(&self, lane: Lane) -> Duration {
        let messages = factor(self.messages_per_exchange());
        let waits = if lane.kind.is_pipelined() { 1 } else { messages };
        let waiting = self.link.rtt.saturating_mul(trips_per_message(lane)).saturating_mul(waits);
        // Both directions.
        let bits = (self.payload as u64).saturating_mul(8 * 2);
        let sending = self.link.bandwidth.map_or(Duration::ZERO, |bandwidth| {
            let nanos = u128::from(bits).saturating_mul(1_000_000_000);
            let nanos = nanos.checked_div(u128::from(bandwidth)).unwrap_or(0);
            Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        });
        waiting.saturating_add(sending.saturating_mul(messages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::LinkConditions;

    fn far(lanes: &str, rounds: usize, burst: Option<usize>) -> RaceConfig {
        RaceConfig {
            lanes: lanes.split(' ').map(|name| name.parse().unwrap()).collect(),
            link: LinkConditions { rtt: Duration::from_millis(80), ..LinkConditions::default() },
            rounds,
            burst,
            ..RaceConfig::default()
        }
    }

    /// The estimate in milliseconds, without what lies between the slices.
    fn estimate(config: &RaceConfig) -> u128 {
        let slices = factor(config.lanes.len() * (config.rounds + 1));
        config.duration().checked_sub(BETWEEN_SLICES * slices).unwrap().as_millis()
    }

    #[test]
    fn without_a_distance_a_race_takes_its_slices() {
        // Five lanes, 15 rounds and the warm-up, 150 ms each.
        assert_eq!(estimate(&RaceConfig::default()), 5 * 16 * 150);
        let paced = RaceConfig { rate: Some(100), ..RaceConfig::default() };
        assert_eq!(estimate(&paced), 5 * 16 * 150);
        // Two exchanges a slice, one a second.
        let slow = RaceConfig { rate: Some(1), rounds: 1, ..RaceConfig::default() };
        assert_eq!(estimate(&slow), 5 * 2 * 1000);
    }

    #[test]
    fn over_a_distance_the_exchanges_decide() {
        // An open connection: two exchanges of 80 ms a slice; 160 ms to open it.
        assert_eq!(estimate(&far("ws", 3, None)), 160 + 4 * 160);
        // A new one: 2, 3, 3 and 4 trips, twice; new WebSockets wait for one goodbye more.
        let new = far("http-new http-new+tls ws-new ws-new+tls", 1, None);
        assert_eq!(estimate(&new), 2 * (320 + 480 + (480 + 80) + (640 + 80)));
        // Ten messages one at a time are ten trips; ten in flight are one.
        let burst = far("http-reqwest http2 ws-pipelined", 2, Some(10));
        assert_eq!(estimate(&burst), 160 + 3 * (1600 + 160 + 160));
    }

    #[test]
    fn a_narrow_link_counts_as_well() {
        let link = LinkConditions { bandwidth: Some(1_000_000), ..LinkConditions::default() };
        let config = RaceConfig { link, payload: 12_500, rounds: 1, ..RaceConfig::default() };
        // 100 kbit there and 100 kbit back, twice a slice.
        assert_eq!(estimate(&config), 5 * 2 * 400);
    }

    #[test]
    fn the_largest_race_has_an_estimate_too() {
        let config = RaceConfig {
            rounds: usize::MAX,
            burst: Some(usize::MAX),
            rate: Some(0),
            connections: usize::MAX,
            slice: Duration::MAX,
            ..far("http-new", 1, None)
        };
        assert_eq!(config.duration(), Duration::MAX);
    }
}
