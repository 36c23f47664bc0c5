//! Measures a contestant under load: its echo beside that of raw TCP, in the same race.

use thiserror::Error;
use tokio::sync::mpsc;

use crate::lab::process::{RunningContestant, StartError};
use crate::lab::record::{LoadRecord, rounded};
use crate::measure::paired_ratio;
use crate::race::{
    self, ExternalServers, ExternalWebSocket, Lane, LaneKind, RaceConfig, RaceEvent, RaceOutcome,
    WorkerProgram,
};
use crate::scope::{Scope, report_channel};

/// The numbers of connections with which a contestant is measured.
pub const CONNECTION_COUNTS: [usize; 3] = [1, 64, 256];

/// The lane of the contestant, and the floor of the race.
const WEBSOCKET: Lane = Lane::plain(LaneKind::Ws);
const RAW_TCP: Lane = Lane::plain(LaneKind::Tcp);

/// The reason for which there are no figures.
#[derive(Debug, Error)]
pub(super) enum LoadError {
    /// The contestant cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The race ended without an outcome.
    #[error("the race ended without an outcome")]
    NoOutcome,
    /// A lane did not run.
    #[error("{0}")]
    NotRun(String),
}

/// Returns the race of a contestant against raw TCP. Messages are text, because some servers send
/// everything back as text.
fn config(contestant: &RunningContestant, needs_origin: bool, connections: usize) -> RaceConfig {
    let target = &contestant.target;
    let websocket_options = ExternalWebSocket {
        origin: needs_origin.then(|| format!("http://{}", target.authority())),
        sends_text: true,
        process: contestant.process(),
    };
    let external = ExternalServers::websocket_only(&target.to_string());
    RaceConfig {
        lanes: vec![RAW_TCP, WEBSOCKET],
        connections,
        external: Some(ExternalServers { websocket_options, ..external }),
        ..RaceConfig::default()
    }
}

/// Measures a contestant with a number of connections. `on_round` gets the number of completed rounds,
/// and how many there will be.
///
/// # Errors
/// Fails if one of the lanes did not run.
pub(super) async fn measure(
    scope: &Scope,
    program: &WorkerProgram,
    contestant: &RunningContestant,
    needs_origin: bool,
    connections: usize,
    mut on_round: impl FnMut(usize, usize),
) -> Result<LoadRecord, LoadError> {
    let config = config(contestant, needs_origin, connections);
    let rounds = config.rounds;
    let (events, mut inbox) = report_channel();
    let (_controls, no_controls) = mpsc::channel(1);
    let scope = scope.child();
    let racing = race::run(&scope, program, config, events, no_controls);
    let reading = async {
        loop {
            match inbox.recv().await {
                Some(RaceEvent::Progress(progress)) => on_round(progress.round, rounds),
                Some(RaceEvent::Finished(outcome)) => return Some(*outcome),
                None => return None,
            }
        }
    };
    let ((), outcome) = tokio::join!(racing, reading);
    record(&outcome.ok_or(LoadError::NoOutcome)?)
}

/// Returns the figures of an outcome.
fn record(outcome: &RaceOutcome) -> Result<LoadRecord, LoadError> {
    let stats = |lane: Lane| outcome.lanes.iter().find(|stats| stats.lane == lane);
    let not_run = || {
        let reasons = outcome.invalid_because.join("; ");
        LoadError::NotRun(if reasons.is_empty() {
            "no round was completed".to_owned()
        } else {
            reasons
        })
    };
    let (websocket, raw) = stats(WEBSOCKET).zip(stats(RAW_TCP)).ok_or_else(not_run)?;
    let medians = websocket.round_medians.iter().zip(&raw.round_medians);
    let medians: Vec<(f64, f64)> =
        medians.filter_map(|(websocket, raw)| websocket.zip(*raw)).collect();
    let seed = outcome.config.seed;
    let latency = paired_ratio(&medians, seed).ok_or_else(not_run)?;
    let throughput = paired_ratio(&rates(outcome), seed).ok_or_else(not_run)?;
    let median = websocket.median.ok_or_else(not_run)?;
    Ok(LoadRecord {
        connections: outcome.config.connections,
        median_us: rounded(median * 1e6),
        per_second: websocket.rate().round(),
        latency: latency.into(),
        throughput: throughput.into(),
        invalid_because: outcome.invalid_because.clone(),
    })
}

/// Returns the echoes a second of both lanes in each round in which both ran.
fn rates(outcome: &RaceOutcome) -> Vec<(f64, f64)> {
    let rate = |lane: Lane, round: usize| {
        let is_it = |slice: &&race::SliceRecord| slice.lane == lane && slice.round == round;
        let slice = outcome.slices.iter().find(is_it)?;
        Some(slice.summary.count as f64 / slice.took.as_secs_f64())
    };
    let rounds = 0..outcome.config.rounds;
    rounds.filter_map(|round| rate(WEBSOCKET, round).zip(rate(RAW_TCP, round))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::HistogramSummary;
    use crate::race::{LaneStats, SliceRecord};

    fn outcome(failure: Option<&str>) -> RaceOutcome {
        let slice = |lane, round, count| SliceRecord {
            lane,
            round,
            position: 0,
            took: Duration::from_millis(100),
            summary: HistogramSummary { count, ..HistogramSummary::default() },
            time_counts: Vec::new(),
        };
        let stats = |lane, medians: [f64; 3]| LaneStats {
            lane,
            median: Some(medians[1]),
            round_medians: medians.map(Some).to_vec(),
            times: HistogramSummary { count: 300, ..HistogramSummary::default() },
            running_time: Duration::from_millis(300),
            ..LaneStats::default()
        };
        RaceOutcome {
            config: RaceConfig { connections: 64, rounds: 3, ..RaceConfig::default() },
            lanes: vec![stats(WEBSOCKET, [2e-5, 3e-5, 4e-5]), stats(RAW_TCP, [1e-5, 2e-5, 2e-5])],
            slices: vec![
                slice(WEBSOCKET, 0, 50),
                slice(RAW_TCP, 0, 100),
                slice(RAW_TCP, 1, 100),
                slice(WEBSOCKET, 1, 25),
                // A round in which one lane did not run.
                slice(WEBSOCKET, 2, 25),
            ],
            invalid_because: failure.map(str::to_owned).into_iter().collect(),
            ..RaceOutcome::default()
        }
    }

    #[test]
    fn figures_are_ratios_to_raw_tcp_round_by_round() {
        let record = record(&outcome(Some("other programs"))).unwrap();
        assert_eq!((record.latency.median, record.latency.pairs), (2.0, 3));
        assert_eq!((record.throughput.median, record.throughput.pairs), (0.375, 2));
        assert_eq!((record.median_us, record.per_second), (30.0, 1000.0));
        assert_eq!(
            (record.connections, record.invalid_because),
            (64, vec!["other programs".to_owned()])
        );
    }

    #[test]
    fn a_lane_that_did_not_run_is_an_error_with_its_reason() {
        let mut refused = outcome(Some("ws: refused"));
        refused.lanes[0].round_medians.clear();
        assert_eq!(record(&refused).unwrap_err().to_string(), "ws: refused");
        refused.lanes.clear();
        refused.invalid_because.clear();
        assert_eq!(record(&refused).unwrap_err().to_string(), "no round was completed");
    }
}
