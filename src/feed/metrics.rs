//! [`FeedMetrics`]: which client knew what at which time, and what it cost. It has no clock: each
//! call is given the time.
//!
//! The age of an event is the time until a client has it or a newer one, so a poll that skips two
//! events is late for all three. A client is behind from the first event that it does not have.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::feed::{Tick, Transport, TransportError};
use crate::measure::{Histogram, HistogramSummary, to_u64_saturating};
use crate::net::Traffic;

/// The number of events, and of marks of each client, that are kept for the timeline.
const HISTORY_CAPACITY: usize = 512;

/// The distribution of ages on a logarithmic axis from 1 ms to 10 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeHistogram {
    bins: [u32; Self::BINS],
}

impl AgeHistogram {
    /// The number of bins: 30 for each factor of ten.
    pub const BINS: usize = 120;

    /// Returns the number of ages in each bin. Shorter and longer ages count in the first and last
    /// bin.
    pub fn bins(&self) -> &[u32] {
        &self.bins
    }

    /// Returns the position of `age` on the axis, from 0 to 1.
    pub fn position(age: Duration) -> f64 {
        ((age.as_secs_f64() * 1e3).max(1.0).log10() / 4.0).min(1.0)
    }

    /// Counts one age.
    pub fn record(&mut self, age: Duration) {
        let place = to_u64_saturating(Self::position(age) * Self::BINS as f64);
        let bin = usize::try_from(place).unwrap_or(usize::MAX).min(Self::BINS - 1);
        if let Some(count) = self.bins.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }
}

impl Default for AgeHistogram {
    fn default() -> Self {
        Self { bins: [0; Self::BINS] }
    }
}

/// A response or message that a client received, for the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineMark {
    /// When it was received.
    pub at: Duration,
    /// Whether it contained something new.
    pub is_new: bool,
}

/// The statistics of one transport.
#[derive(Clone, Debug)]
pub struct TransportStats {
    /// The transport that they belong to.
    pub transport: Transport,
    /// The ages of the events that this client has received.
    pub ages: HistogramSummary,
    /// The mean of these ages.
    pub mean: Duration,
    /// The distribution of these ages.
    pub spread: AgeHistogram,
    /// The price that the client knows; `None` before the first response.
    pub price: Option<f64>,
    /// How long that price has been outdated: the time since the first event that the client does
    /// not have, zero if it has the newest.
    pub behind: Duration,
    /// The longest time that the client has been behind.
    pub max_behind: Duration,
    /// The number of requests, including the handshake.
    pub requests: u64,
    /// The number of responses and messages that contained nothing new.
    pub empty: u64,
    /// Bytes from client to server and back, counted at the server's socket as TCP payload.
    pub bytes: (u64, u64),
    /// The latest responses and messages, with their times.
    pub marks: Vec<TimelineMark>,
    /// Why it receives nothing any more; `None` while it does.
    pub failure: Option<Arc<TransportError>>,
}

/// The state of a running comparison.
#[derive(Clone, Debug)]
pub struct FeedSnapshot {
    /// The time since the start of the comparison.
    pub elapsed: Duration,
    /// The number of events so far.
    pub events: u64,
    /// The current price at the source.
    pub price: f64,
    /// When the latest events happened.
    pub recent: Vec<Duration>,
    /// The transports in the order of the configuration.
    pub transports: Vec<TransportStats>,
}

/// Everything that is measured.
#[derive(Debug)]
pub(super) struct FeedMetrics {
    recorders: Vec<TransportRecorder>,
    recent: VecDeque<Tick>,
    newest: Tick,
}

/// The measurements of one client.
#[derive(Debug)]
struct TransportRecorder {
    transport: Transport,
    traffic: Arc<Traffic>,
    /// The newest event that the client has; `None` before the first response.
    latest: Option<Tick>,
    ages: Histogram,
    spread: AgeHistogram,
    max_behind: Duration,
    requests: u64,
    empty: u64,
    marks: VecDeque<TimelineMark>,
    failure: Option<Arc<TransportError>>,
}

impl FeedMetrics {
    /// Creates empty metrics for clients of these transports, each with the counters of its server.
    pub(super) fn new(transports: &[(Transport, Arc<Traffic>)]) -> Self {
        let recorders = transports
            .iter()
            .map(|(transport, traffic)| TransportRecorder::new(*transport, traffic.clone()))
            .collect();
        Self { recorders, recent: VecDeque::new(), newest: Tick::INITIAL }
    }

