//! Plays the cases against a contestant, and starts it again where it dies.

use tokio::sync::Notify;
use wiretalk_core::conformance::CaseKind;

use crate::conform::{self, Case, CaseOutcome, ConformConfig, ConformEvent, ConformOutcome};
use crate::conform::{ServerProcessId, SockJsPaths, all_cases, fast_cases, sockjs_cases};
use crate::lab::libraries::Suite;
use crate::lab::process::{Launch, RunningContestant};
use crate::lab::record::{CaseRecord, VerdictsRecord};
use crate::scope::Scope;

/// The number of times that a case is played to find out whether its verdict is stable.
pub(super) const STABLE_REPEAT: usize = 5;

/// The seed of the cases.
const SEED: u64 = 1;

/// The state of the cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The number of cases that were played, repeats included.
    pub(super) played: usize,
    /// The number of those that will be played.
    pub(super) total: usize,
    /// The number of those that failed.
    pub(super) failed: usize,
}

/// Returns the cases of a suite that are played. A fast run searches for no limit: it would not go as
/// far, and come to another verdict.
pub(super) fn cases(suite: Suite, is_fast: bool) -> Vec<Case> {
    let cases = match suite {
        Suite::WebSocket => all_cases(SEED),
        Suite::SockJs => sockjs_cases(),
    };
    if !is_fast {
        return cases;
    }
    let mut cases = fast_cases(cases);
    cases.retain(|case| !matches!(case.kind, CaseKind::Search(_)));
    cases
}

/// A contestant that is tested. It is started again where it dies.
pub(super) struct TestedContestant<'t> {
    pub(super) scope: &'t Scope,
    pub(super) launch: &'t Launch,
    pub(super) running: RunningContestant,
    pub(super) suite: Suite,
    pub(super) is_fast: bool,
}

impl TestedContestant<'_> {
    /// Plays `cases`, each once in a fast run and otherwise [`STABLE_REPEAT`] times. A case that was
    /// played once, and whose verdict is not the one in `known`, is played as often as the others,
    /// because one exchange does not tell whether a verdict is stable.
    ///
    /// # Errors
    /// Fails with the reason if the cases cannot be played.
    pub(super) async fn play(
        &mut self,
        cases: &[Case],
        known: Option<&VerdictsRecord>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<VerdictsRecord, NotPlayed> {
        let repeat = if self.is_fast { 1 } else { STABLE_REPEAT };
        let mut outcome = self.play_cases(cases, repeat, &mut on_progress).await?;
        let again = STABLE_REPEAT.saturating_sub(repeat);
        if let Some(known) = known.filter(|_| again > 0) {
            let is_changed = |(case, result): &(&Case, &mut CaseOutcome)| {
                result.verdict() != known.verdict_of(&case.id)
            };
            let changed: Vec<_> = cases.iter().zip(&mut outcome.cases).filter(is_changed).collect();
            let (cases, results): (Vec<Case>, Vec<_>) =
                changed.into_iter().map(|(case, result)| (case.clone(), result)).unzip();
            if !cases.is_empty() {
                let repeated = self.play_cases(&cases, again, &mut on_progress).await?;
                for (result, repeated) in results.into_iter().zip(repeated.cases) {
                    result.exchanges.extend(repeated.exchanges);
                }
            }
        }
        Ok(record(cases, &outcome))
    }

    async fn play_cases(
        &mut self,
        cases: &[Case],
        repeat: usize,
        on_progress: &mut impl FnMut(Progress),
    ) -> Result<ConformOutcome, NotPlayed> {
        let total = cases.len().saturating_mul(repeat);
        let mut progress = Progress { total, ..Progress::default() };
        let on_event = |event: &ConformEvent| {
            if let ConformEvent::Played { verdict, .. } = event {
                progress.played = progress.played.saturating_add(1);
                let failed = usize::from(verdict.is_failure());
                progress.failed = progress.failed.saturating_add(failed);
                on_progress(progress);
            }
        };
        self.play_each(cases, repeat, on_event).await
    }

    /// Plays `cases`, each that often, and starts the contestant again where it dies.
    ///
    /// # Errors
    /// Fails with the reason if the cases cannot be played.
    pub(super) async fn play_each(
        &mut self,
        cases: &[Case],
        repeat: usize,
        mut on_event: impl FnMut(&ConformEvent),
    ) -> Result<ConformOutcome, NotPlayed> {
        let config = ConformConfig::new(self.running.target.clone());
        let sockjs = (self.suite == Suite::SockJs).then(|| SockJsPaths::below(&config.target.path));
        let process = ServerProcessId::default();
        process.set(self.running.process());
        let config =
            ConformConfig { seed: SEED, repeat, sockjs, process: Some(process.clone()), ..config };
        let config = if self.is_fast { config.fast() } else { config };
        let is_down = Notify::new();
        let on_event = |event: ConformEvent| {
            on_event(&event);
            // Not before: a server that is back at once would not be found dead.
            if event == ConformEvent::Down {
                is_down.notify_one();
            }
        };
        let restarting = async {
            loop {
                is_down.notified().await;
                process.set(None);
                self.restart().await;
                process.set(self.running.process());
            }
        };
        // Boxed, because it is large and is held by the futures of all that call this.
        let playing = Box::pin(conform::run(&config, cases, on_event));
        tokio::select! {
            outcome = playing => {
                outcome.map_err(|error| NotPlayed(error.to_string()))
            }
            () = restarting => Err(NotPlayed("its restarts have ended".to_owned())),
        }
    }

    /// Kills what is left of the contestant and starts it at the same address. Where that fails, the
    /// cases that follow are not played, with the reason.
    async fn restart(&mut self) {
        let address = self.running.address();
        self.running.kill().await;
        if let Ok(running) = RunningContestant::start(self.scope, self.launch, &address).await {
            self.running = running;
        }
    }
}

