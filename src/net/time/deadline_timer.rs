//! [`DeadlineTimer`]: a timer finer than tokio's, whose wheel turns once a millisecond.
//! It does not repeat, and it wakes one task: the one that polled it last.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use crate::net::time::clock::{Clock, SystemClock, Timer as _};

/// A timer for one moment at a time, as fine as the timer of its [`Clock`].
#[derive(Debug)]
pub struct DeadlineTimer<C: Clock = SystemClock> {
    timer: C::Timer,
    deadline: Option<Instant>,
}

impl<C: Clock> DeadlineTimer<C> {
    /// A timer that is not set.
    ///
    /// # Errors
    /// If the process has no file descriptor left.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self { timer: C::Timer::new()?, deadline: None })
    }

    /// Ready once `deadline` has passed, without a system call if it has. Another moment than last
    /// time sets the timer anew; the former is forgotten.
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
            // What has rung may be the moment that was set before.
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
    /// How long a wait on the real clock may take before the test is called hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn send<T: Send>(value: T) -> T {
        value
    }

    /// An alarm on the paused clock, and the moment at which the test starts.
    fn paused() -> (DeadlineTimer<PausedClock>, Instant) {
        (DeadlineTimer::new().unwrap(), PausedClock::now())
    }

    async fn rings<C: Clock>(timer: &mut DeadlineTimer<C>, at: Instant) {
        timeout(HUNG, timer.sleep_until(at)).await.expect("the alarm hung");
        assert!(C::now() >= at, "it rang too early");
    }

    #[tokio::test]
    async fn it_never_rings_before_its_time() {
        let mut timer = send(DeadlineTimer::<SystemClock>::new().unwrap());
        for micros in [50, 300, 700, 1100, 5000, 300, 50, 700, 1100] {
            rings(&mut timer, Instant::now() + Duration::from_micros(micros)).await;
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_does_not_wait_for_the_wheel_of_tokio() {
        // No timer of tokio's works in this runtime.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let at = Instant::now() + MILLI;
            DeadlineTimer::<SystemClock>::new().unwrap().sleep_until(at).await;
            assert!(Instant::now() >= at);
        });
    }

    #[tokio::test]
    async fn what_has_passed_is_ready_at_once() {
        let mut timer = DeadlineTimer::<SystemClock>::new().unwrap();
        let now = Instant::now();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(timer.poll_until(now, &mut cx).is_ready());
        assert!(timer.poll_until(now + HOUR, &mut cx).is_pending());
        assert!(timer.poll_until(now, &mut cx).is_ready(), "though it is set for later");
    }

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_its_time_when_it_is_set_anew_to_later_and_to_earlier() {
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
        assert_eq!(PausedClock::now(), start + 46 * MILLI, "the earlier moment rings");
    }

    #[tokio::test]
    async fn a_moment_that_was_replaced_or_rang_unheard_does_not_ring_for_the_next() {
        let mut timer = DeadlineTimer::<SystemClock>::new().unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        // Whether the first moment has passed by the time it is asked for does not matter.
        let _ = timer.poll_until(Instant::now() + MILLI, &mut cx);
        tokio::time::sleep(10 * MILLI).await;
        rings(&mut timer, Instant::now() + 20 * MILLI).await;
        assert!(timer.poll_until(Instant::now() + HOUR, &mut cx).is_pending());
        rings(&mut timer, Instant::now() + 5 * MILLI).await;
        let _ = timer.poll_until(Instant::now() + 5 * MILLI, &mut cx);
        rings(&mut timer, Instant::now() + 20 * MILLI).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_that_rang_unheard_does_not_ring_for_the_next_on_other_systems_either() {
        let (mut timer, start) = paused();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(timer.poll_until(start + MILLI, &mut cx).is_pending());
        tokio::time::sleep(10 * MILLI).await;
        rings(&mut timer, start + 30 * MILLI).await;
        assert_eq!(PausedClock::now(), start + 30 * MILLI);
    }
}
