//! Samples, histograms, and ratios with their uncertainty.
//!
//! Pure: no clock, no tasks, no random numbers but from a seed. Who measures, and what, is not
//! known here.

mod drift;
mod histogram;
mod log;
mod ratio;

pub use drift::Drift;
pub use histogram::{Histogram, Summary};
pub use log::{Interval, interval_log};
pub use ratio::{BAND, Ratio, Shuffle, Verdict, median, paired_ratio};
