//! Connections from files and into files: pcap and pcapng (with TLS decrypted if secrets are
//! there), bytes as text, recordings and exports of browsers. [`crate::wire`] gives the bytes a meaning.
//!
//! [`open()`] reads a file once and keeps no payload. A stream is its
//! [`Trace`](crate::wire::Trace), one row per frame, and its [`ByteStore`], which knows where each
//! byte is and reads it again when it is shown. [`PcapngWriter`] writes a live connection as
//! pcapng.
//!
//! In reading order: `open` (detects the format), `packets` (bytes to packets to segments),
//! `connection_table` (segments to connections), `reassembly` (bytes in order), `tls`, `stream`;
//! beside them `text` (pasted bytes, recordings, HAR, Chrome's network log); then `captured_file`, `byte_store` and `replay`; and
//! for output, `write`.
//!
//! Limits: a block of a file has at most 16 MiB; at most 32 MiB of segments are held back because
//! one is missing; decrypted bytes above 8 MiB go to a temporary file; at most 65,536 connections
//! are read.

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
