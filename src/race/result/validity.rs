//! Whether a run counts: everything that was measured beside the lanes, held against its limits.
//!
//! It measures nothing and runs nothing; `referee` gives the figures.

use crate::measure::Drift;
use crate::race::error::RaceError;
use crate::race::process::machine::ListenDrops;
use crate::race::{Lane, LaneStats};

/// A run in which others had more than this share of the CPUs does not count.
pub(crate) const MAX_FOREIGN_CPU: f64 = 0.05;
/// A run whose floor drifts by more than this share, and does not merely scatter, does not count.
pub(crate) const MAX_FLOOR_DRIFT: f64 = 0.10;

/// What decides whether a run counts.
#[derive(Clone, Debug)]
pub(in crate::race) struct Conditions<'a> {
    /// Why the race as a whole has failed.
    pub(in crate::race) failure: Option<&'a RaceError>,
    /// The lanes, with the failure of each.
    pub(in crate::race) lanes: &'a [LaneStats],
    /// The share of the CPUs that others had, 0 to 1; `None` where it is not known.
    pub(in crate::race) foreign: Option<f64>,
    /// The lane that the drift is of.
    pub(in crate::race) floor: Lane,
    /// How far the floor has drifted.
    pub(in crate::race) drift: Drift,
    /// The connections that the kernel lost at a full listener; `None` where it is not known.
    pub(in crate::race) lost: Option<ListenDrops>,
    /// The rounds that were completed.
    pub(in crate::race) rounds: usize,
}

impl Conditions<'_> {
    /// Why the run does not count, a sentence without its full stop each; none if it does.
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
        objections.extend(self.lost.and_then(ListenDrops::objection));
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

    /// A run to which nobody can object.
    fn sound(lanes: &[LaneStats]) -> Conditions<'_> {
        let (floor, drift) = (RaceConfig::default().floor(), Drift::default());
        Conditions {
            failure: None,
            lanes,
            foreign: Some(0.0),
            floor,
            drift,
            lost: None,
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
    fn others_may_have_5_percent_of_the_cpus_and_no_more() {
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
        assert_eq!(drifted(0.5, Some(0.051)).objections(), [""; 0], "it may be scatter");
    }

    #[test]
    fn a_run_without_a_round_does_not_count_and_says_why_first() {
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
    fn what_the_kernel_lost_is_an_objection() {
        let lost = |overflows, drops| Conditions {
            lost: Some(ListenDrops { overflows, drops }),
            ..sound(&[])
        };
        assert_eq!(lost(0, 0).objections(), [""; 0]);
        only(lost(0, 1), "the kernel lost connections");
        only(lost(1, 0), "the kernel lost connections");
    }

    #[test]
    fn all_objections_are_told() {
        let all = Conditions {
            foreign: Some(1.0),
            drift: Drift { relative_change: 1.0, p_value: None },
            lost: Some(ListenDrops { overflows: 1, drops: 1 }),
            ..sound(&[])
        };
        assert_eq!(all.objections().len(), 3);
    }
}
