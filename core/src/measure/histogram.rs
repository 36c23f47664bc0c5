//! Durations counted in buckets with three significant digits (`HdrHistogram`).
//!
//! Recording does not allocate once the buckets exist, so it can run inside a measurement.

use std::time::Duration;

use hdrhistogram::Histogram as Hdr;

use crate::measure::to_u64_saturating;

/// The longest duration that can be recorded. Longer ones are counted as this one.
const MAX_DURATION: Duration = Duration::from_mins(2);

/// A histogram of durations, exact to three significant digits from 1 ns to two minutes.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Hdr<u64>,
}

/// The summary figures of a histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistogramSummary {
    /// The number of samples.
    pub count: u64,
    /// The median.
    pub p50: Duration,
    /// The 90th percentile.
    pub p90: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// The longest duration.
    pub max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        let counts = Hdr::new_with_bounds(1, nanos(MAX_DURATION), 3);
        Self { counts: counts.expect("1 ns to two minutes at three digits are legal bounds") }
    }
}

impl Histogram {
    /// Records one duration.
    pub fn record(&mut self, sample: Duration) {
        // The histogram's smallest value is 1 ns, so a zero counts as that.
        self.counts.saturating_record(nanos(sample).max(1));
    }

    /// Adds durations that were recorded elsewhere, as pairs of nanoseconds and count, the format
    /// of [`Histogram::counts`].
    pub fn add_counts(&mut self, counts: &[(u64, u64)]) {
        for &(nanos, count) in counts {
            self.counts.saturating_record_n(nanos.max(1), count);
        }
    }

    /// Returns the recorded durations, shortest first, as pairs of nanoseconds (the upper end of
    /// the bucket) and count.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.counts
            .iter_recorded()
            .map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value()))
            .collect()
    }

    /// Divides each doubling of the duration into `per_octave` steps and returns the share of
    /// samples in each step, shortest first, as pairs of the step's lower end and the share (0 to
    /// 1). Empty steps are left out.
    pub fn octave_shares(&self, per_octave: u32) -> Vec<(Duration, f64)> {
        let mut shares: Vec<(Duration, f64)> = Vec::new();
        for (nanos, count) in self.counts() {
            let step = ((nanos as f64).log2() * f64::from(per_octave)).floor();
            let low = Duration::from_nanos(to_u64_saturating(
                (step / f64::from(per_octave)).exp2().round(),
            ));
            let share = count as f64 / self.count() as f64;
            // Buckets come in ascending order, so all buckets of a step are neighbours.
            match shares.last_mut() {
                Some((last, sum)) if *last == low => *sum += share,
                _ => shares.push((low, share)),
            }
        }
        shares
    }

    /// Removes all samples.
    pub fn clear(&mut self) {
        self.counts.clear();
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// Returns the value at `quantile` (0 to 1).
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.counts.value_at_quantile(quantile))
    }

    /// Returns the mean of the samples; zero if there are none.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(to_u64_saturating(self.counts.mean()))
    }

    /// Returns the summary figures; all are zero if there are no samples.
    pub fn summary(&self) -> HistogramSummary {
        if self.counts.is_empty() {
            return HistogramSummary::default();
        }
        HistogramSummary {
            count: self.count(),
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            max: Duration::from_nanos(self.counts.max()),
        }
    }
}

/// Converts a duration to nanoseconds, saturating at the largest `u64`.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(durations: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        durations.into_iter().for_each(|us| histogram.record(Duration::from_micros(us)));
        histogram
    }

    #[test]
    fn quantiles_are_exact_to_three_digits() {
        let summary = micros(1..=1000).summary();
        let near = |found: Duration, us: f64| (found.as_secs_f64() * 1e6 / us - 1.0).abs() < 0.002;
        assert!(
            near(summary.p50, 500.0) && near(summary.p90, 900.0) && near(summary.p99, 990.0),
            "{summary:?}"
        );
        assert!(near(summary.max, 1000.0));
        assert_eq!(summary.count, 1000);
        assert!(near(micros([100, 300, 800]).mean(), 400.0));
        assert_eq!(Histogram::default().mean(), Duration::ZERO);
    }

    #[test]
    fn counts_that_travel_are_the_same_at_the_other_end() {
        let here = micros([90, 90, 91, 133, 4_130]);
        let mut there = Histogram::default();
        there.add_counts(&here.counts());
        assert_eq!((there.counts(), there.summary()), (here.counts(), here.summary()));
    }

    #[test]
    fn shares_of_octaves_are_all_there_is() {
        let shares = micros([90, 91, 133, 4_130]).octave_shares(1);
        let found: Vec<_> = shares.iter().map(|(low, share)| (low.as_nanos(), *share)).collect();
        assert_eq!(found, [(65_536, 0.5), (131_072, 0.25), (2_097_152, 0.25)]);
        // 92,682 is 65,536 times the square root of two
        let halves = micros([90, 100]).octave_shares(2);
        let found: Vec<_> = halves.iter().map(|(low, share)| (low.as_nanos(), *share)).collect();
        assert_eq!(found, [(65_536, 0.5), (92_682, 0.5)]);
        assert!(
            (micros(1..=1000).octave_shares(8).iter().map(|(_, share)| share).sum::<f64>() - 1.0)
                .abs()
                < 1e-9
        );
        assert_eq!(Histogram::default().octave_shares(8), []);
    }

    #[test]
    fn the_endless_counts_as_the_longest() {
        let mut all = micros([1, 3, 5]);
        assert_eq!(all.count(), 3);
        all.record(Duration::MAX);
        assert!(all.summary().max >= MAX_DURATION);
        all.clear();
        assert_eq!(all.summary(), HistogramSummary::default());
    }
}
