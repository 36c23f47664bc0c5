//! [`CaptureError`]: why a file could not be opened, with what is expected instead.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::net::describe_io_error;
use crate::scope::CaughtPanic;
use crate::wire::format;
use crate::wire::pasted::PasteError;

/// Why a file could not be opened.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The operating system reported an error.
    #[error("could not read {path:?}: {}", describe_io_error(source))]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The format of the file is not supported.
    #[error(
        "{path:?} {reason}; expected pcap, pcapng, HAR, Chrome's network log, a flow file of \
         mitmproxy, bytes as text (hex, a dump, an array), or the output of `wiretalk inspect --json`, plain \
         or compressed with gzip or zstd"
    )]
    Unknown {
        /// The path of the file.
        path: PathBuf,
        /// The format, or the lack of one, that was found instead.
        #[source]
        reason: UnknownFormat,
    },
    /// Hex text, a recording or a key log contains a mistake.
    #[error("{path:?}, {reason}")]
    Text {
        /// The path of the file.
        path: PathBuf,
        /// The place, the mistake, and what is expected instead.
        #[source]
        reason: TextError,
    },
}

/// Why the format of a file is not supported. The sentence continues after the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownFormat {
    /// It is a directory.
    #[error("is a directory")]
    Directory,
    /// It is a pipe, a socket or a device.
    #[error("isn't a regular file; to read it as a stream, pipe it into `wiretalk inspect -`")]
    NotRegular,
    /// It contains nothing but white space.
    #[error("is empty")]
    Empty,
    /// It has the magic number of pcap or pcapng, but not the whole header.
    #[error("is shorter than the header of a pcap file")]
    ShortHeader,
    /// It is compressed with a format that is not supported.
    #[error("is compressed with {format}: decompress it first (`{tool}`)")]
    Compressed {
        /// The name of the format.
        format: &'static str,
        /// The command that decompresses it.
        tool: &'static str,
    },
    /// What was compressed is compressed too.
    #[error("is compressed twice: decompress it once first")]
    CompressedTwice,
    /// It begins with these bytes, which belong to no known format.
    #[error("begins with {}, which is no known format", format::spaced_hex(.0, 8))]
    Other(Vec<u8>),
}

/// A mistake in a text file. Lines and columns count from 1.
#[derive(Debug, Error)]
pub enum TextError {
    /// The text isn't bytes in a known form.
    #[error("{0}")]
    Bytes(#[source] PasteError),
    /// The text is neither UTF-8 nor UTF-16.
    #[error("begins like text, but isn't UTF-8")]
    NotUtf8,
    /// The text is longer than the maximum, and isn't plain hex.
    #[error("is longer than 64 MiB; only plain hex may be (xxd -p)")]
    TooLong,
    /// The JSON of another tool cannot be parsed.
    #[error("isn't {what}: {source}")]
    Json {
        /// The kind of file, with its article.
        what: &'static str,
        /// The mistake, with its line and column.
        source: serde_json::Error,
    },
    /// A file in the form of mitmproxy's has no flow.
    #[error("begins like a flow file of mitmproxy, but has no whole flow")]
    NoFlow,
    /// The output of a client that prints texts, not bytes.
    #[error(
        "is the output of {tool} without what was sent or received; `wiretalk inspect URL --write \
         FILE` keeps every byte, as does a capture of tcpdump"
    )]
    ClientLog {
        /// The name of the client.
        tool: &'static str,
    },
    /// A trace of curl without the bytes.
    #[error("is a trace of curl without all bytes; `curl --trace FILE` writes them in hex")]
    AsciiTrace,
    /// The first line isn't a record.
    #[error("line {line}: {source}")]
    Record {
        /// The line, from 1.
        line: u64,
        /// The mistake in the record.
        source: RecordError,
    },
    /// A key log has no usable line.
    #[error(
        "holds no line of a TLS key log; expected CLIENT_RANDOM or CLIENT_TRAFFIC_SECRET_0, \
         the connection's random and its secret in hex"
    )]
    NoKeys,
}

/// Why a line isn't a record of `wiretalk inspect --json`.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It isn't JSON, or has no `type`.
    #[error("this isn't a record of `wiretalk inspect --json`: {0}")]
    Json(#[from] serde_json::Error),
    /// A handshake has no bytes.
    #[error("the handshake has no \"head\"")]
    NoHead,
    /// A frame has no bytes.
    #[error("the frame has no \"raw_hex\"")]
    NoFrame,
    /// A record of bytes has none.
    #[error("the bytes have no \"hex\"")]
    NoBytes,
    /// A field of bytes isn't hex.
    #[error("{0:?} isn't an even number of hex digits")]
    Hex(&'static str),
    /// The sender is neither side.
    #[error("\"from\" is {0:?}; expected \"client\" or \"server\"")]
    From(Option<String>),
}

/// A connection of a capture could not be read because of a panic, which is a fault of this
/// program. The sentence may quote what a peer has sent, so control characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", format::escape_controls(&format!("internal error: {}", .0)))]
pub struct InternalError(pub CaughtPanic);
