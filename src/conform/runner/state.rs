//! [`Runner`]: what is known during a run, and the server that is brought back.

use crate::conform::exchange::Exchange;
use crate::conform::probe::Probe;
use crate::conform::restart::Restarter;
use crate::conform::runner::event::ConformEvent;
use crate::conform::survival::Survival;
use crate::conform::{Case, ConformConfig, Finding, Verdict};

/// A run that is under way.
pub(super) struct Runner<'r, F> {
    pub(super) config: &'r ConformConfig,
    pub(super) cases: &'r [Case],
    pub(super) probe: Probe,
    pub(super) restarter: Restarter,
    pub(super) survival: Survival,
    pub(super) exchanges: Vec<Vec<Exchange>>,
    pub(super) on_event: &'r mut F,
    /// Why the server is gone for good.
    pub(super) gone: Option<String>,
    /// The cases in a row that were waited for in vain.
    pub(super) in_vain: usize,
}

impl<F: FnMut(ConformEvent)> Runner<'_, F> {
    pub(super) fn record(&mut self, index: usize, exchange: Exchange) {
        (self.on_event)(ConformEvent::Played { index, verdict: exchange.finding.verdict });
        if let Some(played) = self.exchanges.get_mut(index) {
            exchange.add_to(played);
        }
    }

    /// Records that a case has no answer because it was not played.
    pub(super) fn record_unplayed(&mut self, index: usize, reason: &str) {
        let finding = Finding::new(Verdict::NoAnswer, format!("was not played: {reason}"));
        self.record(index, Exchange::without_bytes(finding));
    }

    pub(super) async fn bring_back(&mut self) {
        match self.restarter.bring_back(self.config, &self.probe).await {
            Ok(()) => {
                self.survival.restarted(self.restarter.memory(self.config));
                (self.on_event)(ConformEvent::Up);
            }
            Err(error) => self.gone = Some(error.to_string()),
        }
    }
}
