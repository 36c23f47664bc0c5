//! What a race has shown: figures for each lane, ratios, where the time goes, whether the run
//! counts, and a sentence.
//!
//! Nothing here measures; everything is computed from samples.

use std::time::Duration;

use crate::measure::{Drift, HistogramSummary, Ratio, RatioVerdict, median, paired_ratio};
use crate::race::{Lane, LaneKind, ListenDrops, Machine, RaceConfig};

/// The figures of a lane so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneStats {
    /// The lane that the figures belong to.
    pub lane: Lane,
    /// The times of its exchanges. At a fixed rate they count from when an exchange was due.
    pub times: HistogramSummary,
    /// The times from when exchanges really began; `None` unless the rate is fixed.
    pub service_times: Option<HistogramSummary>,
    /// The median of its slices' medians in seconds; `None` before the first slice.
    pub median: Option<f64>,
    /// The median of each round in seconds; `None` for a round in which the lane did not run.
    pub round_medians: Vec<Option<f64>>,
    /// The share of exchanges in each eighth of an octave: the lower end of the bucket, and the
    /// share from 0 to 1.
    pub shares: Vec<(Duration, f64)>,
    /// The same shares for `service_times`.
    pub service_time_shares: Vec<(Duration, f64)>,
    /// The time for which it has run, without the warm-up.
    pub running_time: Duration,
    /// The bytes per exchange from client to server and back, counted as TCP payload at the
    /// server's sockets. `None` for an external server, or before the first complete slice.
    pub bytes: Option<(f64, f64)>,
    /// The cost of an exchange in the client's process.
    pub client: Option<ExchangeCost>,
    /// The cost of an exchange in the server's process.
    pub server: Option<ExchangeCost>,
    /// Why the lane takes no further part; `None` while it does.
    pub failure: Option<String>,
}

/// The cost of an exchange in one process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExchangeCost {
    /// The CPU time in seconds; `None` if the system does not provide it.
    pub cpu: Option<f64>,
    /// The number of allocations; `None` if nothing counts them.
    pub allocations: Option<f64>,
}

impl LaneStats {
    /// Returns exchanges per second while the lane ran, 0 before it has run.
    pub fn rate(&self) -> f64 {
        if self.running_time.is_zero() {
            0.0
        } else {
            self.times.count as f64 / self.running_time.as_secs_f64()
        }
    }
}

/// The time of a lane divided by that of the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneRatio {
    /// The lane whose time is the numerator.
    pub lane: Lane,
    /// The lane whose time is the denominator.
    pub baseline: Lane,
    /// The ratio. Above 1 the lane takes longer.
    pub ratio: Ratio,
}

/// A slice that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceRecord {
    /// The lane that ran.
    pub lane: Lane,
    /// The round, from 0.
    pub round: usize,
    /// The position within the round, from 0.
    pub position: usize,
    /// The time from the start of the slice to the end of its last exchange.
    pub took: Duration,
    /// The summary of its exchanges' times.
    pub summary: HistogramSummary,
    /// All its times, as pairs of nanoseconds and how often that time occurred.
    pub time_counts: Vec<(u64, u64)>,
}

/// The cost of one layer: the difference between a lane and the next lower one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LayerCost {
    /// The name of the layer that is added.
    pub layer: &'static str,
    /// The median of the rounds' differences in seconds.
    pub cost: f64,
}

/// The gap between reqwest and the open WebSocket, divided into layers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GapLayers {
    /// The gap in seconds.
    pub gap: f64,
    /// The layers that make up the gap, from the WebSocket upwards.
    pub layers: [LayerCost; 3],
}

/// The outcome of a race.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RaceOutcome {
    /// The configuration that was run.
    pub config: RaceConfig,
    /// The machine on which it ran.
    pub machine: Machine,
    /// Whether both ends of all lanes ran on the CPUs that the placement assigns.
    pub pinned: bool,
    /// The lanes in the order of the configuration.
    pub lanes: Vec<LaneStats>,
    /// One ratio for each lane that ran together with the baseline.
    pub ratios: Vec<LaneRatio>,
    /// Every slice, in the order in which they ran.
    pub slices: Vec<SliceRecord>,
    /// The share of the CPUs that other programs used, 0 to 1; `None` if unknown.
    pub foreign_cpu: Option<f64>,
    /// The connections that the kernel dropped at the servers' listeners; `None` if unknown.
    pub listen_drops: Option<ListenDrops>,
    /// The drift of the floor.
    pub drift: Drift,
    /// The reasons why the run does not count; empty if it does.
    pub invalid_because: Vec<String>,
}

/// Returns the paired ratio of every lane that ran beside the baseline.
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

