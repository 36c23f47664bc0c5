//! The file that keeps a learner's progress, shared by all that run at the same time.
//!
//! Each answer is one line, appended under a lock, so nothing is rewritten when an answer comes in
//! and two instances cannot overwrite each other. A file with lines that are none is set aside whole,
//! and goes on with those that are.

mod file;
mod store;

pub use file::{ProgressError, ProgressFile};
pub use store::{ProgressStore, SystemSeconds};
