//! The race as it is run: warm-up, rounds of slices in shuffled order, reports on the way.
//!
//! It belongs on a thread and runtime of its own; nothing in it waits for whoever reads the reports.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::measure::{Histogram, Ratio, Shuffle, paired_ratio};
use crate::net::{Tally, Traffic};
use crate::race::lane::Runner;
use crate::race::{Course, Figures, Lane, Outcome};

/// The shortest time between two reports.
const REPORT: Duration = Duration::from_millis(33);
/// The longest that one exchange, or opening a lane, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The counters at the sockets of the servers, if these are ours.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Of the REST server.
    pub http: Arc<Traffic>,
    /// Of the WebSocket server.
    pub websocket: Arc<Traffic>,
}

/// The race while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The rounds that are complete.
    pub round: usize,
    /// The lane that runs just now; `None` while warming up.
    pub running: Option<Lane>,
    /// The lanes in the order of [`Lane::ALL`].
    pub lanes: Vec<Figures>,
    /// The ratio of the rounds that are complete.
    pub ratio: Option<Ratio>,
}

/// What a race tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Where it stands; some are left out if the reader is slow.
    Live(Live),
    /// How it ended; always sent, always last.
    End(Outcome),
}

/// Runs the race to its end and reports on the way. Dropping the future ends it at once.
///
/// A lane that fails ends the race; its outcome says why it does not count.
pub async fn run(course: Course, counters: Option<Counters>, reports: mpsc::Sender<Report>) {
    let tracks = Lane::ALL.map(|lane| Track::new(lane, counters.as_ref()));
    let shuffle = Shuffle::new(course.seed);
    let mut race =
        Race { course, tracks, shuffle, pairs: Vec::new(), ratio: None, reports, reported: Instant::now() };
    let result = race.run().await;
    let outcome = race.outcome(result.err());
    for runner in race.tracks.iter_mut().filter_map(|track| track.runner.take()) {
        // a server that does not say goodbye is not waited for
        let _ = timeout(Duration::from_millis(500), runner.close()).await;
    }
    // the reader is gone only if nobody wants the outcome
    let _ = race.reports.send(Report::End(outcome)).await;
}

/// A lane with everything measured on it.
struct Track {
    lane: Lane,
    runner: Option<Runner>,
    all: Histogram,
    slice: Histogram,
    busy: Duration,
    /// When the slice that runs just now began.
    since: Option<Instant>,
    traffic: Option<Arc<Traffic>>,
    bytes: (u64, u64),
    /// The exchanges during which `bytes` went over the sockets.
    counted: u64,
    foreign: bool,
}

impl Track {
    fn new(lane: Lane, counters: Option<&Counters>) -> Self {
        let traffic = counters.map(|counters| match lane {
            Lane::HttpReqwest => counters.http.clone(),
            Lane::WebSocket => counters.websocket.clone(),
        });
        Self {
            lane,
            runner: None,
            all: Histogram::default(),
            slice: Histogram::default(),
            busy: Duration::ZERO,
            since: None,
            traffic,
            bytes: (0, 0),
            counted: 0,
            foreign: false,
        }
    }

    fn figures(&self) -> Figures {
        let share = |bytes: u64| bytes as f64 / self.counted as f64;
        let bytes = (self.counted > 0 && !self.foreign).then(|| (share(self.bytes.0), share(self.bytes.1)));
        let busy = self.busy + self.since.map_or(Duration::ZERO, |since| since.elapsed());
        Figures { lane: self.lane, times: self.all.summary(), busy, bytes }
    }

    /// The counters at rest: the server counts its last reply a moment after we have it.
    async fn tally(&self) -> Option<Tally> {
        let traffic = self.traffic.as_ref()?;
        let mut before = traffic.tally();
        for _ in 0..50 {
            sleep(Duration::from_millis(1)).await;
            let now = traffic.tally();
            if now == before {
                break;
            }
            before = now;
        }
        Some(before)
    }
}

