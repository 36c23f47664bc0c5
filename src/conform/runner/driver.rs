//! [`run`]: plays all cases, several at once, and finds out which of them a server does not survive.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::conform::exchange::Exchange;
use crate::conform::outcome::{CaseOutcome, ConformOutcome};
use crate::conform::probe::Probe;
use crate::conform::restart::{RestartError, Restarter};
use crate::conform::runner::attempt::{Played, play_one};
use crate::conform::runner::event::ConformEvent;
use crate::conform::runner::state::Runner;
use crate::conform::survival::Survival;
use crate::conform::{Case, CaseKind, ConformConfig, Finding, Verdict};
use crate::wire::Side;

/// After so many cases in a row that were waited for in vain, the server is asked whether it answers at
/// all.
const MAX_IN_VAIN: usize = 16;

/// Plays `cases` against a server. `on_event` is called as soon as something happens.
///
/// # Errors
///
/// Fails if the server cannot be reached or started in the beginning. A server that dies later costs the case
/// that killed it.
pub async fn run(
    config: &ConformConfig,
    cases: &[Case],
    mut on_event: impl FnMut(ConformEvent),
) -> Result<ConformOutcome, RestartError> {
    let began = Instant::now();
    let mut probe = Probe::new(config.seed);
    let mut restarter = Restarter::default();
    // Boxed, because the futures of a run are large.
    Box::pin(restarter.find_traits(config, &mut probe)).await?;
    let traits = probe.traits;
    on_event(ConformEvent::Began { traits });
    let mut runner = Runner {
        config,
        cases,
        probe,
        survival: Survival::default(),
        restarter,
        exchanges: vec![Vec::new(); cases.len()],
        on_event: &mut on_event,
        gone: None,
        in_vain: 0,
    };
    let repeat = config.repeat.max(1);
    let mut memory = runner.survival.memory();
    for round in 1..=repeat {
        let legal = indices(cases, |case| is_played(case) && !case.is_violation());
        Box::pin(runner.play_all(legal)).await;
        runner.survival.violations_begin(runner.restarter.memory(config));
        let violations = indices(cases, |case| is_played(case) && case.is_violation());
        Box::pin(runner.play_all(violations)).await;
        runner.survival.violations_end(runner.restarter.memory(config));
        if round == repeat {
            Box::pin(runner.tell_growth()).await;
            // What comes after it may be of another process.
            memory = runner.survival.memory();
        }
        for index in indices(cases, |case| matches!(case.kind, CaseKind::Search(_))) {
            Box::pin(runner.play_alone(index)).await;
        }
    }
    runner.conclude(&memory);
    let outcomes = runner.exchanges.into_iter().enumerate();
    let cases = outcomes.map(|(index, exchanges)| CaseOutcome { index, exchanges }).collect();
    Ok(ConformOutcome { cases, peer: Side::Server, traits, took: began.elapsed() })
}

/// Returns the indices of some cases.
fn indices(cases: &[Case], is_wanted: impl Fn(&Case) -> bool) -> VecDeque<usize> {
    let all = cases.iter().enumerate();
    all.filter(|(_, case)| is_wanted(case)).map(|(index, _)| index).collect()
}

/// Whether a case is played beside others.
fn is_played(case: &Case) -> bool {
    matches!(case.kind, CaseKind::Steps | CaseKind::Http2(_) | CaseKind::SockJs(_))
}

/// What becomes of the exchanges of cases.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// They are recorded.
    Recorded,
    /// Nothing is kept of them: they are played for what they leave behind.
    Forgotten,
}

