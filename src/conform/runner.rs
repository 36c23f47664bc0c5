//! [`run`]: plays all cases, several at once, and finds out which of them a server does not survive.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::clients::nonce;
use crate::conform::exchange::{Exchange, play};
use crate::conform::limits::search;
use crate::conform::outcome::{CaseOutcome, ConformOutcome};
use crate::conform::probe::Probe;
use crate::conform::restart::{RestartError, Restarter};
use crate::conform::survival::Survival;
use crate::conform::{Case, CaseKind, ConformConfig, Finding, ServerTraits, Verdict};
use crate::wire::Side;

/// A change during a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConformEvent {
    /// The cases begin.
    Began {
        /// What was found out about the server.
        traits: ServerTraits,
    },
    /// A case has its verdict.
    Played {
        /// The index of the case.
        index: usize,
        /// The verdict.
        verdict: Verdict,
    },
    /// The server no longer accepts connections. The cases that were being played are played again,
    /// one by one.
    Down,
    /// The server is back.
    Up,
}

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
    restarter.find_traits(config, &mut probe).await?;
    let traits = probe.traits;
    on_event(ConformEvent::Began { traits });
    let mut runner = Runner {
        config,
        cases,
        probe,
        survival: Survival::new(restarter.memory()),
        restarter,
        exchanges: vec![Vec::new(); cases.len()],
        on_event: &mut on_event,
        gone: None,
    };
    let repeat = config.repeat.max(1);
    for _ in 0..repeat {
        runner.play_all(indices(cases, |kind| kind == CaseKind::Steps)).await;
        for index in indices(cases, |kind| matches!(kind, CaseKind::Search(_))) {
            runner.play_alone(index).await;
        }
    }
    runner.conclude();
    let outcomes = runner.exchanges.into_iter().enumerate();
    let cases = outcomes.map(|(index, exchanges)| CaseOutcome { index, exchanges }).collect();
    Ok(ConformOutcome { cases, peer: Side::Server, traits, took: began.elapsed() })
}

/// Returns the indices of the cases of some kinds.
fn indices(cases: &[Case], is_wanted: impl Fn(CaseKind) -> bool) -> VecDeque<usize> {
    let all = cases.iter().enumerate();
    all.filter(|(_, case)| is_wanted(case.kind)).map(|(index, _)| index).collect()
}

struct Runner<'r, F> {
    config: &'r ConformConfig,
    cases: &'r [Case],
    probe: Probe,
    restarter: Restarter,
    survival: Survival,
    exchanges: Vec<Vec<Exchange>>,
    on_event: &'r mut F,
    /// Why the server is gone for good.
    gone: Option<String>,
}

/// A case as it was played, and what came of the server.
struct Played {
    index: usize,
    exchange: Option<Exchange>,
    /// Whether the server accepted another connection afterwards.
    is_alive: bool,
    /// How long that took after a violation.
    handshake_took: Option<Duration>,
}

