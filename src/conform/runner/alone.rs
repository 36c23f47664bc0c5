//! Cases with nothing beside them: those that may have killed the server, and those that failed.

use std::time::Duration;

use tokio::time::Instant;
use wiretalk_core::conformance::ConnectionEnd;

use crate::conform::exchange::Exchange;
use crate::conform::runner::attempt::play_one;
use crate::conform::runner::event::ConformEvent;
use crate::conform::runner::state::Runner;
use crate::conform::{Case, Expectation, Group, Step, Verdict};

/// How long failed cases are played again at most once it is known that some differ alone.
const MAX_REPLAYS: Duration = Duration::from_mins(1);

/// The reason for which a case was not played.
#[derive(Debug, thiserror::Error)]
enum NotPlayed {
    /// The server is gone, because of this.
    #[error("{0}")]
    Gone(String),
    /// The server lives, and does not accept the connection.
    #[error("the server does not accept its connection")]
    NoConnection,
}

impl<F: FnMut(ConformEvent)> Runner<'_, F> {
    /// Plays a case with nothing beside it, so that it alone is to blame if the server dies.
    pub(super) async fn play_alone(&mut self, index: usize) {
        match self.attempt_alone(index).await {
            Ok(exchange) => self.record(index, exchange),
            Err(reason) => self.record_unplayed(index, &reason.to_string()),
        }
    }

    /// Plays a case with nothing beside it. A case that gets no connection is not to blame: it is
    /// played again once the server is back.
    ///
    /// # Errors
    ///
    /// Fails if the case cannot be played.
    async fn attempt_alone(&mut self, index: usize) -> Result<Exchange, NotPlayed> {
        for _ in 0..2 {
            if let Some(reason) = &self.gone {
                return Err(NotPlayed::Gone(reason.clone()));
            }
            let played = play_one(self.config, self.cases, &self.probe, index).await;
            let Some(mut exchange) = played.exchange else {
                self.bring_back_from_death().await;
                continue;
            };
            if played.handshake_took.is_some() || !played.is_alive {
                self.survival.add_handshake(played.handshake_took);
            }
            if !played.is_alive {
                exchange = if self.is_owed_to_closing(index, &exchange) {
                    exchange.survived_up_to_closing()
                } else {
                    exchange.blamed()
                };
                self.bring_back_from_death().await;
            }
            return Ok(exchange);
        }
        Err(NotPlayed::NoConnection)
    }

    /// Whether the server died of the closing handshake at the end of a case about something else, which
    /// the cases about Close are to blame for.
    fn is_owed_to_closing(&self, index: usize, exchange: &Exchange) -> bool {
        let is_about_close = |case: &Case| case.group == Group::Close;
        let is_aside = self.cases.get(index).is_some_and(|case| {
            let closes = Step::Expect(Expectation::CloseReply {
                code: Some(1000),
                is_subject: false,
                may_echo: !case.needs_echo,
            });
            case.steps.last() == Some(&closes) && !case.is_violation()
        });
        is_aside
            && exchange.finding.verdict == Verdict::Tolerated
            && exchange.end == Some(ConnectionEnd::WithoutClose)
            && self.cases.iter().any(is_about_close)
    }

    pub(super) async fn bring_back_from_death(&mut self) {
        (self.on_event)(ConformEvent::Down);
        self.bring_back().await;
    }

    /// Plays what failed beside other cases once more alone, the quickest first: a server may take only a
    /// few connections at once. What came alone counts. Unless some differ, that takes no more time
    /// than one answer may.
    pub(super) async fn replay_alone(&mut self, indices: &[usize]) {
        if self.config.max_at_once <= 1 {
            return;
        }
        let began = Instant::now();
        let mut has_changed = false;
        for kind in [Replayed::Failed, Replayed::Ended] {
            for index in self.worth_replaying(indices, kind) {
                let max = if has_changed { MAX_REPLAYS } else { self.config.limits.answer };
                if self.gone.is_some() || began.elapsed() >= max {
                    return;
                }
                has_changed |= self.replay(index).await;
            }
            if !has_changed {
                return;
            }
        }
    }

    /// Returns the cases whose last exchange may be owed to those beside it, the quickest first.
    fn worth_replaying(&self, indices: &[usize], kind: Replayed) -> Vec<usize> {
        let last = |index: &usize| self.exchanges.get(*index).and_then(|all| all.last());
        let is_wanted = |index: &&usize| last(index).is_some_and(|exchange| kind.is(exchange));
        let mut wanted: Vec<usize> = indices.iter().filter(is_wanted).copied().collect();
        wanted.sort_by_key(|index| last(index).map(|exchange| exchange.took));
        wanted
    }

    /// Plays a case again. Returns whether its verdict is another.
    async fn replay(&mut self, index: usize) -> bool {
        let Ok(mut alone) = self.attempt_alone(index).await else { return false };
        let Some(last) = self.exchanges.get_mut(index).and_then(|all| all.last_mut()) else {
            return false;
        };
        let before = last.finding.clone();
        if alone.finding.verdict == before.verdict {
            return false;
        }
        alone.beside_others = Some(before.verdict);
        alone.finding.reason =
            format!("{}; beside other cases it {}", alone.finding.reason, before.reason);
        let verdict = alone.finding.verdict;
        *last = alone;
        (self.on_event)(ConformEvent::Replayed { index, verdict, before: before.verdict });
        true
    }
}

/// A reason to play a case again.
#[derive(Clone, Copy)]
enum Replayed {
    /// It failed.
    Failed,
    /// The server ended the connection without a Close, which is tolerated.
    Ended,
}

impl Replayed {
    fn is(self, exchange: &Exchange) -> bool {
        let verdict = exchange.finding.verdict;
        match self {
            Self::Failed => matches!(verdict, Verdict::Fail | Verdict::NoAnswer),
            Self::Ended => {
                verdict == Verdict::Tolerated && exchange.end == Some(ConnectionEnd::WithoutClose)
            }
        }
    }
}
