//! Repair it: a server in Go with one fault. The faulty line is chosen, and the remedy.
//!
//! `programs` has the sources, as they are built and run by whoever can; the lines of the exercise
//! are theirs, and the faulty line is the one in which the broken server differs from the repaired
//! one. `faults` says how each fault shows and what remedies it.

mod exercise;
mod faults;
mod programs;
#[cfg(test)]
mod tests;

pub use faults::{RepairCheck, RepairFault};
pub use programs::{GO_MODULE, GoFile, GoServer};

pub(crate) use exercise::{generate, judge, solution};

/// Faults of one line that is wrong by itself; faults that need time or two goroutines.
pub(crate) const LEVELS: u8 = 2;
