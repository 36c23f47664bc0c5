//! Where the bytes of a capture come from: a file or a stream, either of them plain or compressed.

mod capture_input;
mod gzip;
mod members;
mod spool;
mod zstd;

pub(super) use self::capture_input::{CaptureInput, InputReader, spool_stream, unreadable};
