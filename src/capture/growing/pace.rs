//! [`Pace`]: how often what has come of a capture is read again.

use std::time::Duration;

use tokio::time::Instant;

/// The minimum time from one reading to the next.
const MIN_INTERVAL: Duration = Duration::from_millis(50);

/// For so many times as long as reading took, nothing is read: it takes at most a tenth of the time.
const REST_FACTOR: u32 = 10;

/// When the next reading may begin.
#[derive(Debug, Default)]
pub(super) struct Pace {
    not_before: Option<Instant>,
}

impl Pace {
    /// Returns the time before which nothing may be read; `None` if anything may be.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Notes a reading.
    pub(super) fn note(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        let rest = ended.checked_add(took.saturating_mul(REST_FACTOR));
        self.not_before = rest.max(began.checked_add(MIN_INTERVAL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_takes_at_most_a_tenth_of_the_time_and_comes_at_most_every_50_ms() {
        let began = Instant::now();
        for (took, next) in [(0, 50), (4, 50), (5, 55), (200, 2200)] {
            let mut pace = Pace::default();
            assert_eq!(pace.not_before(), None);
            pace.note(began, began + Duration::from_millis(took));
            assert_eq!(pace.not_before(), Some(began + Duration::from_millis(next)));
        }
    }
}