    /// Records an event. It must be recorded before any client can receive it.
    pub(super) fn record_event(&mut self, tick: Tick) {
        self.newest = tick;
        push(&mut self.recent, tick);
    }

    /// Records that a client has sent a request.
    pub(super) fn record_request(&mut self, transport: Transport) {
        self.with_recorder(transport, |recorder, _| {
            recorder.requests = recorder.requests.saturating_add(1);
        });
    }

    /// Records that a client has received this event.
    pub(super) fn record_update(&mut self, transport: Transport, tick: Tick, now: Duration) {
        self.with_recorder(transport, |recorder, recent| recorder.record_update(tick, now, recent));
    }

    /// Records a response without a price: a long poll that has expired.
    pub(super) fn record_empty(&mut self, transport: Transport, now: Duration) {
        self.with_recorder(transport, |recorder, _| recorder.add_mark(now, false));
    }

    /// Records that a client receives nothing any more.
    pub(super) fn record_failure(&mut self, transport: Transport, error: TransportError) {
        self.with_recorder(transport, |recorder, _| recorder.failure = Some(Arc::new(error)));
    }

    /// Whether every client has its first price or has failed.
    pub(super) fn all_ready(&self) -> bool {
        self.recorders
            .iter()
            .all(|recorder| recorder.latest.is_some() || recorder.failure.is_some())
    }

    /// Returns the state at `now`.
    pub(super) fn snapshot(&self, now: Duration) -> FeedSnapshot {
        FeedSnapshot {
            elapsed: now,
            events: self.newest.seq,
            price: self.newest.price,
            recent: self.recent.iter().map(Tick::at).collect(),
            transports: self
                .recorders
                .iter()
                .map(|recorder| recorder.stats(now, &self.recent))
                .collect(),
        }
    }

    fn with_recorder(
        &mut self,
        transport: Transport,
        change: impl FnOnce(&mut TransportRecorder, &VecDeque<Tick>),
    ) {
        if let Some(recorder) =
            self.recorders.iter_mut().find(|recorder| recorder.transport == transport)
        {
            change(recorder, &self.recent);
        }
    }
}

impl TransportRecorder {
    fn new(transport: Transport, traffic: Arc<Traffic>) -> Self {
        Self {
            transport,
            traffic,
            latest: None,
            ages: Histogram::default(),
            spread: AgeHistogram::default(),
            max_behind: Duration::ZERO,
            requests: 0,
            empty: 0,
            marks: VecDeque::new(),
            failure: None,
        }
    }

    fn seq(&self) -> u64 {
        self.latest.map_or(0, |tick| tick.seq)
    }

    fn record_update(&mut self, tick: Tick, now: Duration, recent: &VecDeque<Tick>) {
        let before = self.seq();
        // An update also ends the wait for all older events that the client skipped.
        let is_new = recent.iter().filter(|event| event.seq > before && event.seq <= tick.seq);
        for event in is_new {
            let age = now.saturating_sub(event.at());
            self.ages.record(age);
            self.spread.record(age);
            self.max_behind = self.max_behind.max(age);
        }
        let is_new = self.latest.is_none() || tick.seq > before;
        if is_new {
            self.latest = Some(tick);
        }
        self.add_mark(now, is_new);
    }

    fn add_mark(&mut self, at: Duration, is_new: bool) {
        self.empty = self.empty.saturating_add(u64::from(!is_new));
        push(&mut self.marks, TimelineMark { at, is_new });
    }

    fn stats(&self, now: Duration, recent: &VecDeque<Tick>) -> TransportStats {
        let missed = recent.iter().find(|event| event.seq > self.seq());
        let behind = missed.map_or(Duration::ZERO, |event| now.saturating_sub(event.at()));
        let snapshot = self.traffic.snapshot();
        TransportStats {
            transport: self.transport,
            ages: self.ages.summary(),
            mean: self.ages.mean(),
            spread: self.spread.clone(),
            price: self.latest.map(|tick| tick.price),
            behind,
            max_behind: self.max_behind.max(behind),
            requests: self.requests,
            empty: self.empty,
            bytes: (snapshot.received, snapshot.sent),
            marks: self.marks.iter().copied().collect(),
            failure: self.failure.clone(),
        }
    }
}

