//! Runs one slice: every connection does exchanges until the time is over, then finishes the
//! exchange that has begun.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::lane_client::LaneClient;
use crate::measure::Histogram;
use crate::net::{Clock, DeadlineTimer, SystemClock, add_clamped};
use crate::race::RaceConfig;
use crate::race::error::LaneError;
use crate::race::process::ipc::{ResourceUsage, SliceResult};
use crate::scope::Scope;

/// The open connections of a lane and the recorder that they share.
pub(super) struct LaneConnections {
    connections: Vec<PacedConnection>,
    recorder: Arc<Mutex<SliceRecorder>>,
    exchange_timeout: Duration,
}

/// A connection with its schedule; without one, exchanges follow each other at once.
struct PacedConnection {
    client: LaneClient,
    schedule: Option<Schedule>,
}

/// A fixed rate: an exchange is due every `period`, the first one `offset` after the start of the
/// slice.
struct Schedule<C: Clock = SystemClock> {
    timer: DeadlineTimer<C>,
    period: Duration,
    offset: Duration,
}

/// What the connections of a lane record during a slice.
#[derive(Default)]
struct SliceRecorder {
    times: Histogram,
    service_times: Histogram,
    /// The number of exchanges that have begun. A count that stops reveals a hanging exchange.
    started: u64,
    /// The number of exchanges that may still begin in this slice; `None` without a limit.
    budget: Option<u64>,
}

impl SliceRecorder {
    /// Prepares for a new slice, in which at most `max_exchanges` exchanges may begin.
    fn clear(&mut self, max_exchanges: Option<u64>) {
        // `started` goes on counting: only its changes matter.
        self.times.clear();
        self.service_times.clear();
        self.budget = max_exchanges;
    }

    /// Counts an attempt, and returns whether another exchange may begin.
    fn try_start(&mut self) -> bool {
        self.started = self.started.saturating_add(1);
        match &mut self.budget {
            Some(0) => false,
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None => true,
        }
    }
}

impl LaneConnections {
    pub(super) fn new(clients: Vec<LaneClient>, config: &RaceConfig) -> Result<Self, LaneError> {
        // The rate is that of the lane. Each connection runs at its share, with offsets that spread
        // the connections evenly over one period.
        let each = config.rate.map(|rate| {
            Duration::try_from_secs_f64(1.0 / f64::from(rate)).unwrap_or(Duration::MAX)
        });
        let connection = |(number, client): (u32, LaneClient)| {
            let schedule = each.map(|each| {
                let timer = DeadlineTimer::new().map_err(LaneError::Timer)?;
                Ok::<_, LaneError>(Schedule {
                    timer,
                    period: each
                        .saturating_mul(u32::try_from(config.connections).unwrap_or(u32::MAX)),
                    offset: each.saturating_mul(number),
                })
            });
            Ok(PacedConnection { client, schedule: schedule.transpose()? })
        };
        let connections = (0..).zip(clients).map(connection).collect::<Result<_, LaneError>>()?;
        Ok(Self {
            connections,
            recorder: Arc::default(),
            exchange_timeout: config.exchange_timeout(),
        })
    }

    /// Runs all connections for `slice`. A connection that fails leaves the lane. The first error
    /// is reported.
    pub(super) async fn run_slice(
        &mut self,
        scope: &Scope,
        slice: Duration,
        max_exchanges: Option<u64>,
    ) -> SliceResult {
        if self.connections.is_empty() {
            return SliceResult {
                error: Some(LaneError::NotConnected.to_string()),
                ..SliceResult::default()
            };
        }
        lock(&self.recorder).clear(max_exchanges);
        let running = scope.child();
        let (sender, mut back) = mpsc::channel(self.connections.len());
        let (before, start) = (ResourceUsage::now(), Instant::now());
        for mut connection in self.connections.drain(..) {
            let (sender, recorder) = (sender.clone(), self.recorder.clone());
            running.spawn("exchanges", async move {
                let PacedConnection { client, schedule } = &mut connection;
                let result = exchanges(
                    client,
                    schedule.as_mut(),
                    &recorder,
                    start,
                    add_clamped(start, slice),
                )
                .await;
                if result.is_ok() {
                    client.wait_for_closes().await;
                }
                // The receiver is gone only if the whole race is over.
                let _ = sender.send((connection, result)).await;
            });
        }
        // The channel closes, and `finishing` ends, once the last task has dropped its sender.
        drop(sender);
        let mut error = None;
        let finishing = async {
            while let Some((connection, result)) = back.recv().await {
                match result {
                    Ok(()) => self.connections.push(connection),
                    Err(failed) => error = error.take().or(Some(failed)),
                }
            }
        };
        let stuck = tokio::select! {
            // `finishing` comes first: a slice that is complete is never reported as hung.
            biased;
            () = finishing => false,
            () = wait_until_hung(&self.recorder, slice, self.exchange_timeout) => true,
        };
        if stuck {
            running.cancel();
            self.connections.clear();
            error = Some(LaneError::ReplyTimeout(self.exchange_timeout));
        }
        let (took, usage) = (start.elapsed(), ResourceUsage::now().since(before));
        let recorder = lock(&self.recorder);
        SliceResult {
            time_counts: recorder.times.counts(),
            service_time_counts: recorder.service_times.counts(),
            took,
            usage,
            error: error.map(|error| error.to_string()),
        }
    }
}

