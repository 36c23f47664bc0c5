//! [`LaneRecorder`]: everything measured on a lane.

use std::time::Duration;

use crate::measure::{Histogram, median};
use crate::race::error::WorkerError;
use crate::race::process::ipc::{ResourceUsage, ServerCounters, SliceResult};
use crate::race::process::lane_processes::LaneProcesses;
use crate::race::{ExchangeCost, Lane, LaneStats, SliceRecord};

/// Buckets per octave (doubling) in the picture of a lane's times.
pub(crate) const BUCKETS_PER_OCTAVE: u32 = 8;

pub(in crate::race) struct LaneRecorder {
    pub(in crate::race) lane: Lane,
    /// The lane's processes; `None` once the lane has failed.
    pub(in crate::race) processes: Option<LaneProcesses>,
    pub(in crate::race) failure: Option<WorkerError>,
    times: Histogram,
    service_times: Histogram,
    running_time: Duration,
    /// The median of each round in seconds; `None` for a round in which the lane did not run.
    pub(in crate::race) round_medians: Vec<Option<f64>>,
    /// The bytes that the server's sockets received and sent during `counted` exchanges.
    bytes: (u64, u64),
    counted: u64,
    client: UsageTotal,
    server: UsageTotal,
}

/// What one end has used in all slices.
#[derive(Clone, Copy, Default)]
struct UsageTotal {
    cpu: Option<Duration>,
    allocations: Option<u64>,
}

impl UsageTotal {
    fn add(&mut self, usage: ResourceUsage) {
        if let Some(more) = usage.cpu {
            self.cpu = Some(self.cpu.unwrap_or_default().saturating_add(more));
        }
        if let Some(more) = usage.allocations {
            self.allocations = Some(self.allocations.unwrap_or(0).saturating_add(more));
        }
    }

    fn per_exchange(self, count: u64) -> ExchangeCost {
        // No caller divides by 0: `stats` checks the count.
        let count = count as f64;
        ExchangeCost {
            cpu: self.cpu.map(|sum| sum.as_secs_f64() / count),
            allocations: self.allocations.map(|sum| sum as f64 / count),
        }
    }
}

impl LaneRecorder {
    pub(in crate::race) fn new(lane: Lane, started: Result<LaneProcesses, WorkerError>) -> Self {
        let (processes, failure) = match started {
            Ok(processes) => (Some(processes), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            lane,
            processes,
            failure,
            times: Histogram::default(),
            service_times: Histogram::default(),
            running_time: Duration::ZERO,
            round_medians: Vec::new(),
            bytes: (0, 0),
            counted: 0,
            client: UsageTotal::default(),
            server: UsageTotal::default(),
        }
    }

    /// Takes the lane out of the race and ends its processes. The first error is kept.
    pub(in crate::race) fn fail(&mut self, error: WorkerError) {
        self.failure.get_or_insert(error);
        self.processes = None;
    }

    /// Adds the result of a slice, with its round, its position in the round, and the server's
    /// counters before and after it.
    pub(in crate::race) fn add_slice(
        &mut self,
        (round, position): (usize, usize),
        result: SliceResult,
        counted: Option<(ServerCounters, ServerCounters)>,
    ) -> SliceRecord {
        let mut times = Histogram::default();
        times.add_counts(&result.time_counts);
        self.times.add_counts(&result.time_counts);
        self.service_times.add_counts(&result.service_time_counts);
        self.running_time = self.running_time.saturating_add(result.took);
        let count = times.count();
        // Bytes of a slice that broke off belong to exchanges that were not counted, so they are
        // left out.
        if let Some((before, after)) = counted
            && result.error.is_none()
        {
            let (received, sent) = self.bytes;
            self.bytes = (
                received.saturating_add(after.received.saturating_sub(before.received)),
                sent.saturating_add(after.sent.saturating_sub(before.sent)),
            );
            self.counted = self.counted.saturating_add(count);
            self.client.add(result.usage);
            self.server.add(after.usage.since(before.usage));
        }
        // Rounds in which the lane did not run have no median.
        self.round_medians.resize(round, None);
        self.round_medians.push((count > 0).then(|| times.quantile(0.5).as_secs_f64()));
        SliceRecord {
            lane: self.lane,
            round,
            position,
            took: result.took,
            summary: times.summary(),
            time_counts: result.time_counts,
        }
    }

    /// Returns the CPU time of both ends in all slices.
    pub(in crate::race) fn cpu(&self) -> Duration {
        self.client.cpu.unwrap_or_default().saturating_add(self.server.cpu.unwrap_or_default())
    }

    pub(in crate::race) fn stats(&self) -> LaneStats {
        let counted = self.counted > 0;
        let share = |bytes: u64| bytes as f64 / self.counted as f64;
        let mut medians: Vec<f64> = self.round_medians.iter().copied().flatten().collect();
        LaneStats {
            lane: self.lane,
            times: self.times.summary(),
            service_times: (self.service_times.count() > 0).then(|| self.service_times.summary()),
            median: (!medians.is_empty()).then(|| median(&mut medians)),
            round_medians: self.round_medians.clone(),
            shares: self.times.octave_shares(BUCKETS_PER_OCTAVE),
            service_time_shares: self.service_times.octave_shares(BUCKETS_PER_OCTAVE),
            running_time: self.running_time,
            bytes: counted.then(|| (share(self.bytes.0), share(self.bytes.1))),
            client: counted.then(|| self.client.per_exchange(self.counted)),
            server: counted.then(|| self.server.per_exchange(self.counted)),
            failure: self.failure.as_ref().map(ToString::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::LaneKind;

    /// Another process decides what it reports, and a server may have restarted.
    #[test]
    fn counters_of_another_process_may_be_huge_or_go_back() {
        let mut track =
            LaneRecorder::new(Lane::plain(LaneKind::Ws), Err(WorkerError::NotConnected));
        let usage = ResourceUsage { cpu: Some(Duration::MAX), allocations: Some(u64::MAX) };
        let maximal = ServerCounters { received: u64::MAX, sent: u64::MAX, usage };
        let ran = || SliceResult {
            time_counts: vec![(u64::MAX, u64::MAX)],
            took: Duration::MAX,
            usage,
            ..SliceResult::default()
        };
        for counted in [
            (ServerCounters::default(), maximal),
            (ServerCounters::default(), maximal),
            (maximal, ServerCounters::default()),
        ] {
            track.add_slice((0, 0), ran(), Some(counted));
        }
        assert_eq!((track.bytes, track.counted), ((u64::MAX, u64::MAX), u64::MAX));
        assert_eq!((track.running_time, track.cpu()), (Duration::MAX, Duration::MAX));
        track.stats();
    }
}
