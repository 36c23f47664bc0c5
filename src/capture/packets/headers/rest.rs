//! [`Rest`]: the bytes of a packet behind the headers that have been read, with their position.

use crate::capture::packets::headers::unread::Unread;

/// The bytes of a packet behind the headers that have been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    pub(super) bytes: &'a [u8],
    /// The position of the first of them in the packet.
    pub(super) offset: usize,
    /// The network that the headers before them name.
    pub(super) network: NetworkId,
}

/// The virtual network that a packet is in, by its VLAN tags and the identifiers of its tunnels. The
/// same addresses may be used in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::capture) struct NetworkId(u64);

impl NetworkId {
    /// Returns the network with this identifier within this one. 0 stands for no identifier.
    fn within(self, identifier: u32) -> Self {
        // A prime that spreads the bits, so that nested identifiers rarely give the same value.
        let spread = self.0.wrapping_mul(0x0100_0000_01b3);
        if identifier == 0 { self } else { Self(spread.wrapping_add(identifier.into())) }
    }
}

impl<'a> Rest<'a> {
    /// Creates the rest of a packet of which nothing has been read.
    pub(super) fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, network: NetworkId::default() }
    }

    /// Notes that the bytes are in the virtual network with this identifier; 0 stands for none.
    pub(super) fn in_network(self, identifier: u32) -> Self {
        Self { network: self.network.within(identifier), ..self }
    }

    /// Splits off a header of `N` bytes.
    ///
    /// # Errors
    ///
    /// [`Unread::Truncated`] if fewer bytes are left.
    pub(super) fn header<const N: usize>(self) -> Result<(&'a [u8; N], Self), Unread> {
        let (header, behind) = self.bytes.split_first_chunk().ok_or(Unread::Truncated)?;
        Ok((header, Self { bytes: behind, offset: self.offset.saturating_add(N), ..self }))
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
        Self { bytes, offset: self.offset.saturating_add(skipped), ..self }
    }

    /// Cuts off everything behind the first `len` bytes: padding and trailers of an outer header.
    pub(super) fn limit(self, len: usize) -> Self {
        Self { bytes: self.bytes.get(..len).unwrap_or(self.bytes), ..self }
    }
}