fn lock(recorder: &Mutex<SliceRecorder>) -> MutexGuard<'_, SliceRecorder> {
    // A panic cannot leave the counts half-updated, so a poisoned lock is safe to use.
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection whose exchanges are timed. Tests substitute their own.
trait Exchange {
    fn exchange(&mut self) -> impl Future<Output = Result<(), LaneError>> + Send;
}

impl Exchange for LaneClient {
    fn exchange(&mut self) -> impl Future<Output = Result<(), LaneError>> + Send {
        self.exchange()
    }
}

/// Runs exchanges until `until`, at least two, and never cuts one off.
async fn exchanges<C: Clock>(
    client: &mut impl Exchange,
    mut schedule: Option<&mut Schedule<C>>,
    recorder: &Mutex<SliceRecorder>,
    start: Instant,
    until: Instant,
) -> Result<(), LaneError> {
    let mut due =
        add_clamped(start, schedule.as_ref().map_or(Duration::ZERO, |schedule| schedule.offset));
    for done in 0_u64.. {
        // Every exchange that was due within the slice runs, however late. Leaving out the late
        // ones would hide exactly the stalls that matter (coordinated omission).
        let next = if schedule.is_some() { due } else { C::now() };
        if done >= 2 && next >= until {
            break;
        }
        if let Some(schedule) = &mut schedule {
            schedule.timer.sleep_until(due).await;
        }
        if !lock(recorder).try_start() {
            break;
        }
        let started = C::now();
        let exchanged = client.exchange().await;
        let end = C::now();
        exchanged?;
        let mut recorder = lock(recorder);
        match &schedule {
            None => recorder.times.record(end.saturating_duration_since(started)),
            Some(schedule) => {
                recorder.service_times.record(end.saturating_duration_since(started));
                recorder.times.record(end.saturating_duration_since(due));
                due = add_clamped(due, schedule.period);
            }
        }
    }
    Ok(())
}

/// Waits until the slice is over and then `exchange_timeout` has passed without a new exchange.
async fn wait_until_hung(
    recorder: &Mutex<SliceRecorder>,
    slice: Duration,
    exchange_timeout: Duration,
) {
    let mut before = lock(recorder).started;
    tokio::time::sleep(slice).await;
    loop {
        tokio::time::sleep(exchange_timeout).await;
        let now = lock(recorder).started;
        if now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;
    use crate::net::paused::PausedClock;

    const MILLI: Duration = Duration::from_millis(1);

    /// An exchange with a server that may stall: how long exchange number n takes.
    struct Scripted {
        done: u64,
        span: fn(u64) -> Duration,
    }

    impl Exchange for Scripted {
        async fn exchange(&mut self) -> Result<(), LaneError> {
            self.done += 1;
            sleep((self.span)(self.done)).await;
            Ok(())
        }
    }

    /// Runs a slice of 150 ms in paused time and returns what was recorded.
    async fn slice(
        every: Option<Duration>,
        max_exchanges: Option<u64>,
        span: fn(u64) -> Duration,
    ) -> SliceRecorder {
        let recorder = Mutex::new(SliceRecorder::default());
        lock(&recorder).clear(max_exchanges);
        let mut schedule = every.map(|every| Schedule::<PausedClock> {
            timer: DeadlineTimer::new().unwrap(),
            period: every,
            offset: Duration::ZERO,
        });
        let start = PausedClock::now();
        exchanges(
            &mut Scripted { done: 0, span },
            schedule.as_mut(),
            &recorder,
            start,
            start + 150 * MILLI,
        )
        .await
        .unwrap();
        recorder.into_inner().unwrap()
    }

    /// Whether two durations are equal to the histogram's three significant digits.
    fn near(found: Duration, wanted: Duration) -> bool {
        found.abs_diff(wanted) <= wanted / 500
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_exchanges_follow_each_other_until_the_time_is_over() {
        let recorder = slice(None, None, |_| 4 * MILLI).await;
        let times = recorder.times.summary();
        assert_eq!(times.count, 38, "the last begins at 148 ms");
        assert!(near(times.max, 4 * MILLI) && near(times.p50, 4 * MILLI), "{times:?}");
        assert_eq!(
            slice(None, None, |_| 400 * MILLI).await.times.summary().count,
            2,
            "two at least"
        );
        assert_eq!(slice(None, Some(7), |_| 4 * MILLI).await.times.summary().count, 7);
    }

    /// The time that counts from when an exchange was due shows the stall, and only that time does.
    #[tokio::test(start_paused = true)]
    async fn at_a_fixed_rate_a_stall_is_felt_by_all_that_were_due_meanwhile() {
        let stall = |number: u64| if number == 11 { 500 * MILLI } else { MILLI };
        let recorder = slice(Some(5 * MILLI), None, stall).await;
        let (times, naive) = (recorder.times.summary(), recorder.service_times.summary());
        assert_eq!(
            (times.count, naive.count),
            (30, 30),
            "all that were due in 150 ms, however late"
        );
        assert!(
            near(times.max, 500 * MILLI) && near(naive.max, 500 * MILLI),
            "{times:?} {naive:?}"
        );
        assert!(near(naive.p90, MILLI), "one exchange alone was under way: {naive:?}");
        // Number 11 was due after 50 ms and over after 550 ms. The others follow at once; the last
        // one is due after 145 ms and over after 569 ms.
        assert!(near(times.p50, 440 * MILLI) && near(times.p90, 488 * MILLI), "{times:?}");
    }
}
