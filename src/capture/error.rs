//! [`CaptureError`]: why a file could not be opened, and what would be right.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::scope::CaughtPanic;
use crate::wire::format;

/// Why a file could not be opened.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The operating system says no.
    #[error("could not read {path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// It is nothing that is read here.
    #[error(
        "{path:?} {reason}; right would be pcap, pcapng, hex text, or what `wiretalk inspect \
         --json` printed"
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        #[source]
        reason: UnknownFormat,
    },
    /// Hex text, a recording or a key log with a mistake in it.
    #[error("{path:?}, {reason}")]
    Text {
        /// The file.
        path: PathBuf,
        /// Where, what is wrong, and what would be right.
        #[source]
        reason: TextError,
    },
}

/// What a file is that is not read here; the sentence goes on behind the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownFormat {
    /// A directory.
    #[error("is a directory")]
    Directory,
    /// A pipe, a socket or a device.
    #[error("isn't a regular file, so its bytes cannot be read a second time")]
    NotRegular,
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// The magic number of pcap or pcapng, and not the whole header.
    #[error("is shorter than the header of a pcap file")]
    ShortHeader,
    /// gzip (RFC 1952).
    #[error("is compressed with gzip: unpack it first")]
    Gzip,
    /// Zstandard (RFC 8878).
    #[error("is compressed with zstd: unpack it first")]
    Zstd,
    /// Something else, which begins with these bytes.
    #[error("begins with {}, which is nothing known", format::spaced_hex(.0, 8))]
    Other(Vec<u8>),
}

/// A mistake in a text file. Lines and columns count from 1.
#[derive(Debug, Error)]
pub enum TextError {
    /// Something else than a hex digit.
    #[error(
        "line {line}, column {column}: {found:?} isn't a hex digit; right would be 81 05 48 65, \
         with > before what the client sent and < before what the server sent"
    )]
    HexDigit {
        /// The line.
        line: u64,
        /// The column.
        column: u64,
        /// The byte, taken for Latin-1.
        found: char,
    },
    /// The first line isn't a record.
    #[error("line {line}: {source}")]
    Record {
        /// The line.
        line: u64,
        /// What is wrong with it.
        source: RecordError,
    },
    /// A key log without a line of one.
    #[error(
        "holds no line of a TLS key log; right would be CLIENT_RANDOM or CLIENT_TRAFFIC_SECRET_0, \
         the connection's random and its secret in hex"
    )]
    NoKeys,
}

/// A line that isn't a record of `wiretalk inspect --json`.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It isn't JSON, or has no `type`.
    #[error("this isn't a record of `wiretalk inspect --json`: {0}")]
    Json(#[from] serde_json::Error),
    /// A handshake without its bytes.
    #[error("the handshake has no \"head\"")]
    NoHead,
    /// A frame without its bytes.
    #[error("the frame has no \"raw_hex\"")]
    NoFrame,
    /// Other bytes that are missing.
    #[error("the bytes have no \"hex\"")]
    NoBytes,
    /// A field of bytes that are not written as hex.
    #[error("{0:?} isn't an even number of hex digits")]
    Hex(&'static str),
    /// Neither side's name.
    #[error("\"from\" is {0:?}; right would be \"client\" or \"server\"")]
    From(Option<String>),
}

/// Why a connection of a capture could not be read: a panic over its bytes, which is a mistake of
/// this program. The sentence may quote what a peer has sent, with control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", format::escape_controls(&format!("internal error: {}", .0)))]
pub struct InternalError(pub CaughtPanic);
