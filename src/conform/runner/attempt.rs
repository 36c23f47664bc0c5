//! [`play_one`]: one case, and whether the server is still there after it.

use std::time::Duration;

use tokio::time::Instant;
use wiretalk_core::conformance::ConnectionEnd;

use crate::clients::nonce;
use crate::conform::exchange::Exchange;
use crate::conform::limits::search;
use crate::conform::play::play;
use crate::conform::probe::Probe;
use crate::conform::{Case, CaseKind, ConformConfig, Verdict};

/// A case as it was played, and what came of the server.
pub(super) struct Played {
    /// The index of the case.
    pub(super) index: usize,
    /// What came of it; `None` if no connection could be opened.
    pub(super) exchange: Option<Exchange>,
    /// Whether the server accepted another connection afterwards.
    pub(super) is_alive: bool,
    /// How long that took after a violation.
    pub(super) handshake_took: Option<Duration>,
}

impl Played {
    /// Whether the server may have died of the case: it was played, and ended without an answer.
    pub(super) fn is_doubtful(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| {
            exchange.finding.verdict.is_failure()
                || exchange.end == Some(ConnectionEnd::WithoutClose)
        })
    }
}

/// Plays a case, and after one that breaks a rule, fails, or has an end without a Close, asks whether the server is still there.
pub(super) async fn play_one(
    config: &ConformConfig,
    cases: &[Case],
    probe: &Probe,
    index: usize,
) -> Played {
    let (Some(case), Ok(key)) = (cases.get(index), nonce()) else {
        return Played { index, exchange: None, is_alive: true, handshake_took: None };
    };
    let exchange = match case.kind {
        CaseKind::Search(_) => Some(search(config, case, probe.traits).await),
        _ => play(config, case, key, probe.traits).await.ok(),
    };
    let is_played = exchange
        .as_ref()
        .is_none_or(|played| played.finding.verdict != Verdict::NotApplicable || played.has_sent());
    if !is_played {
        return Played { index, exchange, is_alive: true, handshake_took: None };
    }
    // Who ends the connection without a word may have died of the case, or of one beside it.
    let is_doubtful = exchange.as_ref().is_none_or(|played| {
        played.finding.verdict.is_failure() || played.end == Some(ConnectionEnd::WithoutClose)
    });
    let is_violation = case.is_violation() || matches!(case.kind, CaseKind::Search(_));
    if !is_violation && !is_doubtful {
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
