//! [`DeadlineTimer`]: a timer finer than tokio's, whose wheel turns once a millisecond. It does not
//! repeat, and it wakes only the task that polled it last.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use crate::net::time::clock::{Clock, SystemClock, Timer as _};

/// A timer for one deadline at a time, as precise as the timer of its [`Clock`].
#[derive(Debug)]
pub struct DeadlineTimer<C: Clock = SystemClock> {
    timer: C::Timer,
    deadline: Option<Instant>,
}

impl<C: Clock> DeadlineTimer<C> {
    /// Creates a timer that is not set.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left.
    ///
    /// # Panics
    /// Panics outside of a tokio runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self { timer: C::Timer::new()?, deadline: None })
    }

    /// Completes once `deadline` has passed. If it has passed already, no system call is made. A
    /// deadline other than the last one replaces it.
    pub fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let now = C::now();
        if deadline <= now {
            return Poll::Ready(());
        }
        if self.deadline != Some(deadline) {
            self.timer.set(now, deadline);
            self.deadline = Some(deadline);
        }
        loop {
            ready!(self.timer.poll(cx));
            // The timer may have fired for a deadline that was replaced.
            if deadline <= C::now() {
                return Poll::Ready(());
            }
        }
    }

    /// Waits until `deadline` has passed.
    pub async fn sleep_until(&mut self, at: Instant) {
        poll_fn(|cx| self.poll_until(at, cx)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::net::time::clock::paused::PausedClock;

    const MILLI: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_hours(1);
    /// The time after which a wait on the real clock counts as hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn send<T: Send>(value: T) -> T {
        value
    }

    /// Returns a timer on the paused clock, and the moment at which the test starts.
    fn paused() -> (DeadlineTimer<PausedClock>, Instant) {
        (DeadlineTimer::new().unwrap(), PausedClock::now())
    }

    async fn rings<C: Clock>(timer: &mut DeadlineTimer<C>, at: Instant) {
        timeout(HUNG, timer.sleep_until(at)).await.expect("the timer hung");
        assert!(C::now() >= at, "it fired too early");
    }

    #[tokio::test]
    async fn it_never_fires_early() {
        let mut timer = send(DeadlineTimer::<SystemClock>::new().unwrap());
        for micros in [50, 300, 700, 1100, 5000, 300, 50, 700, 1100] {
            rings(&mut timer, Instant::now() + Duration::from_micros(micros)).await;
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_does_not_depend_on_tokios_timer_wheel() {
        // This runtime has no timers of tokio's.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let at = Instant::now() + MILLI;
            DeadlineTimer::<SystemClock>::new().unwrap().sleep_until(at).await;
            assert!(Instant::now() >= at);
        });
    }

    #[tokio::test]
    async fn a_past_deadline_completes_at_once() {
        let mut timer = DeadlineTimer::<SystemClock>::new().unwrap();
        let now = Instant::now();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(timer.poll_until(now, &mut cx).is_ready());
        assert!(timer.poll_until(now + HOUR, &mut cx).is_pending());
        assert!(timer.poll_until(now, &mut cx).is_ready(), "though it is set for later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_can_be_replaced_by_a_later_or_earlier_one() {
        let (mut timer, start) = paused();
        timeout(10 * MILLI, timer.sleep_until(start + 15 * MILLI)).await.expect_err("not yet");
        rings(&mut timer, start + 40 * MILLI).await;
        assert_eq!(
            PausedClock::now(),
            start + 40 * MILLI,
            "the former moment does not ring for the latter"
        );
        timeout(MILLI, timer.sleep_until(start + HOUR)).await.expect_err("not yet");
        rings(&mut timer, start + 46 * MILLI).await;
        assert_eq!(PausedClock::now(), start + 46 * MILLI, "the earlier deadline fires");
    }

    #[tokio::test]
    async fn a_replaced_or_unpolled_deadline_does_not_fire_for_the_next() {
        let mut timer = DeadlineTimer::<SystemClock>::new().unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        // It does not matter whether the first deadline has passed by the time of the poll.
        let _ = timer.poll_until(Instant::now() + MILLI, &mut cx);
        tokio::time::sleep(10 * MILLI).await;
        rings(&mut timer, Instant::now() + 20 * MILLI).await;
        assert!(timer.poll_until(Instant::now() + HOUR, &mut cx).is_pending());
        rings(&mut timer, Instant::now() + 5 * MILLI).await;
        let _ = timer.poll_until(Instant::now() + 5 * MILLI, &mut cx);
        rings(&mut timer, Instant::now() + 20 * MILLI).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_unpolled_deadline_does_not_fire_for_the_next_on_other_systems_either() {
        let (mut timer, start) = paused();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(timer.poll_until(start + MILLI, &mut cx).is_pending());
        tokio::time::sleep(10 * MILLI).await;
        rings(&mut timer, start + 30 * MILLI).await;
        assert_eq!(PausedClock::now(), start + 30 * MILLI);
    }
}
