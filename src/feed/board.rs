//! [`Board`]: who knew what when, and what it cost. It has no clock: each call carries the time.
//!
//! The age of an event is the time until a client has it, or a newer one: a poll that skips two events is late for all
//! three. A client is behind from the first event that it does not have yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::feed::{Tick, Way};
use crate::measure::{Histogram, HistogramSummary, to_u64_saturating};
use crate::net::Traffic;

/// The events, and the questions of each client, that are kept for the time line.
const KEPT: usize = 512;

/// How ages are spread, on a logarithmic axis from 1 ms to 10 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    bins: [u32; Self::BINS],
}

impl Spread {
    /// The number of bins: 30 for a factor of ten.
    pub const BINS: usize = 120;

    /// The ages in each bin; shorter and longer ones stand in the first and the last.
    pub fn bins(&self) -> &[u32] {
        &self.bins
    }

    /// Where `age` stands on the axis, from 0 to 1.
    pub fn place(age: Duration) -> f64 {
        ((age.as_secs_f64() * 1e3).max(1.0).log10() / 4.0).min(1.0)
    }

    /// Counts one age.
    pub fn record(&mut self, age: Duration) {
        let place = to_u64_saturating(Self::place(age) * Self::BINS as f64);
        let bin = usize::try_from(place).unwrap_or(usize::MAX).min(Self::BINS - 1);
        if let Some(count) = self.bins.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self { bins: [0; Self::BINS] }
    }
}

/// Something a client heard, for the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When the answer or message was there.
    pub at: Duration,
    /// Whether it held something new.
    pub news: bool,
}

/// How one way stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Which way.
    pub way: Way,
    /// The ages of the events that this client has heard of.
    pub ages: HistogramSummary,
    /// Their mean.
    pub mean: Duration,
    /// How they are spread.
    pub spread: Spread,
    /// The price on its screen; `None` before the first answer.
    pub price: Option<f64>,
    /// For how long that has been outdated: since the first event that it does not have; zero if it has the newest.
    pub behind: Duration,
    /// The longest that it has been behind.
    pub worst: Duration,
    /// Requests made; a handshake is one.
    pub requests: u64,
    /// The answers and messages that held nothing new.
    pub empty: u64,
    /// Bytes from client to server and back, counted at the server's socket: all that TCP carried.
    pub bytes: (u64, u64),
    /// What it heard, and when.
    pub marks: Vec<Mark>,
    /// Why it hears nothing any more.
    pub failed: Option<String>,
}

/// The comparison while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// How long it has run.
    pub elapsed: Duration,
    /// The events so far.
    pub events: u64,
    /// The price as it is at the source.
    pub price: f64,
    /// When the latest events happened.
    pub recent: Vec<Duration>,
    /// The ways in the order of the course.
    pub ways: Vec<Standing>,
}

/// Everything that is measured.
#[derive(Debug)]
pub(super) struct Board {
    tracks: Vec<Track>,
    recent: VecDeque<Tick>,
    newest: Tick,
}

/// One client.
#[derive(Debug)]
struct Track {
    way: Way,
    traffic: Arc<Traffic>,
    /// The newest it has; `None` before the first answer.
    has: Option<Tick>,
    ages: Histogram,
    spread: Spread,
    worst: Duration,
    requests: u64,
    empty: u64,
    marks: VecDeque<Mark>,
    failed: Option<String>,
}

impl Board {
    /// An empty board for clients on these ways, each with the counters of its server.
    pub(super) fn new(ways: &[(Way, Arc<Traffic>)]) -> Self {
        let tracks = ways.iter().map(|(way, traffic)| Track::new(*way, traffic.clone())).collect();
        Self { tracks, recent: VecDeque::new(), newest: Tick::OPENING }
    }

    /// Something has happened; this must be told before any client can hear of it.
    pub(super) fn happened(&mut self, tick: Tick) {
        self.newest = tick;
        push(&mut self.recent, tick);
    }

    /// A client has sent a request.
    pub(super) fn asked(&mut self, way: Way) {
        self.with(way, |track, _| track.requests = track.requests.saturating_add(1));
    }

    /// A client has this now.
    pub(super) fn heard(&mut self, way: Way, tick: Tick, now: Duration) {
        self.with(way, |track, recent| track.heard(tick, now, recent));
    }

    /// An answer without a price: a long poll whose time was up.
    pub(super) fn heard_nothing(&mut self, way: Way, now: Duration) {
        self.with(way, |track, _| track.mark(now, false));
    }

    /// A client hears nothing any more.
    pub(super) fn failed(&mut self, way: Way, why: String) {
        self.with(way, |track, _| track.failed = Some(why));
    }

    /// Whether every client has its first price, or has failed.
    pub(super) fn all_begun(&self) -> bool {
        self.tracks.iter().all(|track| track.has.is_some() || track.failed.is_some())
    }

    /// How everything stands at `now`.
    pub(super) fn live(&self, now: Duration) -> Live {
        Live {
            elapsed: now,
            events: self.newest.seq,
            price: self.newest.price,
            recent: self.recent.iter().map(Tick::at).collect(),
            ways: self.tracks.iter().map(|track| track.standing(now, &self.recent)).collect(),
        }
    }

    fn with(&mut self, way: Way, change: impl FnOnce(&mut Track, &VecDeque<Tick>)) {
        if let Some(track) = self.tracks.iter_mut().find(|track| track.way == way) {
            change(track, &self.recent);
        }
    }
}

impl Track {
    fn new(way: Way, traffic: Arc<Traffic>) -> Self {
        Self {
            way,
            traffic,
            has: None,
            ages: Histogram::default(),
            spread: Spread::default(),
            worst: Duration::ZERO,
            requests: 0,
            empty: 0,
            marks: VecDeque::new(),
            failed: None,
        }
    }

