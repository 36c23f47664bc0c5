//! [`RaceConfig::validate`]: checks before the start whether a race can run.

use thiserror::Error;

use crate::race::config::external_servers::{ExternalServers, ExternalServersError};
use crate::race::config::lane::Lane;
use crate::race::config::load_budget::LoadBudget;
use crate::race::config::race_config::{
    MAX_BURST, MAX_CONNECTIONS, MAX_PAYLOAD, MAX_RTT, RaceConfig,
};

/// Why a configuration cannot run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RaceConfigError {
    /// No lane is selected.
    #[error("a race needs at least one lane; name some, for example http-reqwest,ws")]
    NoLanes,
    /// A lane is selected twice.
    #[error("the lane {0} appears twice")]
    DuplicateLane(Lane),
    /// An option is out of its range.
    #[error("{what} is {given}; it must be from {from} to {to}")]
    OutOfRange {
        /// The option, for example `the payload in bytes`.
        what: &'static str,
        /// The value that was given.
        given: String,
        /// The smallest value.
        from: String,
        /// The largest value.
        to: String,
    },
    /// The jitter exceeds the round trip.
    #[error("the jitter must not be larger than the round trip")]
    Jitter,
    /// The bandwidth is 0.
    #[error("a bandwidth of 0 lets nothing through; give for example 10mbit")]
    NoBandwidth,
    /// A real network was combined with external servers.
    #[error("--real-net connects the bundled servers only; it does not reach external servers")]
    RealNetToOthers,
    /// The race cannot run against external servers.
    #[error(transparent)]
    External(#[from] ExternalServersError),
}

fn check_range<T: PartialOrd + ToString>(
    what: &'static str,
    given: T,
    from: T,
    to: T,
) -> Result<(), RaceConfigError> {
    if (&from..=&to).contains(&&given) {
        return Ok(());
    }
    let [given, from, to] = [given, from, to].map(|number| number.to_string());
    Err(RaceConfigError::OutOfRange { what, given, from, to })
}

impl RaceConfig {
    /// Checks whether the configuration can run.
    ///
    /// # Errors
    /// Returns the first invalid option and what is allowed.
    pub fn validate(&self) -> Result<(), RaceConfigError> {
        if self.lanes.is_empty() {
            return Err(RaceConfigError::NoLanes);
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            if self.lanes.iter().take(index).any(|other| other == lane) {
                return Err(RaceConfigError::DuplicateLane(*lane));
            }
        }
        check_range("the payload in bytes", self.payload, 0, MAX_PAYLOAD)?;
        check_range("the number of connections", self.connections, 1, MAX_CONNECTIONS)?;
        check_range(
            "the number of messages in a burst",
            self.messages_per_exchange(),
            1,
            MAX_BURST,
        )?;
        check_range("the number of pairs", self.rounds, 1, 10_000)?;
        if self.link.rtt > MAX_RTT {
            let [given, to] =
                [self.link.rtt, MAX_RTT].map(|trip| (trip.as_secs_f64() * 1e3).to_string());
            let what = "the round trip in ms";
            return Err(RaceConfigError::OutOfRange { what, given, from: "0".to_owned(), to });
        }
        if self.link.jitter > self.link.rtt {
            return Err(RaceConfigError::Jitter);
        }
        if let Some(rate) = self.rate {
            check_range("the rate in exchanges per second", rate, 1, 1_000_000)?;
        }
        if self.link.bandwidth == Some(0) {
            return Err(RaceConfigError::NoBandwidth);
        }
        if self.real_net && self.external.is_some() {
            return Err(RaceConfigError::RealNetToOthers);
        }
        self.external.as_ref().map_or(Ok(()), |external| check_external(external, self))?;
        Ok(())
    }
}

/// Checks whether the lanes can run against external servers.
fn check_external(
    external: &ExternalServers,
    config: &RaceConfig,
) -> Result<(), ExternalServersError> {
    let (http, websocket) = (external.http()?, external.websocket()?);
    for lane in &config.lanes {
        let url_has_tls = match (lane.kind, &http) {
            (kind, _) if kind.is_websocket() => websocket.tls,
            (kind, Some(http)) if kind.is_http() => http.tls,
            (_, Some(_)) => return Err(ExternalServersError::OwnServerOnly(*lane)),
            (_, None) => continue,
        };
        if lane.tls != url_has_tls {
            return Err(ExternalServersError::Tls { lane: *lane, url_has_tls });
        }
    }
    if !config.link.is_ideal() {
        return Err(ExternalServersError::Distance);
    }
    if !config.lanes.iter().any(|lane| external.has_lane(*lane)) {
        return Err(ExternalServersError::NoWebSocketLane);
    }
    let bundled = config.lanes.iter().find(|lane| !external.has_lane(**lane));
    if let Some(lane) = bundled.filter(|_| !is_loopback(&websocket.host)) {
        let authority = websocket.authority();
        return Err(ExternalServersError::UnequalDistance { authority, lane: *lane });
    }
    let remote = http.iter().chain([&websocket]).find(|target| !is_loopback(&target.host));
    match (remote, external.load_limit) {
        (Some(remote), None) => Err(ExternalServersError::NoLoadLimit(remote.authority())),
        (_, Some(load_limit)) => LoadBudget::new(load_limit, config).check(config),
        (None, None) => Ok(()),
    }
}

