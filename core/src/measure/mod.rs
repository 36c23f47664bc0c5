//! Samples, histograms, and ratios with their uncertainty.
//!
//! This is arithmetic only: it reads no clock, and its random numbers come from a seed.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
)]

mod drift;
mod histogram;
mod interval_log;
mod ratio;
mod whole;

pub use drift::Drift;
pub use histogram::{Histogram, HistogramSummary};
pub use interval_log::{IntervalLogError, LogInterval, write_interval_log};
pub use ratio::{EQUIVALENCE_BAND, Ratio, RatioVerdict, SplitMix64, median, paired_ratio};
pub use whole::to_u64_saturating;