    fn seq(&self) -> u64 {
        self.has.map_or(0, |tick| tick.seq)
    }

    fn heard(&mut self, tick: Tick, now: Duration, recent: &VecDeque<Tick>) {
        let before = self.seq();
        let news = recent.iter().filter(|event| event.seq > before && event.seq <= tick.seq);
        for event in news {
            let age = now.saturating_sub(event.at());
            self.ages.record(age);
            self.spread.record(age);
            self.worst = self.worst.max(age);
        }
        let news = self.has.is_none() || tick.seq > before;
        if news {
            self.has = Some(tick);
        }
        self.mark(now, news);
    }

    fn mark(&mut self, at: Duration, news: bool) {
        self.empty = self.empty.saturating_add(u64::from(!news));
        push(&mut self.marks, Mark { at, news });
    }

    fn standing(&self, now: Duration, recent: &VecDeque<Tick>) -> Standing {
        let missed = recent.iter().find(|event| event.seq > self.seq());
        let behind = missed.map_or(Duration::ZERO, |event| now.saturating_sub(event.at()));
        let tally = self.traffic.tally();
        Standing {
            way: self.way,
            ages: self.ages.summary(),
            mean: self.ages.mean(),
            spread: self.spread.clone(),
            price: self.has.map(|tick| tick.price),
            behind,
            worst: self.worst.max(behind),
            requests: self.requests,
            empty: self.empty,
            bytes: (tally.received, tally.sent),
            marks: self.marks.iter().copied().collect(),
            failed: self.failed.clone(),
        }
    }
}

fn push<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn tick(seq: u64, at: u64) -> Tick {
        Tick { seq, at: at * 1_000_000, price: 42.0 + seq as f64 }
    }

    fn board() -> Board {
        let mut board = Board::new(&[(Way::Poll, Arc::default()), (Way::WebSocket, Arc::default())]);
        for way in [Way::Poll, Way::WebSocket] {
            board.asked(way);
            board.heard(way, Tick::OPENING, ms(1));
        }
        board
    }

    #[test]
    fn an_event_is_old_until_it_or_a_newer_one_is_there() {
        let mut board = board();
        for (seq, at) in [(1, 100), (2, 150), (3, 190)] {
            board.happened(tick(seq, at));
            board.heard(Way::WebSocket, tick(seq, at), ms(at + 25));
        }
        board.heard(Way::Poll, tick(3, 190), ms(200));
        let live = board.live(ms(200));
        let [poll, push] = &live.ways[..] else { panic!() };
        assert_eq!((poll.ages.count, push.ages.count), (3, 3), "two of them were never asked for in time");
        assert_eq!(poll.worst, ms(100));
        assert!((poll.mean.as_secs_f64() * 1e3 - (100.0 + 50.0 + 10.0) / 3.0).abs() < 0.1, "{:?}", poll.mean);
        assert!((push.mean.as_secs_f64() * 1e3 - 25.0).abs() < 0.1);
        assert_eq!((poll.price, live.price, live.events), (Some(45.0), 45.0, 3));
    }

    #[test]
    fn a_client_is_behind_from_the_first_event_that_it_misses() {
        let mut board = board();
        let behind = |board: &Board, now| board.live(ms(now)).ways[0].behind;
        assert_eq!(behind(&board, 90), ms(0));
        board.happened(tick(1, 100));
        board.happened(tick(2, 150));
        assert_eq!(behind(&board, 160), ms(60));
        board.heard(Way::Poll, tick(1, 100), ms(170));
        assert_eq!(behind(&board, 170), ms(20), "it has the first, not the second");
        board.heard(Way::Poll, tick(2, 150), ms(180));
        assert_eq!(behind(&board, 1_000), ms(0), "silence is not age");
    }

    #[test]
    fn an_answer_without_news_is_a_mark_and_no_age() {
        let mut board = board();
        board.heard(Way::Poll, Tick::OPENING, ms(500));
        board.heard_nothing(Way::Poll, ms(600));
        let poll = &board.live(ms(700)).ways[0];
        assert_eq!((poll.ages.count, poll.requests, poll.empty), (0, 1, 2));
        assert_eq!(poll.marks.iter().map(|mark| mark.news).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn a_failure_is_its_own_ways_affair() {
        let mut board = Board::new(&[(Way::Poll, Arc::default()), (Way::Sse, Arc::default())]);
        board.failed(Way::Sse, "gone".into());
        assert!(!board.all_begun());
        board.heard(Way::Poll, Tick::OPENING, ms(1));
        assert!(board.all_begun());
        let live = board.live(ms(2));
        assert_eq!((&live.ways[0].failed, live.ways[1].failed.as_deref()), (&None, Some("gone")));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut board = board();
        (1..3 * KEPT as u64).for_each(|seq| board.happened(tick(seq, seq)));
        assert_eq!(board.live(ms(1)).recent.len(), KEPT);
    }

    #[test]
    fn ages_stand_on_a_logarithmic_axis() {
        let places = [0, 1, 10, 100, 1_000, 10_000, 100_000]
            .map(|age| (Spread::place(ms(age)) * 100.0).round() as u32);
        assert_eq!(places, [0, 0, 25, 50, 75, 100, 100]);
        let mut spread = Spread::default();
        [0, 10, 20_000].map(ms).into_iter().for_each(|age| spread.record(age));
        assert_eq!([0, 30, Spread::BINS - 1].map(|bin| spread.bins()[bin]), [1, 1, 1]);
    }
}
