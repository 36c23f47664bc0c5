//! [`TimeIndex`]: the places of the packets of a file that is not in the order of time, as files are that
//! were merged or come from several queues of a network card.

use crate::capture::packets::packet::CapturedPacket;
use crate::wire::{ByteLen, Offset};

/// The maximum number of packets that are sorted. They take 32 bytes each.
const MAX_PACKETS: usize = 1 << 22;

/// A packet without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct IndexedPacket {
    /// When it was captured, in nanoseconds since 1970.
    pub(in crate::capture) captured_at: u64,
    /// The file position of its first byte.
    pub(in crate::capture) file_offset: Offset,
    pub(in crate::capture) len: ByteLen,
    pub(in crate::capture) link_type: u16,
}

/// All packets of a file.
#[derive(Debug, Default)]
pub(in crate::capture) struct TimeIndex {
    packets: Vec<IndexedPacket>,
}

impl TimeIndex {
    /// Adds the next packet of the file. Returns whether there is room for it, and nothing but its time
    /// decides its place.
    pub(in crate::capture) fn add(&mut self, packet: &CapturedPacket<'_>) -> bool {
        let CapturedPacket { bytes, file_offset, captured_at, link_type, comments } = *packet;
        let len = ByteLen::of(bytes);
        // What wiretalk wrote is in order, and its comments are about the packets around them.
        let may_move = self.packets.len() < MAX_PACKETS && comments.all().next().is_none();
        if may_move {
            self.packets.push(IndexedPacket { captured_at, file_offset, len, link_type });
        }
        may_move
    }

    /// Returns the packets in the order of time. Those of the same time keep their order.
    pub(in crate::capture) fn sorted(mut self) -> Vec<IndexedPacket> {
        self.packets.sort_by_key(|packet| packet.captured_at);
        self.packets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::packets::packet_comment::PacketComments;

    #[test]
    fn packets_of_the_same_time_keep_their_order() {
        let mut index = TimeIndex::default();
        for (place, captured_at) in [(0, 5), (1, 2), (2, 5), (3, 2)] {
            let file_offset = Offset::new(place);
            let (bytes, comments) = (&b"ab"[..], PacketComments::NONE);
            let packet = CapturedPacket { link_type: 1, captured_at, bytes, file_offset, comments };
            assert!(index.add(&packet));
        }
        let places: Vec<_> = index.sorted().iter().map(|packet| packet.file_offset.get()).collect();
        assert_eq!(places, [1, 3, 0, 2]);
    }
}
