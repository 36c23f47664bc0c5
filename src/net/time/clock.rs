//! [`Clock`]: where a timer and a modelled distance take the time from.
//! It decides nothing; [`SystemClock`] is the clock of every process, and tests bring one that they
//! move themselves.

use std::fmt::Debug;
use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A source of time, and the timer that belongs to it. It is a type without values, so that the
/// system's clock costs nothing.
pub trait Clock {
    /// The timer that rings by this clock.
    type Timer: Timer;

    /// The present moment. It never goes back.
    fn now() -> Instant;
}

/// A timer for one moment at a time.
pub trait Timer: Debug + Send + Sized + Unpin {
    /// A timer that is not set.
    ///
    /// # Errors
    /// If the process has no file descriptor left.
    fn new() -> io::Result<Self>;

    /// Replaces the moment at which the timer rings. `now` is the clock's present moment, and `at`
    /// is later.
    fn set(&mut self, now: Instant, at: Instant);

    /// Ready when the timer has rung since the last time it was ready. It may ring for a moment
    /// that has been replaced.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// `span` after `moment`; a year after it where that is less, for what is further away than that
/// never comes. A span may come from an option or a peer and be as long as a [`Duration`] can be,
/// which no clock reaches.
#[must_use]
pub fn later<I: From<Instant> + Into<Instant>>(moment: I, span: Duration) -> I {
    const MAX_SPAN: Duration = Duration::from_hours(24 * 365);
    let moment = moment.into();
    // where even that is too far, the clock itself is at its end
    moment.checked_add(span.min(MAX_SPAN)).unwrap_or(moment).into()
}

/// The system's monotonic clock. Its timer is a timerfd on Linux, late by 10 to 50 µs on an idle
/// machine, and tokio's own elsewhere, late by up to a millisecond and a half.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    type Timer = kernel::Timer;
    #[cfg(not(target_os = "linux"))]
    type Timer = wheel::Timer;

    fn now() -> Instant {
        Instant::now()
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll, ready};
    use std::time::Instant;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A timerfd on the clock that [`Instant`] reads.
    #[derive(Debug)]
    pub struct Timer(AsyncFd<OwnedFd>);

    impl super::Timer for Timer {
        #[expect(
            deprecated,
            reason = "the successor is unsafe, for types that may close what they own; an OwnedFd \
                      does not"
        )]
        fn new() -> io::Result<Self> {
            let fd = timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
            )?;
            Ok(Self(AsyncFd::with_interest(fd, Interest::READABLE)?))
        }

        /// One system call. It forgets as well what rang before, so that nothing need be read.
        fn set(&mut self, now: Instant, at: Instant) {
            let never = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec::try_from(at.saturating_duration_since(now)).unwrap_or(never),
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)
                .expect("a timer of our own takes any span of time");
        }

        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            match ready!(self.0.poll_read_ready(cx)) {
                Ok(mut rung) => {
                    rung.clear_ready();
                    Poll::Ready(())
                }
                // The runtime has ended, and with it whoever waited.
                Err(_) => Poll::Pending,
            }
        }
    }
}

/// Linux uses it in tests only, where it rings by tokio's paused clock.
#[cfg(any(not(target_os = "linux"), test))]
mod wheel {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Instant;

    use tokio::time::{Sleep, sleep_until};

    /// tokio's own timer.
    #[derive(Debug)]
    #[cfg_attr(
        target_os = "linux",
        allow(unreachable_pub, reason = "where it is the system's, it is public")
    )]
    pub struct Timer(Pin<Box<Sleep>>);

    impl super::Timer for Timer {
        fn new() -> io::Result<Self> {
            Ok(Self(Box::pin(sleep_until(Instant::now().into()))))
        }

        fn set(&mut self, _now: Instant, at: Instant) {
            self.0.as_mut().reset(at.into());
        }

        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            self.0.as_mut().poll(cx)
        }
    }
}

/// The clocks of tests, by which time passes only as the test says.
#[cfg(test)]
pub(crate) mod paused {
    use std::cell::Cell;
    use std::io;
    use std::task::{Context, Poll};
    use std::time::{Duration, Instant};

    use super::{Clock, Timer, wheel};

    /// tokio's clock, for a test with `start_paused`: once every task waits, it goes on to the next
    /// timer that is set. Timers ring at whole milliseconds.
    #[derive(Debug)]
    pub(crate) struct PausedClock;

    impl Clock for PausedClock {
        type Timer = wheel::Timer;

        fn now() -> Instant {
            tokio::time::Instant::now().into_std()
        }
    }

    thread_local! {
        static MOMENT: Cell<Instant> = Cell::new(Instant::now());
    }

    /// A clock that stands still until it is moved, and whose timers never ring: what happens,
    /// happens because somebody polled. Each thread, and so each test, has its own.
    #[derive(Debug)]
    pub(crate) struct ManualClock;

    impl ManualClock {
        pub(crate) fn pass(span: Duration) {
            MOMENT.set(MOMENT.get() + span);
        }
    }

    impl Clock for ManualClock {
        type Timer = SilentTimer;

        fn now() -> Instant {
            MOMENT.get()
        }
    }

    #[derive(Debug)]
    pub(crate) struct SilentTimer;

    impl Timer for SilentTimer {
        fn new() -> io::Result<Self> {
            Ok(Self)
        }

        fn set(&mut self, _now: Instant, _at: Instant) {}

        fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_any_length_is_added_and_never_overflows() {
        let now = Instant::now();
        assert_eq!(later(now, Duration::from_secs(7)), now + Duration::from_secs(7));
        let mut far = later(now, Duration::MAX);
        assert!(far > now + Duration::from_hours(24 * 364));
        // to the last second that the clock has
        let spans = (0..64).rev().map(|power| Duration::from_secs(1 << power));
        spans.for_each(|span| far = far.checked_add(span).unwrap_or(far));
        assert!(later(far, Duration::MAX) >= far);
        assert_eq!(later(tokio::time::Instant::from_std(now), Duration::ZERO).into_std(), now);
    }
}
