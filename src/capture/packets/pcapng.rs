//! [`Section`]: interprets a pcapng block, given the earlier blocks of its section.
//! [`super::packet_reader`] finds where blocks begin and end.
//!
//! The format: draft-ietf-opsawg-pcapng.

use crate::capture::packets::byte_order::ByteOrder;
use crate::capture::packets::packet::{CaptureItem, CapturedPacket, PacketError, length};
use crate::capture::packets::packet_comment::{PacketComments, options};
use crate::wire::Offset;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;

/// "TLSK": the secrets are lines of a TLS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// The maximum number of interfaces. It bounds the memory that a file of empty descriptions takes.
const MAX_INTERFACES: usize = 4096;

/// The packets that were lost while the file was captured, as its blocks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::capture) struct DroppedPackets {
    /// The sum over the packets after which others were lost (`epb_dropcount`).
    between_packets: u64,
    /// The sum over the interfaces (`isb_ifdrop` and `isb_osdrop`).
    by_interfaces: u64,
}

impl DroppedPackets {
    /// Returns their number. Both counts may be of the same packets.
    pub(in crate::capture) fn count(self) -> u64 {
        self.between_packets.max(self.by_interfaces)
    }
}

/// The section that is being read.
#[derive(Debug)]
pub(in crate::capture) struct Section {
    pub(in crate::capture) byte_order: ByteOrder,
    interfaces: Vec<Interface>,
    /// The time of the last packet, in nanoseconds since 1970, for packets that have none.
    last_captured_at: u64,
    /// Those of all sections so far.
    pub(in crate::capture) dropped: DroppedPackets,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            byte_order: ByteOrder::Little,
            interfaces: Vec::new(),
            last_captured_at: 0,
            dropped: DroppedPackets::default(),
        }
    }
}

/// The content of an Interface Description Block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct Interface {
    link_type: u16,
    snap_len: u32,
    resolution: TimeResolution,
    /// The seconds to add to every time (`if_tsoffset`).
    offset_seconds: i64,
    /// The packets that it has dropped so far.
    dropped: u64,
}

/// The time unit as a negative power of 10 or of 2 (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeResolution {
    Decimal(u8),
    Binary(u8),
}

impl Section {
    /// Returns the length of a block that begins with these three fields. A section header states
    /// the byte order within its body, so that is read first.
    pub(in crate::capture) fn block_len(
        &mut self,
        head: &[[u8; 4]; 3],
        at: Offset,
    ) -> Result<usize, PacketError> {
        let [kind, len, magic] = head;
        // The type of a section header reads the same in both byte orders.
        if u32::from_be_bytes(*kind) == SECTION_HEADER {
            self.byte_order = match magic {
                [0x1a, 0x2b, 0x3c, 0x4d] => ByteOrder::Big,
                [0x4d, 0x3c, 0x2b, 0x1a] => ByteOrder::Little,
                _ => return Err(PacketError::NoByteOrder { at }),
            };
            // Interfaces belong to their section.
            self.interfaces.clear();
        }
        Ok(self.byte_order.u32s(len).map_or(0, |([len], _)| length(len)))
    }

