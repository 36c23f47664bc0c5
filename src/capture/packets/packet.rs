//! The contents of a pcap or pcapng file: packets, secrets and damage.

use thiserror::Error;

use crate::capture::packets::file_reader::MAX_BLOCK_LEN;
use crate::capture::packets::packet_comment::PacketComments;
use crate::wire::Offset;

/// Converts a length in a file to a length in memory, saturating.
pub(in crate::capture) fn length(claimed: u32) -> usize {
    usize::try_from(claimed).unwrap_or(usize::MAX)
}

/// The next item of a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture) enum CaptureItem<'a> {
    Packet(CapturedPacket<'a>),
    /// The lines of a TLS key log, from a Decryption Secrets Block.
    Secrets(&'a [u8]),
    /// A block without meaning here, or with a meaning only for later blocks.
    Ignored,
    /// Damage. Reading goes on unless nothing can follow it.
    Damaged(PacketError),
}

/// Damage in a pcap or pcapng file, with its position in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::capture) enum PacketError {
    #[error("the file ends inside the {unit} at byte {at}: {there} of its {len} bytes are there")]
    Truncated { unit: &'static str, at: Offset, len: usize, there: usize },
    #[error(
        "the {unit} at byte {at} claims {len} bytes, more than the limit of {most}: nothing \
         after it can be read",
        most = MAX_BLOCK_LEN
    )]
    TooLong { unit: &'static str, at: Offset, len: usize },
    #[error(
        "the block at byte {at} claims a length of {len} bytes; expected a multiple of 4, at least \
         12: nothing after it can be read"
    )]
    BlockLength { at: Offset, len: usize },
    #[error(
        "the section at byte {at} has no byte-order magic; expected 1a 2b 3c 4d or 4d 3c 2b 1a"
    )]
    NoByteOrder { at: Offset },
    #[error("the block at byte {at} is shorter than its fields")]
    ShortBlock { at: Offset },
    #[error("the interface at byte {at} is shorter than its fields")]
    ShortInterface { at: Offset },
    #[error("the interface at byte {at} exceeds the limit of {most} interfaces")]
    TooManyInterfaces { at: Offset, most: usize },
    #[error("the packet at byte {at} refers to interface {id}, which the file has not described")]
    UnknownInterface { at: Offset, id: usize },
    #[error("the packet at byte {at} claims {claimed} bytes, but its block has only {there}")]
    PacketLength { at: Offset, claimed: u32, there: usize },
    #[error("the secrets at byte {at} claim {claimed} bytes, but their block has fewer")]
    SecretsLength { at: Offset, claimed: u32 },
}

/// One captured packet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture) struct CapturedPacket<'a> {
    /// The link type (`LINKTYPE_` value) of its interface.
    pub(in crate::capture) link_type: u16,
    /// When it was captured, in nanoseconds since 1970.
    pub(in crate::capture) captured_at: u64,
    pub(in crate::capture) bytes: &'a [u8],
    /// The file position of its first byte.
    pub(in crate::capture) file_offset: Offset,
    pub(in crate::capture) comments: PacketComments<'a>,
}

/// The bytes of a packet, or of a datagram that came in several packets, with their places in the
/// file.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct PacketBytes<'a> {
    pub(in crate::capture) bytes: &'a [u8],
    /// Where they are in the file, in order. Bytes in no run were not captured.
    pub(in crate::capture) runs: &'a [ByteRun],
    pub(in crate::capture) comments: PacketComments<'a>,
}

/// Bytes that are next to each other in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct ByteRun {
    /// The position of the first byte in the packet.
    pub(in crate::capture) start: usize,
    pub(in crate::capture) len: usize,
    pub(in crate::capture) file_offset: Offset,
}

impl ByteRun {
    /// Returns the position behind the last byte in the packet.
    pub(in crate::capture) fn end(&self) -> usize {
        self.start.saturating_add(self.len)
    }
}

/// A part of a packet that is in one piece in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct PacketPiece<'a> {
    /// The position of its first byte in the range that was asked for.
    pub(in crate::capture) start: usize,
    pub(in crate::capture) file_offset: Offset,
    pub(in crate::capture) bytes: &'a [u8],
}

impl PacketPiece<'_> {
    /// Returns the place of the piece.
    pub(in crate::capture) fn run(&self) -> ByteRun {
        ByteRun { start: self.start, len: self.bytes.len(), file_offset: self.file_offset }
    }
}

impl<'a> PacketBytes<'a> {
    /// Returns the number of bytes before the first one that was not captured.
    pub(in crate::capture) fn prefix_len(self) -> usize {
        let mut prefix = 0_usize;
        for run in self.runs {
            if run.start > prefix {
                break;
            }
            prefix = prefix.max(run.end());
        }
        prefix
    }

    /// Returns the captured parts of the `len` bytes from `start` on, in order.
    pub(in crate::capture) fn pieces(
        self,
        start: usize,
        len: usize,
    ) -> impl Iterator<Item = PacketPiece<'a>> {
        let end = start.saturating_add(len);
        self.runs.iter().filter_map(move |run| {
            let (from, to) = (run.start.max(start), run.end().min(end));
            let bytes = self.bytes.get(from..to).filter(|bytes| !bytes.is_empty())?;
            let file_offset = run.file_offset + from.saturating_sub(run.start);
            Some(PacketPiece { start: from.saturating_sub(start), file_offset, bytes })
        })
    }
}
