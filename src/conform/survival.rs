//! [`Survival`]: what violations leave behind of a server.

use std::time::Duration;

use crate::conform::{Finding, Verdict};
use crate::wire::format::{byte_count, group_thousands};

/// The memory that counts as none: what a runtime or an allocator keeps for itself.
const SLACK: u64 = 8 << 20;

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
    /// The rounds of violations that the process has lived through.
    rounds: usize,
    /// Whether another process has taken the server's place since the last round began.
    is_other_process: bool,
    /// Resident memory after the first round of violations.
    memory_first: Option<u64>,
    /// Resident memory after the last round.
    memory_after: Option<u64>,
    /// Resident memory after that round was replayed.
    memory_again: Option<u64>,
    /// Whether the server died in the replay.
    has_died_again: bool,
}

impl Survival {
    /// Takes the memory before the violations: once legal cases have been played, so that what a server
    /// needs to work does not count.
    pub(super) fn violations_begin(&mut self, memory: Option<u64>) {
        self.memory_before = self.memory_before.or(memory);
        self.is_other_process = false;
    }

    /// Takes the memory after them. That of a process that has not seen all of them is not the first.
    pub(super) fn violations_end(&mut self, memory: Option<u64>) {
        if !self.is_other_process {
            self.rounds = self.rounds.saturating_add(1);
            self.memory_first = self.memory_first.or(memory);
        }
        self.memory_after = memory;
    }

    /// Takes the memory after the same violations once again.
    pub(super) fn violations_end_again(&mut self, memory: Option<u64>) {
        self.memory_again = memory;
    }

    /// Adds the death in the replay, which no case of its own shows.
    pub(super) fn died_again(&mut self) {
        self.has_died_again = true;
        self.add_handshake(None);
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
        if self.has_died_again {
            return;
        }
        if self.memory_before.is_some() {
            self.memory_before = self.memory_before.max(memory);
        }
        (self.is_other_process, self.rounds, self.memory_first) = (true, 0, None);
    }

    pub(super) fn handshakes(&self) -> Finding {
        let all = group_thousands(self.violations as u64);
        if self.violations == 0 {
            return Finding::new(Verdict::NotApplicable, NO_VIOLATION);
        }
        if self.deaths > 0 {
            let deaths = group_thousands(self.deaths as u64);
            let reason = format!("opened no connection after {deaths} of {all} violations");
            return Finding::new(Verdict::Fail, reason);
        }
        let slowest = self.slowest.as_secs_f64() * 1e3;
        let reason = format!(
            "opened a connection after each of {all} violations, the slowest in {slowest:.0} ms"
        );
        Finding::new(Verdict::Pass, reason)
    }

    /// Whether the server has grown so much that only the same violations once again tell whether it
    /// goes on to grow.
    pub(super) fn is_grown(&self) -> bool {
        let both = self.memory_before.zip(self.memory_after);
        both.is_some_and(|(before, after)| is_doubled(before, after))
    }

    /// Whether the memory is known, but after the last round it is that of a process that has not seen
    /// all of it.
    pub(super) fn is_cut_short(&self) -> bool {
        self.is_other_process && self.memory_before.is_some()
    }

    pub(super) fn memory(&self) -> Finding {
        if self.violations == 0 {
            return Finding::new(Verdict::NotApplicable, NO_VIOLATION);
        }
        let Some(before) = self.memory_before else {
            let reason = "the process is not ours: --restart starts it";
            return Finding::new(Verdict::NotApplicable, reason);
        };
        let had = format!("had {} before", byte_count(before));
        let Some(after) = self.memory_after else {
            let reason = format!("{had}, and it is not known after the violations");
            return Finding::new(Verdict::NoAnswer, reason);
        };
        let had = format!("{had} and {} after", byte_count(after));
        if self.has_died_again {
            let reason = format!("{had}, and it did not survive the same once again");
            return Finding::new(Verdict::NoAnswer, reason);
        }
        if !is_doubled(before, after) {
            return Finding::new(Verdict::Pass, had);
        }
        let Some(again) = self.memory_again else {
            let reason = format!("{had}, and the same could not be played once again");
            return Finding::new(Verdict::NoAnswer, reason);
        };
        self.growth(&had, after, again)
    }

    /// Returns the finding for a server that has grown, by what the same once again has cost.
    fn growth(&self, had: &str, after: u64, again: u64) -> Finding {
        let first = self.memory_first.unwrap_or(after);
        let again_is = if again <= after { "no more".to_owned() } else { byte_count(again) };
        let had = format!("{had}, and {again_is} after the same once again");
        // However often they were played, a round may cost no more than this.
        if again > after.saturating_add(first / 10).saturating_add(SLACK) {
            return Finding::new(Verdict::Fail, had);
        }
        let later_rounds = self.rounds.saturating_sub(1) as u64;
        let grown = after.saturating_sub(first);
        let as_many = again.saturating_sub(after).saturating_mul(later_rounds);
        // Less than that is steady too, if each round after the first has cost about as much.
        if grown > SLACK && as_many.saturating_mul(2) >= grown {
            let reason = format!("{had}, about as much more as after each round before");
            return Finding::new(Verdict::Fail, reason);
        }
        let reason = format!("{had}: an allocator may keep what was freed");
        Finding::new(Verdict::Tolerated, reason)
    }
}

