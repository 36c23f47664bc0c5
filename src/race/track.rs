//! A lane with everything measured on it.

use std::time::Duration;

use crate::measure::{Histogram, median};
use crate::race::order::{Counted, Ran, Used};
use crate::race::team::Team;
use crate::race::{Figures, Lane, Slice, Use};

/// The buckets of a doubling in the picture of a lane's times.
const PER_OCTAVE: u32 = 8;

pub(super) struct Track {
    pub(super) lane: Lane,
    /// `None` once it has failed: its processes are gone.
    pub(super) team: Option<Team>,
    pub(super) failure: Option<String>,
    times: Histogram,
    naive: Histogram,
    busy: Duration,
    /// The median of each round, in seconds; `None` where it did not run.
    pub(super) medians: Vec<Option<f64>>,
    /// What the server's sockets carried during `counted` exchanges, in and out.
    bytes: (u64, u64),
    counted: u64,
    client: Sum,
    server: Sum,
}

/// What an end has used in all slices.
#[derive(Clone, Copy, Default)]
struct Sum {
    cpu: Option<Duration>,
    allocations: Option<u64>,
}

impl Sum {
    fn add(&mut self, used: Used) {
        if let Some(more) = used.cpu {
            self.cpu = Some(self.cpu.unwrap_or_default().saturating_add(more));
        }
        if let Some(more) = used.allocations {
            self.allocations = Some(self.allocations.unwrap_or(0).saturating_add(more));
        }
    }

    fn share(self, count: u64) -> Use {
        let count = count as f64;
        Use {
            cpu: self.cpu.map(|sum| sum.as_secs_f64() / count),
            allocations: self.allocations.map(|sum| sum as f64 / count),
        }
    }
}

impl Track {
    pub(super) fn new(lane: Lane, started: Result<Team, String>) -> Self {
        let (team, failure) = match started {
            Ok(team) => (Some(team), None),
            Err(why) => (None, Some(why)),
        };
        Self {
            lane,
            team,
            failure,
            times: Histogram::default(),
            naive: Histogram::default(),
            busy: Duration::ZERO,
            medians: Vec::new(),
            bytes: (0, 0),
            counted: 0,
            client: Sum::default(),
            server: Sum::default(),
        }
    }

    /// The lane takes no further part; its processes end.
    pub(super) fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
        self.team = None;
    }

    /// Adds a slice that ran at a place of a round, and what the server had counted before and after it.
    pub(super) fn add(
        &mut self,
        (round, place): (usize, usize),
        ran: Ran,
        counted: Option<(Counted, Counted)>,
    ) -> Slice {
        let mut times = Histogram::default();
        times.add_counts(&ran.times);
        self.times.add_counts(&ran.times);
        self.naive.add_counts(&ran.naive);
        self.busy = self.busy.saturating_add(ran.took);
        let count = times.count();
        if let Some((before, after)) = counted
            && ran.error.is_none()
        {
            let (received, sent) = self.bytes;
            self.bytes = (
                received.saturating_add(after.received.saturating_sub(before.received)),
                sent.saturating_add(after.sent.saturating_sub(before.sent)),
            );
            self.counted = self.counted.saturating_add(count);
            self.client.add(ran.used);
            self.server.add(after.used.since(before.used));
        }
        self.medians.resize(round, None);
        self.medians.push((count > 0).then(|| times.quantile(0.5).as_secs_f64()));
        Slice { lane: self.lane, round, place, took: ran.took, summary: times.summary(), times: ran.times }
    }

    /// The CPU time of both ends in all slices.
    pub(super) fn cpu(&self) -> Duration {
        self.client.cpu.unwrap_or_default().saturating_add(self.server.cpu.unwrap_or_default())
    }

    pub(super) fn figures(&self) -> Figures {
        let counted = self.counted > 0;
        let share = |bytes: u64| bytes as f64 / self.counted as f64;
        let mut medians: Vec<f64> = self.medians.iter().copied().flatten().collect();
        Figures {
            lane: self.lane,
            times: self.times.summary(),
            naive: (self.naive.count() > 0).then(|| self.naive.summary()),
            middle: (!medians.is_empty()).then(|| median(&mut medians)),
            medians: self.medians.clone(),
            shares: self.times.octave_shares(PER_OCTAVE),
            naive_shares: self.naive.octave_shares(PER_OCTAVE),
            busy: self.busy,
            bytes: counted.then(|| (share(self.bytes.0), share(self.bytes.1))),
            client: counted.then(|| self.client.share(self.counted)),
            server: counted.then(|| self.server.share(self.counted)),
            failure: self.failure.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::Kind;

    /// What a process counts is what it says; a server may also have begun anew.
    #[test]
    fn no_count_of_another_process_is_too_large_or_goes_back_too_far() {
        let mut track = Track::new(Lane::plain(Kind::Ws), Err("no process".to_owned()));
        let used = Used { cpu: Some(Duration::MAX), allocations: Some(u64::MAX) };
        let most = Counted { received: u64::MAX, sent: u64::MAX, used };
        let ran = || Ran { times: vec![(u64::MAX, u64::MAX)], took: Duration::MAX, used, ..Ran::default() };
        for counted in [(Counted::default(), most), (Counted::default(), most), (most, Counted::default())] {
            track.add((0, 0), ran(), Some(counted));
        }
        assert_eq!((track.bytes, track.counted), ((u64::MAX, u64::MAX), u64::MAX));
        assert_eq!((track.busy, track.cpu()), (Duration::MAX, Duration::MAX));
        track.figures();
    }
}
