//! Somebody else's servers: where they are, and how much load they get at most.
//!
//! The contract: a POST to the first gives its body back, a binary WebSocket message to the second comes back as it is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::{Target, TargetError};
use crate::race::{Lane, LaneKind, RaceConfig};

/// Servers that are not ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalServers {
    /// The URL whose POST gives its body back.
    pub http: String,
    /// The URL whose WebSocket gives its messages back.
    pub websocket: String,
    /// The most load; it must be given for anything but loopback.
    pub load_limit: Option<LoadLimit>,
}

/// The most that a server of others is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadLimit {
    /// Requests of all lanes together, those before the first round too: POSTs, opening handshakes and messages.
    pub requests: u64,
    /// From the first slice on.
    pub time: Duration,
}

/// Why a race cannot be run on the servers of others, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExternalServersError {
    /// Something else than two URLs.
    #[error(
        "it takes two URLs with a comma between them, for example http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/"
    )]
    NotTwoUrls,
    /// The first isn't an HTTP URL.
    #[error("`{0}` isn't an HTTP URL; write for example http://127.0.0.1:8080/echo")]
    HttpUrl(String),
    /// The second isn't a WebSocket URL.
    #[error(transparent)]
    WebSocketUrl(#[from] TargetError),
    /// A lane whose protocol only our own servers speak.
    #[error("the lane {0} needs our own server; against others there are the lanes http-* and ws*")]
    OwnServerOnly(Lane),
    /// A lane with TLS and a URL without, or the other way round.
    #[error(
        "a URL with {} wants lanes {} +tls, and {lane} is named",
        if *url_has_tls { "s://" } else { "://" }, if *url_has_tls { "with" } else { "without" }
    )]
    Tls {
        /// The lane.
        lane: Lane,
        /// Whether its URL has TLS.
        url_has_tls: bool,
    },
    /// A modelled distance.
    #[error("a distance is modelled in our own servers; those of others are where they are")]
    Distance,
    /// A server at this authority, which is not on loopback, and no bound of the load.
    #[error(
        "`{0}` is not on loopback, and a race is load; say how much it may be at most: --max-requests 10000 --max-time 30s"
    )]
    NoLoadLimit(String),
    /// A bound that one round does not fit into.
    #[error(
        "--max-requests {given} is too few for one round of these lanes: opening their connections takes {opening}, and \
         {MIN_EXCHANGES} exchanges on each connection take {}; give {least} or more",
        least.saturating_sub(*opening)
    )]
    FewRequests {
        /// The bound.
        given: u64,
        /// The requests that open the connections.
        opening: u64,
        /// The smallest bound that is enough.
        least: u64,
    },
}

impl ExternalServers {
    /// `HTTP_URL,WS_URL`
    ///
    /// # Errors
    /// If there are not two URLs, or one of them isn't of its kind.
    pub fn parse(text: &str) -> Result<Self, ExternalServersError> {
        let (http, websocket) = text.split_once(',').ok_or(ExternalServersError::NotTwoUrls)?;
        let external =
            Self { http: http.trim().to_owned(), websocket: websocket.trim().to_owned(), load_limit: None };
        external.http()?;
        external.websocket()?;
        Ok(external)
    }

    /// Where the POSTs go.
    ///
    /// # Errors
    /// If it isn't an HTTP URL.
    pub fn http(&self) -> Result<Target, ExternalServersError> {
        let url = &self.http;
        let wrong = || ExternalServersError::HttpUrl(url.clone());
        let rest = url.strip_prefix("http").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
        Target::parse(&format!("ws{}", rest.ok_or_else(wrong)?)).map_err(|_| wrong())
    }

    /// Where the messages go.
    ///
    /// # Errors
    /// If it isn't a WebSocket URL.
    pub fn websocket(&self) -> Result<Target, ExternalServersError> {
        Ok(Target::parse(&self.websocket)?)
    }

    /// Both hosts, or the one.
    pub(super) fn hosts(&self) -> String {
        let host = |target: Result<Target, ExternalServersError>| {
            target.map(|target| target.authority()).unwrap_or_default()
        };
        let (http, websocket) = (host(self.http()), host(self.websocket()));
        if http == websocket { http } else { format!("{http} and {websocket}") }
    }

    /// Whether the race can be run on these servers.
    pub(super) fn check(&self, config: &RaceConfig) -> Result<(), ExternalServersError> {
        let (http, websocket) = (self.http()?, self.websocket()?);
        for lane in &config.lanes {
            let tls = match lane.kind {
                kind if kind.is_websocket() => websocket.tls,
                kind if kind.is_http() => http.tls,
                _ => return Err(ExternalServersError::OwnServerOnly(*lane)),
            };
            if lane.tls != tls {
                return Err(ExternalServersError::Tls { lane: *lane, url_has_tls: tls });
            }
        }
        if !config.link.is_ideal() {
            return Err(ExternalServersError::Distance);
        }
        match ([http, websocket].iter().find(|target| !is_loopback(&target.host)), self.load_limit) {
            (Some(remote), None) => Err(ExternalServersError::NoLoadLimit(remote.authority())),
            (_, Some(load_limit)) => LoadBudget::new(load_limit, config).check(config),
            (None, None) => Ok(()),
        }
    }
}

