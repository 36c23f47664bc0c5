//! A capture that is read while it grows, such as the output of `tcpdump -w -`.
//!
//! A thread copies the stream into a temporary file. What is there is read again from the beginning
//! whenever there is more, so it means what it means in a file, and secrets that come late are of
//! use for all that came before.

mod copying;
mod growing_capture;
#[cfg(test)]
mod growing_file;
mod pace;
mod stream_order;
#[cfg(test)]
mod tests;

pub use self::growing_capture::{GrowingCapture, Snapshot, StopReading};
#[cfg(test)]
pub(crate) use self::growing_file::GrowingFile;
