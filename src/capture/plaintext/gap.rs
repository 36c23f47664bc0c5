//! [`Gap`]: bytes of a stream that are missing in the capture.

use std::time::Duration;

use crate::wire::decode::Resumption;
use crate::wire::{ByteLen, Offset, Side};

/// Bytes of a stream that are missing in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The side whose bytes are missing.
    pub from: Side,
    /// When it was known that they are missing, since the beginning of the stream.
    pub at: Duration,
    /// The offset in that side's stream, as for [`ByteStore::read`](crate::capture::ByteStore::read).
    pub offset: Offset,
    /// The number of missing bytes.
    pub missing: ByteLen,
    /// The number of them that are replaced by zeros, so that what follows keeps its position in
    /// the frame.
    pub filled: ByteLen,
    /// The number of captured bytes behind them that lie within messages or frames whose beginning is
    /// missing.
    pub unframed: ByteLen,
    /// The kind of unit that these lie in; `None` if it may be any.
    pub unframed_in: Option<Resumption>,
}

/// The place of a unit with which reading resumes, of a side of which no frames were known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// The side that sends it.
    pub from: Side,
    /// The offset of its first byte in that side's stream, as for
    /// [`ByteStore::read`](crate::capture::ByteStore::read).
    pub offset: Offset,
    /// The kind of unit.
    pub unit: Resumption,
}

impl Gap {
    /// Returns the offset of the first byte behind it that belongs to a known frame.
    pub(crate) fn end(&self) -> Offset {
        self.offset + self.filled + self.unframed
    }
}
