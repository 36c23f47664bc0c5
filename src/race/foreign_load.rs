//! The share of the CPUs that other programs use during a race. A race beside too much of it does
//! not count.

use std::time::{Duration, Instant};

use crate::race::process::ipc::ResourceUsage;
use crate::race::process::machine::{CpuBusyTime, cpu_time_of};
use crate::race::{Machine, Placement};

/// The readings before the first round, which the load is relative to.
pub(super) struct MeasurementStart {
    at: Instant,
    busy: Option<CpuBusyTime>,
    own_usage: ResourceUsage,
    /// The process of an external server and its CPU time, if both are known.
    server: Option<(u32, Duration)>,
    cpus: Vec<usize>,
}

impl MeasurementStart {
    /// Reads the counters now. `pinned_to` is the placement of a pinned race: then only its CPUs
    /// count, otherwise all of them. `server` is the process of an external server, which belongs to
    /// the race.
    pub(super) fn now(pinned_to: Option<Placement>, server: Option<u32>) -> Self {
        let cpus = pinned_to.map_or_else(Vec::new, Placement::cpus);
        Self {
            at: Instant::now(),
            busy: CpuBusyTime::now(&cpus),
            own_usage: ResourceUsage::now(),
            server: server.and_then(|server| Some((server, cpu_time_of(server)?))),
            cpus,
        }
    }

    /// Returns the time since measuring began.
    pub(super) fn elapsed(&self) -> Duration {
        self.at.elapsed()
    }

    /// Returns the share of the CPUs that other programs have used since measuring began, 0 to 1,
    /// if the system tells it. `workers` is the CPU time of the lanes' processes.
    pub(super) fn foreign_cpu_share(&self, workers: Duration) -> Option<f64> {
        let now = CpuBusyTime::now(&self.cpus)?;
        let own = ResourceUsage::now().since(self.own_usage).cpu.unwrap_or_default();
        let server = self.server.and_then(|(id, before)| cpu_time_of(id)?.checked_sub(before));
        let own = own.saturating_add(server.unwrap_or_default());
        let count = if self.cpus.is_empty() { Machine::detect().cpus } else { self.cpus.len() };
        Some(now.foreign_since(self.busy?, workers.saturating_add(own), self.elapsed(), count))
    }
}
