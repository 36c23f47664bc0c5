//! [`Survival`]: what violations leave behind of a server.

use std::time::Duration;

use crate::conform::{Finding, Verdict};
use crate::wire::format::{byte_count, group_thousands};

/// The memory that counts as none: what a runtime or an allocator keeps for itself.
const SLACK: u64 = 8 << 20;

/// The growth that allocators and garbage collectors are granted, in bytes: they keep what was freed, and
/// 16 connections at once may have had a message of 4 MiB and its echo.
const KEPT_BY_ALLOCATORS: u64 = 128 << 20;

/// Why there is nothing to tell.
const NO_VIOLATION: &str = "no case with a violation was played";

/// What is known of a server after violations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Survival {
    violations: usize,
    /// The number of violations after which no connection could be opened.
    deaths: usize,
    slowest: Duration,
    /// The resident memory before the first violation; `None` if the process is not ours.
    memory_before: Option<u64>,
    memory_after: Option<u64>,
}

impl Survival {
    /// Takes the memory before the violations: once legal cases have been played, so that what a server
    /// needs to work does not count.
    pub(super) fn violations_begin(&mut self, memory: Option<u64>) {
        self.memory_before = self.memory_before.or(memory);
    }

    /// Takes the memory after them.
    pub(super) fn violations_end(&mut self, memory: Option<u64>) {
        self.memory_after = memory;
    }

    /// Adds a handshake after a violation; `None` if it did not succeed.
    pub(super) fn add_handshake(&mut self, took: Option<Duration>) {
        self.violations = self.violations.saturating_add(1);
        match took {
            Some(took) => self.slowest = self.slowest.max(took),
            None => self.deaths = self.deaths.saturating_add(1),
        }
    }

    /// Takes the memory of another process that has taken the server's place. It has still to grow to
    /// what a server needs to work, which the one before tells.
    pub(super) fn restarted(&mut self, memory: Option<u64>) {
        if self.memory_before.is_some() {
            self.memory_before = self.memory_before.max(memory);
        }
    }

    pub(super) fn handshakes(&self) -> Finding {
        let all = group_thousands(self.violations as u64);
        if self.violations == 0 {
            return Finding::new(Verdict::NotApplicable, NO_VIOLATION);
        }
        if self.deaths > 0 {
            let deaths = group_thousands(self.deaths as u64);
            let reason = format!("opened no connection after {deaths} of {all} violations");
            let expected = "opens a new connection after each violation, in time".to_owned();
            return Finding { expected, ..Finding::new(Verdict::Fail, reason) };
        }
        let slowest = self.slowest.as_secs_f64() * 1e3;
        let reason = format!(
            "opened a connection after each of {all} violations, the slowest in {slowest:.0} ms"
        );
        Finding::new(Verdict::Pass, reason)
    }

    pub(super) fn memory(&self) -> Finding {
        if self.violations == 0 {
            return Finding::new(Verdict::NotApplicable, NO_VIOLATION);
        }
        let (Some(before), Some(after)) = (self.memory_before, self.memory_after) else {
            let reason = "the process is not ours: --restart starts it";
            return Finding::new(Verdict::NotApplicable, reason);
        };
        let reason = format!("had {} before and {} after", byte_count(before), byte_count(after));
        if after > before.saturating_mul(2).max(before.saturating_add(SLACK)) {
            if after.saturating_sub(before) <= KEPT_BY_ALLOCATORS {
                let reason = format!("{reason}: as much as allocators keep of what is freed");
                return Finding::new(Verdict::Tolerated, reason);
            }
            let expected = "has no more than twice the memory after the violations".to_owned();
            return Finding { expected, ..Finding::new(Verdict::Fail, reason) };
        }
        Finding::new(Verdict::Pass, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_counts() {
        let mut survival = Survival::default();
        assert_eq!(survival.handshakes().verdict, Verdict::NotApplicable);
        survival.add_handshake(Some(Duration::from_millis(3)));
        survival.add_handshake(Some(Duration::from_millis(7)));
        let finding = survival.handshakes();
        assert_eq!(finding.verdict, Verdict::Pass);
        assert!(
            finding.reason.ends_with("each of 2 violations, the slowest in 7 ms"),
            "{finding:?}"
        );
        survival.add_handshake(None);
        let finding = survival.handshakes();
        assert_eq!(
            (finding.verdict, &*finding.reason),
            (Verdict::Fail, "opened no connection after 1 of 3 violations")
        );
    }

    #[test]
    fn memory_may_double_once_it_is_worth_counting() {
        let verdict = |before, after| {
            let mut survival = Survival::default();
            survival.violations_begin(before);
            assert_eq!(survival.memory().verdict, Verdict::NotApplicable);
            survival.add_handshake(Some(Duration::ZERO));
            survival.violations_end(after);
            survival.memory().verdict
        };
        assert_eq!(verdict(None, Some(1)), Verdict::NotApplicable);
        assert_eq!(verdict(Some(3 << 20), Some(11 << 20)), Verdict::Pass);
        assert_eq!(verdict(Some(3 << 20), Some(12 << 20)), Verdict::Tolerated);
        assert_eq!(verdict(Some(3 << 20), Some(131 << 20)), Verdict::Tolerated);
        assert_eq!(verdict(Some(3 << 20), Some(132 << 20)), Verdict::Fail);
        assert_eq!(verdict(Some(200 << 20), Some(400 << 20)), Verdict::Pass);
        assert_eq!(verdict(Some(200 << 20), Some(401 << 20)), Verdict::Fail);
    }

    #[test]
    fn a_process_that_was_started_again_may_grow_as_far_as_the_one_before() {
        let verdict = |restarted| {
            let mut survival = Survival::default();
            // It died of a legal case.
            survival.restarted(Some(4 << 20));
            survival.violations_begin(Some(20 << 20));
            survival.add_handshake(None);
            survival.restarted(restarted);
            survival.violations_end(Some(38 << 20));
            survival.memory().verdict
        };
        assert_eq!(verdict(Some(4 << 20)), Verdict::Pass);
        assert_eq!(verdict(None), Verdict::Pass);
        let mut unknown = Survival::default();
        unknown.add_handshake(None);
        unknown.restarted(Some(4 << 20));
        unknown.violations_end(Some(38 << 20));
        assert_eq!(unknown.memory().verdict, Verdict::NotApplicable);
    }
}
