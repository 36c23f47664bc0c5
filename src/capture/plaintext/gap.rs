//! [`Gap`]: bytes of a stream that are missing in the capture.

use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Offset, Side};

/// Bytes of a stream that are missing in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The side whose bytes are missing.
    pub from: Side,
    /// The offset in that side's stream, as for [`ByteStore::read`](crate::capture::ByteStore::read).
    pub offset: Offset,
    /// The number of missing bytes.
    pub missing: ByteLen,
    /// The number of them that are replaced by zeros, so that what follows keeps its position in
    /// the frame.
    pub filled: ByteLen,
    /// The number of captured bytes behind them that lie within frames whose beginning is missing.
    pub unframed: ByteLen,
}

impl Gap {
    /// Returns the offset of the first byte behind it that belongs to a known frame.
    pub(crate) fn end(&self) -> Offset {
        self.offset + self.filled + self.unframed
    }

    /// Says which captured bytes behind it could not be read as frames; `None` if all could.
    pub(in crate::capture) fn describe_unframed(&self) -> Option<String> {
        let Self { from, offset, unframed, .. } = self;
        let (bytes, whose) = (byte_count(*unframed), from.name());
        let text = if *offset == Offset::START {
            format!(
                "the first {bytes} of the {whose} belong to a frame that began before the capture"
            )
        } else {
            format!(
                "{bytes} of the {whose} behind the missing ones belong to a frame whose beginning \
                 was not captured"
            )
        };
        (*unframed > ByteLen::ZERO).then_some(text)
    }
}
