//! [`CaptureError`]: why a file could not be opened, with what is expected instead.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::error::Category;
use thiserror::Error;

use crate::net::describe_io_error;
use crate::scope::CaughtPanic;
use crate::text::units::binary_bytes;
use crate::wire::format;
use crate::wire::pasted::PasteError;

/// Why a file could not be opened.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The operating system reported an error.
    #[error("could not read {}: {}", FileName(path), describe_io_error(source))]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The format of the file is not supported.
    #[error("{} {reason}{}", FileName(path), reason.expectation())]
    Unknown {
        /// The path of the file.
        path: PathBuf,
        /// The format, or the lack of one, that was found instead.
        #[source]
        reason: UnknownFormat,
    },
    /// Hex text, a recording or a key log contains a mistake.
    #[error("{}{} {reason}", FileName(path), if reason.begins_with_place() { "," } else { "" })]
    Text {
        /// The path of the file.
        path: PathBuf,
        /// The place, the mistake, and what is expected instead.
        #[source]
        reason: TextError,
    },
}

/// The name of a file in a sentence; `-` stands for standard input.
struct FileName<'a>(&'a Path);

impl fmt::Display for FileName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_os_str() == "-" {
            f.write_str("standard input")
        } else {
            fmt::Debug::fmt(self.0, f)
        }
    }
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
    #[error("begins with {}, which isn't a known format", format::spaced_hex(.0, 8))]
    Other(Vec<u8>),
}

impl UnknownFormat {
    /// Returns what is expected instead, as the end of a sentence.
    fn expectation(&self) -> &'static str {
        match self {
            Self::Empty | Self::ShortHeader => {
                "; expected pcap, pcapng, HAR, Chrome's network log, a mitmproxy flow file, \
                 bytes as text (hex, a dump, an array), or the output of `wiretalk inspect \
                 --json`, plain or compressed with gzip or zstd"
            }
            Self::Other(_) => {
                "; expected pcap, pcapng, HAR, Chrome's network log, a mitmproxy flow file, \
                 bytes as text (hex, a dump, an array), or the output of `wiretalk inspect \
                 --json`, plain or compressed with gzip or zstd; if it holds the raw bytes of a \
                 connection: `xxd FILE | wiretalk inspect -`"
            }
            Self::Directory
            | Self::NotRegular
            | Self::Compressed { .. }
            | Self::CompressedTwice => "",
        }
    }
}

/// Describes an error of JSON without words for programmers.
pub(super) fn describe_json_error(error: &serde_json::Error) -> String {
    describe_json_error_at(error, &format!("line {}, column {}", error.line(), error.column()))
}

/// Describes an error in a line of JSON.
fn describe_json_error_in_line(error: &serde_json::Error) -> String {
    describe_json_error_at(error, &format!("column {}", error.column()))
}

fn describe_json_error_at(error: &serde_json::Error, place: &str) -> String {
    match error.classify() {
        Category::Eof => format!("it ends at {place}, before its JSON does"),
        Category::Syntax => format!("it isn't JSON from {place} on"),
        Category::Data => format!("a field is missing or of another type at {place}"),
        Category::Io => error.to_string(),
    }
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
    /// The text has no byte.
    #[error("holds no bytes; expected hex, a dump, an array, a string or base64")]
    NoBytes,
    /// The text is longer than the maximum for its kind.
    #[error("is longer than {}, the limit of {what}", binary_bytes(*max_bytes))]
    TooLong {
        /// The kind of file, with its article.
        what: &'static str,
        /// The maximum in bytes.
        max_bytes: u64,
    },
    /// The JSON of another tool cannot be parsed.
    #[error("isn't {what}: {}", describe_json_error(source))]
    Json {
        /// The kind of file, with its article.
        what: &'static str,
        /// The mistake, with its line and column.
        source: serde_json::Error,
    },
    /// The JSON of another tool has nothing that is known.
    #[error("isn't {what}: it has no {lacks}")]
    JsonContent {
        /// The kind of file, with its article.
        what: &'static str,
        /// The part that every such file has.
        lacks: &'static str,
    },
    /// A file in the form of mitmproxy's has no flow.
    #[error("begins like a mitmproxy flow file, but has no whole flow")]
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
    #[error("is a curl trace without all bytes; `curl --trace FILE` writes them in hex")]
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

impl TextError {
    /// Whether the sentence begins with a line.
    fn begins_with_place(&self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Record { .. })
    }
}

/// Why a line isn't a record of `wiretalk inspect --json`.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It isn't JSON, or has no `type`.
    #[error("this isn't a record of `wiretalk inspect --json`: {}", describe_json_error_in_line(.0))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_standard_input_and_what_helps() {
        let unknown = |path: &str, reason| {
            CaptureError::Unknown { path: PathBuf::from(path), reason }.to_string()
        };
        let raw = unknown("raw", UnknownFormat::Other(vec![0x81, 5]));
        assert!(raw.starts_with("\"raw\" begins with 81 05, which isn't a known format"), "{raw}");
        assert!(raw.ends_with("`xxd FILE | wiretalk inspect -`"), "{raw}");
        let twice = unknown("-", UnknownFormat::CompressedTwice);
        assert_eq!(twice, "standard input is compressed twice: decompress it once first");
        let text = |reason| CaptureError::Text { path: PathBuf::from("keys"), reason }.to_string();
        assert!(text(TextError::NoKeys).starts_with("\"keys\" holds no line"));
        let source = RecordError::NoHead;
        let record = text(TextError::Record { line: 3, source });
        assert_eq!(record, "\"keys\", line 3: the handshake has no \"head\"");
        let long = TextError::TooLong { what: "a HAR file", max_bytes: 1 << 20 };
        assert_eq!(text(long), "\"keys\" is longer than 1 MiB, the limit of a HAR file");
    }

    #[test]
    fn errors_of_json_have_no_words_for_programmers() {
        let describe = |text: &str| {
            let error = serde_json::from_str::<Vec<f64>>(text).unwrap_err();
            describe_json_error(&error)
        };
        assert_eq!(describe("[1"), "it ends at line 1, column 2, before its JSON does");
        assert_eq!(describe("[1,\nx"), "it isn't JSON from line 2, column 1 on");
        let data = describe("[\"a\"]");
        assert_eq!(data, "a field is missing or of another type at line 1, column 4");
    }
}
