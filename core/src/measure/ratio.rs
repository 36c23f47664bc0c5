//! How many times as long one thing takes as another, with a confidence interval.
//!
//! Two things that are measured in alternation see the same disturbances of the machine, so the
//! ratio is taken pair by pair. The result is the median of the paired ratios, with a percentile
//! bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).

/// An interval within 1 ± this counts as no difference.
pub const EQUIVALENCE_BAND: f64 = 0.10;

/// The number of bootstrap resamples: enough for a 95 % interval that is stable in its second
/// digit.
const RESAMPLES: usize = 2_000;

/// The indices of the 2.5th and the 97.5th percentile among the sorted medians.
const LOW: usize = (RESAMPLES - 1) * 25 / 1000;
const HIGH: usize = RESAMPLES - 1 - LOW;

/// A median ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The median of the paired ratios.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// The number of pairs.
    pub pairs: usize,
}

/// The conclusion that a ratio allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatioVerdict {
    /// The first takes longer than the second.
    Slower,
    /// The first takes less time than the second.
    Faster,
    /// The interval spans 1, or lies within [`EQUIVALENCE_BAND`] around it.
    NoDifference,
}

impl Ratio {
    /// Returns the conclusion that the interval allows.
    pub fn verdict(&self) -> RatioVerdict {
        let within_band = self.low >= 1.0 - EQUIVALENCE_BAND && self.high <= 1.0 + EQUIVALENCE_BAND;
        if within_band {
            return RatioVerdict::NoDifference;
        }
        match (self.low > 1.0, self.high < 1.0) {
            (true, _) => RatioVerdict::Slower,
            (_, true) => RatioVerdict::Faster,
            _ => RatioVerdict::NoDifference,
        }
    }
}

/// Returns the median of `first / second` over `pairs`, with its 95 % bootstrap interval. Returns
/// `None` if there is no pair, or if a figure isn't positive and finite. The same seed gives the
/// same interval.
pub fn paired_ratio(pairs: &[(f64, f64)], seed: u64) -> Option<Ratio> {
    if pairs.is_empty()
        || pairs.iter().any(|&(a, b)| !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()))
    {
        return None;
    }
    // Each pair was measured under the same conditions, so a pair's ratio is free of what both
    // share.
    let ratios: Vec<f64> = pairs.iter().map(|(a, b)| a / b).collect();
    let mut rng = SplitMix64::new(seed);
    let mut sample = vec![0.0; ratios.len()];
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for slot in &mut sample {
                *slot = *rng.pick(&ratios).expect("there is a pair");
            }
            median(&mut sample)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let (low, high) = (*medians.get(LOW)?, *medians.get(HIGH)?);
    Some(Ratio { median: median(&mut ratios.clone()), low, high, pairs: ratios.len() })
}

/// Returns the median of `values`, which are sorted in place. The median of an even number of
/// values is the mean of the middle two.
///
/// # Panics
/// Panics if `values` is empty.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = values.split_at(values.len() / 2);
    let middle = *upper.first().expect("there is a value");
    match lower.last() {
        Some(below) if lower.len() == upper.len() => f64::midpoint(*below, middle),
        _ => middle,
    }
}