impl<F: FnMut(ConformEvent)> Runner<'_, F> {
    async fn play_all(&mut self, mut waiting: VecDeque<usize>) {
        while !waiting.is_empty() {
            if self.gone.is_some() {
                for index in waiting.drain(..) {
                    self.play_alone(index).await;
                }
                return;
            }
            let suspects = self.play_at_once(&mut waiting).await;
            if suspects.is_empty() {
                continue;
            }
            (self.on_event)(ConformEvent::Down);
            self.bring_back().await;
            if let Some(reason) = &self.gone {
                self.gone = Some(format!("{reason}{}", self.name_suspects(&suspects)));
            }
            for index in suspects {
                self.play_alone(index).await;
            }
        }
    }

    /// Returns the names of the cases that may have killed the server, as the end of a sentence.
    fn name_suspects(&self, suspects: &[usize]) -> String {
        let cases = suspects.iter().filter_map(|index| self.cases.get(*index));
        let names: Vec<&str> =
            cases.filter(|case| case.is_violation()).map(|case| case.id.as_str()).collect();
        format!("; it died in one of {}; --restart finds out in which", names.join(", "))
    }

    /// Plays cases side by side until none waits, or until the server is gone. Returns those that may
    /// have killed it.
    async fn play_at_once(&mut self, waiting: &mut VecDeque<usize>) -> Vec<usize> {
        let mut playing = FuturesUnordered::new();
        let mut suspects = Vec::new();
        let mut due = Instant::now();
        let (config, cases, probe) = (self.config, self.cases, &self.probe);
        loop {
            while suspects.is_empty() && playing.len() < config.max_at_once.max(1) {
                let Some(index) = waiting.pop_front() else { break };
                let begin_at = due;
                due = due.checked_add(config.interval).unwrap_or(due);
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
                    if let Some(took) = handshake_took {
                        self.survival.add_handshake(Some(took));
                    }
                    record(&mut self.exchanges, self.on_event, index, exchange);
                }
                Played { index, .. } => suspects.push(index),
            }
        }
    }

    /// Plays a case with nothing beside it, so that it alone is to blame if the server dies.
    async fn play_alone(&mut self, index: usize) {
        if let Some(reason) = &self.gone {
            let finding = Finding::new(Verdict::NoAnswer, format!("not played: {reason}"));
            let exchange = Exchange::without_bytes(finding);
            record(&mut self.exchanges, self.on_event, index, exchange);
            return;
        }
        let played = play_one(self.config, self.cases, &self.probe, index).await;
        if played.handshake_took.is_some() || !played.is_alive {
            self.survival.add_handshake(played.handshake_took);
        }
        let finding = Finding::new(Verdict::NoAnswer, "did not accept the connection");
        let mut exchange = played.exchange.unwrap_or_else(|| Exchange::without_bytes(finding));
        if !played.is_alive {
            let reason = format!("accepts no connection after it ({})", exchange.finding.reason);
            exchange.finding = Finding::new(Verdict::Died, reason);
        }
        record(&mut self.exchanges, self.on_event, index, exchange);
        if !played.is_alive {
            (self.on_event)(ConformEvent::Down);
            self.bring_back().await;
        }
    }

    /// Records what is known once all other cases have been played.
    fn conclude(&mut self) {
        self.survival.ended(self.restarter.memory());
        for (index, case) in self.cases.iter().enumerate() {
            let finding = match case.kind {
                CaseKind::Handshakes => self.survival.handshakes(),
                CaseKind::Memory => self.survival.memory(),
                CaseKind::Steps | CaseKind::Search(_) | CaseKind::MaskingKeys(_) => continue,
            };
            let exchange = Exchange::without_bytes(finding);
            record(&mut self.exchanges, self.on_event, index, exchange);
        }
    }

    async fn bring_back(&mut self) {
        match self.restarter.bring_back(self.config, &self.probe).await {
            Ok(()) => {
                self.survival.restarted(self.restarter.memory());
                (self.on_event)(ConformEvent::Up);
            }
            Err(error) => self.gone = Some(error.to_string()),
        }
    }
}

fn record(
    exchanges: &mut [Vec<Exchange>],
    on_event: &mut impl FnMut(ConformEvent),
    index: usize,
    exchange: Exchange,
) {
    on_event(ConformEvent::Played { index, verdict: exchange.finding.verdict });
    if let Some(played) = exchanges.get_mut(index) {
        played.push(exchange);
    }
}

/// Plays a case, and after one that breaks a rule, or fails, asks whether the server is still there.
async fn play_one(config: &ConformConfig, cases: &[Case], probe: &Probe, index: usize) -> Played {
    let (Some(case), Ok(key)) = (cases.get(index), nonce()) else {
        return Played { index, exchange: None, is_alive: true, handshake_took: None };
    };
    let exchange = match case.kind {
        CaseKind::Search(_) => Some(search(config, case, probe.traits).await),
        _ => play(config, case, key, probe.traits).await.ok(),
    };
    let has_failed = exchange.as_ref().is_none_or(|played| played.finding.verdict.is_failure());
    let is_violation = case.is_violation() || matches!(case.kind, CaseKind::Search(_));
    if !is_violation && !has_failed {
        return Played { index, exchange, is_alive: true, handshake_took: None };
    }
    let began = Instant::now();
    let is_alive = is_alive(config, probe).await;
    let handshake_took = (is_violation && is_alive).then(|| began.elapsed());
    Played { index, exchange, is_alive, handshake_took }
}

/// Whether the server accepts a connection, at the second attempt at the latest: a server that is
/// busy may drop one.
async fn is_alive(config: &ConformConfig, probe: &Probe) -> bool {
    if probe.is_alive(config).await.is_ok() {
        return true;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    probe.is_alive(config).await.is_ok()
}
