//! What a race has shown: figures by lane, ratios, where the time goes, whether it counts, and a
//! sentence.
//!
//! Nothing here is measured; it is worked out from what was.

use std::time::Duration;

use crate::measure::{Drift, HistogramSummary, Ratio, RatioVerdict, median, paired_ratio};
use crate::race::{Lane, LaneKind, ListenDrops, Machine, RaceConfig};

/// A lane's figures so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneStats {
    /// Which lane.
    pub lane: Lane,
    /// The times of its exchanges; at a fixed rate from when they were due.
    pub times: HistogramSummary,
    /// At a fixed rate: the times from when they really began.
    pub service_times: Option<HistogramSummary>,
    /// The median of its slices' medians, in seconds.
    pub median: Option<f64>,
    /// The median of each round, in seconds; `None` where it did not run.
    pub round_medians: Vec<Option<f64>>,
    /// The share of exchanges in each eighth of a doubling: its lower end, and 0 to 1.
    pub shares: Vec<(Duration, f64)>,
    /// The same of `service_times`.
    pub service_time_shares: Vec<(Duration, f64)>,
    /// The time it has run, warm-up not counted.
    pub running_time: Duration,
    /// Bytes an exchange from client to server and back, counted at the server's sockets as TCP
    /// payload; `None` if the server is not ours, or no slice is complete yet.
    pub bytes: Option<(f64, f64)>,
    /// What its client used for an exchange.
    pub client: Option<ExchangeCost>,
    /// What its server used for an exchange.
    pub server: Option<ExchangeCost>,
    /// Why it takes no further part.
    pub failure: Option<String>,
}

/// What an end uses for an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExchangeCost {
    /// CPU time, in seconds; `None` where the system does not tell.
    pub cpu: Option<f64>,
    /// Allocations; `None` where nobody counts them.
    pub allocations: Option<f64>,
}

impl LaneStats {
    /// Exchanges a second while the lane ran; 0 before it did.
    pub fn rate(&self) -> f64 {
        if self.running_time.is_zero() {
            0.0
        } else {
            self.times.count as f64 / self.running_time.as_secs_f64()
        }
    }
}

/// A lane's time by the base's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneRatio {
    /// Whose time.
    pub lane: Lane,
    /// By whose.
    pub baseline: Lane,
    /// The ratio; above 1 the lane takes longer.
    pub ratio: Ratio,
}

/// One slice as it was run.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceRecord {
    /// Whose.
    pub lane: Lane,
    /// In which round; they begin with 0.
    pub round: usize,
    /// At which place of the round; places begin with 0.
    pub position: usize,
    /// From its beginning to the end of its last exchange.
    pub took: Duration,
    /// The times of its exchanges.
    pub summary: HistogramSummary,
    /// The same in full: nanoseconds, and how often.
    pub times: Vec<(u64, u64)>,
}

/// A step from one lane up to the next: what that layer costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LayerCost {
    /// What is added, in words.
    pub layer: &'static str,
    /// The median of the rounds' differences, in seconds.
    pub cost: f64,
}

/// The gap between what people write: of which steps it consists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GapBreakdown {
    /// From the WebSocket to reqwest, in seconds.
    pub gap: f64,
    /// The steps on the way.
    pub layers: [LayerCost; 3],
}

/// The end of a race.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RaceOutcome {
    /// What was run.
    pub config: RaceConfig,
    /// Where.
    pub machine: Machine,
    /// Both ends of all lanes were where the placement puts them.
    pub pinned: bool,
    /// The lanes in the order of the configuration.
    pub lanes: Vec<LaneStats>,
    /// One for each lane that ran together with the base.
    pub ratios: Vec<LaneRatio>,
    /// Every slice, in the order in which they ran.
    pub slices: Vec<SliceRecord>,
    /// The share of the CPUs that others had, 0 to 1; `None` where it is not known.
    pub foreign_cpu: Option<f64>,
    /// The connections that the kernel lost where the servers are; `None` where it is not known.
    pub lost: Option<ListenDrops>,
    /// How far the floor has drifted.
    pub drift: Drift,
    /// Why the run does not count; empty if it does.
    pub invalid_because: Vec<String>,
}