struct Race {
    course: Course,
    tracks: [Track; 2],
    shuffle: Shuffle,
    /// REST and WebSocket medians of each round, in seconds.
    pairs: Vec<(f64, f64)>,
    ratio: Option<Ratio>,
    reports: mpsc::Sender<Report>,
    reported: Instant,
}

impl Race {
    async fn run(&mut self) -> Result<(), String> {
        self.course.check().map_err(|error| error.to_string())?;
        for index in 0..self.tracks.len() {
            self.open(index).await?;
        }
        for index in 0..self.tracks.len() {
            self.warm_up(index).await?;
        }
        for _ in 0..self.course.rounds {
            let mut order = [0, 1];
            self.shuffle.shuffle(&mut order);
            for index in order {
                self.slice(index).await?;
            }
            let median = |track: &Track| track.slice.quantile(0.5).as_secs_f64();
            self.pairs.push((median(&self.tracks[0]), median(&self.tracks[1])));
            self.ratio = paired_ratio(&self.pairs, self.course.seed);
            self.report(None);
        }
        Ok(())
    }

    async fn open(&mut self, index: usize) -> Result<(), String> {
        let track = &mut self.tracks[index];
        let opened = timeout(PATIENCE, Runner::open(track.lane, &self.course)).await;
        let opened = opened.unwrap_or_else(|_| Err("the server did not answer within 5 s".to_owned()));
        track.runner = Some(opened.map_err(|error| format!("{}: {error}", track.lane.name()))?);
        Ok(())
    }

    async fn warm_up(&mut self, index: usize) -> Result<(), String> {
        let until = Instant::now() + self.course.warm_up;
        self.exchanges(index, until, false).await
    }

    async fn slice(&mut self, index: usize) -> Result<(), String> {
        self.tracks[index].slice.clear();
        let before = self.tracks[index].tally().await;
        let start = Instant::now();
        self.tracks[index].since = Some(start);
        self.exchanges(index, start + self.course.slice, true).await?;
        let track = &mut self.tracks[index];
        track.busy += start.elapsed();
        track.since = None;
        if let (Some(before), Some(after)) = (before, track.tally().await) {
            track.bytes.0 += after.received - before.received;
            track.bytes.1 += after.sent - before.sent;
            track.counted += track.slice.count();
            track.foreign |= after.connections != before.connections;
        }
        self.report(Some(index));
        Ok(())
    }

    /// Exchanges until `until`, at least two, and never cuts one off.
    async fn exchanges(&mut self, index: usize, until: Instant, counts: bool) -> Result<(), String> {
        let mut done = 0;
        loop {
            let start = Instant::now();
            if start >= until && done >= 2 {
                return Ok(());
            }
            let track = &mut self.tracks[index];
            let runner = track.runner.as_mut().expect("a lane is opened before it runs");
            let exchanged = timeout(PATIENCE, runner.exchange()).await;
            let took = start.elapsed();
            exchanged
                .unwrap_or_else(|_| Err("no reply within 5 s".to_owned()))
                .map_err(|error| format!("{}: {error}", track.lane.name()))?;
            done += 1;
            if counts {
                track.slice.record(took);
                track.all.record(took);
            }
            if self.reported.elapsed() >= REPORT {
                self.report(counts.then_some(index));
            }
        }
    }

    /// Reports where the race stands.
    fn report(&mut self, running: Option<usize>) {
        self.reported = Instant::now();
        let lanes = self.tracks.iter().map(Track::figures).collect();
        let running = running.map(|index| Lane::ALL[index]);
        let live = Live { round: self.pairs.len(), running, lanes, ratio: self.ratio };
        // a slow reader misses a report, but never slows the race
        let _ = self.reports.try_send(Report::Live(live));
    }

    fn outcome(&self, failure: Option<String>) -> Outcome {
        let mut invalid_because: Vec<String> = failure.into_iter().collect();
        for track in self.tracks.iter().filter(|track| track.foreign) {
            invalid_because.push(format!("{}: others connected to the server meanwhile", track.lane.name()));
        }
        Outcome {
            course: self.course.clone(),
            lanes: self.tracks.iter().map(Track::figures).collect(),
            ratio: self.ratio,
            invalid_because,
        }
    }
}