fn push<T>(history: &mut VecDeque<T>, item: T) {
    if history.len() == HISTORY_CAPACITY {
        history.pop_front();
    }
    history.push_back(item);
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

    fn metrics() -> FeedMetrics {
        let mut metrics = FeedMetrics::new(&[
            (Transport::Poll, Arc::default()),
            (Transport::WebSocket, Arc::default()),
        ]);
        for transport in [Transport::Poll, Transport::WebSocket] {
            metrics.record_request(transport);
            metrics.record_update(transport, Tick::INITIAL, ms(1));
        }
        metrics
    }

    #[test]
    fn an_event_ages_until_it_or_a_newer_one_is_received() {
        let mut metrics = metrics();
        for (seq, at) in [(1, 100), (2, 150), (3, 190)] {
            metrics.record_event(tick(seq, at));
            metrics.record_update(Transport::WebSocket, tick(seq, at), ms(at + 25));
        }
        metrics.record_update(Transport::Poll, tick(3, 190), ms(200));
        let snapshot = metrics.snapshot(ms(200));
        let [poll, push] = &snapshot.transports[..] else { panic!() };
        assert_eq!(
            (poll.ages.count, push.ages.count),
            (3, 3),
            "two of them were never asked for in time"
        );
        assert_eq!(poll.max_behind, ms(100));
        assert!(
            (poll.mean.as_secs_f64() * 1e3 - (100.0 + 50.0 + 10.0) / 3.0).abs() < 0.1,
            "{:?}",
            poll.mean
        );
        assert!((push.mean.as_secs_f64() * 1e3 - 25.0).abs() < 0.1);
        assert_eq!((poll.price, snapshot.price, snapshot.events), (Some(45.0), 45.0, 3));
    }

    #[test]
    fn a_client_is_behind_from_the_first_event_that_it_misses() {
        let mut metrics = metrics();
        let behind = |metrics: &FeedMetrics, now| metrics.snapshot(ms(now)).transports[0].behind;
        assert_eq!(behind(&metrics, 90), ms(0));
        metrics.record_event(tick(1, 100));
        metrics.record_event(tick(2, 150));
        assert_eq!(behind(&metrics, 160), ms(60));
        metrics.record_update(Transport::Poll, tick(1, 100), ms(170));
        assert_eq!(behind(&metrics, 170), ms(20), "it has the first, not the second");
        metrics.record_update(Transport::Poll, tick(2, 150), ms(180));
        assert_eq!(behind(&metrics, 1_000), ms(0), "no new event, so nothing ages");
    }

    #[test]
    fn a_response_without_news_is_a_mark_without_an_age() {
        let mut metrics = metrics();
        metrics.record_update(Transport::Poll, Tick::INITIAL, ms(500));
        metrics.record_empty(Transport::Poll, ms(600));
        let poll = &metrics.snapshot(ms(700)).transports[0];
        assert_eq!((poll.ages.count, poll.requests, poll.empty), (0, 1, 2));
        assert_eq!(
            poll.marks.iter().map(|mark| mark.is_new).collect::<Vec<_>>(),
            [true, false, false]
        );
    }

    #[test]
    fn a_failure_concerns_only_its_own_transport() {
        let mut metrics = FeedMetrics::new(&[
            (Transport::Poll, Arc::default()),
            (Transport::Sse, Arc::default()),
        ]);
        metrics.record_failure(Transport::Sse, TransportError::Ended);
        assert!(!metrics.all_ready());
        metrics.record_update(Transport::Poll, Tick::INITIAL, ms(1));
        assert!(metrics.all_ready());
        let snapshot = metrics.snapshot(ms(2));
        assert!(snapshot.transports[0].failure.is_none());
        assert!(matches!(snapshot.transports[1].failure.as_deref(), Some(TransportError::Ended)));
    }

    #[test]
    fn the_history_is_bounded() {
        let mut metrics = metrics();
        (1..3 * HISTORY_CAPACITY as u64).for_each(|seq| metrics.record_event(tick(seq, seq)));
        assert_eq!(metrics.snapshot(ms(1)).recent.len(), HISTORY_CAPACITY);
    }

    #[test]
    fn ages_are_placed_on_a_logarithmic_axis() {
        let places = [0, 1, 10, 100, 1_000, 10_000, 100_000]
            .map(|age| (AgeHistogram::position(ms(age)) * 100.0).round() as u32);
        assert_eq!(places, [0, 0, 25, 50, 75, 100, 100]);
        let mut spread = AgeHistogram::default();
        [0, 10, 20_000].map(ms).into_iter().for_each(|age| spread.record(age));
        assert_eq!([0, 30, AgeHistogram::BINS - 1].map(|bin| spread.bins()[bin]), [1, 1, 1]);
    }
}