/// The exchanges a connection does at least in a slice that counts.
const MIN_EXCHANGES: u64 = 2;

/// The requests that may still be asked of others' servers, and how they are shared: every lane does as many exchanges
/// in a round as the others, and no round is begun that the rest would not complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoadBudget {
    left: u64,
}

impl LoadBudget {
    /// What is left once the connections of all lanes are open. A lane that does not open has had its part all the same.
    pub(super) fn new(load_limit: LoadLimit, config: &RaceConfig) -> Self {
        Self { left: load_limit.requests.saturating_sub(to_open(config)) }
    }

    /// Whether it is enough for one round.
    fn check(self, config: &RaceConfig) -> Result<(), ExternalServersError> {
        let opening = to_open(config);
        let least = opening.saturating_add(to_complete(config, &config.lanes));
        if self.left >= to_complete(config, &config.lanes) {
            return Ok(());
        }
        let given = config
            .external
            .as_ref()
            .and_then(|external| external.load_limit)
            .map_or(0, |load_limit| load_limit.requests);
        Err(ExternalServersError::FewRequests { given, opening, least })
    }

    /// The exchanges that each of `lanes` may do in its warm-up; what a round needs is kept for it.
    pub(super) fn warm_up(self, config: &RaceConfig, lanes: &[Lane]) -> u64 {
        let spare = self.left.saturating_sub(to_complete(config, lanes));
        exchanges(spare.min(self.share(config.pairs.saturating_add(1))), config, lanes)
    }

    /// The exchanges that each of `lanes` may do in the next round, of so many that are still to come; none if the rest
    /// would not complete it.
    pub(super) fn round(self, config: &RaceConfig, lanes: &[Lane], rounds: usize) -> Option<u64> {
        let least = to_complete(config, lanes);
        (self.left >= least).then(|| exchanges(self.share(rounds).max(least), config, lanes))
    }

    /// These exchanges were done, or may have been.
    pub(super) fn spend(&mut self, exchanges: u64, config: &RaceConfig, lane: Lane) {
        self.left = self.left.saturating_sub(exchanges.saturating_mul(per_exchange(config, lane)));
    }

    fn share(self, parts: usize) -> u64 {
        self.left.checked_div(parts as u64).unwrap_or(self.left)
    }
}

/// The requests of one exchange: its messages, and where each has a connection of its own, an opening handshake each.
fn per_exchange(config: &RaceConfig, lane: Lane) -> u64 {
    let each = if lane.kind == LaneKind::WsNew { 2 } else { 1 };
    (config.messages_per_exchange() as u64).saturating_mul(each)
}

/// The requests of one exchange in each of the lanes.
fn of_all(config: &RaceConfig, lanes: &[Lane]) -> u64 {
    lanes.iter().fold(0, |sum, lane| sum.saturating_add(per_exchange(config, *lane)))
}

/// How many exchanges each of the lanes can do with so many requests.
fn exchanges(requests: u64, config: &RaceConfig, lanes: &[Lane]) -> u64 {
    requests.checked_div(of_all(config, lanes)).unwrap_or(0)
}

/// The requests of the smallest round.
fn to_complete(config: &RaceConfig, lanes: &[Lane]) -> u64 {
    let each = MIN_EXCHANGES.saturating_mul(config.connections as u64);
    of_all(config, lanes).saturating_mul(each)
}

/// The requests that open the connections: a WebSocket has its opening handshake, and reqwest opens a connection by an
/// exchange.
fn to_open(config: &RaceConfig) -> u64 {
    let of = |lane: &Lane| match lane.kind {
        LaneKind::Ws | LaneKind::WsPipelined => 1,
        LaneKind::HttpReqwest => per_exchange(config, *lane),
        _ => 0,
    };
    let each = config.lanes.iter().fold(0, |sum: u64, lane| sum.saturating_add(of(lane)));
    each.saturating_mul(config.connections as u64)
}