/// The reason for which cases could not be played.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotPlayed(String);

fn record(cases: &[Case], outcome: &ConformOutcome) -> VerdictsRecord {
    let mut record = VerdictsRecord {
        has_echo: outcome.traits.has_echo,
        needs_origin: outcome.traits.needs_origin,
        ..VerdictsRecord::default()
    };
    for (case, result) in cases.iter().zip(&outcome.cases) {
        let reason = result.worst().map(|exchange| exchange.finding.reason.clone());
        let (verdict, varies) = (result.verdict(), result.varies());
        record.add(&case.id, CaseRecord { verdict, varies, reason: reason.unwrap_or_default() });
    }
    record
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::conform::{Group, Verdict};
    use crate::lab::process::testing::{launch, start};
    use crate::servers::ServerKind;

    fn tested<'t>(
        scope: &'t Scope,
        launch: &'t Launch,
        running: RunningContestant,
        is_fast: bool,
    ) -> TestedContestant<'t> {
        TestedContestant { scope, launch, running, suite: Suite::WebSocket, is_fast }
    }

    fn ping_cases() -> Vec<Case> {
        let mut cases = cases(Suite::WebSocket, true);
        cases.retain(|case| case.group == Group::Ping);
        cases
    }

    #[tokio::test]
    async fn a_case_with_another_verdict_than_the_known_one_is_played_more_often() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let launch = launch();
        let running = start(&scope, &launch, ServerKind::Strict).await;
        let mut tested = tested(&scope, &launch, running, true);
        let cases = ping_cases();
        let mut known = VerdictsRecord::default();
        let (verdict, reason) = (Verdict::Fail, "did nothing".to_owned());
        known.add(&cases[0].id, CaseRecord { verdict, varies: None, reason });
        let mut totals = Vec::new();
        let found = tested.play(&cases, Some(&known), |progress| totals.push(progress.total)).await;
        let found = found.unwrap();
        assert!(found.has_echo && !found.needs_origin);
        assert_eq!(found.count(Verdict::Pass), cases.len(), "{found:?}");
        let mut expected = vec![cases.len(); cases.len()];
        expected.extend([STABLE_REPEAT - 1; STABLE_REPEAT - 1]);
        assert_eq!(totals, expected);
    }

    #[tokio::test]
    async fn outside_of_a_fast_run_every_case_is_played_five_times() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let launch = launch();
        let running = start(&scope, &launch, ServerKind::Strict).await;
        let mut tested = tested(&scope, &launch, running, false);
        let cases = &ping_cases()[..2];
        let mut played = 0;
        tested.play(cases, None, |progress| played = progress.played).await.unwrap();
        assert_eq!(played, 2 * STABLE_REPEAT);
    }

    #[tokio::test]
    async fn a_contestant_is_started_again_at_the_same_address() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let launch = launch();
        let running = start(&scope, &launch, ServerKind::Plain).await;
        let mut tested = tested(&scope, &launch, running, true);
        let (address, process) = (tested.running.address(), tested.running.process());
        tested.restart().await;
        assert_eq!(tested.running.address(), address);
        assert_ne!(tested.running.process(), process);
        assert!(tested.running.process().is_some());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_memory_of_its_process_is_read_before_and_after_the_violations() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let launch = launch();
        let running = start(&scope, &launch, ServerKind::Strict).await;
        let mut tested = tested(&scope, &launch, running, true);
        let mut cases = cases(Suite::WebSocket, true);
        cases.retain(|case| case.id.starts_with("opcodes/rsv2-") || case.id == "survival/memory");
        let outcome = tested.play_each(&cases, 1, |_| {}).await.unwrap();
        let finding = &outcome.cases.last().unwrap().worst().unwrap().finding;
        // That of the shell that stands in for the server, which does nothing.
        assert_eq!(finding.verdict, Verdict::Pass, "{finding:?}");
        assert!(finding.reason.starts_with("had "), "{finding:?}");
    }

    #[tokio::test]
    async fn a_server_that_opens_nothing_has_no_verdicts() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let launch = launch();
        // Nothing listens on port 1.
        let running = RunningContestant::start(&scope, &launch, "127.0.0.1:1").await.unwrap();
        let mut tested = tested(&scope, &launch, running, true);
        let error = tested.play(&ping_cases(), None, |_| {}).await.unwrap_err().to_string();
        assert!(error.starts_with("no WebSocket can be opened: "), "{error}");
    }
}
