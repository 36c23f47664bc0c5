//! [`Clock`]: the source of time for timers and modelled links. [`SystemClock`] is the clock of
//! every process. Tests use clocks that they control.
//! move themselves.

use std::fmt::Debug;
use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A source of time with its timer. It is a type without values, so using the system's clock costs
/// nothing.
pub trait Clock {
    /// The timer that follows this clock.
    type Timer: Timer;

    /// Returns the present moment. It never goes back.
    fn now() -> Instant;
}

/// A timer for one moment at a time.
pub trait Timer: Debug + Send + Sized + Unpin {
    /// Creates a timer that is not set.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left.
    fn new() -> io::Result<Self>;

    /// Replaces the moment at which the timer fires. `now` is the clock's present moment, and `at`
    /// is later.
    fn set(&mut self, now: Instant, at: Instant);

    /// Completes once for each time that the timer fires. It may fire for a moment that has been
    /// replaced.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Returns the moment `span` after `moment`, but at most a year after it. A span may come from an
/// option or a peer and be as long as a [`Duration`] can be, which no clock can represent. A
/// deadline beyond a year is never reached anyway.
#[must_use]
pub fn add_clamped<I: From<Instant> + Into<Instant>>(moment: I, span: Duration) -> I {
    const MAX_SPAN: Duration = Duration::from_hours(24 * 365);
    let moment = moment.into();
    // If even a year overflows, the clock itself is at its end.
    moment.checked_add(span.min(MAX_SPAN)).unwrap_or(moment).into()
}

/// The system's monotonic clock. Its timer is a timerfd on Linux, which is late by 10 to 50 µs on
/// an idle machine. Elsewhere it is tokio's own, which is late by up to 1.5 ms.
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

        /// Sets the timer with one system call, which also discards an earlier expiration, so that
        /// nothing has to be read from the descriptor.
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
                    // The expiration count is not read: readiness is edge-triggered, and setting
                    // the timer resets the count.
                    rung.clear_ready();
                    Poll::Ready(())
                }
                // The runtime has shut down, and so have the tasks that waited.
                Err(_) => Poll::Pending,
            }
        }
    }
}

/// On Linux only tests use this module, with tokio's paused clock.
#[cfg(any(not(target_os = "linux"), test))]
mod wheel {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Instant;

    use tokio::time::{Sleep, sleep_until};

    /// tokio's own timer, with a resolution of a millisecond.
    #[derive(Debug)]
    #[cfg_attr(
        target_os = "linux",
        allow(unreachable_pub, reason = "where it is the system's, it is public")
    )]
    pub struct Timer(Pin<Box<Sleep>>);

    impl super::Timer for Timer {
        fn new() -> io::Result<Self> {
            // A `Sleep` always has a deadline; this one is replaced before it is polled.
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

/// Clocks for tests, in which time passes only as the test says.
#[cfg(test)]
pub(crate) mod paused {
    use std::cell::Cell;
    use std::io;
    use std::task::{Context, Poll};
    use std::time::{Duration, Instant};

    use super::{Clock, Timer, wheel};

    /// tokio's clock in a test with `start_paused`. Once every task waits, it advances to the next
    /// timer that is set. Timers fire at whole milliseconds.
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

    /// A clock that stands still until it is moved and whose timers never fire, so that everything
    /// happens in a poll. Each thread, and so each test, has its own.
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
    fn a_span_of_any_length_can_be_added_without_overflow() {
        let now = Instant::now();
        assert_eq!(add_clamped(now, Duration::from_secs(7)), now + Duration::from_secs(7));
        let mut far = add_clamped(now, Duration::MAX);
        assert!(far > now + Duration::from_hours(24 * 364));
        // To the last second that the clock can represent.
        let spans = (0..64).rev().map(|power| Duration::from_secs(1 << power));
        spans.for_each(|span| far = far.checked_add(span).unwrap_or(far));
        assert!(add_clamped(far, Duration::MAX) >= far);
        assert_eq!(
            add_clamped(tokio::time::Instant::from_std(now), Duration::ZERO).into_std(),
            now
        );
    }
}