impl<F: FnMut(ConformEvent)> Runner<'_, F> {
    async fn play_all(&mut self, mut waiting: VecDeque<usize>) {
        let all: Vec<usize> = waiting.iter().copied().collect();
        while !waiting.is_empty() {
            if let Some(reason) = self.gone.clone() {
                for index in waiting.drain(..) {
                    self.record_unplayed(index, &reason);
                }
                return;
            }
            let playing = self.play_at_once(&mut waiting, Keeping::Recorded);
            let suspects = Box::pin(playing).await;
            if suspects.is_empty() {
                self.give_up_if_mute().await;
                continue;
            }
            (self.on_event)(ConformEvent::Down);
            self.bring_back().await;
            if self.gone.is_some() {
                self.judge_suspects(suspects);
                continue;
            }
            for played in suspects {
                Box::pin(self.play_alone(played.index)).await;
            }
        }
        Box::pin(self.replay_alone(&all)).await;
    }

    /// Plays cases side by side until none waits, the server is gone, or it seems to answer nothing.
    /// Returns those that may have killed it.
    async fn play_at_once(
        &mut self,
        waiting: &mut VecDeque<usize>,
        keeping: Keeping,
    ) -> Vec<Played> {
        let (config, cases, probe) = (self.config, self.cases, self.probe.clone());
        let mut playing = FuturesUnordered::new();
        let mut suspects = Vec::new();
        let mut due = Instant::now();
        loop {
            while suspects.is_empty()
                && self.in_vain < MAX_IN_VAIN
                && playing.len() < config.max_at_once.max(1)
            {
                let Some(index) = waiting.pop_front() else { break };
                let begin_at = due;
                due = due.checked_add(config.interval).unwrap_or(due);
                let probe = &probe;
                playing.push(async move {
                    sleep_until(begin_at).await;
                    play_one(config, cases, probe, index).await
                });
            }
            let Some(played) = playing.next().await else { return suspects };
            match played {
                Played { index, exchange: Some(exchange), is_alive: true, handshake_took }
                    if suspects.is_empty() =>
                {
                    self.count_in_vain(&exchange);
                    if keeping == Keeping::Recorded {
                        if let Some(took) = handshake_took {
                            self.survival.add_handshake(Some(took));
                        }
                        self.record(index, exchange);
                    }
                }
                played => suspects.push(played),
            }
        }
    }

    /// Plays the violations once more if only that tells whether the server goes on to grow: once before
    /// that if it has died within the last round, so that both readings are of a process that has seen
    /// all of them.
    async fn tell_growth(&mut self) {
        if !self.cases.iter().any(|case| case.kind == CaseKind::Memory) {
            return;
        }
        if self.survival.is_cut_short() {
            if !self.replay_violations().await {
                return;
            }
            self.survival.violations_end(self.restarter.memory(self.config));
        }
        if self.survival.is_grown() && self.replay_violations().await {
            self.survival.violations_end_again(self.restarter.memory(self.config));
        }
    }

    /// Plays the violations again. Those that the server died of are left out: the memory of another
    /// process tells nothing. Returns whether it has lived through them.
    async fn replay_violations(&mut self) -> bool {
        let has_killed = |index: &usize| {
            let mut played = self.exchanges.get(*index).into_iter().flatten();
            played.any(|exchange| exchange.finding.verdict == Verdict::Died)
        };
        let mut again = indices(self.cases, |case| is_played(case) && case.is_violation());
        again.retain(|index| !has_killed(index));
        self.survival.violations_begin(None);
        if self.play_unrecorded(again).await {
            return self.gone.is_none();
        }
        self.survival.died_again();
        self.bring_back_from_death().await;
        false
    }

    /// Plays cases and keeps nothing of them, until the server dies or is gone. Returns whether it
    /// has not died.
    async fn play_unrecorded(&mut self, mut waiting: VecDeque<usize>) -> bool {
        while self.gone.is_none() && !waiting.is_empty() {
            let playing = self.play_at_once(&mut waiting, Keeping::Forgotten);
            let suspects = Box::pin(playing).await;
            if suspects.iter().any(|played| !played.is_alive) {
                return false;
            }
            self.give_up_if_mute().await;
        }
        true
    }

    /// Counts the cases in a row that were waited for in vain. Only a frame ends the row, or over SockJS
    /// any answer.
    fn count_in_vain(&mut self, exchange: &Exchange) {
        let (is_in_vain, is_answered) = if self.config.sockjs.is_some() {
            // Some cases take long on purpose.
            let verdict = exchange.finding.verdict;
            (verdict == Verdict::NoAnswer, exchange.has_received())
        } else {
            let is_frame = || !exchange.first().annotated().server.frames.frames().is_empty();
            (exchange.took >= self.config.limits.answer, self.in_vain > 0 && is_frame())
        };
        if is_in_vain {
            self.in_vain = self.in_vain.saturating_add(1);
        } else if is_answered {
            self.in_vain = 0;
        }
    }

    /// Gives up a server that has answered nothing for a while, and does not answer a message either.
    async fn give_up_if_mute(&mut self) {
        if self.in_vain < MAX_IN_VAIN {
            return;
        }
        let in_vain = std::mem::take(&mut self.in_vain);
        if !self.probe.is_answering(self.config).await {
            let what = if self.probe.traits.has_echo { "a message" } else { "a ping" };
            self.gone = Some(format!(
                "{in_vain} cases in a row were waited for in vain, and {what} after them too"
            ));
        }
    }

    /// Records the cases that were under way when the server died for good. One that was the only one
    /// is to blame; those that were answered keep their verdict.
    fn judge_suspects(&mut self, suspects: Vec<Played>) {
        let reason = self.gone.clone().unwrap_or_default();
        let was_played = |played: &&Played| played.exchange.is_some();
        let names: Vec<usize> =
            suspects.iter().filter(was_played).map(|played| played.index).collect();
        let doubtful: Vec<usize> = suspects
            .iter()
            .filter(|played| played.is_doubtful())
            .map(|played| played.index)
            .collect();
        let is_certain = names.len() == 1;
        let names = if is_certain || doubtful.is_empty() { names } else { doubtful };
        let reason = format!("{reason}; it died in {}", self.names_of(&names, is_certain));
        for played in suspects {
            let (index, is_doubtful) = (played.index, played.is_doubtful());
            match played.exchange {
                Some(exchange) if is_certain => {
                    self.survival.add_handshake(None);
                    self.record(index, exchange.blamed());
                }
                Some(exchange) if !is_doubtful => self.record(index, exchange),
                _ => self.record_unplayed(index, &reason),
            }
        }
        self.gone = Some(reason);
    }

    /// Returns the names of the cases that may have killed the server, as the end of a sentence.
    fn names_of(&self, suspects: &[usize], is_certain: bool) -> String {
        let cases = suspects.iter().filter_map(|index| self.cases.get(*index));
        let names: Vec<&str> = cases.map(|case| case.id.as_str()).collect();
        let names = names.join(", ");
        if is_certain { names } else { format!("one of {names}; --restart finds out in which") }
    }

    /// Records what is known once all other cases have been played.
    fn conclude(&mut self, memory: &Finding) {
        for (index, case) in self.cases.iter().enumerate() {
            let finding = match case.kind {
                CaseKind::Handshakes => self.survival.handshakes(),
                CaseKind::Memory => memory.clone(),
                CaseKind::Steps
                | CaseKind::Search(_)
                | CaseKind::MaskingKeys(_)
                | CaseKind::Http2(_)
                | CaseKind::SockJs(_) => continue,
            };
            let is_kept = !finding.verdict.is_failure();
            let expected = if is_kept { String::new() } else { case.expectations().join(", ") };
            let exchange = Exchange::without_bytes(Finding { expected, ..finding });
            self.record(index, exchange);
        }
    }
}
