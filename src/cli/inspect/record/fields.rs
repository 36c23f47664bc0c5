//! Fields that several records share, and their JSON.

use std::fmt::Display;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::wire::{Side, format};

/// The value of the field `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli::inspect) enum RecordType {
    Handshake,
    #[serde(rename = "http2_handshake")]
    Http2Handshake,
    Frame,
    Bytes,
    Unframed,
    Http,
    End,
    Note,
    Listening,
    Connection,
    SockJs,
    #[serde(rename = "sockjs_session")]
    SockJsSession,
}

/// The connection, the sender and the time of a record.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::inspect) struct RecordContext {
    /// The number of the connection, from 1.
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) from: Side,
    /// The time since the start.
    pub(in crate::cli::inspect) elapsed: Duration,
}

/// Bytes that JSON has as a string of hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::inspect) struct Hex<B>(pub(in crate::cli::inspect) B);

/// A time since the start, which JSON has as milliseconds with three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::inspect) struct Millis(pub(in crate::cli::inspect) Duration);

impl<B: AsRef<[u8]>> Serialize for Hex<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format::hex(self.0.as_ref()))
    }
}

impl Millis {
    /// Returns the time in milliseconds, rounded to three decimals.
    pub(in crate::cli::inspect) fn as_f64(self) -> f64 {
        // Rounded to whole microseconds first, so that JSON shows no `0.30000000000000004`.
        (self.0.as_secs_f64() * 1e6).round() / 1e3
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

/// Serializes a value as its `Display` text.
pub(super) fn as_text<S: Serializer>(
    value: &impl Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Serializes a value as its `Display` text, or as null.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn as_optional_text<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => as_text(value, serializer),
        None => serializer.serialize_none(),
    }
}
