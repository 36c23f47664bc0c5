//! Whether a run counts: checks everything that was measured beside the lanes against its limits.
//!
//! It measures nothing and runs nothing; the runner provides the figures.

use crate::measure::Drift;
use crate::race::error::RaceError;
use crate::race::process::machine::ListenDrops;
use crate::race::{Lane, LaneStats};

/// The maximum share of the CPUs that other programs may use in a run that counts.
pub(crate) const MAX_FOREIGN_CPU: f64 = 0.05;
/// The maximum drift of the floor in a run that counts, unless the drift can be scatter.
pub(crate) const MAX_FLOOR_DRIFT: f64 = 0.10;

/// The figures that decide whether a run counts.
#[derive(Clone, Debug)]
pub(in crate::race) struct Conditions<'a> {
    /// Why the race as a whole failed.
    pub(in crate::race) failure: Option<&'a RaceError>,
    /// The lanes, each with its failure.
    pub(in crate::race) lanes: &'a [LaneStats],
    /// The share of the CPUs that other programs used, 0 to 1; `None` if unknown.
    pub(in crate::race) foreign: Option<f64>,
    /// The lane whose drift is checked.
    pub(in crate::race) floor: Lane,
    /// The drift of the floor.
    pub(in crate::race) drift: Drift,
    /// The connections that the kernel dropped at a full listener; `None` if unknown.
    pub(in crate::race) listen_drops: Option<ListenDrops>,
    /// The number of completed rounds.
    pub(in crate::race) rounds: usize,
}

impl Conditions<'_> {
    /// Returns why the run does not count, as sentences without a full stop; empty if it does.
    pub(in crate::race) fn objections(self) -> Vec<String> {
        let mut objections: Vec<String> = self.failure.iter().map(ToString::to_string).collect();
        let failed =
            |figures: &LaneStats| Some(format!("{}: {}", figures.lane, figures.failure.as_ref()?));
        objections.extend(self.lanes.iter().filter_map(failed));
        if let Some(foreign) = self.foreign.filter(|&foreign| foreign > MAX_FOREIGN_CPU) {
            objections.push(format!(
                "other programs used {:.0} % of the CPU (limit {:.0} %)",
                foreign * 100.0,
                MAX_FOREIGN_CPU * 100.0
            ));
        }
        if self.drift.exceeds(MAX_FLOOR_DRIFT) {
            objections.push(format!(
                "the floor ({}) drifted by {:+.0} % (limit {:.0} %)",
                self.floor,
                self.drift.relative_change * 100.0,
                MAX_FLOOR_DRIFT * 100.0
            ));
        }
        objections.extend(self.listen_drops.and_then(ListenDrops::objection));
        // The other reasons explain why no round was completed, so this one stands alone.
        if self.rounds == 0 && objections.is_empty() {
            objections.push("no round was completed".to_owned());
        }
        objections
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::NetnsError;
    use crate::race::RaceConfig;

    /// A run without objections.
    fn sound(lanes: &[LaneStats]) -> Conditions<'_> {
        let (floor, drift) = (RaceConfig::default().floor(), Drift::default());
        Conditions {
            failure: None,
            lanes,
            foreign: Some(0.0),
            floor,
            drift,
            listen_drops: None,
            rounds: 15,
        }
    }

    #[track_caller]
    fn only(conditions: Conditions<'_>, words: &str) {
        let objections = conditions.objections();
        assert!(objections.len() == 1 && objections[0].contains(words), "{objections:?}");
    }

    #[test]
    fn a_sound_run_counts() {
        assert_eq!(sound(&[LaneStats::default()]).objections(), [""; 0]);
        assert_eq!(
            Conditions { foreign: None, ..sound(&[]) }.objections(),
            [""; 0],
            "where it is not known"
        );
    }

    #[test]
    fn others_may_use_5_percent_of_the_cpus_and_no_more() {
        for share in [0.049, 0.05] {
            assert_eq!(
                Conditions { foreign: Some(share), ..sound(&[]) }.objections(),
                [""; 0],
                "{share}"
            );
        }
        only(
            Conditions { foreign: Some(0.051), ..sound(&[]) },
            "other programs used 5 % of the CPU",
        );
        only(
            Conditions { foreign: Some(0.9), ..sound(&[]) },
            "other programs used 90 % of the CPU",
        );
    }

    #[test]
    fn the_floor_may_drift_by_10_percent_and_no_more() {
        let drifted = |share, chance| Conditions {
            drift: Drift { relative_change: share, p_value: chance },
            ..sound(&[])
        };
        for share in [0.099, 0.1, -0.099, -0.1] {
            assert_eq!(drifted(share, None).objections(), [""; 0], "{share}");
        }
        only(drifted(0.101, None), "drifted by +10 %");
        only(drifted(-0.101, Some(0.05)), "drifted by -10 %");
        assert_eq!(drifted(0.5, Some(0.051)).objections(), [""; 0], "the drift may be scatter");
    }

    #[test]
    fn a_run_without_a_round_does_not_count_and_gives_the_cause() {
        only(Conditions { rounds: 0, ..sound(&[]) }, "no round was completed");
        let failed = LaneStats { failure: Some("refused".to_owned()), ..LaneStats::default() };
        only(Conditions { rounds: 0, ..sound(std::slice::from_ref(&failed)) }, "refused");
        only(
            Conditions {
                failure: Some(&RaceError::Netns(NetnsError::Unsupported)),
                rounds: 0,
                ..sound(&[])
            },
            "network namespaces",
        );
        assert_eq!(Conditions { rounds: 1, ..sound(&[]) }.objections(), [""; 0]);
    }

    #[test]
    fn connections_dropped_by_the_kernel_are_an_objection() {
        let lost = |overflows, drops| Conditions {
            listen_drops: Some(ListenDrops { overflows, drops }),
            ..sound(&[])
        };
        assert_eq!(lost(0, 0).objections(), [""; 0]);
        only(lost(0, 1), "the kernel dropped connections");
        only(lost(1, 0), "the kernel dropped connections");
    }

    #[test]
    fn all_objections_are_listed() {
        let all = Conditions {
            foreign: Some(1.0),
            drift: Drift { relative_change: 1.0, p_value: None },
            listen_drops: Some(ListenDrops { overflows: 1, drops: 1 }),
            ..sound(&[])
        };
        assert_eq!(all.objections().len(), 3);
    }
}