    /// Interprets a whole block at position `at` of the file.
    pub(in crate::capture) fn parse_block<'a>(
        &mut self,
        block: &'a [u8],
        at: Offset,
    ) -> CaptureItem<'a> {
        let short = || CaptureItem::Damaged(PacketError::ShortBlock { at });
        // The length comes before and after the body.
        let Some(([kind, _], body)) = self.byte_order.u32s(block) else { return short() };
        let Some((body, _)) = body.split_last_chunk::<4>() else { return short() };
        let packet = match kind {
            INTERFACE => {
                return self
                    .add_interface(body, at)
                    .map_or_else(CaptureItem::Damaged, |()| CaptureItem::Ignored);
            }
            ENHANCED_PACKET | OLD_PACKET => self.parse_packet(kind, body, at),
            SIMPLE_PACKET => self.parse_simple_packet(body, at),
            STATISTICS => {
                return self.add_statistics(body).map_or_else(short, |()| CaptureItem::Ignored);
            }
            SECRETS => return parse_secrets(self.byte_order, body, at).unwrap_or_else(short),
            _ => return CaptureItem::Ignored,
        };
        packet.map_or_else(short, |packet| {
            packet.map_or_else(CaptureItem::Damaged, CaptureItem::Packet)
        })
    }

    fn add_interface(&mut self, body: &[u8], at: Offset) -> Result<(), PacketError> {
        let fields = self
            .byte_order
            .u16s(body)
            .and_then(|([link, _], rest)| Some((link, self.byte_order.u32s(rest)?)));
        let Some((link, ([snap], rest))) = fields else {
            return Err(PacketError::ShortInterface { at });
        };
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(PacketError::TooManyInterfaces { at, most: MAX_INTERFACES });
        }
        let mut interface = Interface {
            link_type: link,
            snap_len: snap,
            resolution: TimeResolution::Decimal(6),
            offset_seconds: 0,
            dropped: 0,
        };
        for (code, value) in options(self.byte_order, rest) {
            // Options: 9 is if_tsresol, 14 is if_tsoffset. Unknown ones are skipped.
            match (code, value) {
                (9, [bits]) if bits & 0x80 == 0 => {
                    interface.resolution = TimeResolution::Decimal(*bits);
                }
                (9, [bits]) => interface.resolution = TimeResolution::Binary(bits & 0x7f),
                (14, value) => {
                    interface.offset_seconds = self.parse_u64(value).unwrap_or(0).cast_signed();
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// Takes an Interface Statistics Block, whose counts are those since the beginning. Returns
    /// `None` if the block is too short.
    fn add_statistics(&mut self, body: &[u8]) -> Option<()> {
        let ([id, _, _], rest) = self.byte_order.u32s(body)?;
        let counts = options(self.byte_order, rest).filter_map(|(code, value)| {
            // Dropped by the interface for lack of resources, and by the operating system.
            matches!(code, 5 | 7).then(|| self.parse_u64(value)).flatten()
        });
        let dropped = counts.fold(0, u64::saturating_add);
        if let Some(interface) = self.interfaces.get_mut(length(id)) {
            let more = dropped.saturating_sub(interface.dropped);
            interface.dropped = interface.dropped.max(dropped);
            let all = &mut self.dropped.by_interfaces;
            *all = all.saturating_add(more);
        }
        Some(())
    }

    /// Parses a number of 64 bits; `None` if `value` has another length.
    fn parse_u64(&self, value: &[u8]) -> Option<u64> {
        let bytes = <[u8; 8]>::try_from(value).ok()?;
        Some(match self.byte_order {
            ByteOrder::Big => u64::from_be_bytes(bytes),
            ByteOrder::Little => u64::from_le_bytes(bytes),
        })
    }

    /// Parses an Enhanced Packet Block or an obsolete Packet Block. Returns `None` if the block is
    /// too short.
    fn parse_packet<'a>(
        &mut self,
        kind: u32,
        body: &'a [u8],
        at: Offset,
    ) -> Option<Result<CapturedPacket<'a>, PacketError>> {
        // An obsolete Packet Block has a 16-bit interface and a drop count in place of the 32-bit
        // interface.
        let ([id, high, low, claimed, _], data) = self.byte_order.u32s(body)?;
        let id = if kind == OLD_PACKET {
            self.byte_order.u16s(body).map(|([id], _)| id.into())?
        } else {
            length(id)
        };
        let Some(interface) = self.interfaces.get(id) else {
            return Some(Err(PacketError::UnknownInterface { at, id }));
        };
        let claimed_len = length(claimed);
        let Some((bytes, rest)) = data.split_at_checked(claimed_len) else {
            let there = data.len();
            return Some(Err(PacketError::PacketLength { at, claimed, there }));
        };
        self.last_captured_at = interface.nanos_since_epoch(stamp(high, low));
        // Data is padded to 32 bits.
        let padding = claimed_len.next_multiple_of(4).saturating_sub(claimed_len);
        let behind = rest.get(padding..).unwrap_or_default();
        let lost_before = if kind == OLD_PACKET {
            // All ones stand for an unknown count.
            let count = self.byte_order.u16s(body).map(|([_, count], _)| count);
            count.filter(|count| *count != u16::MAX).map(u64::from)
        } else {
            let mut all = options(self.byte_order, behind);
            all.find_map(|(code, value)| self.parse_u64(value).filter(|_| code == 4))
        };
        let all = &mut self.dropped.between_packets;
        *all = all.saturating_add(lost_before.unwrap_or(0));
        Some(Ok(CapturedPacket {
            link_type: interface.link_type,
            captured_at: self.last_captured_at,
            bytes,
            file_offset: at + 28,
            comments: PacketComments::new(self.byte_order, behind),
        }))
    }

    /// Parses a Simple Packet Block, which has neither interface nor time. Returns `None` if the
    /// block is too short.
    fn parse_simple_packet<'a>(
        &self,
        body: &'a [u8],
        at: Offset,
    ) -> Option<Result<CapturedPacket<'a>, PacketError>> {
        let ([len], data) = self.byte_order.u32s(body)?;
        let Some(interface) = self.interfaces.first() else {
            return Some(Err(PacketError::UnknownInterface { at, id: 0 }));
        };
        // The block does not state the captured length; the interface's snap length limits it.
        let snap = if interface.snap_len == 0 { usize::MAX } else { length(interface.snap_len) };
        let (bytes, _) = data.split_at(length(len).min(snap).min(data.len()));
        Some(Ok(CapturedPacket {
            link_type: interface.link_type,
            captured_at: self.last_captured_at,
            bytes,
            file_offset: at + 12,
            comments: PacketComments::NONE,
        }))
    }
}

