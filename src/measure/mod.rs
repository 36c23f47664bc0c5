//! Samples, histograms, and ratios with their uncertainty.
//!
//! Pure: no clock, no tasks, no random numbers but from a seed. Who measures, and what, is not
//! known here.

mod histogram;
mod ratio;

pub use histogram::{Histogram, Summary};
pub use ratio::{BAND, Ratio, Shuffle, Verdict, paired_ratio};
