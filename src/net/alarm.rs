//! [`Alarm`]: a timer finer than tokio's, whose wheel turns once a millisecond.
//! It does not repeat, and it wakes one task: the one that polled it last.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Instant;

#[cfg(not(target_os = "linux"))]
use wheel::Timer;

#[cfg(target_os = "linux")]
use kernel::Timer;

/// A timer for one moment at a time. On Linux it is a timerfd, late by 10 to 50 µs on an idle machine; elsewhere it is
/// tokio's timer, late by up to a millisecond and a half.
#[derive(Debug)]
pub struct Alarm {
    timer: Timer,
    set: Option<Instant>,
}

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    /// If the process has no file descriptor left.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self { timer: Timer::new()?, set: None })
    }

    /// Ready once `at` has passed, without a system call if it has. Another moment than last time sets the alarm anew;
    /// the former is forgotten.
    pub fn poll_at(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if at <= now {
            return Poll::Ready(());
        }
        if self.set != Some(at) {
            self.timer.set(now, at);
            self.set = Some(at);
        }
        loop {
            ready!(self.timer.poll(cx));
            // What has rung may be the moment that was set before.
            if at <= Instant::now() {
                return Poll::Ready(());
            }
        }
    }

    /// Waits until `at` has passed.
    pub async fn at(&mut self, at: Instant) {
        poll_fn(|cx| self.poll_at(at, cx)).await;
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
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "the successor is unsafe, for types that may close what they own; an OwnedFd does not"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let fd =
                timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            Ok(Self(AsyncFd::with_interest(fd, Interest::READABLE)?))
        }

        /// One system call. It forgets as well what rang before, so that nothing need be read.
        pub(super) fn set(&mut self, now: Instant, at: Instant) {
            let never = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec::try_from(at - now).unwrap_or(never),
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)
                .expect("a timer of our own takes any span of time");
        }

        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

/// Compiled for the tests everywhere, so that it does not rot where it is not used.
#[cfg(any(not(target_os = "linux"), test))]
mod wheel {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Instant;

    use tokio::time::{Sleep, sleep_until};

    /// tokio's own timer.
    #[derive(Debug)]
    pub(super) struct Timer(Pin<Box<Sleep>>);

    impl Timer {
        #[expect(clippy::unnecessary_wraps, reason = "as where a timer is a file descriptor")]
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(Box::pin(sleep_until(Instant::now().into()))))
        }

        pub(super) fn set(&mut self, _now: Instant, at: Instant) {
            self.0.as_mut().reset(at.into());
        }

        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            self.0.as_mut().poll(cx)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn send<T: Send>(value: T) -> T {
        value
    }

    #[tokio::test]
    async fn it_rings_after_its_time_and_not_long_after() {
        let mut alarm = send(Alarm::new().unwrap());
        let mut late = Vec::new();
        for micros in [50, 300, 700, 1100, 5000, 300, 50, 700, 1100] {
            let at = Instant::now() + Duration::from_micros(micros);
            alarm.at(at).await;
            late.push(at.elapsed());
            assert!(Instant::now() >= at);
        }
        late.sort();
        if cfg!(target_os = "linux") {
            assert!(late[0] < MILLI / 2, "finer than a wheel of milliseconds: {late:?}");
        }
    }

    #[tokio::test]
    async fn what_has_passed_is_ready_at_once() {
        let mut alarm = Alarm::new().unwrap();
        let now = Instant::now();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(alarm.poll_at(now, &mut cx).is_ready());
        assert!(alarm.poll_at(now + 60 * 1000 * MILLI, &mut cx).is_pending());
        assert!(alarm.poll_at(now, &mut cx).is_ready(), "though it is set for later");
    }

    #[tokio::test]
    async fn it_can_be_set_anew_to_later_and_to_earlier() {
        let mut alarm = Alarm::new().unwrap();
        let start = Instant::now();
        timeout(10 * MILLI, alarm.at(start + 15 * MILLI)).await.expect_err("not yet");
        let late = start + 40 * MILLI;
        alarm.at(late).await;
        assert!(Instant::now() >= late, "the former moment does not ring for the latter");
        timeout(MILLI, alarm.at(start + 3600 * 1000 * MILLI)).await.expect_err("not yet");
        let soon = Instant::now() + 5 * MILLI;
        timeout(2000 * MILLI, alarm.at(soon)).await.expect("the earlier moment rings");
    }

    #[tokio::test]
    async fn one_that_rang_unheard_does_not_ring_for_the_next() {
        let mut alarm = Alarm::new().unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(alarm.poll_at(Instant::now() + MILLI, &mut cx).is_pending());
        tokio::time::sleep(10 * MILLI).await;
        let at = Instant::now() + 20 * MILLI;
        alarm.at(at).await;
        assert!(Instant::now() >= at);
    }

    #[tokio::test]
    async fn the_timer_of_other_systems_keeps_its_time_too() {
        let mut timer = wheel::Timer::new().unwrap();
        for _ in 0..3 {
            let now = Instant::now();
            timer.set(now, now + 3 * MILLI);
            poll_fn(|cx| timer.poll(cx)).await;
            assert!(now.elapsed() >= 3 * MILLI);
        }
    }
}
