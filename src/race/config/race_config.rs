//! [`RaceConfig`]: lanes, servers, payload and every other option of a race.
//!
//! A configuration is plain data. `validate` checks before the start whether it can run.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::net::LinkConditions;
use crate::race::config::external_servers::ExternalServers;
use crate::race::config::lane::{Lane, LaneKind};
use crate::race::config::placement::Placement;
use crate::servers::{HttpHeader, browser_request_headers, production_response_headers};
use crate::text::units;

/// The maximum payload in bytes. The bundled servers refuse more.
pub(crate) const MAX_PAYLOAD: usize = 1024 * 1024;
/// The maximum number of connections of a lane.
pub(crate) const MAX_CONNECTIONS: usize = 256;
/// The maximum number of messages of an exchange.
pub(crate) const MAX_BURST: usize = 1000;
/// The maximum round trip of a modelled link.
pub(crate) const MAX_RTT: Duration = Duration::from_millis(500);

/// How many headers requests and replies carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderProfile {
    /// Only the headers that the libraries send by themselves.
    #[default]
    Minimal,
    /// The headers of a browser and a web server: cookies, policies, cache control.
    Browser,
}

impl HeaderProfile {
    /// Returns the headers that each request has in addition to those of its library.
    pub(in crate::race) fn request_headers(self) -> &'static [HttpHeader] {
        if self == Self::Browser { browser_request_headers() } else { &[] }
    }

    /// Returns the headers that each reply has in addition to those of its library.
    pub(in crate::race) fn response_headers(self) -> &'static [HttpHeader] {
        if self == Self::Browser { production_response_headers() } else { &[] }
    }
}

/// The options of a race.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaceConfig {
    /// The lanes, in the order in which they are shown.
    pub lanes: Vec<Lane>,
    /// The size of each body or message in bytes.
    pub payload: usize,
    /// The number of connections of each lane. Each does one exchange at a time.
    pub connections: usize,
    /// The headers of requests and replies.
    pub headers: HeaderProfile,
    /// The number of messages of one exchange. `None` stands for 1, or 10 if a lane pipelines.
    pub burst: Option<usize>,
    /// The round trip, jitter and bandwidth between client and server.
    pub link: LinkConditions,
    /// Whether the kernel's network stack makes the delay; otherwise it is modelled.
    pub real_net: bool,
    /// The exchanges per second of each lane, over all its connections. `None`: each exchange
    /// follows the previous one at once.
    pub rate: Option<u32>,
    /// On which CPUs and with how many threads the client and the server process run.
    pub placement: Placement,
    /// The number of rounds. Each gives one pair of medians for each lane and the baseline.
    pub rounds: usize,
    /// The minimum time for which a lane runs in a round.
    pub slice: Duration,
    /// The time for which each lane runs before measuring starts.
    pub warm_up: Duration,
    /// The seed for the order of the lanes and for the bootstrap's resamples.
    pub seed: u64,
    /// External servers that replace the bundled ones.
    pub external: Option<ExternalServers>,
}

impl Default for RaceConfig {
    fn default() -> Self {
        Self {
            lanes: Lane::DEFAULT.to_vec(),
            payload: 32,
            connections: 1,
            headers: HeaderProfile::Minimal,
            burst: None,
            link: LinkConditions::default(),
            real_net: false,
            rate: None,
            placement: Placement::best(),
            rounds: 15,
            slice: Duration::from_millis(150),
            warm_up: Duration::from_millis(150),
            seed: 1,
            external: None,
        }
    }
}

