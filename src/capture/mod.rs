//! Connections out of files and into them: pcap and pcapng (with TLS opened where secrets are
//! there), hex text, recordings. What the bytes mean is the business of [`crate::wire`]; nothing
//! here knows a terminal.
//!
//! [`open()`] goes through a file once and keeps no payload: a stream is its
//! [`Trace`](crate::wire::Trace) (a row a frame) and its [`ByteStore`], which knows where each byte
//! stands and reads it again when somebody looks. [`PcapngWriter`] writes a live connection as
//! pcapng.
//!
//! Inside, in reading order: `open` (what a file is), `packets` (bytes forward, packets, segments),
//! `connection_table` (connections), `reassembly` (bytes in order), `tls`, `stream`; beside them
//! `text` (hex and recordings); then `captured_file`, `byte_store` and `replay`; and the way out,
//! `write`.
//!
//! Limits: a block of a file is at most 16 MiB; segments waiting for a missing one are held up to
//! 32 MiB; decrypted bytes above 8 MiB wait in a temporary file; at most 65,536 connections are
//! read.

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

mod byte_store;
mod captured_file;
mod connection_table;
mod error;
#[cfg(test)]
mod hostile;
mod open;
mod packets;
mod reassembly;
mod replay;
mod sink;
mod stream;
mod text;
mod tls;
mod write;

pub(crate) use self::byte_store::ByteStore;
pub use self::captured_file::{Capture, CaptureFormat};
pub use self::error::{CaptureError, TextError};
pub use self::open::{ReadOptions, open};
pub use self::replay::ReplayData;
pub(crate) use self::replay::ReplayEvent;
pub use self::stream::StreamStart;
pub(crate) use self::stream::{CapturedStream, Gap};
pub use self::tls::{TlsStatus, TlsUnreadable};
pub(crate) use self::write::pcapng_writer::FlowId;
pub use self::write::pcapng_writer::{ConnectionEnd, PcapngWriter, WriteOptions};
pub(crate) use self::write::recorder::Recorder;
