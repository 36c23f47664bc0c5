//! One slice: every connection does exchanges until the time is over, and finishes the one it is in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::way::Way;
use crate::measure::Histogram;
use crate::net::Alarm;
use crate::race::Course;
use crate::race::order::{Ran, Used};
use crate::scope::Scope;

/// A connection, and when its exchanges are due.
pub(super) struct Runner {
    way: Way,
    pace: Option<Pace>,
    patience: Duration,
    sheet: Arc<Mutex<Sheet>>,
}

/// An exchange each `every`, the first one `offset` after the slice begins.
struct Pace {
    alarm: Alarm,
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
    /// Whether one more exchange may begin.
    fn begin(&mut self) -> bool {
        self.begun += 1;
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

impl Runner {
    /// The connection of that number; numbers begin with 0.
    pub(super) fn new(way: Way, number: usize, course: &Course) -> Result<Self, String> {
        let pace = course.rate.map(|rate| {
            let each = Duration::from_secs_f64(1.0 / f64::from(rate));
            let alarm = Alarm::new().map_err(|error| format!("no timer: {error}"))?;
            Ok::<_, String>(Pace {
                alarm,
                every: each * course.connections as u32,
                offset: each * number as u32,
            })
        });
        Ok(Self { way, pace: pace.transpose()?, patience: course.patience(), sheet: Arc::default() })
    }

    /// Exchanges until `until`, at least two, and never cuts one off.
    async fn run(&mut self, start: Instant, until: Instant) -> Result<(), String> {
        let mut due = start + self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.offset);
        for done in 0_u64.. {
            // what was due within the slice is done, however late: to leave it out would be to leave the trouble out
            let next = if self.pace.is_some() { due } else { Instant::now() };
            if done >= 2 && next >= until {
                break;
            }
            if let Some(pace) = &mut self.pace {
                pace.alarm.at(due).await;
            }
            if !self.sheet.lock().unwrap_or_else(PoisonError::into_inner).begin() {
                break;
            }
            let began = Instant::now();
            let exchanged = self.way.exchange().await;
            let end = Instant::now();
            exchanged?;
            let mut sheet = self.sheet.lock().unwrap_or_else(PoisonError::into_inner);
            match &self.pace {
                None => sheet.times.record(end - began),
                Some(pace) => {
                    sheet.naive.record(end - began);
                    sheet.times.record(end - due);
                    due += pace.every;
                }
            }
        }
        self.way.settle().await;
        Ok(())
    }
}

/// Runs all connections for `slice`. A connection that fails takes no further part; the first error is told.
pub(super) async fn run(scope: &Scope, runners: &mut Vec<Runner>, slice: Duration, most: Option<u64>) -> Ran {
    let Some(first) = runners.first() else {
        return Ran { error: Some("no connection is open".to_owned()), ..Ran::default() };
    };
    let (patience, sheet) = (first.patience, first.sheet.clone());
    {
        let mut sheet = sheet.lock().unwrap_or_else(PoisonError::into_inner);
        sheet.times.clear();
        sheet.naive.clear();
        sheet.left = most;
    }
    let running = scope.child();
    let (post, mut back) = mpsc::channel(runners.len());
    let (before, start) = (Used::now(), Instant::now());
    for mut runner in runners.drain(..) {
        runner.sheet = sheet.clone();
        let post = post.clone();
        running.spawn("exchanges", async move {
            let result = runner.run(start, start + slice).await;
            // nobody is there any more only if the whole race is over
            let _ = post.send((runner, result)).await;
        });
    }
    drop(post);
    let mut error = None;
    let finishing = async {
        while let Some((runner, result)) = back.recv().await {
            match result {
                Ok(()) => runners.push(runner),
                Err(why) => error = error.take().or(Some(why)),
            }
        }
    };
    let stuck = tokio::select! {
        biased;
        () = finishing => false,
        () = stands_still(&sheet, slice, patience) => true,
    };
    if stuck {
        running.cancel();
        runners.clear();
        error = Some(format!("no reply within {} s", patience.as_secs()));
    }
    let (took, used) = (start.elapsed(), Used::now().since(before));
    let sheet = sheet.lock().unwrap_or_else(PoisonError::into_inner);
    Ran { times: sheet.times.counts(), naive: sheet.naive.counts(), took, used, error }
}

/// Ready once `patience` has passed without a single exchange that begins.
async fn stands_still(sheet: &Mutex<Sheet>, slice: Duration, patience: Duration) {
    let begun = || sheet.lock().unwrap_or_else(PoisonError::into_inner).begun;
    let mut before = begun();
    tokio::time::sleep(slice).await;
    loop {
        tokio::time::sleep(patience).await;
        let now = begun();
        if now == before {
            return;
        }
        before = now;
    }
}
