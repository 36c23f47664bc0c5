//! [`Stall`]: makes all sockets of a server stand still for a while, as a server does that collects garbage or swaps.
//! It stops no task: the server's sockets give it nothing to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A handle that a server's sockets share. While it holds, none of them gives the protocol a byte; what the protocol
/// has written goes out all the same.
#[derive(Clone, Debug, Default)]
pub struct Stall(Arc<State>);

#[derive(Debug)]
struct State {
    start: Instant,
    /// Nanoseconds after `start`; 0 where nothing is held.
    until: AtomicU64,
}

impl Default for State {
    fn default() -> Self {
        Self { start: Instant::now(), until: AtomicU64::new(0) }
    }
}

impl Stall {
    /// Holds the sockets from now on for `span`, or longer where they are held longer already.
    pub fn begin(&self, span: Duration) {
        let nanos = self.0.start.elapsed().saturating_add(span).as_nanos();
        self.0.until.fetch_max(u64::try_from(nanos).unwrap_or(u64::MAX), Relaxed);
    }

    /// Until when the sockets are held, if they are. One relaxed load where they are not.
    pub(super) fn until(&self) -> Option<Instant> {
        match self.0.until.load(Relaxed) {
            0 => None,
            nanos => self.held(nanos),
        }
    }

    #[cold]
    fn held(&self, nanos: u64) -> Option<Instant> {
        let until = self.0.start + Duration::from_nanos(nanos);
        if until > Instant::now() {
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

    #[test]
    fn the_longer_of_two_holds() {
        let stall = Stall::default();
        assert_eq!(stall.until(), None);
        let before = Instant::now();
        stall.clone().begin(Duration::from_mins(1));
        let until = stall.until().unwrap();
        assert!(until >= before + Duration::from_mins(1));
        stall.begin(Duration::from_secs(1));
        assert_eq!(stall.until(), Some(until));
    }

    #[test]
    fn one_that_is_over_is_forgotten() {
        let stall = Stall::default();
        stall.begin(Duration::ZERO);
        assert_eq!(stall.until(), None);
        assert_eq!(stall.0.until.load(Relaxed), 0);
    }
}
