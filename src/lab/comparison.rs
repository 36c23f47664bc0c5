//! [`Comparison`]: the stable verdicts that are not those of a record.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use crate::conform::{CaseKind, Verdict, all_cases};
use crate::lab::record::{ContestantRecord, LabRecord, VerdictsRecord};

/// A difference between a record and what was found now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A stable verdict is another one.
    Verdict {
        /// The contestant.
        contestant: String,
        /// The case.
        case: String,
        /// The verdict in the record.
        recorded: Verdict,
        /// The verdict now.
        found: Verdict,
        /// The reaction of the server now, as a clause without a subject.
        reason: String,
    },
    /// The record has verdicts of another version.
    Version {
        /// The contestant.
        contestant: String,
        /// The version in the record.
        recorded: String,
        /// The version now.
        found: String,
    },
    /// The record has no verdicts of the contestant.
    NotRecorded {
        /// The contestant.
        contestant: String,
    },
    /// The contestant has no verdicts now.
    NotPlayed {
        /// The contestant.
        contestant: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict { contestant, case, recorded, found, reason } => {
                write!(f, "{contestant}  {case}: {found}, recorded {recorded}: it {reason}")
            }
            Self::Version { contestant, recorded, found } => {
                write!(f, "{contestant}: version {found}, recorded {recorded}")
            }
            Self::NotRecorded { contestant } => {
                write!(f, "{contestant}: the record has no verdicts of it")
            }
            Self::NotPlayed { contestant } => write!(f, "{contestant}: the cases were not played"),
        }
    }
}

/// The verdicts of a run, compared with those of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The differences, by contestant and case.
    pub differences: Vec<Difference>,
    /// The number of verdicts that were compared.
    pub compared: usize,
    /// The number of verdicts that vary, in the record or now, and were left out.
    pub varying: usize,
    /// The number of cases that the record does not have.
    pub unknown_cases: usize,
}

impl Comparison {
    /// Compares the contestants of `found` with those of `recorded`, in the cases that both have.
    pub fn new(recorded: &LabRecord, found: &LabRecord) -> Self {
        let known: BTreeSet<&str> = recorded.cases.iter().map(String::as_str).collect();
        let (cases, unknown): (Vec<&str>, Vec<&str>) =
            found.cases.iter().map(String::as_str).partition(|case| known.contains(case));
        let mut comparison = Self { unknown_cases: unknown.len(), ..Self::default() };
        for contestant in &found.contestants {
            comparison.add(recorded.contestant(&contestant.id), contestant, &cases);
        }
        comparison
    }

    fn add(
        &mut self,
        recorded: Option<&ContestantRecord>,
        found: &ContestantRecord,
        cases: &[&str],
    ) {
        let contestant = found.id.clone();
        let known = recorded.and_then(|recorded| Some((recorded, recorded.verdicts.as_ref()?)));
        match (known, &found.verdicts) {
            (_, None) => self.differences.push(Difference::NotPlayed { contestant }),
            (None, _) => self.differences.push(Difference::NotRecorded { contestant }),
            (Some((recorded, verdicts)), Some(now)) => {
                if recorded.version != found.version {
                    self.differences.push(Difference::Version {
                        contestant: contestant.clone(),
                        recorded: recorded.version.clone(),
                        found: found.version.clone(),
                    });
                }
                for case in cases.iter().filter(|case| !is_measured(case)) {
                    self.add_case(&contestant, case, verdicts, now);
                }
            }
        }
    }

    fn add_case(
        &mut self,
        contestant: &str,
        case: &str,
        recorded: &VerdictsRecord,
        found: &VerdictsRecord,
    ) {
        if !recorded.is_stable(case) || !found.is_stable(case) {
            self.varying = self.varying.saturating_add(1);
            return;
        }
        self.compared = self.compared.saturating_add(1);
        let (old, new) = (recorded.verdict_of(case), found.verdict_of(case));
        if old != new {
            let reason = found.cases.get(case).map_or("passed", |record| &record.reason);
            self.differences.push(Difference::Verdict {
                contestant: contestant.to_owned(),
                case: case.to_owned(),
                recorded: old,
                found: new,
                reason: reason.to_owned(),
            });
        }
    }
}

