//! Results for the tests of the reports.

use std::time::Duration;

use crate::conform::{
    Case, CaseOutcome, ConformConfig, ConformOutcome, Exchange, Finding, ServerTraits, Verdict,
};
use crate::net::Target;
use crate::wire::Side;

pub(super) fn config() -> ConformConfig {
    ConformConfig::new(Target::parse("ws://127.0.0.1:9001/a?b=c&d").unwrap())
}

/// Returns an outcome in which each case has the verdict of its index.
pub(super) fn outcome_of(cases: &[Case], verdict: impl Fn(usize) -> Verdict) -> ConformOutcome {
    let outcome = |index| CaseOutcome {
        index,
        exchanges: vec![Exchange::without_bytes(Finding {
            expected: "does <this>".to_owned(),
            ..Finding::new(verdict(index), "did \"that\" & more")
        })],
    };
    ConformOutcome {
        cases: (0..cases.len()).map(outcome).collect(),
        peer: Side::Server,
        traits: ServerTraits { has_echo: true, ..ServerTraits::default() },
        took: Duration::from_secs(1),
    }
}
