//! What stands in a pcap or pcapng file: numbers in either byte order, packets, and damage.

use thiserror::Error;

use crate::capture::packets::file_reader::MAX_BLOCK_LEN;
use crate::wire::Offset;

/// How a number is put together from the file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// The first `N` numbers of two bytes, and what lies behind them; none where they are not all
    /// there.
    pub(in crate::capture) fn u16s<const N: usize>(
        self,
        bytes: &[u8],
    ) -> Option<([u16; N], &[u8])> {
        let (numbers, rest) = bytes.split_at_checked(size_of::<[u16; N]>())?;
        let numbers = numbers.as_chunks::<2>().0.first_chunk::<N>()?;
        let number = if self == Self::Big { u16::from_be_bytes } else { u16::from_le_bytes };
        Some((numbers.map(number), rest))
    }

    /// The first `N` numbers of four bytes, and what lies behind them; none where they are not all
    /// there.
    pub(in crate::capture) fn u32s<const N: usize>(
        self,
        bytes: &[u8],
    ) -> Option<([u32; N], &[u8])> {
        let (numbers, rest) = bytes.split_at_checked(size_of::<[u32; N]>())?;
        let numbers = numbers.as_chunks::<4>().0.first_chunk::<N>()?;
        let number = if self == Self::Big { u32::from_be_bytes } else { u32::from_le_bytes };
        Some((numbers.map(number), rest))
    }
}

/// A length in a file as memory counts.
pub(in crate::capture) fn length(claimed: u32) -> usize {
    usize::try_from(claimed).unwrap_or(usize::MAX)
}

/// What comes next in the file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture) enum CaptureItem<'a> {
    Packet(CapturedPacket<'a>),
    /// Lines of a TLS key log, from a Decryption Secrets Block.
    Secrets(&'a [u8]),
    /// A block that is of no interest, or only to what follows it.
    Ignored,
    /// Something is odd; reading goes on unless the file ends with it.
    Damaged(PacketError),
}

/// Damage in a pcap or pcapng file, with its place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::capture) enum PacketError {
    #[error("the file ends inside the {unit} at byte {at}: {there} of its {len} bytes are there")]
    Truncated { unit: &'static str, at: Offset, len: usize, there: usize },
    #[error(
        "the {unit} at byte {at} claims {len} bytes, more than the {most} that are read: nothing behind it can be read",
        most = MAX_BLOCK_LEN
    )]
    TooLong { unit: &'static str, at: Offset, len: usize },
    #[error(
        "the block at byte {at} claims a length of {len} bytes; right would be a multiple of 4, \
         12 at least: nothing behind it can be read"
    )]
    BlockLength { at: Offset, len: usize },
    #[error(
        "the section at byte {at} has no byte-order magic; right would be 1a 2b 3c 4d or 4d 3c 2b \
         1a"
    )]
    NoByteOrder { at: Offset },
    #[error("the block at byte {at} is shorter than its fields")]
    ShortBlock { at: Offset },
    #[error("the interface at byte {at} is shorter than its fields")]
    ShortInterface { at: Offset },
    #[error("the interface at byte {at} is one too many: {most} are read")]
    TooManyInterfaces { at: Offset, most: usize },
    #[error("the packet at byte {at} names interface {id}, which the file has not described")]
    UnknownInterface { at: Offset, id: usize },
    #[error("the packet at byte {at} claims {claimed} bytes, more than its block of {there} holds")]
    PacketLength { at: Offset, claimed: u32, there: usize },
    #[error("the secrets at byte {at} claim {claimed} bytes, more than their block holds")]
    SecretsLength { at: Offset, claimed: u32 },
}

/// One captured packet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture) struct CapturedPacket<'a> {
    /// The link type (`LINKTYPE_` value) of its interface.
    pub(in crate::capture) link_type: u16,
    /// Nanoseconds since 1970.
    pub(in crate::capture) captured_at: u64,
    pub(in crate::capture) bytes: &'a [u8],
    /// Where in the file its first byte stands.
    pub(in crate::capture) file_offset: Offset,
}
