//! Fields that several records have, and how they are written as JSON.

use std::fmt::Display;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::wire::{Side, format};

/// The value of the field `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli::inspect) enum RecordType {
    Handshake,
    Frame,
    Bytes,
    End,
    Note,
    Listening,
    Connection,
}

/// Where and when a record belongs.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::inspect) struct RecordContext {
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) from: Side,
    pub(in crate::cli::inspect) elapsed: Duration,
}

/// Bytes, in JSON a string of hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::inspect) struct Hex<B>(pub(in crate::cli::inspect) B);

/// A time since the start, in JSON a number of milliseconds with three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::inspect) struct Millis(pub(in crate::cli::inspect) Duration);

impl<B: AsRef<[u8]>> Serialize for Hex<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format::hex(self.0.as_ref()))
    }
}

impl Millis {
    /// Milliseconds with three decimals.
    pub(in crate::cli::inspect) fn as_f64(self) -> f64 {
        (self.0.as_secs_f64() * 1e6).round() / 1e3
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

pub(super) fn as_text<S: Serializer>(
    value: &impl Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
