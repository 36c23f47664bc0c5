//! [`Stall`]: stalls all sockets of a server for a while, as garbage collection or swapping does.
//! It stops no task; the sockets simply deliver nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::net::{Clock, SystemClock, add_clamped};

/// A handle shared by a server's sockets. While a stall holds, no socket gives the protocol a byte.
/// What the protocol has written still goes out.
#[derive(Clone, Debug)]
pub struct Stall(Arc<StallState>);

#[derive(Debug)]
struct StallState {
    epoch: Instant,
    /// The end of the stall in nanoseconds after `start`; 0 if there is none.
    until: AtomicU64,
}

impl Default for Stall {
    fn default() -> Self {
        Self::new(SystemClock::now())
    }
}

impl Stall {
    /// Creates a handle without a stall, which accepts moments from `start` on.
    pub(crate) fn new(start: Instant) -> Self {
        Self(Arc::new(StallState { epoch: start, until: AtomicU64::new(0) }))
    }

    /// Stalls the sockets for `span` from now on. A stall that lasts longer already is kept.
    pub fn begin(&self, span: Duration) {
        self.begin_at(SystemClock::now(), span);
    }

    /// Like [`Stall::begin`], at the moment `now`.
    pub(in crate::net) fn begin_at(&self, now: Instant, span: Duration) {
        let nanos = now.saturating_duration_since(self.0.epoch).saturating_add(span).as_nanos();
        self.0.until.fetch_max(u64::try_from(nanos).unwrap_or(u64::MAX), Relaxed);
    }

    /// Returns the end of the current stall, if there is one. Without a stall this is one relaxed
    /// load and does not read the clock.
    pub(in crate::net) fn stalled_until<C: Clock>(&self) -> Option<Instant> {
        match self.0.until.load(Relaxed) {
            0 => None,
            nanos => self.check_expiry(nanos, C::now()),
        }
    }

    #[cold]
    fn check_expiry(&self, nanos: u64, now: Instant) -> Option<Instant> {
        let until = add_clamped(self.0.epoch, Duration::from_nanos(nanos));
        if until > now {
            return Some(until);
        }
        // The error is ignored: the exchange fails if another stall has begun, which the next call
        // sees.
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
    fn the_longer_of_two_stalls_holds_and_releases_at_its_end() {
        let start = ManualClock::now();
        let stall = Stall::new(start);
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
    fn it_begins_by_the_system_clock() {
        let (before, stall) = (Instant::now(), Stall::default());
        stall.begin(Duration::from_hours(1));
        let until = stall.stalled_until::<SystemClock>().unwrap();
        assert!(until >= before + Duration::from_hours(1));
        assert!(until <= Instant::now() + Duration::from_hours(1));
    }
}