/// Joins the two halves of a 64-bit number.
fn stamp(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl Interface {
    /// Converts a time stamp to nanoseconds since 1970.
    fn nanos_since_epoch(&self, stamp: u64) -> u64 {
        // What most files have needs no more than 64 bits.
        if self.offset_seconds == 0
            && let TimeResolution::Decimal(digits) = self.resolution
            && let Some(fewer) = 9_u32.checked_sub(digits.into())
            && let Some(unit) = 10_u64.checked_pow(fewer)
            && let Some(nanos) = stamp.checked_mul(unit)
        {
            return nanos;
        }
        let stamp = u128::from(stamp);
        let nanos = match self.resolution {
            TimeResolution::Decimal(digits) => match 9_u32.checked_sub(digits.into()) {
                Some(fewer) => stamp.saturating_mul(10_u128.saturating_pow(fewer)),
                // Digits below a nanosecond are discarded.
                None => stamp
                    .checked_div(10_u128.saturating_pow(u32::from(digits).saturating_sub(9)))
                    .unwrap_or_default(),
            },
            TimeResolution::Binary(bits) => {
                stamp.saturating_mul(1_000_000_000).checked_shr(bits.into()).unwrap_or_default()
            }
        };
        let offset = i128::from(self.offset_seconds).saturating_mul(1_000_000_000);
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX).saturating_add(offset);
        u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
    }
}

/// Parses a Decryption Secrets Block. Returns `None` if the block is too short for its fields.
fn parse_secrets(byte_order: ByteOrder, body: &[u8], at: Offset) -> Option<CaptureItem<'_>> {
    let ([kind, len], data) = byte_order.u32s(body)?;
    if kind != TLS_KEY_LOG {
        return Some(CaptureItem::Ignored);
    }
    let short = || CaptureItem::Damaged(PacketError::SecretsLength { at, claimed: len });
    Some(data.get(..length(len)).map_or_else(short, CaptureItem::Secrets))
}