/// The paired ratios of all lanes that have run beside the base.
pub fn ratios(config: &RaceConfig, lanes: &[LaneStats]) -> Vec<LaneRatio> {
    let baseline = config.baseline();
    let Some(baseline_stats) = lanes.iter().find(|stats| stats.lane == baseline) else {
        return Vec::new();
    };
    let paired = |stats: &LaneStats| {
        let pairs: Vec<(f64, f64)> = pairs(stats, baseline_stats).collect();
        paired_ratio(&pairs, config.seed).map(|ratio| LaneRatio {
            lane: stats.lane,
            baseline,
            ratio,
        })
    };
    lanes.iter().filter_map(paired).collect()
}

/// The medians of the rounds in which both have run.
fn pairs<'a>(a: &'a LaneStats, b: &'a LaneStats) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.round_medians.iter().zip(&b.round_medians).filter_map(|(a, b)| a.zip(*b))
}

/// Where the time goes between the WebSocket and reqwest; `None` unless all lanes on the way have
/// run.
pub(crate) fn gap_breakdown(lanes: &[LaneStats], tls: bool) -> Option<GapBreakdown> {
    let find = |kind| lanes.iter().find(|stats| stats.lane == Lane { kind, tls });
    let difference = |upper: &LaneStats, lower: &LaneStats| {
        let mut differences: Vec<f64> =
            pairs(upper, lower).map(|(upper, lower)| upper - lower).collect();
        (!differences.is_empty()).then(|| median(&mut differences))
    };
    let (ws, bare) = (find(LaneKind::Ws)?, find(LaneKind::HttpBare)?);
    let (hyper, reqwest) = (find(LaneKind::HttpHyper)?, find(LaneKind::HttpReqwest)?);
    let step = |layer, upper, lower| Some(LayerCost { layer, cost: difference(upper, lower)? });
    Some(GapBreakdown {
        gap: difference(reqwest, ws)?,
        layers: [
            step("protocol", bare, ws)?,
            step("HTTP library", hyper, bare)?,
            step("reqwest", reqwest, hyper)?,
        ],
    })
}

impl RaceOutcome {
    /// Whether the run counts.
    pub fn is_valid(&self) -> bool {
        self.invalid_because.is_empty()
    }

    /// The ratio that the talk is about: reqwest's, or that of whoever is slowest beside the base.
    pub fn headline(&self) -> Option<LaneRatio> {
        headline(&self.ratios)
    }

    /// Where both ends really ran: the placement, or `unpinned` where pinning has failed.
    pub fn placement(&self) -> &'static str {
        use crate::race::Placement::{OneCpu, OwnCpus, Unpinned};
        match self.config.placement {
            OwnCpus | OneCpu if !self.pinned => Unpinned.name(),
            placement => placement.name(),
        }
    }

    /// The result in one sentence, with its conditions.
    pub fn summary(&self) -> String {
        if !self.is_valid() {
            return format!("This run does not count: {}.", self.invalid_because.join("; "));
        }
        let Some(LaneRatio { lane, baseline: base, ratio }) = self.headline() else {
            return "Nothing was compared.".to_owned();
        };
        let about = self.placement().parse().map_or("", crate::race::Placement::description);
        let interval =
            format!("95 % interval {:.2} to {:.2}, {} pairs", ratio.low, ratio.high, ratio.pairs);
        let conditions = format!("{}, {about}", self.config.conditions());
        let median = ratio.median;
        match ratio.verdict() {
            RatioVerdict::NoDifference => format!(
                "No difference worth the name between {lane} and {base}: {median:.2} times \
                 ({interval}); {conditions}."
            ),
            RatioVerdict::Slower => {
                format!(
                    "{lane} takes {median:.2} times as long as {base} ({interval}); {conditions}."
                )
            }
            RatioVerdict::Faster => {
                format!(
                    "{lane} takes only {median:.2} of {base}'s time ({interval}); {conditions}."
                )
            }
        }
    }
}

