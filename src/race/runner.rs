//! Runs a race: warm-up (`warm_up`), rounds of slices in shuffled order, progress reports, and the outcome.
//!
//! The runner measures no times itself. A lane's two ends are processes of their own, and the
//! runner sleeps while a slice runs.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::measure::{Drift, SplitMix64};
use crate::net::{NetnsPair, PeerRole};
use crate::race::config::load_budget::LoadBudget;
use crate::race::error::{RaceError, WorkerError};
use crate::race::foreign_load::MeasurementStart;
use crate::race::process::lane_processes::{LaneProcesses, WorkerProgram};
use crate::race::process::machine::ListenDrops;
use crate::race::result::lane_recorder::LaneRecorder;
use crate::race::result::outcome::{self, RaceOutcome, SliceRecord};
use crate::race::result::validity::Conditions;
use crate::race::{Lane, LaneRatio, LaneStats, Machine, RaceConfig};
use crate::scope::{ReportSender, Scope};

/// The state of a running race.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RaceProgress {
    /// The number of completed rounds.
    pub round: usize,
    /// The lane that is running; `None` while warming up.
    pub running: Option<Lane>,
    /// The lanes in the order of the configuration.
    pub lanes: Vec<LaneStats>,
    /// The ratios of the completed rounds.
    pub ratios: Vec<LaneRatio>,
}

/// An event of a race.
#[derive(Clone, Debug, PartialEq)]
pub enum RaceEvent {
    /// The current state. Some are dropped if the reader is slow.
    Progress(RaceProgress),
    /// The outcome. It is always sent, and always last.
    Finished(Box<RaceOutcome>),
}

/// A request to a running race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaceControl {
    /// Stalls the server of the running lane for this long.
    Stall(Duration),
}

/// Runs the race to its end and reports events. Dropping the future ends the race and kills all its
/// processes at once.
///
/// A lane that fails takes no further part while the others go on. The outcome says why such a run
/// does not count.
pub async fn run(
    scope: &Scope,
    program: &WorkerProgram,
    config: RaceConfig,
    events: ReportSender<RaceEvent>,
    controls: mpsc::Receiver<RaceControl>,
) {
    let mut race = RaceRunner::new(config, events, controls);
    let failure = race.run(scope, program).await.err();
    let outcome = race.outcome(failure.as_ref());
    race.events.send_last(RaceEvent::Finished(Box::new(outcome)));
}

pub(super) struct RaceRunner {
    pub(super) config: RaceConfig,
    pub(super) recorders: Vec<LaneRecorder>,
    rounds: usize,
    ratios: Vec<LaneRatio>,
    slices: Vec<SliceRecord>,
    pinned: bool,
    measurement: Option<MeasurementStart>,
    foreign_cpu: Option<f64>,
    listen_drops: Option<ListenDrops>,
    /// The requests that external servers may still get; `None` without a limit.
    pub(super) budget: Option<LoadBudget>,
    events: ReportSender<RaceEvent>,
    controls: mpsc::Receiver<RaceControl>,
}

impl RaceRunner {
    fn new(
        config: RaceConfig,
        events: ReportSender<RaceEvent>,
        controls: mpsc::Receiver<RaceControl>,
    ) -> Self {
        Self {
            config,
            recorders: Vec::new(),
            rounds: 0,
            ratios: Vec::new(),
            slices: Vec::new(),
            pinned: false,
            measurement: None,
            foreign_cpu: None,
            listen_drops: None,
            budget: None,
            events,
            controls,
        }
    }

    async fn run(&mut self, scope: &Scope, program: &WorkerProgram) -> Result<(), RaceError> {
        self.config.validate()?;
        let real_net = self.config.real_net;
        let netns = if real_net { Some(NetnsPair::start(scope, self.config.link)?) } else { None };
        let limit = self.config.external.as_ref().and_then(|external| external.load_limit);
        self.budget = limit.map(|limit| LoadBudget::new(limit, &self.config));
        self.start(program, netns.as_ref()).await;
        self.warm_up().await;
        let pinned_to = self.pinned.then_some(self.config.placement);
        let external = self.config.external.as_ref();
        let server = external.and_then(|external| external.websocket_options.process);
        self.measurement = Some(MeasurementStart::now(pinned_to, server));
        let before = listen_drops(netns.as_ref());
        let mut rng = SplitMix64::new(self.config.seed);
        let mut lane_order: Vec<usize> = (0..self.recorders.len()).collect();
        // Shuffling the lanes anew in every round keeps slow changes of the machine from favouring
        // one lane.
        for round in 0..self.config.rounds {
            rng.shuffle(&mut lane_order);
            if !self.round(round, &lane_order).await {
                break;
            }
            self.rounds = round.saturating_add(1);
            self.ratios = outcome::ratios(&self.config, &self.lane_stats());
            self.send_progress(None);
        }
        self.foreign_cpu = self.foreign_cpu_share();
        self.listen_drops = lost(before, netns.as_ref());
        Ok(())
    }