/// Converts a count to a factor of a duration, saturating.
pub(super) fn factor(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl RaceConfig {
    /// Returns the number of messages of one exchange.
    pub fn messages_per_exchange(&self) -> usize {
        let pipelines = self.lanes.iter().any(|lane| lane.kind == LaneKind::WsPipelined);
        self.burst.unwrap_or(if pipelines { 10 } else { 1 })
    }

    /// Returns the content of each body and message: printable ASCII, the same for all lanes.
    pub fn payload_bytes(&self) -> Bytes {
        (b' '..=b'~').cycle().take(self.payload).collect()
    }

    /// Returns the size of a WebSocket's read buffer in bytes. The library's default of 128 KiB
    /// makes a connection 20 times as large, and slower. Large payloads get a larger buffer.
    pub fn read_buffer(&self) -> usize {
        if self.payload >= 64 * 1024 { 16 * 1024 } else { 4096 }
    }

    /// Returns how long an exchange may take before its lane is given up.
    pub(in crate::race) fn exchange_timeout(&self) -> Duration {
        let LinkConditions { rtt, jitter, bandwidth } = self.link;
        let (messages, connections) =
            (factor(self.messages_per_exchange()), factor(self.connections));
        // Both directions, with 8 KiB for the headers.
        let bits = (self.payload as u64).saturating_add(8 * 1024).saturating_mul(8 * 2);
        let seconds =
            |bandwidth: u64| bits.checked_div(bandwidth).unwrap_or(bits).saturating_add(1);
        let sending =
            bandwidth.map_or(Duration::ZERO, |bandwidth| Duration::from_secs(seconds(bandwidth)));
        // A message on a new wss connection takes four round trips. Six leave a margin.
        let trips = rtt.saturating_add(jitter).saturating_mul(6).saturating_mul(messages);
        let sending = sending.saturating_mul(messages).saturating_mul(connections);
        Duration::from_secs(5).saturating_add(trips).saturating_add(sending)
    }

    /// Returns the lane that the others are compared with: the open WebSocket if it takes part,
    /// otherwise the last WebSocket lane, otherwise the last lane.
    pub fn baseline(&self) -> Lane {
        let open = |tls| {
            self.lanes.iter().find(|lane| **lane == Lane { kind: LaneKind::Ws, tls }).copied()
        };
        let other = || {
            self.lanes
                .iter()
                .rev()
                .find(|lane| lane.kind.is_websocket())
                .or(self.lanes.last())
                .copied()
        };
        open(false).or_else(|| open(true)).or_else(other).unwrap_or(Lane::plain(LaneKind::Ws))
    }

    /// Returns the lane whose drift reveals an unsteady machine: raw TCP if it takes part,
    /// otherwise the baseline.
    pub fn floor(&self) -> Lane {
        let floor = Lane::plain(LaneKind::Tcp);
        if self.lanes.contains(&floor) { floor } else { self.baseline() }
    }

    /// Whether the server of `lane` is external.
    pub fn is_external(&self, lane: Lane) -> bool {
        self.external.as_ref().is_some_and(|external| external.has_lane(lane))
    }

    /// Returns the conditions in words, for a verdict.
    pub fn conditions(&self) -> String {
        let mut parts = vec![match self.messages_per_exchange() {
            0 | 1 => format!("{} bytes there and back", self.payload),
            messages => format!("{messages} messages of {} bytes per exchange", self.payload),
        }];
        parts.push(match self.connections {
            1 => "one connection each".to_owned(),
            count => format!("{count} connections each"),
        });
        if self.headers == HeaderProfile::Browser {
            parts.push("browser-sized headers".to_owned());
        }
        parts.push(self.describe_link());
        if let Some(rate) = self.rate {
            parts.push(format!("{rate} exchanges per second, each timed from when it was due"));
        }
        parts.join(", ")
    }

    /// Describes where the servers are.
    pub fn describe_link(&self) -> String {
        let how = if self.real_net { "real network stack" } else { "modelled" };
        let LinkConditions { rtt, jitter, bandwidth } = self.link;
        match (&self.external, self.link.is_ideal()) {
            (Some(external), _) => external.describe(),
            (None, true) if self.real_net => "real network stack, no distance".to_owned(),
            (None, true) => "loopback".to_owned(),
            (None, false) => {
                let mut text = format!("{} ms away", units::millis_f64(rtt));
                if !jitter.is_zero() {
                    // `jitter` is the width of the range, so it is ± half of it.
                    text += &format!(
                        " ± {} ms",
                        units::millis_f64(jitter.checked_div(2).unwrap_or_default())
                    );
                }
                if let Some(bandwidth) = bandwidth {
                    text += &format!(" at {}", format_bit_rate(bandwidth));
                }
                format!("{text} ({how})")
            }
        }
    }

    /// Returns the command line that runs the same race again.
    pub fn command(&self) -> String {
        let lanes: Vec<String> = self.lanes.iter().map(|lane| lane.name()).collect();
        let mut command = format!(
            "wiretalk race --lanes {} --payload {} --connections {} --placement {} --pairs {} \
             --seed {}",
            lanes.join(","),
            self.payload,
            self.connections,
            self.placement,
            self.rounds,
            self.seed
        );
        let mut option = |name: &str, value: String| command += &format!(" --{name} {value}");
        if self.headers == HeaderProfile::Browser {
            option("headers", "browser".to_owned());
        }
        if let Some(burst) = self.burst {
            option("burst", burst.to_string());
        }
        let LinkConditions { rtt, jitter, bandwidth } = self.link;
        if !rtt.is_zero() {
            option("rtt", format!("{}ms", units::millis_f64(rtt)));
        }
        if !jitter.is_zero() {
            option("jitter", format!("{}ms", units::millis_f64(jitter)));
        }
        if let Some(bandwidth) = bandwidth {
            option("bandwidth", format!("{bandwidth}bit"));
        }
        if let Some(rate) = self.rate {
            option("rate", rate.to_string());
        }
        if let Some(external) = &self.external {
            option("against", external.to_string());
            if let Some(bound) = external.load_limit {
                option("max-requests", bound.requests.to_string());
                option("max-time", format!("{}s", bound.time.as_secs_f64()));
            }
        }
        if self.real_net { command + " --real-net" } else { command }
    }
}

/// Formats a bit rate with the unit that fits.
fn format_bit_rate(count: u64) -> String {
    match count {
        1_000_000.. => format!("{} Mbit/s", count as f64 / 1e6),
        1_000.. => format!("{} kbit/s", count as f64 / 1e3),
        _ => format!("{count} bit/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lanes_carry_the_same_bytes() {
        let config = RaceConfig { payload: 200, ..RaceConfig::default() };
        assert_eq!(config.payload_bytes().len(), 200);
        assert!(config.payload_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
    }

    #[test]
    fn pipelining_means_ten_messages_unless_a_burst_is_given() {
        let lanes = vec![Lane::plain(LaneKind::HttpHyper), Lane::plain(LaneKind::WsPipelined)];
        let config = RaceConfig { lanes, ..RaceConfig::default() };
        assert_eq!(
            (config.messages_per_exchange(), config.baseline().name().as_str()),
            (10, "ws-pipelined")
        );
        assert_eq!(RaceConfig { burst: Some(3), ..config }.messages_per_exchange(), 3);
        assert_eq!(
            (RaceConfig::default().messages_per_exchange(), RaceConfig::default().baseline()),
            (1, Lane::plain(LaneKind::Ws))
        );
    }

    #[test]
    fn the_command_names_every_option_that_is_not_the_default() {
        let link = LinkConditions { rtt: Duration::from_millis(80), ..LinkConditions::default() };
        let config = RaceConfig {
            placement: Placement::OneCpu,
            link,
            headers: HeaderProfile::Browser,
            rate: Some(100),
            ..RaceConfig::default()
        };
        assert_eq!(
            config.command(),
            "wiretalk race --lanes tcp,http-bare,http-hyper,http-reqwest,ws --payload 32 \
             --connections 1 --placement one-cpu --pairs 15 --seed 1 --headers browser --rtt 80ms \
             --rate 100"
        );
        assert!(
            config
                .conditions()
                .contains("browser-sized headers, 80 ms away (modelled), 100 exchanges")
        );
    }
}
