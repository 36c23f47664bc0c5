//! [`Rest`]: the bytes of a packet behind the headers that have been read, with their position.

use crate::capture::packets::headers::unread::Unread;

/// The bytes of a packet behind the headers that have been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    pub(super) bytes: &'a [u8],
    /// The position of the first of them in the packet.
    pub(super) offset: usize,
}

impl<'a> Rest<'a> {
    /// Creates the rest of a packet of which nothing has been read.
    pub(super) fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Splits off a header of `N` bytes.
    ///
    /// # Errors
    ///
    /// [`Unread::Truncated`] if fewer bytes are left.
    pub(super) fn header<const N: usize>(self) -> Result<(&'a [u8; N], Self), Unread> {
        let (header, behind) = self.bytes.split_first_chunk().ok_or(Unread::Truncated)?;
        Ok((header, Self { bytes: behind, offset: self.offset.saturating_add(N) }))
    }

    /// Splits off a big-endian 16-bit number.
    ///
    /// # Errors
    ///
    /// As for [`Self::header`].
    pub(super) fn u16(self) -> Result<(u16, Self), Unread> {
        let (&bytes, behind) = self.header()?;
        Ok((u16::from_be_bytes(bytes), behind))
    }

    /// Leaves out `count` bytes; nothing is left if there are fewer.
    pub(super) fn skip(self, count: usize) -> Self {
        let bytes = self.bytes.get(count..).unwrap_or_default();
        // The position is that of the bytes that are left, even if `count` goes beyond them.
        let skipped = self.bytes.len().saturating_sub(bytes.len());
        Self { bytes, offset: self.offset.saturating_add(skipped) }
    }

    /// Cuts off everything behind the first `len` bytes: padding and trailers of an outer header.
    pub(super) fn limit(self, len: usize) -> Self {
        Self { bytes: self.bytes.get(..len).unwrap_or(self.bytes), offset: self.offset }
    }
}
