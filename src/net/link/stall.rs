//! [`Stall`]: makes all sockets of a server stand still for a while, as a server does that collects garbage or swaps.
//! It stops no task: the server's sockets give it nothing to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::net::{Clock, SystemClock, later};

/// A handle that a server's sockets share. While it holds, none of them gives the protocol a byte;
/// what the protocol has written goes out all the same.
#[derive(Clone, Debug)]
pub struct Stall(Arc<StallState>);

#[derive(Debug)]
struct StallState {
    start: Instant,
    /// Nanoseconds after `start`; 0 where nothing is held.
    until: AtomicU64,
}

impl Default for Stall {
    fn default() -> Self {
        Self::since(SystemClock::now())
    }
}

impl Stall {
    /// A handle that holds nothing yet and is not told of moments before `start`.
    pub(crate) fn since(start: Instant) -> Self {
        Self(Arc::new(StallState { start, until: AtomicU64::new(0) }))
    }

    /// Holds the sockets from now on for `span`, or longer where they are held longer already.
    pub fn begin(&self, span: Duration) {
        self.begin_at(SystemClock::now(), span);
    }

    /// As [`Stall::begin`], at `now`.
    pub(in crate::net) fn begin_at(&self, now: Instant, span: Duration) {
        let nanos = now.saturating_duration_since(self.0.start).saturating_add(span).as_nanos();
        self.0.until.fetch_max(u64::try_from(nanos).unwrap_or(u64::MAX), Relaxed);
    }

    /// Until when the sockets are held, if they are. One relaxed load, and no look at the clock,
    /// where they are not.
    pub(in crate::net) fn stalled_until<C: Clock>(&self) -> Option<Instant> {
        match self.0.until.load(Relaxed) {
            0 => None,
            nanos => self.check_expiry(nanos, C::now()),
        }
    }

    #[cold]
    fn check_expiry(&self, nanos: u64, now: Instant) -> Option<Instant> {
        let until = later(self.0.start, Duration::from_nanos(nanos));
        if until > now {
            return Some(until);
        }
        // It fails where another stall has begun, and then the next to look sees that.
        let _ = self.0.until.compare_exchange(nanos, 0, Relaxed, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::time::clock::paused::ManualClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_longer_of_two_holds_and_lets_go_at_its_end() {
        let start = ManualClock::now();
        let stall = Stall::since(start);
        assert_eq!(stall.stalled_until::<ManualClock>(), None);
        ManualClock::pass(SECOND);
        stall.clone().begin_at(ManualClock::now(), 60 * SECOND);
        stall.begin_at(ManualClock::now(), SECOND);
        assert_eq!(stall.stalled_until::<ManualClock>(), Some(start + 61 * SECOND));
        ManualClock::pass(Duration::from_nanos(59_999_999_999));
        assert_eq!(stall.stalled_until::<ManualClock>(), Some(start + 61 * SECOND));
        ManualClock::pass(Duration::from_nanos(1));
        assert_eq!(stall.stalled_until::<ManualClock>(), None);
        assert_eq!(
            stall.0.until.load(Relaxed),
            0,
            "it is forgotten, so that no clock is asked any more"
        );
    }

    #[test]
    fn it_begins_by_the_clock_of_the_system() {
        let (before, stall) = (Instant::now(), Stall::default());
        stall.begin(Duration::from_hours(1));
        let until = stall.stalled_until::<SystemClock>().unwrap();
        assert!(until >= before + Duration::from_hours(1));
        assert!(until <= Instant::now() + Duration::from_hours(1));
    }
}
