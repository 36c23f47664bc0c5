//! Whether a series moves, or only scatters.
//!
//! A few noisy values always differ from their beginning to their end. Whether they *drift* is asked by a permutation test
//! (Fisher, "The Design of Experiments", 1935, section 21): had they come in any other order, how often would they seem to
//! move as far?

use crate::measure::{SplitMix64, median};

/// Enough orders for a chance that is steady in its second digit.
const PERMUTATIONS: usize = 2_000;
/// In a shorter series no order is rare enough to tell drift from scatter.
const MIN_SERIES_LEN: usize = 6;
/// What chance does more often than this, it may have done.
const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// How far a series has moved from its first third to its last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drift {
    /// The median of the last third by that of the first, less 1; 0 for fewer than three values.
    pub relative_change: f64,
    /// The share of all orders of the same values that move as far, 0 to 1; `None` for fewer than six values, whose
    /// orders are too few to tell.
    pub p_value: Option<f64>,
}

impl Drift {
    /// The drift of `series`, in the order in which it was measured. The same seed gives the same chance.
    pub fn of(series: &[f64], seed: u64) -> Self {
        let change = relative_change(series);
        if series.len() < MIN_SERIES_LEN {
            return Self { relative_change: change, p_value: None };
        }
        let mut rng = SplitMix64::new(seed);
        let mut order = series.to_vec();
        let as_far = (0..PERMUTATIONS).filter(|_| {
            rng.shuffle(&mut order);
            log_magnitude(relative_change(&order)) >= log_magnitude(change)
        });
        Self { relative_change: change, p_value: Some(as_far.count() as f64 / PERMUTATIONS as f64) }
    }

    /// It has moved by more than `max_change`, and that may not be put down to scatter.
    pub fn exceeds(&self, max_change: f64) -> bool {
        self.relative_change.abs() > max_change
            && self.p_value.is_none_or(|p_value| p_value <= SIGNIFICANCE_LEVEL)
    }
}

/// The median of the last third by that of the first third, less 1.
fn relative_change(series: &[f64]) -> f64 {
    let third = series.len() / 3;
    if third == 0 {
        return 0.0;
    }
    let (Some(first), Some(last)) = (series.chunks(third).next(), series.rchunks(third).next()) else {
        return 0.0;
    };
    median(&mut last.to_vec()) / median(&mut first.to_vec()) - 1.0
}

/// Twice as slow is as far as twice as fast.
fn log_magnitude(change: f64) -> f64 {
    change.ln_1p().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values around 1 that scatter by `spread` to each side, and become `slope` times as large from first to last.
    fn series(noise: &mut SplitMix64, spread: f64, slope: f64) -> Vec<f64> {
        let at = |round: u32| 1.0 + (slope - 1.0) * f64::from(round) / 14.0;
        let mut value =
            |round| at(round) * (1.0 + spread * (noise.next_below(20_001) as f64 / 10_000.0 - 1.0));
        (0..15).map(&mut value).collect()
    }

    /// How many of 200 series exceed a drift of 10 %.
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
        let seem = (0..200).filter(|_| relative_change(&series(&mut noise, 0.3, 1.0)).abs() > 0.10).count();
        assert!(seem > 60, "the ends of {seem} of 200 series without drift are more than 10 % apart");
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
    }
}