    /// Runs one slice of every lane in this order. Returns `false` if no further round is possible.
    async fn round(&mut self, round: usize, lane_order: &[usize]) -> bool {
        let lanes = self.running();
        let to_come = self.config.rounds.saturating_sub(round);
        let max_exchanges = self.budget.map(|budget| budget.round(&self.config, &lanes, to_come));
        // The load limit leaves no complete round.
        if lanes.is_empty() || max_exchanges == Some(None) {
            return false;
        }
        for (position, &index) in lane_order.iter().enumerate() {
            if self.is_out_of_time() || self.running().is_empty() {
                return false;
            }
            self.run_slice(index, Some((round, position)), max_exchanges.flatten()).await;
        }
        true
    }

    /// Returns the lanes that still take part.
    pub(super) fn running(&self) -> Vec<Lane> {
        self.recorders
            .iter()
            .filter(|recorder| recorder.processes.is_some())
            .map(|recorder| recorder.lane)
            .collect()
    }

    async fn start(&mut self, program: &WorkerProgram, netns: Option<&NetnsPair>) {
        let config = &self.config;
        let starting = config
            .lanes
            .iter()
            .map(async |&lane| (lane, LaneProcesses::start(program, lane, config, netns).await));
        // All lanes start at once, because starting processes and TLS takes time.
        let started = join_all(starting).await;
        self.recorders = started
            .into_iter()
            .map(|(lane, processes)| LaneRecorder::new(lane, processes))
            .collect();
        self.pinned = self
            .recorders
            .iter()
            .filter_map(|recorder| recorder.processes.as_ref())
            .all(|processes| processes.pinned);
        self.send_progress(None);
    }

    /// Runs one slice of a lane with at most `max_exchanges` exchanges. Without a round and
    /// position it is a warm-up slice, which does not count.
    pub(super) async fn run_slice(
        &mut self,
        index: usize,
        at: Option<(usize, usize)>,
        max_exchanges: Option<u64>,
    ) {
        let Some(lane) = self
            .recorders
            .get(index)
            .filter(|recorder| recorder.processes.is_some())
            .map(|recorder| recorder.lane)
        else {
            return;
        };
        self.send_progress(at.map(|_| lane));
        let ran = self.try_run_slice(index, at, max_exchanges).await;
        if let (Some(budget), Some(max_exchanges)) = (&mut self.budget, max_exchanges) {
            // How many requests an interrupted slice sent is unknown, so all that it was allowed
            // are subtracted.
            let done = ran.as_ref().map_or(max_exchanges, |done| *done);
            budget.spend(done, &self.config, lane);
        }
        if let (Some(recorder), Err(error)) = (self.recorders.get_mut(index), ran) {
            recorder.fail(error);
        }
    }

