//! [`ConformOutcome`]: the results of all cases.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::conform::{Exchange, ServerTraits, Verdict};
use crate::wire::Side;

/// The results of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The index of the case among those that were played.
    pub index: usize,
    /// The case as it was played, each time.
    pub exchanges: Vec<Exchange>,
}

impl CaseOutcome {
    /// Returns the exchange with the worst verdict.
    pub fn worst(&self) -> Option<&Exchange> {
        self.exchanges.iter().max_by_key(|exchange| exchange.finding.verdict.severity())
    }

    /// Returns the worst verdict.
    pub fn verdict(&self) -> Verdict {
        self.worst().map_or(Verdict::NoAnswer, |exchange| exchange.finding.verdict)
    }

    /// Returns in how many of all exchanges the worst verdict came; `None` if it was the same in all.
    pub fn varies(&self) -> Option<(usize, usize)> {
        let worst = self.verdict();
        let is_worst = |exchange: &&Exchange| exchange.finding.verdict == worst;
        let count = self.exchanges.iter().filter(is_worst).count();
        (count < self.exchanges.len()).then_some((count, self.exchanges.len()))
    }
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConformOutcome {
    /// The results, in the order of the cases.
    pub cases: Vec<CaseOutcome>,
    /// The side that was tested.
    pub peer: Side,
    /// The traits that were found out about it.
    pub traits: ServerTraits,
    /// The time that the run took.
    pub took: Duration,
}

impl ConformOutcome {
    /// Returns how many cases have each verdict.
    pub fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for case in &self.cases {
            let count: &mut usize = counts.entry(case.verdict()).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Returns whether a case failed.
    pub fn has_failure(&self) -> bool {
        self.cases.iter().any(|case| case.verdict().is_failure())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::Finding;
    use Verdict::{Died, Fail, Pass, Tolerated};

    #[test]
    fn the_worst_verdict_counts_and_says_how_often_it_came() {
        let outcome = |verdicts: &[Verdict]| CaseOutcome {
            index: 0,
            exchanges: verdicts
                .iter()
                .map(|verdict| Exchange::without_bytes(Finding::new(*verdict, "")))
                .collect(),
        };
        for (verdicts, worst, varies) in [
            (&[Pass, Pass][..], Pass, None),
            (&[Pass, Fail, Pass], Fail, Some((1, 3))),
            (&[Tolerated, Pass], Tolerated, Some((1, 2))),
            (&[Fail, Died, Died], Died, Some((2, 3))),
        ] {
            let outcome = outcome(verdicts);
            assert_eq!((outcome.verdict(), outcome.varies()), (worst, varies));
        }
    }
}