/// Narrower than [`crate::net::is_loopback`]: reqwest asks the resolver for names in `localhost`.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl fmt::Display for ExternalServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.http, self.websocket)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "the numbers are this test's own")]
    use super::*;
    use crate::race::RaceConfigError;

    fn problem(urls: &str, load_limit: Option<LoadLimit>) -> Result<(), RaceConfigError> {
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
        match problem(urls, None) {
            Err(RaceConfigError::External(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn load_goes_elsewhere_only_within_a_bound() {
        use ExternalServersError::NoLoadLimit;
        assert_eq!(problem("http://127.0.0.1:1/echo,ws://[::1]:2/", None), Ok(()));
        assert_eq!(problem("http://localhost/,ws://127.9.9.9/", None), Ok(()));
        assert_eq!(refused("http://192.168.1.2/,ws://127.0.0.1/"), NoLoadLimit("192.168.1.2".to_owned()));
        let remote = NoLoadLimit("127.0.0.1.example".to_owned());
        assert_eq!(refused("http://127.0.0.1.example/,ws://127.0.0.1/"), remote);
        assert_eq!(
            remote.to_string(),
            "`127.0.0.1.example` is not on loopback, and a race is load; say how much it may be at most: \
             --max-requests 10000 --max-time 30s"
        );
        let load_limit = Some(LoadLimit { requests: 100, time: Duration::from_secs(1) });
        assert_eq!(problem("http://192.168.1.2/,ws://127.0.0.1/", load_limit), Ok(()));
    }

    fn config(kinds: &[LaneKind], connections: usize, burst: Option<usize>, requests: u64) -> RaceConfig {
        let lanes = kinds.iter().copied().map(Lane::plain).collect();
        let external = ExternalServers::parse("http://127.0.0.1/,ws://127.0.0.1/").unwrap();
        let load_limit = Some(LoadLimit { requests, time: Duration::from_secs(1) });
        RaceConfig {
            lanes,
            connections,
            burst,
            external: Some(ExternalServers { load_limit, ..external }),
            ..RaceConfig::default()
        }
    }

    const USUAL: [LaneKind; 3] = [LaneKind::HttpHyper, LaneKind::HttpReqwest, LaneKind::Ws];

    #[test]
    fn a_bound_that_no_round_fits_into_is_refused_with_one_that_will_do() {
        for (connections, burst, least) in
            [(1, None, 8), (8, None, 64), (1, Some(10), 71), (8, Some(10), 568)]
        {
            let checked = |requests| config(&USUAL, connections, burst, requests).validate();
            assert_eq!(checked(least), Ok(()));
            let Err(RaceConfigError::External(error)) = checked(least - 1) else { panic!("{least}") };
            let ExternalServersError::FewRequests { given, least: enough, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!((given, enough), (least - 1, least));
            assert!(error.to_string().ends_with(&format!("give {least} or more")), "{error}");
            assert!(checked(0).is_err() && checked(1).is_err());
            assert_eq!(checked(u64::MAX), Ok(()));
        }
    }

    proptest::proptest! {
        /// Whatever the lanes make of what they may do: no more is asked for than allowed, and one round is complete.
        #[test]
        fn a_budget_is_never_exceeded_and_completes_a_round(
            kinds in proptest::sample::subsequence(LaneKind::ALL.iter().copied().filter(|kind| kind.is_http() || kind.is_websocket()).collect::<Vec<_>>(), 1..7),
            connections in 1_usize..20,
            burst in proptest::option::of(1_usize..20),
            pairs in 1_usize..20,
            more in 0_u64..5000,
            part in proptest::collection::vec(0_u64..=4, 200),
        ) {
            let least = {
                let config = config(&kinds, connections, burst, 0);
                to_open(&config) + to_complete(&config, &config.lanes)
            };
            let config = RaceConfig { pairs, ..config(&kinds, connections, burst, least + more) };
            proptest::prop_assert!(config.validate().is_ok());
            let load_limit = config.external.as_ref().unwrap().load_limit.unwrap();
            let mut budget = LoadBudget::new(load_limit, &config);
            let mut asked = to_open(&config);
            let mut part = part.into_iter().cycle();
            let mut slice = |budget: &mut LoadBudget, most: u64, lane: Lane| {
                let done = most * part.next().unwrap_or(4) / 4;
                budget.spend(done, &config, lane);
                asked += done * per_exchange(&config, lane);
            };
            let most = budget.warm_up(&config, &config.lanes);
            config.lanes.iter().for_each(|lane| slice(&mut budget, most, *lane));
            let mut rounds = 0;
            while rounds < pairs && let Some(most) = budget.round(&config, &config.lanes, pairs - rounds) {
                proptest::prop_assert!(most >= 2 * connections as u64);
                config.lanes.iter().for_each(|lane| slice(&mut budget, most, *lane));
                rounds += 1;
            }
            proptest::prop_assert!(rounds >= 1);
            proptest::prop_assert!(asked <= load_limit.requests, "{} of {}", asked, load_limit.requests);
        }
    }

    #[test]
    fn a_wrong_url_is_refused_with_a_right_one() {
        use ExternalServersError::{HttpUrl, NotTwoUrls, Tls, WebSocketUrl};
        assert_eq!(refused("127.0.0.1:80,ws://127.0.0.1/"), HttpUrl("127.0.0.1:80".to_owned()));
        assert!(matches!(refused("http://127.0.0.1/,http://127.0.0.1/"), WebSocketUrl(_)));
        assert_eq!(refused("http://127.0.0.1/"), NotTwoUrls);
        let without = Tls { lane: Lane::plain(LaneKind::HttpReqwest), url_has_tls: true };
        assert_eq!(refused("https://127.0.0.1/,ws://127.0.0.1/"), without);
        assert_eq!(without.to_string(), "a URL with s:// wants lanes with +tls, and http-reqwest is named");
    }
}