    /// Runs a slice and returns the number of exchanges.
    async fn try_run_slice(
        &mut self,
        index: usize,
        at: Option<(usize, usize)>,
        max_exchanges: Option<u64>,
    ) -> Result<u64, WorkerError> {
        let timeout = self.config.exchange_timeout();
        let length = if at.is_some() { self.config.slice } else { self.config.warm_up };
        let stall = next_stall(&mut self.controls);
        let Some(recorder) = self.recorders.get_mut(index) else { return Ok(0) };
        let Some(processes) = &mut recorder.processes else { return Ok(0) };
        // The counters are read while nothing runs, so the difference is exactly this slice.
        let before = processes.server_counters().await?;
        let result = processes.run_slice(length, max_exchanges, timeout, stall).await?;
        let after = processes.server_counters().await?;
        let (error, done) = (
            result.error.clone(),
            result.time_counts.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count)),
        );
        if let Some(at) = at {
            self.slices.push(recorder.add_slice(at, result, before.zip(after)));
        }
        // The slice is recorded even if a connection failed: its times are real.
        error.map_or(Ok(done), |reason| Err(WorkerError::Reported(reason)))
    }

    /// Whether the time limit for external servers is over.
    fn is_out_of_time(&self) -> bool {
        let limit = self.config.external.as_ref().and_then(|external| external.load_limit);
        let is_over =
            |start: &MeasurementStart| limit.is_some_and(|limit| start.elapsed() >= limit.time);
        self.measurement.as_ref().is_some_and(is_over)
    }

    fn lane_stats(&self) -> Vec<LaneStats> {
        self.recorders.iter().map(LaneRecorder::stats).collect()
    }

    /// Reports the current state.
    fn send_progress(&mut self, running: Option<Lane>) {
        let progress = RaceProgress {
            round: self.rounds,
            running,
            lanes: self.lane_stats(),
            ratios: self.ratios.clone(),
        };
        self.events.send_latest(RaceEvent::Progress(progress));
    }

    fn foreign_cpu_share(&self) -> Option<f64> {
        let workers = self
            .recorders
            .iter()
            .map(LaneRecorder::cpu)
            .fold(Duration::ZERO, Duration::saturating_add);
        self.measurement.as_ref()?.foreign_cpu_share(workers)
    }

    fn outcome(&self, failure: Option<&RaceError>) -> RaceOutcome {
        let lanes = self.lane_stats();
        let floor = lanes.iter().find(|stats| stats.lane == self.config.floor());
        let series: Vec<f64> = floor
            .map(|floor| floor.round_medians.iter().copied().flatten().collect())
            .unwrap_or_default();
        let drift = Drift::of(&series, self.config.seed);
        let conditions = Conditions {
            failure,
            lanes: &lanes,
            foreign: self.foreign_cpu,
            floor: self.config.floor(),
            drift,
            listen_drops: self.listen_drops,
            rounds: self.rounds,
        };
        let invalid_because = conditions.objections();
        RaceOutcome {
            config: self.config.clone(),
            machine: Machine::detect(),
            pinned: self.pinned,
            lanes,
            ratios: self.ratios.clone(),
            slices: self.slices.clone(),
            foreign_cpu: self.foreign_cpu,
            listen_drops: self.listen_drops,
            drift,
            invalid_because,
        }
    }
}

/// Returns the kernel's drop counters in the network namespace of the servers.
fn listen_drops(netns: Option<&NetnsPair>) -> Option<ListenDrops> {
    match netns {
        Some(netns) => netns.run_in(PeerRole::Server, ListenDrops::now).ok()?,
        None => ListenDrops::now(),
    }
}

fn lost(before: Option<ListenDrops>, netns: Option<&NetnsPair>) -> Option<ListenDrops> {
    Some(listen_drops(netns)?.since(before?))
}

/// Waits for a request to stall and returns its duration.
async fn next_stall(controls: &mut mpsc::Receiver<RaceControl>) -> Duration {
    match controls.recv().await {
        Some(RaceControl::Stall(time)) => time,
        // The sender is gone, so no request can come any more.
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_race_with_connections_dropped_by_the_kernel_does_not_count() {
        let (reports, _inbox) = crate::scope::report_channel();
        let (_wishes, controls) = mpsc::channel(1);
        let mut race = RaceRunner::new(RaceConfig::default(), reports, controls);
        race.rounds = 1;
        assert!(race.outcome(None).is_valid());
        race.listen_drops = Some(ListenDrops { overflows: 0, drops: 0 });
        assert!(race.outcome(None).is_valid());
        race.listen_drops = Some(ListenDrops { overflows: 515, drops: 520 });
        let outcome = race.outcome(None);
        assert_eq!((outcome.is_valid(), outcome.listen_drops), (false, race.listen_drops));
        let sentence = outcome.summary();
        assert!(
            sentence.starts_with("This run does not count: the kernel dropped connections"),
            "{sentence}"
        );
        let json = crate::race::formats::json(&outcome);
        assert_eq!((&json["listen_overflows"], &json["listen_drops"]), (&515.into(), &520.into()));
    }
}
