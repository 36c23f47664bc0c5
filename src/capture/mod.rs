//! Connections from files and into files: pcap and pcapng (with TLS decrypted if secrets are
//! there), bytes as text, recordings and exports of browsers. [`crate::wire`] gives the bytes a meaning.
//!
//! [`open()`] reads a file once and keeps no payload. A stream is its
//! [`Trace`](crate::wire::Trace), one row per frame, and its [`ByteStore`], which knows where each
//! byte is and reads it again when it is shown. [`PcapngWriter`] writes connections as
//! pcapng.
//!
//! In reading order: `open` (detects the format), `input` (files, streams, compression),
//! `packet_pass` (reads a file of packets), `packets` (bytes to packets to segments), `tcp`
//! (segments to connections, bytes in order), `stream` (the layers that carry a stream), `tls`,
//! `http2`, `plaintext` (and frames behind a gap); beside them `text` (pasted bytes, recordings, exports of other tools); then
//! `captured_file`, `byte_store` and `replay`; `growing` (a stream is read again and again while it
//! grows); and for output, `write` and `copy`.
//!
//! Limits: of a compressed file or of a stream, 8 GiB are read; a block of a file has at most
//! 16 MiB; a packet has at most 32 headers; at most 16 MiB of IP fragments are held back; at most 32 MiB of segments are held back because
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
mod copy;
#[cfg(test)]
pub(crate) mod damaged;
mod error;
mod growing;
#[cfg(test)]
mod hostile;
mod http2;
mod input;
mod open;
mod packet_pass;
mod packets;
mod plaintext;
mod replay;
mod shared_file;
mod sink;
mod stream;
mod tcp;
mod text;
mod tls;
mod warnings;
mod write;

pub(crate) use self::byte_store::{ByteStore, StoredBytes};
pub use self::captured_file::{Capture, CaptureFormat, CaptureSpan};
pub use self::error::{CaptureError, TextError};
#[cfg(test)]
pub(crate) use self::growing::GrowingFile;
pub use self::growing::{GrowingCapture, Snapshot, StopReading};
pub use self::http2::{Http2ErrorCode, Http2Head, Http2WebSocket};
pub use self::open::{ReadOptions, open, open_stream};
pub(crate) use self::plaintext::Gap;
pub use self::replay::ReplayData;
pub(crate) use self::replay::{ReplayEvent, ReplayPositions};
pub(crate) use self::stream::{CapturedStream, LiveEnding};
pub use self::stream::{
    Http2Role, OpenEnd, RecordedEnd, Stall, StallKind, StreamEnding, StreamStart,
};
pub use self::tls::{SecretFault, TlsAlert, TlsStatus, TlsUnreadable};
pub use self::write::connection_end::ConnectionEnd;
pub(crate) use self::write::pcapng_writer::FlowId;
pub use self::write::pcapng_writer::{PcapngWriter, WriteOptions};
pub(crate) use self::write::recorder::Recorder;
