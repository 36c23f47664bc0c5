//! Where the bytes of a capture come from: a file, standard input, or either of them compressed.

mod capture_input;
mod spool;
mod zstd;

pub use self::capture_input::STANDARD_INPUT;
pub(super) use self::capture_input::{CaptureInput, InputReader};