/// Returns the medians of the rounds in which both lanes ran.
fn pairs<'a>(a: &'a LaneStats, b: &'a LaneStats) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.round_medians.iter().zip(&b.round_medians).filter_map(|(a, b)| a.zip(*b))
}

/// Divides the gap between reqwest and the WebSocket into layers. Returns `None` unless all four
/// lanes have run.
pub(crate) fn gap_layers(lanes: &[LaneStats], tls: bool) -> Option<GapLayers> {
    let find = |kind| lanes.iter().find(|stats| stats.lane == Lane { kind, tls });
    let difference = |upper: &LaneStats, lower: &LaneStats| {
        // Differences are formed round by round, so that a slow phase of the machine affects both
        // sides.
        let mut differences: Vec<f64> =
            pairs(upper, lower).map(|(upper, lower)| upper - lower).collect();
        (!differences.is_empty()).then(|| median(&mut differences))
    };
    let (ws, bare) = (find(LaneKind::Ws)?, find(LaneKind::HttpBare)?);
    let (hyper, reqwest) = (find(LaneKind::HttpHyper)?, find(LaneKind::HttpReqwest)?);
    let layer_cost =
        |layer, upper, lower| Some(LayerCost { layer, cost: difference(upper, lower)? });
    Some(GapLayers {
        gap: difference(reqwest, ws)?,
        layers: [
            layer_cost("protocol", bare, ws)?,
            layer_cost("HTTP library", hyper, bare)?,
            layer_cost("reqwest", reqwest, hyper)?,
        ],
    })
}

impl RaceOutcome {
    /// Whether the run counts.
    pub fn is_valid(&self) -> bool {
        self.invalid_because.is_empty()
    }

    /// Returns the ratio that the talk is about: that of reqwest, or otherwise the one farthest
    /// from 1.
    pub fn headline(&self) -> Option<LaneRatio> {
        headline(&self.ratios)
    }

    /// Returns where both ends really ran: the placement, or `unpinned` if pinning failed.
    pub fn placement(&self) -> &'static str {
        use crate::race::Placement::{OneCpu, OwnCpus, Unpinned};
        match self.config.placement {
            OwnCpus | OneCpu if !self.pinned => Unpinned.name(),
            placement => placement.name(),
        }
    }

    /// Returns the result and its conditions as one sentence.
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

/// Returns the ratio among these that the talk is about: that of reqwest, or otherwise the one
/// farthest from 1.
pub(crate) fn headline(ratios: &[LaneRatio]) -> Option<LaneRatio> {
    let others = || ratios.iter().filter(|of| of.lane != of.baseline);
    let written = others().find(|of| of.lane.kind == LaneKind::HttpReqwest);
    // On a logarithmic scale, 1/2 is as far from 1 as 2.
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
    fn the_sentence_contains_its_conditions() {
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
    fn ratios_use_rounds_in_which_both_ran() {
        let mut halved = stats(LaneKind::HttpReqwest, &[140.0, 150.0, 160.0]);
        halved.round_medians[1] = None;
        let lanes = [halved, stats(LaneKind::Ws, &[100.0, 1.0, 100.0])];
        let found = ratios(&RaceConfig::default(), &lanes);
        assert_eq!((found[0].ratio.pairs, found[1].ratio.pairs), (2, 3));
        assert!((found[0].ratio.median - 1.5).abs() < 1e-9);
        assert!((found[1].ratio.median - 1.0).abs() < 1e-9, "the baseline by itself is 1");
    }

    #[test]
    fn the_gap_is_divided_by_the_lanes_between() {
        let lanes = [
            stats(LaneKind::HttpBare, &[90.0, 91.0, 90.0]),
            stats(LaneKind::HttpHyper, &[112.0, 113.0, 112.0]),
            stats(LaneKind::HttpReqwest, &[133.0, 134.0, 133.0]),
            stats(LaneKind::Ws, &[90.0, 91.0, 90.0]),
        ];
        let GapLayers { gap, layers } = gap_layers(&lanes, false).unwrap();
        let micros = |seconds: f64| (seconds * 1e6).round();
        assert_eq!(layers.map(|layer| micros(layer.cost) as i64), [0, 22, 21]);
        assert!((gap * 1e6 - 43.0).abs() < 0.1);
        assert_eq!(
            super::gap_layers(&lanes[1..], false),
            None,
            "a layer without a lane is not guessed"
        );
    }

    #[test]
    fn the_rate_counts_only_the_time_in_which_the_lane_ran() {
        let times = HistogramSummary { count: 50, ..HistogramSummary::default() };
        let stats =
            LaneStats { times, running_time: Duration::from_millis(500), ..LaneStats::default() };
        assert!((stats.rate() - 100.0).abs() < 1e-9);
    }
}
