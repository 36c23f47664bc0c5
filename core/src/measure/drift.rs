//! Tells a drift in a series of measurements from noise.
//!
//! The end of a short noisy series always differs from its beginning. A permutation test (Fisher,
//! "The Design of Experiments", 1935, section 21) decides whether the difference is a drift: if the
//! same values had come in a random order, how often would they seem to move as far?

use crate::measure::{SplitMix64, median};

/// The number of random orders to try: enough for a p-value that is stable in its second digit.
const PERMUTATIONS: usize = 2_000;
/// The shortest series that is tested. Below this there are too few orders for any of them to be
/// rare.
const MIN_SERIES_LEN: usize = 6;
/// A p-value above this is put down to chance.
const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// How far a series has moved from its first third to its last third.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drift {
    /// The median of the last third divided by that of the first third, minus 1; 0 for fewer than
    /// three values.
    pub relative_change: f64,
    /// The share of random orders of the same values that move at least as far, 0 to 1; `None` for
    /// fewer than six values, which have too few orders.
    pub p_value: Option<f64>,
}

impl Drift {
    /// Measures the drift of `series`, which is in the order of measurement. The same seed gives
    /// the same p-value.
    pub fn of(series: &[f64], seed: u64) -> Self {
        let change = relative_change(series);
        if series.len() < MIN_SERIES_LEN {
            return Self { relative_change: change, p_value: None };
        }
        let mut rng = SplitMix64::new(seed);
        let mut order = series.to_vec();
        let as_far = (0..PERMUTATIONS).filter(|_| {
            rng.shuffle(&mut order);
            // `>=`, so that an order that moves exactly as far counts against the drift.
            log_magnitude(relative_change(&order)) >= log_magnitude(change)
        });
        Self { relative_change: change, p_value: Some(as_far.count() as f64 / PERMUTATIONS as f64) }
    }

    /// Whether the series has moved by more than `max_change` and the test does not put that down
    /// to chance.
    pub fn exceeds(&self, max_change: f64) -> bool {
        self.relative_change.abs() > max_change
            // A short series has no p-value. There a large change counts, to be on the safe side.
            && self.p_value.is_none_or(|p_value| p_value <= SIGNIFICANCE_LEVEL)
    }
}

/// Returns the median of the last third divided by that of the first third, minus 1.
fn relative_change(series: &[f64]) -> f64 {
    let third = series.len() / 3;
    if third == 0 {
        return 0.0;
    }
    let (Some(first), Some(last)) = (series.chunks(third).next(), series.rchunks(third).next())
    else {
        return 0.0;
    };
    median(&mut last.to_vec()) / median(&mut first.to_vec()) - 1.0
}

/// Returns the size of a change on a logarithmic scale, where twice as slow is as far as twice as
/// fast.
fn log_magnitude(change: f64) -> f64 {
    change.ln_1p().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns values around 1 that scatter by `spread` to each side and grow by the factor `slope`
    /// from first to last.
    fn series(noise: &mut SplitMix64, spread: f64, slope: f64) -> Vec<f64> {
        let at = |round: u32| 1.0 + (slope - 1.0) * f64::from(round) / 14.0;
        let mut value =
            |round| at(round) * (1.0 + spread * (noise.next_below(20_001) as f64 / 10_000.0 - 1.0));
        (0..15).map(&mut value).collect()
    }

    /// Returns how many of 200 series exceed a drift of 10 %.
    fn exceeding(spread: f64, slope: f64) -> usize {
        let mut noise = SplitMix64::new(5);
        let over = |seed: &u64| Drift::of(&series(&mut noise, spread, slope), *seed).exceeds(0.10);
        (0..200).filter(over).count()
    }

    #[test]
    fn a_series_that_gets_slower_drifts() {
        let drift = Drift::of(&[1.0, 1.0, 1.0, 9.0, 1.0, 1.1, 1.1, 1.1, 1.1], 1);
        assert!((drift.relative_change - 0.1).abs() < 1e-9, "{drift:?}");
        assert!(exceeding(0.05, 1.4) >= 195, "it is seen through a scatter of 5 %");
    }

    #[test]
    fn scatter_is_not_drift() {
        let mut noise = SplitMix64::new(5);
        let seem = (0..200)
            .filter(|_| relative_change(&series(&mut noise, 0.3, 1.0)).abs() > 0.10)
            .count();
        assert!(
            seem > 60,
            "the ends of {seem} of 200 series without drift are more than 10 % apart"
        );
        assert!(exceeding(0.3, 1.0) <= 20, "and these are called drift: {}", exceeding(0.3, 1.0));
    }

    #[test]
    fn a_small_drift_may_be_certain_and_is_still_small() {
        let creeping: Vec<f64> = (0..15).map(|round| 1.0 + f64::from(round) * 0.005).collect();
        let drift = Drift::of(&creeping, 1);
        assert!(drift.p_value.unwrap() < 0.01 && !drift.exceeds(0.10), "{drift:?}");
    }

    #[test]
    fn a_short_series_is_taken_at_its_word() {
        let drift = Drift::of(&[2.0, 2.0, 1.0, 1.0], 1);
        assert_eq!((drift.relative_change, drift.p_value, drift.exceeds(0.10)), (-0.5, None, true));
        assert_eq!(Drift::of(&[1.0, 5.0], 1), Drift::default());
        assert_eq!(Drift::of(&[1.0; 5], 1).p_value, None);
        assert_eq!(Drift::of(&[1.0; 6], 1).p_value, Some(1.0), "each order moves as far");
    }

    #[test]
    fn a_change_as_large_as_the_largest_does_not_exceed_it() {
        let changed = |relative_change| Drift { relative_change, p_value: None };
        assert!(!changed(0.1).exceeds(0.1) && !changed(-0.1).exceeds(0.1));
        assert!(changed(0.11).exceeds(0.1) && changed(-0.11).exceeds(0.1));
        let by_chance = |p_value| Drift { relative_change: 0.2, p_value: Some(p_value) };
        assert!(by_chance(SIGNIFICANCE_LEVEL).exceeds(0.1) && !by_chance(0.051).exceeds(0.1));
    }
}