/// Whether a verdict is that of a measurement, which is never the same twice.
fn is_measured(case: &str) -> bool {
    static MEASURED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let cases = all_cases(0).into_iter();
        cases.filter(|case| case.kind == CaseKind::Memory).map(|case| case.id).collect()
    });
    MEASURED.contains(case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::libraries::Options;
    use crate::lab::record::CaseRecord;
    use Verdict::{Fail, Pass, Tolerated};

    type Cases<'a> = &'a [(&'a str, Verdict, Option<(usize, usize)>)];

    fn contestant(id: &str, verdicts: Option<Cases<'_>>) -> ContestantRecord {
        let verdicts = verdicts.map(|cases| {
            let mut record = VerdictsRecord::default();
            for (case, verdict, varies) in cases {
                let reason = "did this".to_owned();
                record.add(case, CaseRecord { verdict: *verdict, varies: *varies, reason });
            }
            record
        });
        ContestantRecord {
            id: id.to_owned(),
            library: id.to_owned(),
            package: id.to_owned(),
            version: "v1".to_owned(),
            options: Options::Default,
            source_lines: None,
            packages: None,
            started_bytes: None,
            tested_bytes: None,
            verdicts,
            load: Vec::new(),
            idle: None,
            measured: None,
            errors: Vec::new(),
        }
    }

    fn record(cases: &[&str], contestants: Vec<ContestantRecord>) -> LabRecord {
        let cases = cases.iter().map(|case| (*case).to_owned()).collect();
        LabRecord { cases, contestants, ..LabRecord::new() }
    }

    fn lines(comparison: &Comparison) -> Vec<String> {
        comparison.differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_stable_verdict_that_changed_is_named_with_its_contestant_and_case() {
        let old: Cases<'_> = &[("a", Pass, None), ("b", Fail, None), ("c", Tolerated, None)];
        let new: Cases<'_> = &[("a", Fail, None), ("b", Pass, None), ("c", Tolerated, None)];
        let recorded = record(&["a", "b", "c"], vec![contestant("x", Some(old))]);
        let found = record(&["a", "b", "c"], vec![contestant("x", Some(new))]);
        let comparison = Comparison::new(&recorded, &found);
        let expected =
            ["x  a: fail, recorded pass: it did this", "x  b: pass, recorded fail: it passed"];
        assert_eq!(lines(&comparison), expected);
        assert_eq!((comparison.compared, comparison.varying), (3, 0));
        assert_eq!(lines(&Comparison::new(&recorded, &recorded)), [""; 0]);
    }

    #[test]
    fn what_varies_on_either_side_is_left_out_and_counted() {
        let stable: Cases<'_> = &[("a", Pass, None), ("b", Pass, None)];
        let varying: Cases<'_> = &[("a", Fail, Some((1, 5))), ("b", Pass, None)];
        let stable = record(&["a", "b"], vec![contestant("x", Some(stable))]);
        let varying = record(&["a", "b"], vec![contestant("x", Some(varying))]);
        for (recorded, found) in [(&stable, &varying), (&varying, &stable)] {
            let comparison = Comparison::new(recorded, found);
            assert_eq!(lines(&comparison), [""; 0]);
            assert_eq!((comparison.compared, comparison.varying), (1, 1));
        }
    }

    #[test]
    fn only_cases_that_both_have_are_compared() {
        let recorded =
            record(&["a", "large"], vec![contestant("x", Some(&[("large", Fail, None)]))]);
        let found = record(&["a", "new"], vec![contestant("x", Some(&[("new", Fail, None)]))]);
        let comparison = Comparison::new(&recorded, &found);
        assert_eq!(lines(&comparison), [""; 0]);
        assert_eq!((comparison.compared, comparison.unknown_cases), (1, 1));
    }

    #[test]
    fn contestants_that_cannot_be_compared_are_differences() {
        let all = |verdicts| record(&["a"], vec![contestant("x", verdicts)]);
        let verdicts: Cases<'_> = &[("a", Pass, None)];
        let (with, without) = (all(Some(verdicts)), all(None));
        let nothing = record(&["a"], vec![]);
        let not_recorded = ["x: the record has no verdicts of it"];
        assert_eq!(lines(&Comparison::new(&nothing, &with)), not_recorded);
        assert_eq!(lines(&Comparison::new(&without, &with)), not_recorded);
        let not_played = ["x: the cases were not played"];
        assert_eq!(lines(&Comparison::new(&with, &without)), not_played);
        assert_eq!(lines(&Comparison::new(&with, &nothing)), [""; 0], "one that did not run");
        let mut newer = with.clone();
        newer.contestants[0].version = "v2".to_owned();
        let version = ["x: version v2, recorded v1"];
        assert_eq!(lines(&Comparison::new(&with, &newer)), version);
    }
}