/// Whether memory has more than doubled, and by more than counts as none.
fn is_doubled(before: u64, after: u64) -> bool {
    after > before.saturating_mul(2).max(before.saturating_add(SLACK))
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
        let is_grown = |before, after| {
            let mut survival = Survival::default();
            survival.violations_begin(before);
            assert_eq!(survival.memory().verdict, Verdict::NotApplicable);
            survival.add_handshake(Some(Duration::ZERO));
            survival.violations_end(after);
            let is_grown = survival.is_grown();
            assert_eq!(survival.memory().verdict == Verdict::Pass, before.is_some() && !is_grown);
            is_grown
        };
        assert!(!is_grown(None, Some(1)));
        assert!(!is_grown(Some(3 << 20), Some(11 << 20)));
        assert!(is_grown(Some(3 << 20), Some(12 << 20)));
        assert!(!is_grown(Some(200 << 20), Some(400 << 20)));
        assert!(is_grown(Some(200 << 20), Some(401 << 20)));
    }

    /// Returns the finding for a process with this memory before the violations, after each round of
    /// them, and after the same once again.
    fn finding(before: u64, rounds: &[u64], again: Option<u64>) -> Finding {
        let mut survival = Survival::default();
        for after in rounds {
            survival.violations_begin(Some(before));
            survival.add_handshake(Some(Duration::ZERO));
            survival.violations_end(Some(*after));
        }
        survival.violations_end_again(again);
        survival.memory()
    }

    #[test]
    fn what_an_allocator_keeps_is_tolerated_and_what_goes_on_to_grow_is_not() {
        let (before, first) = (4_500_000, 20_000_000);
        let had = "had 4,500,000 bytes before and 20,000,000 bytes after, and ";
        let tolerated = |again: &str| {
            let rest = "after the same once again: an allocator may keep what was freed";
            Finding::new(Verdict::Tolerated, format!("{had}{again} {rest}"))
        };
        for no_more in [before, first] {
            assert_eq!(finding(before, &[first], Some(no_more)), tolerated("no more"));
        }
        let most = first + first / 10 + SLACK;
        assert_eq!(finding(before, &[first], Some(most)), tolerated("30,388,608 bytes"));
        let failed = format!("{had}30,388,609 bytes after the same once again");
        assert_eq!(finding(before, &[first], Some(most + 1)), Finding::new(Verdict::Fail, failed));
        assert_eq!(finding(before, &[1 << 40], Some(1 << 40)).verdict, Verdict::Tolerated);
    }

    /// Processes that keep something of each of 370 violations.
    #[test]
    fn a_server_that_leaks_fails_however_often_it_is_played() {
        for (kept, fewest) in [(32 << 10, 1), (20 << 10, 3)] {
            let leaked = |round: u64| (10 << 20) + round * 370 * kept;
            for count in fewest..=20 {
                let rounds: Vec<u64> = (1..=count).map(leaked).collect();
                let finding = finding(leaked(0), &rounds, Some(leaked(count + 1)));
                assert_eq!(finding.verdict, Verdict::Fail, "{count} rounds: {finding:?}");
            }
        }
    }

    #[test]
    fn a_server_that_grows_less_and_less_is_tolerated() {
        let mib = |count: u64| count << 20;
        let rounds = [mib(20), mib(32), mib(36)];
        let verdict = |again| finding(mib(5), &rounds, Some(again)).verdict;
        assert_eq!(verdict(mib(40) - 1), Verdict::Tolerated);
        assert_eq!(verdict(mib(40)), Verdict::Fail, "half of what a round has cost");
        let noise = [mib(20), mib(24), mib(28)];
        let finding = finding(mib(5), &noise, Some(mib(32)));
        assert_eq!(finding.verdict, Verdict::Tolerated, "no more than counts as none");
    }

    #[test]
    fn a_death_in_the_replay_counts_and_its_memory_is_that_before() {
        let mut survival = Survival::default();
        survival.violations_begin(Some(4 << 20));
        survival.add_handshake(Some(Duration::ZERO));
        survival.violations_end(Some(40 << 20));
        survival.died_again();
        survival.restarted(Some(30 << 20));
        let (memory, handshakes) = (survival.memory(), survival.handshakes());
        assert_eq!(
            (memory.verdict, &*memory.reason),
            (
                Verdict::NoAnswer,
                "had 4,194,304 bytes before and 41,943,040 bytes after, and it did not survive the \
                 same once again"
            )
        );
        assert_eq!(
            (handshakes.verdict, &*handshakes.reason),
            (Verdict::Fail, "opened no connection after 1 of 2 violations")
        );
    }

    /// Dies in the first round of three; each of its processes grows to the same.
    #[test]
    fn rounds_of_another_process_are_not_compared() {
        let mut survival = Survival::default();
        survival.violations_begin(Some(4 << 20));
        survival.add_handshake(None);
        survival.restarted(Some(4 << 20));
        assert!(survival.is_cut_short());
        survival.violations_end(Some(9 << 20));
        for after in [39 << 20, 40 << 20] {
            survival.violations_begin(Some(9 << 20));
            assert!(!survival.is_cut_short());
            survival.add_handshake(Some(Duration::ZERO));
            survival.violations_end(Some(after));
        }
        survival.violations_end_again(Some(48 << 20));
        assert_eq!(survival.memory().verdict, Verdict::Tolerated);
    }

    #[test]
    fn memory_that_cannot_be_read_any_more_is_no_sign_of_health() {
        let mut survival = Survival::default();
        survival.violations_begin(Some(4 << 20));
        survival.add_handshake(None);
        survival.violations_end(None);
        assert!(!survival.is_grown());
        assert_eq!(survival.memory().verdict, Verdict::NoAnswer);
        assert_eq!(
            finding(4 << 20, &[40 << 20], None),
            Finding::new(
                Verdict::NoAnswer,
                "had 4,194,304 bytes before and 41,943,040 bytes after, and the same could not \
                 be played once again"
            )
        );
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
