//! [`LinkCounters`]: counts the packets between a pair of namespaces. It reads only the lengths in
//! a packet's headers, and checks them against the bytes that are there.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counts of a packet relay in both directions. Tests check the network's behaviour by them.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkStats {
    /// The direction from the client to the server.
    pub to_server: FlowStats,
    /// The direction from the server to the client.
    pub to_client: FlowStats,
}

/// The counts of a packet relay in one direction. Each is exact, but while packets flow two of them
/// may be a packet apart.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlowStats {
    /// The number of IPv4 packets, including dropped ones.
    pub packets: u64,
    /// Their bytes, counted from the IP header (RFC 791 section 3.1, total length).
    pub bytes: u64,
    /// Their bytes of TCP payload. Retransmitted bytes count again.
    pub payload: u64,
    /// The number of packets that were dropped.
    pub dropped: u64,
}

/// The counters of both directions.
#[derive(Debug, Default)]
pub(super) struct LinkCounters {
    pub(super) to_server: FlowCounters,
    pub(super) to_client: FlowCounters,
}

#[cfg(test)]
impl LinkCounters {
    pub(super) fn snapshot(&self) -> LinkStats {
        LinkStats { to_server: self.to_server.snapshot(), to_client: self.to_client.snapshot() }
    }
}

/// The counters of one direction.
#[derive(Debug, Default)]
pub(super) struct FlowCounters {
    packets: AtomicU64,
    bytes: AtomicU64,
    payload: AtomicU64,
    dropped: AtomicU64,
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has the relay"))]
impl FlowCounters {
    pub(super) fn count_packet(&self, packet: PacketLengths) {
        self.packets.fetch_add(1, Relaxed);
        self.bytes.fetch_add(packet.bytes as u64, Relaxed);
        self.payload.fetch_add(packet.payload as u64, Relaxed);
    }

    pub(super) fn count_drop(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
impl FlowCounters {
    fn snapshot(&self) -> FlowStats {
        FlowStats {
            packets: self.packets.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            payload: self.payload.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
        }
    }
}

/// The lengths in an IPv4 packet, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketLengths {
    pub(super) bytes: usize,
    /// The length of the TCP payload; 0 for other protocols.
    pub(super) payload: usize,
}

const IPPROTO_TCP: u8 = 6;

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has the relay"))]
impl PacketLengths {
    /// Parses the headers (RFC 791 section 3.1, RFC 9293 section 3.1). Returns `None` unless
    /// `packet` is a whole IPv4 packet.
    pub(super) fn parse(packet: &[u8]) -> Option<Self> {
        let [first, _, high, low, _, _, flags, offset, _, protocol, ..] = *packet else {
            return None;
        };
        let header = usize::from(first & 0x0f) * 4;
        let bytes = usize::from(u16::from_be_bytes([high, low]));
        if first >> 4 != 4 || header < 20 || bytes < header {
            return None;
        }
        let data = packet.get(..bytes)?.get(header..)?;
        let payload = match (protocol, u16::from_be_bytes([flags & 0x1f, offset])) {
            (IPPROTO_TCP, 0) => {
                // TCP's data offset counts 32-bit words, in the upper four bits of byte 12.
                data.get(12).map_or(0, |byte| data.len().saturating_sub(usize::from(byte >> 4) * 4))
            }
            // Only the first fragment has a TCP header.
            (IPPROTO_TCP, _) => data.len(),
            _ => 0,
        };
        Some(Self { bytes, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A captured packet with 20 bytes of IPv4 header, 32 of TCP header with options, and 3 of
    /// payload; only the addresses were changed.
    const SEGMENT: [u8; 55] = [
        0x45, 0x00, 0x00, 0x37, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 10, 77, 33, 2, 10,
        77, 33, 1, //
        0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 1, 0, 0, 0, 1, 0x80, 0x18, 0x01, 0xf6, 0, 0, 0, 0, //
        0x01, 0x01, 0x08, 0x0a, 0, 0, 0, 1, 0, 0, 0, 2, b'a', b'b', b'c',
    ];

    fn changed(at: usize, byte: u8) -> [u8; 55] {
        let mut packet = SEGMENT;
        packet[at] = byte;
        packet
    }

    #[test]
    fn the_lengths_of_a_segment_are_read() {
        assert_eq!(PacketLengths::parse(&SEGMENT), Some(PacketLengths { bytes: 55, payload: 3 }));
        assert_eq!(
            PacketLengths::parse(&changed(9, 17)),
            Some(PacketLengths { bytes: 55, payload: 0 }),
            "UDP"
        );
        assert_eq!(
            PacketLengths::parse(&changed(7, 9)),
            Some(PacketLengths { bytes: 55, payload: 35 }),
            "a further fragment"
        );
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert_eq!(PacketLengths::parse(&changed(0, 0x60)), None, "IPv6");
        assert_eq!(PacketLengths::parse(&changed(0, 0x44)), None, "a header of 16 bytes");
        assert_eq!(PacketLengths::parse(&changed(3, 0x38)), None, "more than is there");
        assert_eq!(PacketLengths::parse(&changed(3, 0x13)), None, "less than the header");
        assert_eq!(
            PacketLengths::parse(&changed(32, 0xf0)),
            Some(PacketLengths { bytes: 55, payload: 0 }),
            "a TCP header too long"
        );
        for length in 0..SEGMENT.len() {
            assert_eq!(PacketLengths::parse(&SEGMENT[..length]), None);
        }
    }

    #[test]
    fn counters_add_up() {
        let counters = LinkCounters::default();
        counters.to_server.count_packet(PacketLengths { bytes: 55, payload: 3 });
        counters.to_server.count_packet(PacketLengths { bytes: 52, payload: 0 });
        counters.to_client.count_packet(PacketLengths { bytes: 40, payload: 0 });
        counters.to_client.count_drop();
        let to_server = FlowStats { packets: 2, bytes: 107, payload: 3, dropped: 0 };
        let to_client = FlowStats { packets: 1, bytes: 40, payload: 0, dropped: 1 };
        assert_eq!(counters.snapshot(), LinkStats { to_server, to_client });
    }
}
