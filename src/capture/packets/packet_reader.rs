//! [`PacketReader`]: reads the packets of a pcap or pcapng file one after the other, in any byte
//! order and time resolution. It does not interpret packets.

use std::io::{self, Read};

use crate::capture::packets::byte_order::ByteOrder;
use crate::capture::packets::file_reader::{FileReader, MAX_BLOCK_LEN};
use crate::capture::packets::packet::{CaptureItem, CapturedPacket, PacketError, length};
use crate::capture::packets::packet_comment::PacketComments;
use crate::capture::packets::pcapng::Section;
use crate::wire::Offset;

/// The first four bytes of a pcap file as a number in the file's own byte order, with times in
/// microseconds or nanoseconds.
const PCAP_MICROS: u32 = 0xa1b2_c3d4;
const PCAP_NANOS: u32 = 0xa1b2_3c4d;
/// The type of a section header block, which reads the same in both byte orders.
const PCAPNG: u32 = 0x0a0d_0d0a;

/// The length of a pcap packet header in bytes.
const HEAD: usize = 16;

/// The packets of one file.
#[derive(Debug)]
pub(in crate::capture) struct PacketReader<R> {
    input: FileReader<R>,
    format: PacketFormat,
    finished: bool,
}

#[derive(Debug)]
enum PacketFormat {
    Pcap { byte_order: ByteOrder, nanos: bool, link_type: u16 },
    Pcapng(Section),
}

/// A block that is complete in the buffer, or its damage.
enum BlockRead {
    End,
    Complete { len: usize },
    Damaged(PacketError),
}

impl<R: Read> PacketReader<R> {
    /// Reads the beginning of the file. Returns `None` if it is neither pcap nor pcapng.
    pub(in crate::capture) fn new(source: R) -> io::Result<Option<Self>> {
        let mut input = FileReader::new(source);
        let head = input.peek(24)?;
        if head.starts_with(&PCAPNG.to_be_bytes()) {
            return Ok(Some(Self {
                input,
                format: PacketFormat::Pcapng(Section::default()),
                finished: false,
            }));
        }
        let Some(kind) = parse_pcap_header(head) else { return Ok(None) };
        input.consume(24);
        Ok(Some(Self { input, format: kind, finished: false }))
    }

    /// Returns the next item, or `None` at the end of the file.
    pub(in crate::capture) fn next_item(&mut self) -> io::Result<Option<CaptureItem<'_>>> {
        if self.finished {
            return Ok(None);
        }
        match self.format {
            PacketFormat::Pcap { byte_order, nanos, link_type } => {
                self.read_record(byte_order, nanos, link_type)
            }
            PacketFormat::Pcapng(_) => self.read_block(),
        }
    }

    /// Returns the number of packets that were lost while the file was captured, as far as its
    /// blocks read so far say so; pcap has no place for it.
    pub(in crate::capture) fn dropped_packets(&self) -> u64 {
        match &self.format {
            PacketFormat::Pcap { .. } => 0,
            PacketFormat::Pcapng(section) => section.dropped.count(),
        }
    }

    fn damaged(&mut self, what: PacketError) -> CaptureItem<'_> {
        // Without a reliable length the next block cannot be found.
        self.finished = true;
        CaptureItem::Damaged(what)
    }

    fn read_record(
        &mut self,
        byte_order: ByteOrder,
        nanos: bool,
        link_type: u16,
    ) -> io::Result<Option<CaptureItem<'_>>> {
        let at = self.input.position();
        let head = self.input.peek(HEAD)?;
        if head.is_empty() {
            return Ok(None);
        }
        let Some(([seconds, fraction, kept, _], _)) = byte_order.u32s(head) else {
            let there = head.len();
            return Ok(Some(self.damaged(PacketError::Truncated {
                unit: "packet",
                at,
                len: HEAD,
                there,
            })));
        };
        let kept = length(kept);
        if kept > MAX_BLOCK_LEN {
            return Ok(Some(self.damaged(PacketError::TooLong { unit: "packet", at, len: kept })));
        }
        let whole = HEAD.saturating_add(kept);
        let there = self.input.peek(whole)?.len();
        self.input.consume(whole);
        if there < whole {
            return Ok(Some(self.damaged(PacketError::Truncated {
                unit: "packet",
                at,
                len: whole,
                there,
            })));
        }
        let fraction = u64::from(fraction).saturating_mul(if nanos { 1 } else { 1_000 });
        let time = u64::from(seconds).saturating_mul(1_000_000_000).saturating_add(fraction);
        let bytes = self.input.consumed(kept);
        Ok(Some(CaptureItem::Packet(CapturedPacket {
            link_type,
            captured_at: time,
            bytes,
            file_offset: at + HEAD,
            comments: PacketComments::NONE,
        })))
    }

    fn read_block(&mut self) -> io::Result<Option<CaptureItem<'_>>> {
        let at = self.input.position();
        let PacketFormat::Pcapng(section) = &mut self.format else { return Ok(None) };
        let len = match buffer_block(&mut self.input, section, at)? {
            BlockRead::End => return Ok(None),
            BlockRead::Damaged(what) => return Ok(Some(self.damaged(what))),
            BlockRead::Complete { len } => len,
        };
        self.input.consume(len);
        Ok(Some(section.parse_block(self.input.consumed(len), at)))
    }
}