/// The ratio that the talk is about among these: reqwest's, or that of whoever is farthest from 1.
pub(crate) fn headline(ratios: &[LaneRatio]) -> Option<LaneRatio> {
    let others = || ratios.iter().filter(|of| of.lane != of.baseline);
    let written = others().find(|of| of.lane.kind == LaneKind::HttpReqwest);
    let distance = |of: &LaneRatio| of.ratio.median.ln().abs();
    written.or_else(|| others().max_by(|a, b| distance(a).total_cmp(&distance(b)))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::Placement;

    fn stats(kind: LaneKind, micros: &[f64]) -> LaneStats {
        let medians = micros.iter().map(|us| Some(us / 1e6)).collect();
        LaneStats { lane: Lane::plain(kind), round_medians: medians, ..LaneStats::default() }
    }

    fn outcome(ratios: Vec<LaneRatio>, invalid: &[&str]) -> RaceOutcome {
        let invalid_because = invalid.iter().map(|&reason| reason.to_owned()).collect();
        RaceOutcome {
            config: RaceConfig { placement: Placement::OwnCpus, ..RaceConfig::default() },
            pinned: true,
            ratios,
            invalid_because,
            ..RaceOutcome::default()
        }
    }

    fn of(kind: LaneKind, median: f64, low: f64, high: f64) -> LaneRatio {
        let ratio = Ratio { median, low, high, pairs: 15 };
        LaneRatio { lane: Lane::plain(kind), baseline: Lane::plain(LaneKind::Ws), ratio }
    }

    #[test]
    fn the_sentence_carries_its_conditions() {
        let lanes =
            vec![of(LaneKind::Tcp, 0.97, 0.96, 0.98), of(LaneKind::HttpReqwest, 1.47, 1.45, 1.49)];
        assert_eq!(
            outcome(lanes.clone(), &[]).summary(),
            "http-reqwest takes 1.47 times as long as ws (95 % interval 1.45 to 1.49, 15 pairs); \
             32 bytes there and back, one connection each, loopback, each end on its own CPU."
        );
        let unpinned = RaceOutcome { pinned: false, ..outcome(lanes, &[]) };
        assert!(unpinned.summary().ends_with("both ends unpinned."), "{}", unpinned.summary());
        let same = outcome(vec![of(LaneKind::HttpHyper, 1.03, 0.98, 1.08)], &[]).summary();
        assert!(
            same.starts_with("No difference worth the name between http-hyper and ws: 1.03"),
            "{same}"
        );
        let less = outcome(vec![of(LaneKind::HttpReqwest, 0.59, 0.5, 0.6)], &[]).summary();
        assert!(less.starts_with("http-reqwest takes only 0.59 of ws's time"), "{less}");
        assert_eq!(
            outcome(vec![], &["the server left"]).summary(),
            "This run does not count: the server left."
        );
    }

    #[test]
    fn ratios_are_of_rounds_that_both_have_run() {
        let mut halved = stats(LaneKind::HttpReqwest, &[140.0, 150.0, 160.0]);
        halved.round_medians[1] = None;
        let lanes = [halved, stats(LaneKind::Ws, &[100.0, 1.0, 100.0])];
        let found = ratios(&RaceConfig::default(), &lanes);
        assert_eq!((found[0].ratio.pairs, found[1].ratio.pairs), (2, 3));
        assert!((found[0].ratio.median - 1.5).abs() < 1e-9);
        assert!((found[1].ratio.median - 1.0).abs() < 1e-9, "the base by itself is 1");
    }

    #[test]
    fn the_gap_is_split_by_the_lanes_between() {
        let lanes = [
            stats(LaneKind::HttpBare, &[90.0, 91.0, 90.0]),
            stats(LaneKind::HttpHyper, &[112.0, 113.0, 112.0]),
            stats(LaneKind::HttpReqwest, &[133.0, 134.0, 133.0]),
            stats(LaneKind::Ws, &[90.0, 91.0, 90.0]),
        ];
        let split = gap_breakdown(&lanes, false).unwrap();
        let micros = |seconds: f64| (seconds * 1e6).round();
        assert_eq!(split.layers.map(|step| micros(step.cost) as i64), [0, 22, 21]);
        assert!((split.gap * 1e6 - 43.0).abs() < 0.1);
        assert_eq!(
            super::gap_breakdown(&lanes[1..], false),
            None,
            "a step without a lane is not guessed"
        );
    }

    #[test]
    fn a_rate_is_exchanges_by_the_time_the_lane_ran() {
        let times = HistogramSummary { count: 50, ..HistogramSummary::default() };
        let stats =
            LaneStats { times, running_time: Duration::from_millis(500), ..LaneStats::default() };
        assert!((stats.rate() - 100.0).abs() < 1e-9);
    }
}
