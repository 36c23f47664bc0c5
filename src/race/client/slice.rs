//! One slice: every connection does exchanges until the time is over, and finishes the one it is in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::way::Way;
use crate::measure::Histogram;
use crate::net::{Alarm, Clock, SystemClock, later};
use crate::race::Course;
use crate::race::order::{Ran, Used};
use crate::scope::Scope;

/// The open connections of a lane, and what they write down together.
pub(super) struct Connections {
    runners: Vec<Runner>,
    sheet: Arc<Mutex<Sheet>>,
    patience: Duration,
}

/// A connection, and when its exchanges are due.
struct Runner {
    way: Way,
    pace: Option<Pace>,
}

/// An exchange each `every`, the first one `offset` after the slice begins.
struct Pace<C: Clock = SystemClock> {
    alarm: Alarm<C>,
    every: Duration,
    offset: Duration,
}

/// What the connections of a lane write down.
#[derive(Default)]
struct Sheet {
    times: Histogram,
    naive: Histogram,
    /// Counts up with every exchange that begins, so that one that hangs is noticed.
    begun: u64,
    /// How many may still begin in this slice.
    left: Option<u64>,
}

impl Sheet {
    /// For a new slice, in which at most `most` exchanges may begin.
    fn clear(&mut self, most: Option<u64>) {
        self.times.clear();
        self.naive.clear();
        self.left = most;
    }

    /// Whether one more exchange may begin.
    fn begin(&mut self) -> bool {
        self.begun = self.begun.saturating_add(1);
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None => true,
        }
    }
}

impl Connections {
    pub(super) fn new(ways: Vec<Way>, course: &Course) -> Result<Self, String> {
        let each = course
            .rate
            .map(|rate| Duration::try_from_secs_f64(1.0 / f64::from(rate)).unwrap_or(Duration::MAX));
        let runner = |(number, way): (u32, Way)| {
            let pace = each.map(|each| {
                let alarm = Alarm::new().map_err(|error| format!("no timer: {error}"))?;
                Ok::<_, String>(Pace {
                    alarm,
                    every: each.saturating_mul(u32::try_from(course.connections).unwrap_or(u32::MAX)),
                    offset: each.saturating_mul(number),
                })
            });
            Ok(Runner { way, pace: pace.transpose()? })
        };
        let runners = (0..).zip(ways).map(runner).collect::<Result<_, String>>()?;
        Ok(Self { runners, sheet: Arc::default(), patience: course.patience() })
    }

    /// Runs all connections for `slice`. A connection that fails takes no further part; the first error is told.
    pub(super) async fn run(&mut self, scope: &Scope, slice: Duration, most: Option<u64>) -> Ran {
        if self.runners.is_empty() {
            return Ran { error: Some("no connection is open".to_owned()), ..Ran::default() };
        }
        lock(&self.sheet).clear(most);
        let running = scope.child();
        let (post, mut back) = mpsc::channel(self.runners.len());
        let (before, start) = (Used::now(), Instant::now());
        for mut runner in self.runners.drain(..) {
            let (post, sheet) = (post.clone(), self.sheet.clone());
            running.spawn("exchanges", async move {
                let Runner { way, pace } = &mut runner;
                let result = exchanges(way, pace.as_mut(), &sheet, start, later(start, slice)).await;
                if result.is_ok() {
                    way.settle().await;
                }
                // nobody is there any more only if the whole race is over
                let _ = post.send((runner, result)).await;
            });
        }
        drop(post);
        let mut error = None;
        let finishing = async {
            while let Some((runner, result)) = back.recv().await {
                match result {
                    Ok(()) => self.runners.push(runner),
                    Err(why) => error = error.take().or(Some(why)),
                }
            }
        };
        let stuck = tokio::select! {
            biased;
            () = finishing => false,
            () = stands_still(&self.sheet, slice, self.patience) => true,
        };
        if stuck {
            running.cancel();
            self.runners.clear();
            error = Some(format!("no reply within {} s", self.patience.as_secs()));
        }
        let (took, used) = (start.elapsed(), Used::now().since(before));
        let sheet = lock(&self.sheet);
        Ran { times: sheet.times.counts(), naive: sheet.naive.counts(), took, used, error }
    }
}

fn lock(sheet: &Mutex<Sheet>) -> MutexGuard<'_, Sheet> {
    // counts are whole even if a panic came between
    sheet.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is timed.
