//! Packets of a dump: tcpdump and Wireshark show them with the headers of the network, and only the
//! TCP payload is of WebSocket.

use thiserror::Error;

/// Ethernet's header: two addresses and the type.
const ETHERNET_LEN: usize = 14;
const TCP: u8 = 6;

/// A TCP segment of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpedSegment<'a> {
    /// The address and port of the sender. An IPv4 address is in the low 32 bits.
    pub source: (u128, u16),
    /// The address and port of the receiver, in the same way.
    pub destination: (u128, u16),
    /// The payload.
    pub payload: &'a [u8],
}

/// The packets of a dump go in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the packets go in both directions or belong to several connections; paste those of one \
     direction, or save them as pcap for `wiretalk inspect`"
)]
pub struct SeveralDirections;

/// Returns the TCP segment of an IP packet, with or without the header of a link before it. `None`
/// if the bytes aren't exactly such a packet: they may be a payload without headers.
pub(super) fn segment(packet: &[u8]) -> Option<DumpedSegment<'_>> {
    // Ethernet, with none to two VLAN tags (IEEE 802.1Q). Short packets are padded there.
    let ethernet = [0_usize, 4, 8].into_iter().find_map(|tags| {
        let end = ETHERNET_LEN.saturating_add(tags);
        let ip_type =
            matches!(packet.get(end.saturating_sub(2)..end), Some([0x08, 0x00] | [0x86, 0xdd]));
        ip_segment(packet.get(end..).filter(|_| ip_type)?, true)
    });
    // Raw IP, loopback, and Linux cooked of both versions: the length must be that of the packet.
    let links = || [0, 4, 16, 20].into_iter().filter_map(|len: usize| packet.get(len..));
    ethernet.or_else(|| links().find_map(|ip| ip_segment(ip, false)))
}

fn ip_segment(packet: &[u8], padded: bool) -> Option<DumpedSegment<'_>> {
    let version = packet.first()? >> 4;
    let (header_len, total, protocol, addresses): (usize, usize, u8, [u128; 2]) = match version {
        4 => {
            let header_len = usize::from(packet.first()? & 15).saturating_mul(4);
            let source: [u8; 4] = *packet.get(12..)?.first_chunk()?;
            let destination: [u8; 4] = *packet.get(16..)?.first_chunk()?;
            let total = usize::from(u16::from_be_bytes(*packet.get(2..)?.first_chunk()?));
            let ends = [source, destination].map(|end| u128::from(u32::from_be_bytes(end)));
            (header_len, total, *packet.get(9)?, ends)
        }
        6 => {
            let source: [u8; 16] = *packet.get(8..)?.first_chunk()?;
            let destination: [u8; 16] = *packet.get(24..)?.first_chunk()?;
            let payload = usize::from(u16::from_be_bytes(*packet.get(4..)?.first_chunk()?));
            let total = payload.saturating_add(40);
            (40, total, *packet.get(6)?, [source, destination].map(u128::from_be_bytes))
        }
        _ => return None,
    };
    let fits = total == packet.len() || padded && total < packet.len();
    if protocol != TCP || header_len < 20 || !fits {
        return None;
    }
    let tcp = packet.get(header_len..total)?;
    let port =
        |at: usize| -> Option<u16> { Some(u16::from_be_bytes(*tcp.get(at..)?.first_chunk()?)) };
    // The data offset counts words of four bytes (RFC 9293 section 3.1).
    let tcp_len = usize::from(*tcp.get(12)? >> 4).saturating_mul(4);
    let payload = tcp.get(tcp_len..).filter(|_| tcp_len >= 20)?;
    let [source, destination] = addresses;
    Some(DumpedSegment {
        source: (source, port(0)?),
        destination: (destination, port(2)?),
        payload,
    })
}
