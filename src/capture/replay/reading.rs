//! Reads the bytes of a connection again, piece by piece.

use std::io;
use std::ops::Range;

use super::event::ReplayData;
use crate::capture::plaintext::ResumePoint;
use crate::capture::stream::CapturedStream;
use crate::wire::{ByteLen, Offset, Side, Trace};

/// The maximum number of bytes in one event.
pub(super) const MAX_READ: ByteLen = ByteLen::new(1 << 18);

impl CapturedStream<Trace> {
    /// Emits bytes of a side piece by piece, with the places among them where reading resumes.
    pub(super) fn emit_bytes<E: From<io::Error>>(
        &self,
        from: Side,
        range: Range<Offset>,
        resumptions: &mut Vec<ResumePoint>,
        emit: &mut impl FnMut(ReplayData<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while let Some(place) = resumptions.pop_if(|place| place.offset < range.end) {
            let before = start..place.offset.max(start);
            start = before.end;
            self.read(from, before, |bytes| emit(ReplayData::Bytes(bytes)))?;
            emit(ReplayData::Resumed(place.unit))?;
        }
        self.read(from, start..range.end, |bytes| emit(ReplayData::Bytes(bytes)))
    }

    /// Reads bytes of a side piece by piece.
    pub(super) fn read<E: From<io::Error>>(
        &self,
        from: Side,
        range: Range<Offset>,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + MAX_READ);
            let bytes = self.store.read(from, start..end)?.bytes;
            take(&bytes)?;
            start = end;
        }
        Ok(())
    }
}