/// Whether `host` is certainly on this machine. This is narrower than [`crate::net::is_loopback`],
/// because reqwest asks the resolver for names within `localhost`.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::LinkConditions;
    use crate::race::{Lane, LaneKind, LoadLimit};

    fn external_problem(urls: &str, load_limit: Option<LoadLimit>) -> Result<(), RaceConfigError> {
        let external =
            ExternalServers::parse(urls).map(|external| ExternalServers { load_limit, ..external });
        let lanes = vec![Lane::plain(LaneKind::HttpReqwest), Lane::plain(LaneKind::Ws)];
        let external = match external {
            Ok(external) => external,
            Err(error) => return Err(RaceConfigError::External(error)),
        };
        RaceConfig { lanes, external: Some(external), ..RaceConfig::default() }.validate()
    }

    fn refused(urls: &str) -> ExternalServersError {
        match external_problem(urls, None) {
            Err(RaceConfigError::External(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn load_on_other_machines_needs_a_limit() {
        use ExternalServersError::NoLoadLimit;
        assert_eq!(external_problem("http://127.0.0.1:1/echo,ws://[::1]:2/", None), Ok(()));
        assert_eq!(external_problem("http://localhost/,ws://127.9.9.9/", None), Ok(()));
        assert_eq!(
            refused("http://192.168.1.2/,ws://127.0.0.1/"),
            NoLoadLimit("192.168.1.2".to_owned())
        );
        let remote = NoLoadLimit("127.0.0.1.example".to_owned());
        assert_eq!(refused("http://127.0.0.1.example/,ws://127.0.0.1/"), remote);
        assert_eq!(
            remote.to_string(),
            "`127.0.0.1.example` is not on loopback, and a race puts load on it; limit the load, \
             for example: --max-requests 10000 --max-time 30s"
        );
        let load_limit = Some(LoadLimit { requests: 100, time: Duration::from_secs(1) });
        assert_eq!(external_problem("http://192.168.1.2/,ws://127.0.0.1/", load_limit), Ok(()));
    }

    #[test]
    fn a_wrong_url_is_refused_with_an_example() {
        use ExternalServersError::{HttpUrl, NotTwoUrls, Tls, WebSocketUrl};
        assert_eq!(refused("127.0.0.1:80,ws://127.0.0.1/"), HttpUrl("127.0.0.1:80".to_owned()));
        assert!(matches!(refused("http://127.0.0.1/,http://127.0.0.1/"), WebSocketUrl(_)));
        assert_eq!(refused("http://127.0.0.1/"), NotTwoUrls);
        let without = Tls { lane: Lane::plain(LaneKind::HttpReqwest), url_has_tls: true };
        assert_eq!(refused("https://127.0.0.1/,ws://127.0.0.1/"), without);
        assert_eq!(
            without.to_string(),
            "https:// and wss:// URLs need lanes with +tls, but the lane http-reqwest is selected"
        );
    }

    #[test]
    fn the_lanes_without_websocket_keep_their_bundled_servers() {
        use ExternalServersError::{NoWebSocketLane, Tls, UnequalDistance};
        let race = |url: &str, lanes: &[&str]| {
            let lanes = lanes.iter().map(|lane| lane.parse().unwrap()).collect();
            let external = Some(ExternalServers::parse(url).unwrap());
            RaceConfig { lanes, external, ..RaceConfig::default() }
        };
        let ours = "ws://127.0.0.1:9001/";
        let mixed = race(ours, &["tcp", "http-bare+tls", "ws"]);
        assert_eq!(mixed.validate(), Ok(()));
        let external = mixed.lanes.iter().map(|lane| mixed.is_external(*lane));
        assert_eq!(external.collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(mixed.describe_link(), "external WebSocket server (127.0.0.1:9001)");
        assert!(
            mixed.command().ends_with(" --against ws://127.0.0.1:9001/"),
            "{}",
            mixed.command()
        );
        let refused = |config: RaceConfig| match config.validate() {
            Err(RaceConfigError::External(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(race(ours, &["tcp"])), NoWebSocketLane);
        let with_tls = "ws+tls".parse().unwrap();
        let expected = Tls { lane: with_tls, url_has_tls: false };
        assert_eq!(refused(race(ours, &["tcp", "ws+tls"])), expected);
        let (authority, lane) = ("example.com".to_owned(), Lane::plain(LaneKind::Tcp));
        let far = race("ws://example.com/", &["tcp", "ws"]);
        assert_eq!(refused(far), UnequalDistance { authority, lane });
        assert!(matches!(
            refused(race("ws://example.com/", &["ws"])),
            ExternalServersError::NoLoadLimit(_)
        ));
        // With an HTTP URL both servers are external, so no lane has a bundled one.
        let both = format!("http://127.0.0.1:1/,{ours}");
        assert_eq!(
            refused(race(&both, &["tcp", "ws"])),
            ExternalServersError::OwnServerOnly(Lane::plain(LaneKind::Tcp))
        );
    }

    #[test]
    fn a_budget_is_one_of_requests_to_external_servers() {
        let load_limit = Some(LoadLimit { requests: 3, time: Duration::from_secs(1) });
        let external = ExternalServers {
            load_limit,
            ..ExternalServers::websocket_only("ws://127.0.0.1:9001/")
        };
        let lanes = vec![Lane::plain(LaneKind::Tcp), Lane::plain(LaneKind::Ws)];
        let config = RaceConfig { lanes, external: Some(external), ..RaceConfig::default() };
        // One handshake and two messages; the lane tcp needs none.
        assert_eq!(config.validate(), Ok(()));
    }

    fn problem(config: &RaceConfig) -> String {
        config.validate().map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn an_option_out_of_its_range_is_refused() {
        assert_eq!(problem(&RaceConfig::default()), "fine");
        assert!(
            problem(&RaceConfig { payload: MAX_PAYLOAD + 1, ..RaceConfig::default() })
                .contains("from 0 to 1048576")
        );
        assert!(
            problem(&RaceConfig { connections: 257, ..RaceConfig::default() })
                .contains("is 257; it must be from 1 to 256")
        );
        assert!(
            problem(&RaceConfig { lanes: vec![], ..RaceConfig::default() })
                .contains("at least one lane")
        );
        let twice = vec![Lane::plain(LaneKind::Ws), Lane::plain(LaneKind::Ws)];
        assert_eq!(
            problem(&RaceConfig { lanes: twice, ..RaceConfig::default() }),
            "the lane ws appears twice"
        );
        let link = LinkConditions { jitter: Duration::from_millis(1), ..LinkConditions::default() };
        assert!(
            problem(&RaceConfig { link, ..RaceConfig::default() })
                .contains("larger than the round trip")
        );
    }

    #[test]
    fn no_number_wraps_into_its_range() {
        for beyond in [u64::MAX, u64::MAX / 1000, u64::MAX / 1_000_000, 1 << 32] {
            let rtt = Duration::from_millis(beyond);
            let far = RaceConfig {
                link: LinkConditions { rtt, ..LinkConditions::default() },
                ..RaceConfig::default()
            };
            assert!(problem(&far).starts_with("the round trip in ms is "), "{}", problem(&far));
        }
        // 2^64 ms, which wraps to 0 in a u64 of milliseconds.
        let rtt = Duration::from_secs_f64(18_446_744_073_709_551_616.0 / 1000.0);
        let link = LinkConditions { rtt, ..LinkConditions::default() };
        assert!(
            problem(&RaceConfig { link, ..RaceConfig::default() })
                .contains("must be from 0 to 500")
        );
        let rtt = MAX_RTT + Duration::from_nanos(1);
        let link = LinkConditions { rtt, ..LinkConditions::default() };
        assert!(
            problem(&RaceConfig { link, ..RaceConfig::default() })
                .contains("must be from 0 to 500")
        );
        let huge = [
            RaceConfig { payload: usize::MAX, ..RaceConfig::default() },
            RaceConfig { connections: usize::MAX, ..RaceConfig::default() },
            RaceConfig { burst: Some(usize::MAX), ..RaceConfig::default() },
            RaceConfig { rounds: usize::MAX, ..RaceConfig::default() },
            RaceConfig { rate: Some(u32::MAX), ..RaceConfig::default() },
        ];
        for config in huge {
            assert!(problem(&config).contains(" must be from "), "{}", problem(&config));
            // Methods must not panic before the configuration is checked either.
            assert!(
                config.exchange_timeout() >= Duration::from_secs(5)
                    && config.duration() > Duration::ZERO
            );
        }
        let widest =
            LinkConditions { rtt: Duration::MAX, jitter: Duration::MAX, bandwidth: Some(0) };
        let config = RaceConfig {
            payload: usize::MAX,
            connections: usize::MAX,
            link: widest,
            ..RaceConfig::default()
        };
        assert_eq!(config.exchange_timeout(), Duration::MAX);
    }
}