trait Exchange {
    fn exchange(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

impl Exchange for Way {
    fn exchange(&mut self) -> impl Future<Output = Result<(), String>> + Send {
        self.exchange()
    }
}

/// Exchanges until `until`, at least two, and never cuts one off.
async fn exchanges<C: Clock>(
    way: &mut impl Exchange,
    mut pace: Option<&mut Pace<C>>,
    sheet: &Mutex<Sheet>,
    start: Instant,
    until: Instant,
) -> Result<(), String> {
    let mut due = later(start, pace.as_ref().map_or(Duration::ZERO, |pace| pace.offset));
    for done in 0_u64.. {
        // what was due within the slice is done, however late: to leave it out would be to leave the trouble out
        let next = if pace.is_some() { due } else { C::now() };
        if done >= 2 && next >= until {
            break;
        }
        if let Some(pace) = &mut pace {
            pace.alarm.at(due).await;
        }
        if !lock(sheet).begin() {
            break;
        }
        let began = C::now();
        let exchanged = way.exchange().await;
        let end = C::now();
        exchanged?;
        let mut sheet = lock(sheet);
        match &pace {
            None => sheet.times.record(end.saturating_duration_since(began)),
            Some(pace) => {
                sheet.naive.record(end.saturating_duration_since(began));
                sheet.times.record(end.saturating_duration_since(due));
                due = later(due, pace.every);
            }
        }
    }
    Ok(())
}

/// Ready once `patience` has passed without a single exchange that begins.
async fn stands_still(sheet: &Mutex<Sheet>, slice: Duration, patience: Duration) {
    let mut before = lock(sheet).begun;
    tokio::time::sleep(slice).await;
    loop {
        tokio::time::sleep(patience).await;
        let now = lock(sheet).begun;
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

    /// An exchange with a server that may stand still: how long number n takes.
    struct Scripted {
        done: u64,
        span: fn(u64) -> Duration,
    }

    impl Exchange for Scripted {
        async fn exchange(&mut self) -> Result<(), String> {
            self.done += 1;
            sleep((self.span)(self.done)).await;
            Ok(())
        }
    }

    /// A slice of 150 ms in the paused time; what was written down.
    async fn slice(every: Option<Duration>, most: Option<u64>, span: fn(u64) -> Duration) -> Sheet {
        let sheet = Mutex::new(Sheet::default());
        lock(&sheet).clear(most);
        let mut pace =
            every.map(|every| Pace::<PausedClock> { alarm: Alarm::new().unwrap(), every, offset: Duration::ZERO });
        let start = PausedClock::now();
        exchanges(&mut Scripted { done: 0, span }, pace.as_mut(), &sheet, start, start + 150 * MILLI)
            .await
            .unwrap();
        sheet.into_inner().unwrap()
    }

    /// Whether two times are the same to the histogram's three digits.
    fn near(found: Duration, wanted: Duration) -> bool {
        found.abs_diff(wanted) <= wanted / 500
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_one_exchange_follows_the_other_until_the_time_is_over() {
        let sheet = slice(None, None, |_| 4 * MILLI).await;
        let times = sheet.times.summary();
        assert_eq!(times.count, 38, "the last begins at 148 ms");
        assert!(near(times.max, 4 * MILLI) && near(times.p50, 4 * MILLI), "{times:?}");
        assert_eq!(slice(None, None, |_| 400 * MILLI).await.times.summary().count, 2, "two at least");
        assert_eq!(slice(None, Some(7), |_| 4 * MILLI).await.times.summary().count, 7);
    }

    /// Who waits for a server that stands still is told by the clock that starts when it was due, and by it alone.
    #[tokio::test(start_paused = true)]
    async fn at_a_fixed_rate_a_stall_is_felt_by_all_that_were_due_meanwhile() {
        let stall = |number: u64| if number == 11 { 500 * MILLI } else { MILLI };
        let sheet = slice(Some(5 * MILLI), None, stall).await;
        let (times, naive) = (sheet.times.summary(), sheet.naive.summary());
        assert_eq!((times.count, naive.count), (30, 30), "all that were due in 150 ms, however late");
        assert!(near(times.max, 500 * MILLI) && near(naive.max, 500 * MILLI), "{times:?} {naive:?}");
        assert!(near(naive.p90, MILLI), "one exchange alone was under way: {naive:?}");
        // number 11 was due after 50 ms and over after 550; then they follow each other, the last after 569, due after 145
        assert!(near(times.p50, 440 * MILLI) && near(times.p90, 488 * MILLI), "{times:?}");
    }
}