/// A small random number generator for shuffling and resampling: `SplitMix64` (Steele, Lea and
/// Flood, OOPSLA 2014). It must not be used for secrets.
#[derive(Clone, Debug)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Creates a generator that always gives the same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number below `bound`; 0 if `bound` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "the number is below `bound`")]
    pub fn next_below(&mut self, bound: usize) -> usize {
        // Multiply and shift (Lemire) instead of a remainder: no division, and 64 by 64 bits fit
        // into 128.
        (u128::from(self.next_u64()).wrapping_mul(bound as u128) >> 64) as usize
    }

    /// Picks one of `items`; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.next_below(items.len()))
    }

    /// Shuffles `items` (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.next_below(last.saturating_add(1)));
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_ratio_has_a_narrow_interval_however_the_machine_drifts() {
        let pairs: Vec<(f64, f64)> =
            (1..=15).map(|mood| (147.0 * f64::from(mood), 100.0 * f64::from(mood))).collect();
        let ratio = paired_ratio(&pairs, 1).unwrap();
        assert!((ratio.median - 1.47).abs() < 1e-9 && (ratio.high - ratio.low) < 1e-9, "{ratio:?}");
        assert_eq!((ratio.verdict(), ratio.pairs), (RatioVerdict::Slower, 15));
    }

    #[test]
    fn the_interval_holds_the_true_ratio_as_often_as_it_says() {
        let mut noise = SplitMix64::new(7);
        let mut held = 0;
        for seed in 0..200 {
            let mut jitter = || 1.0 + 0.3 * (noise.next_below(10_000) as f64 / 10_000.0 - 0.5);
            let pairs: Vec<(f64, f64)> = (0..15).map(|_| (2.0 * jitter(), jitter())).collect();
            let ratio = paired_ratio(&pairs, seed).unwrap();
            held += usize::from(ratio.low <= 2.0 && 2.0 <= ratio.high);
        }
        assert!(held >= 180, "a 95 % interval held the truth in {held} of 200 runs");
    }

    #[test]
    fn the_interval_leaves_out_2_5_percent_at_each_end() {
        // 49 of 2,000 medians lie below it and 49 above
        assert_eq!((LOW, RESAMPLES - 1 - HIGH), (49, 49));
    }

    #[test]
    fn small_differences_are_none() {
        let ratio = |median, low, high| Ratio { median, low, high, pairs: 15 }.verdict();
        assert_eq!(ratio(1.3, 0.9, 1.8), RatioVerdict::NoDifference, "it spans 1");
        assert_eq!(ratio(1.05, 1.02, 1.09), RatioVerdict::NoDifference, "it lies in the band");
        assert_eq!(ratio(1.12, 1.02, 1.2), RatioVerdict::Slower);
        assert_eq!(ratio(0.5, 0.45, 0.6), RatioVerdict::Faster);
        let (bottom, top) = (1.0 - EQUIVALENCE_BAND, 1.0 + EQUIVALENCE_BAND);
        assert_eq!(ratio(1.0, bottom, top), RatioVerdict::NoDifference, "it fills the band");
        assert_eq!(ratio(top, 1.01, top), RatioVerdict::NoDifference, "it ends with the band");
        assert_eq!(ratio(bottom, bottom, 0.99), RatioVerdict::NoDifference);
        assert_eq!(ratio(1.1, 1.01, 1.11), RatioVerdict::Slower, "it leaves the band");
        assert_eq!(ratio(0.9, 0.89, 0.99), RatioVerdict::Faster);
        assert_eq!(ratio(1.5, 1.0, 2.0), RatioVerdict::NoDifference, "it begins at 1");
        assert_eq!(ratio(0.7, 0.5, 1.0), RatioVerdict::NoDifference, "it ends at 1");
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(paired_ratio(&[], 1), None);
        assert_eq!(paired_ratio(&[(1.0, 0.0)], 1), None);
        assert_eq!(paired_ratio(&[(0.0, 1.0)], 1), None);
        assert_eq!(paired_ratio(&[(1.0, f64::INFINITY)], 1), None);
        assert_eq!(paired_ratio(&[(2.0, 1.0), (-2.0, -1.0)], 1), None);
        assert_eq!(paired_ratio(&[(f64::NAN, 1.0)], 1), None);
    }

    #[test]
    fn every_pair_is_drawn() {
        // A resample of two pairs contains the first one twice, both, or the second one twice.
        for pairs in [[(1.0, 1.0), (3.0, 1.0)], [(3.0, 1.0), (1.0, 1.0)]] {
            let ratio = paired_ratio(&pairs, 1).unwrap();
            assert_eq!(ratio, Ratio { median: 2.0, low: 1.0, high: 3.0, pairs: 2 });
        }
        let (mut rng, items) = (SplitMix64::new(1), [0, 1, 2, 3, 4]);
        let mut drawn = [0; 5];
        (0..1000).for_each(|_| drawn[*rng.pick(&items).unwrap()] += 1);
        assert!(drawn.iter().all(|count| (150..250).contains(count)), "{drawn:?}");
    }

    #[test]
    fn the_median_is_the_middle_one_or_the_mean_of_two() {
        for (values, middle) in [
            (&mut [5.0][..], 5.0),
            (&mut [9.0, 1.0, 4.0], 4.0),
            (&mut [4.0, 1.0], 2.5),
            (&mut [9.0, 1.0, 4.0, 6.0], 5.0),
        ] {
            assert!((median(values) - middle).abs() < 1e-9, "{values:?}");
        }
    }

    /// The first numbers of the reference implementation of `SplitMix64` (Vigna, 2015) for these
    /// seeds.
    #[test]
    fn the_generator_is_splitmix64() {
        let numbers = |seed| {
            let mut rng = SplitMix64::new(seed);
            [rng.next_u64(), rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(
            numbers(0),
            [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]
        );
        assert_eq!(
            numbers(1_234_567),
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn shuffling_keeps_all_and_reaches_every_place() {
        let mut rng = SplitMix64::new(3);
        let mut seen = [[false; 3]; 3];
        for _ in 0..200 {
            let mut items = [0, 1, 2];
            rng.shuffle(&mut items);
            items.iter().enumerate().for_each(|(place, &item)| seen[item][place] = true);
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2]);
        }
        assert_eq!(seen, [[true; 3]; 3]);
    }
}