/// Whether a file that begins with these bytes is pcap or pcapng.
pub(in crate::capture) fn is_magic(first: [u8; 4]) -> bool {
    let known = [PCAPNG, PCAP_MICROS, PCAP_NANOS];
    known.contains(&u32::from_be_bytes(first)) || known.contains(&u32::from_le_bytes(first))
}

/// Parses the file header of a pcap file.
fn parse_pcap_header(head: &[u8]) -> Option<PacketFormat> {
    [ByteOrder::Big, ByteOrder::Little].into_iter().find_map(|byte_order| {
        let ([magic, _, _, _, _, link_type], _) = byte_order.u32s(head)?;
        let nanos = match magic {
            PCAP_MICROS => false,
            PCAP_NANOS => true,
            _ => return None,
        };
        // The upper bits of the last field may hold the length of a frame check sequence.
        Some(PacketFormat::Pcap { byte_order, nanos, link_type: (link_type & 0xffff) as u16 })
    })
}

/// Reads a whole block into the buffer.
fn buffer_block<R: Read>(
    input: &mut FileReader<R>,
    section: &mut Section,
    at: Offset,
) -> io::Result<BlockRead> {
    let head = input.peek(12)?;
    if head.is_empty() {
        return Ok(BlockRead::End);
    }
    let Some(fields) = head.as_chunks().0.first_chunk() else {
        let there = head.len();
        return Ok(BlockRead::Damaged(PacketError::Truncated {
            unit: "block",
            at,
            len: 12,
            there,
        }));
    };
    let len = match section.block_len(fields, at) {
        Ok(len) => len,
        Err(what) => return Ok(BlockRead::Damaged(what)),
    };
    if len < 12 || !len.is_multiple_of(4) {
        return Ok(BlockRead::Damaged(PacketError::BlockLength { at, len }));
    }
    if len > MAX_BLOCK_LEN {
        return Ok(BlockRead::Damaged(PacketError::TooLong { unit: "block", at, len }));
    }
    let there = input.peek(len)?.len();
    Ok(if there < len {
        BlockRead::Damaged(PacketError::Truncated { unit: "block", at, len, there })
    } else {
        BlockRead::Complete { len }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Describes the items of a file: nanoseconds since 1970, link type and bytes; damage; or
    /// secrets.
    fn items(file: &[u8]) -> Vec<String> {
        let mut packets = PacketReader::new(file).unwrap().expect("a known beginning");
        let mut items = Vec::new();
        while let Some(item) = packets.next_item().unwrap() {
            items.push(match item {
                CaptureItem::Packet(CapturedPacket {
                    link_type,
                    captured_at: at,
                    bytes,
                    file_offset,
                    comments: _,
                }) => {
                    assert_eq!(&file[file_offset.to_usize_saturating()..][..bytes.len()], bytes);
                    format!("{link_type} {at} {}", String::from_utf8_lossy(bytes))
                }
                CaptureItem::Secrets(lines) => String::from_utf8_lossy(lines).into_owned(),
                CaptureItem::Damaged(what) => what.to_string(),
                CaptureItem::Ignored => continue,
            });
        }
        items
    }

    fn number(big: bool, number: u32) -> [u8; 4] {
        if big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn block(big: bool, kind: u32, body: &[&[u8]]) -> Vec<u8> {
        let body = body.concat();
        let len = number(big, 12 + body.len() as u32);
        [&number(big, kind)[..], &len, &body, &len].concat()
    }

    /// A section with one Ethernet interface of the given time resolution, a packet, a packet
    /// without a time, and secrets.
    fn section(big: bool, resolution: u8, stamp: u64) -> Vec<u8> {
        let n = |value: u32| number(big, value);
        let two = |a: u16, b: u16| {
            if big {
                n(u32::from(a) << 16 | u32::from(b))
            } else {
                n(u32::from(b) << 16 | u32::from(a))
            }
        };
        [
            block(big, 0x0a0d_0d0a, &[&n(0x1a2b_3c4d), &two(1, 0), &[0xff; 8]]),
            block(big, 1, &[&two(1, 0), &n(0), &two(9, 1), &[resolution, 0, 0, 0], &n(0)]),
            block(big, 0x0bad, &[b"what is that"]),
            block(
                big,
                6,
                &[&n(0), &n((stamp >> 32) as u32), &n(stamp as u32), &n(4), &n(4), b"ping"],
            ),
            block(big, 3, &[&n(3), b"ack\0"]),
            block(big, 10, &[&n(0x544c_534b), &n(4), b"keys"]),
        ]
        .concat()
    }

    #[test]
    fn sections_of_both_byte_orders_and_all_resolutions_are_read() {
        let second = 1_000_000_000_u64;
        let file = [
            section(true, 9, 7 * second),
            section(false, 6, 7_000_000),
            section(true, 0x8a, 7 << 10),
        ]
        .concat();
        let one = ["1 7000000000 ping", "1 7000000000 ack", "keys"];
        assert_eq!(items(&file), [one, one, one].concat());
    }

    #[test]
    fn packets_that_the_file_says_were_lost_are_counted() {
        for big in [false, true] {
            let n = |value: u32| number(big, value);
            // A count of 64 bits is an option of 8 bytes; its halves are in the file's order too.
            let option = |code: u32, count: u32| {
                let head = if big { n(code << 16 | 8) } else { n(8 << 16 | code) };
                let halves = if big { [n(0), n(count)] } else { [n(count), n(0)] };
                [head, halves[0], halves[1]].concat()
            };
            let statistics = |interface: u32, options: &[Vec<u8>]| {
                block(big, 5, &[&n(interface), &[0; 8], &options.concat(), &n(0)])
            };
            let packet = |lost: u32| {
                let head = [n(0), n(0), n(0), n(3), n(3)].concat();
                block(big, 6, &[&head, b"abc\0", &option(4, lost), &n(0)])
            };
            let dropped = |blocks: &[Vec<u8>]| {
                let file = [section(big, 9, 0), blocks.concat()].concat();
                let mut packets = PacketReader::new(file.as_slice()).unwrap().unwrap();
                while packets.next_item().unwrap().is_some() {}
                packets.dropped_packets()
            };
            assert_eq!(dropped(&[]), 0);
            assert_eq!(dropped(&[packet(3), packet(0), packet(4)]), 7);
            // The statistics count from the beginning; 4 is what was received.
            let blocks = [
                statistics(0, &[option(4, 99), option(5, 20)]),
                statistics(0, &[option(4, 99), option(5, 50), option(7, 7)]),
                statistics(8, &[option(5, 1000)]),
                packet(3),
            ];
            assert_eq!(dropped(&blocks), 57);
        }
    }

    #[test]
    fn pcap_of_both_byte_orders_and_resolutions_is_read() {
        for (big, magic, fraction) in
            [(true, PCAP_MICROS, 5), (false, PCAP_MICROS, 5), (false, PCAP_NANOS, 5000)]
        {
            let n = |value: u32| number(big, value);
            let head = [n(magic), n(0), n(0), n(0), n(65_535), n(101)].concat();
            let packet = [&n(2)[..], &n(fraction), &n(2), &n(9), b"hi"].concat();
            let file = [&head[..], &packet, &packet[..17]].concat();
            let message =
                "the file ends inside the packet at byte 42: 17 of its 18 bytes are there";
            assert_eq!(items(&file), ["101 2000005000 hi", message]);
        }
    }

    #[test]
    fn impossible_lengths_are_reported_with_their_position() {
        let whole = section(false, 9, 0);
        for (len, words) in
            [(13, "expected a multiple of 4"), (0xffff_fff0, "more than the limit of 16777216")]
        {
            let file =
                [&whole[..], &6_u32.to_le_bytes(), &u32::to_le_bytes(len), &[0; 40]].concat();
            let last = items(&file).pop().unwrap();
            assert!(
                last.contains(words) && last.contains(&format!("at byte {}", whole.len())),
                "{last}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_after_a_valid_beginning_are_read_without_panic(
            noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..200, big in any::<bool>(),
        ) {
            let mut file = section(big, 9, 1);
            file.extend(section(!big, 6, 1));
            let at = at.min(file.len());
            for (byte, noise) in file[at..].iter_mut().skip(12).step_by(9).zip(&noise) {
                *byte ^= noise;
            }
            file.extend(noise);
            let mut packets = PacketReader::new(file.as_slice()).unwrap().expect("the first bytes are as they were");
            while packets.next_item().unwrap().is_some() {}
        }
    }
}
