//! [`LoadBudget`]: the requests that external servers may still get, shared fairly among the lanes.

use crate::race::config::external_servers::{ExternalServersError, LoadLimit, MIN_EXCHANGES};
use crate::race::config::lane::{Lane, LaneKind};
use crate::race::config::race_config::RaceConfig;

/// The requests that external servers may still get. In a round every lane does the same number of
/// exchanges. A round begins only if the remaining requests suffice to complete it.
#[derive(Clone, Copy, Debug)]
pub(in crate::race) struct LoadBudget {
    left: u64,
}

impl LoadBudget {
    /// Creates the budget that is left once the connections of all lanes are open. A lane that
    /// failed to open has used its share all the same.
    pub(in crate::race) fn new(load_limit: LoadLimit, config: &RaceConfig) -> Self {
        Self { left: load_limit.requests.saturating_sub(to_open(config)) }
    }

    /// Checks that the budget suffices for one round.
    pub(in crate::race) fn check(self, config: &RaceConfig) -> Result<(), ExternalServersError> {
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

    /// Returns how many exchanges each of `lanes` may do in its warm-up. What one round needs is
    /// held back.
    pub(in crate::race) fn warm_up(self, config: &RaceConfig, lanes: &[Lane]) -> u64 {
        // The warm-up counts as one more round.
        let spare = self.left.saturating_sub(to_complete(config, lanes));
        exchanges(spare.min(self.share(config.rounds.saturating_add(1))), config, lanes)
    }

    /// Returns how many exchanges each of `lanes` may do in the next round, if `rounds` are still
    /// to come. Returns `None` if the budget cannot complete the round.
    pub(in crate::race) fn round(
        self,
        config: &RaceConfig,
        lanes: &[Lane],
        rounds: usize,
    ) -> Option<u64> {
        let least = to_complete(config, lanes);
        (self.left >= least).then(|| exchanges(self.share(rounds).max(least), config, lanes))
    }

    /// Subtracts exchanges that were done, or may have been.
    pub(in crate::race) fn spend(&mut self, exchanges: u64, config: &RaceConfig, lane: Lane) {
        self.left = self.left.saturating_sub(exchanges.saturating_mul(per_exchange(config, lane)));
    }

    fn share(self, parts: usize) -> u64 {
        self.left.checked_div(parts as u64).unwrap_or(self.left)
    }
}

/// Returns the requests to external servers of one exchange: its messages, plus an opening handshake
/// for each message that opens a WebSocket.
fn per_exchange(config: &RaceConfig, lane: Lane) -> u64 {
    if !config.is_external(lane) {
        return 0;
    }
    let each = if lane.kind == LaneKind::WsNew { 2 } else { 1 };
    (config.messages_per_exchange() as u64).saturating_mul(each)
}

/// Returns the requests of one exchange in each of the lanes.
fn of_all(config: &RaceConfig, lanes: &[Lane]) -> u64 {
    lanes.iter().fold(0, |sum, lane| sum.saturating_add(per_exchange(config, *lane)))
}

/// Returns how many exchanges each of the lanes can do with `requests`.
fn exchanges(requests: u64, config: &RaceConfig, lanes: &[Lane]) -> u64 {
    requests.checked_div(of_all(config, lanes)).unwrap_or(0)
}

/// Returns the requests of the smallest round.
fn to_complete(config: &RaceConfig, lanes: &[Lane]) -> u64 {
    let each = MIN_EXCHANGES.saturating_mul(config.connections as u64);
    of_all(config, lanes).saturating_mul(each)
}

/// Returns the requests that open the connections: a WebSocket needs its opening handshake, and
/// reqwest opens a connection by an exchange.
fn to_open(config: &RaceConfig) -> u64 {
    let of = |lane: &Lane| match lane.kind {
        _ if !config.is_external(*lane) => 0,
        LaneKind::Ws | LaneKind::WsPipelined => 1,
        LaneKind::HttpReqwest => per_exchange(config, *lane),
        _ => 0,
    };
    let each = config.lanes.iter().fold(0, |sum: u64, lane| sum.saturating_add(of(lane)));
    each.saturating_mul(config.connections as u64)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "the numbers are this test's own")]
    use std::time::Duration;

    use super::*;
    use crate::race::{ExternalServers, RaceConfigError};

    fn config(
        kinds: &[LaneKind],
        connections: usize,
        burst: Option<usize>,
        requests: u64,
    ) -> RaceConfig {
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
    fn a_limit_below_one_round_is_refused_with_one_that_suffices() {
        for (connections, burst, least) in
            [(1, None, 8), (8, None, 64), (1, Some(10), 71), (8, Some(10), 568)]
        {
            let checked = |requests| config(&USUAL, connections, burst, requests).validate();
            assert_eq!(checked(least), Ok(()));
            let Err(RaceConfigError::External(error)) = checked(least - 1) else {
                panic!("{least}")
            };
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
        /// However many of the permitted exchanges the lanes do, the limit holds and one round is
        /// completed.
        #[test]
        fn a_budget_is_never_exceeded_and_completes_a_round(
            kinds in proptest::sample::subsequence(LaneKind::ALL.iter().copied().filter(|kind| kind.is_http() || kind.is_websocket()).collect::<Vec<_>>(), 1..7),
            connections in 1_usize..20,
            burst in proptest::option::of(1_usize..20),
            max_rounds in 1_usize..20,
            more in 0_u64..5000,
            part in proptest::collection::vec(0_u64..=4, 200),
        ) {
            let least = {
                let config = config(&kinds, connections, burst, 0);
                to_open(&config) + to_complete(&config, &config.lanes)
            };
            let config = config(&kinds, connections, burst, least + more);
            let config = RaceConfig { rounds: max_rounds, ..config };
            proptest::prop_assert!(config.validate().is_ok());
            let load_limit = config.external.as_ref().unwrap().load_limit.unwrap();
            let mut budget = LoadBudget::new(load_limit, &config);
            let mut asked = to_open(&config);
            let mut part = part.into_iter().cycle();
            let mut slice = |budget: &mut LoadBudget, allowance: u64, lane: Lane| {
                let done = allowance * part.next().unwrap_or(4) / 4;
                budget.spend(done, &config, lane);
                asked += done * per_exchange(&config, lane);
            };
            let allowance = budget.warm_up(&config, &config.lanes);
            config.lanes.iter().for_each(|lane| slice(&mut budget, allowance, *lane));
            let mut rounds = 0;
            while rounds < max_rounds
                && let Some(allowance) =
                    budget.round(&config, &config.lanes, max_rounds - rounds)
            {
                proptest::prop_assert!(allowance >= 2 * connections as u64);
                config.lanes.iter().for_each(|lane| slice(&mut budget, allowance, *lane));
                rounds += 1;
            }
            proptest::prop_assert!(rounds >= 1);
            proptest::prop_assert!(asked <= load_limit.requests, "{} of {}", asked, load_limit.requests);
        }
    }
}
