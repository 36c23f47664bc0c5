//! Packets of a dump: tcpdump and Wireshark show them with the headers of the network, and only the
//! TCP payload is of WebSocket.

/// Ethernet's header: two addresses and the type.
const ETHERNET_LEN: usize = 14;
const TCP: u8 = 6;
/// The SYN flag (RFC 9293 section 3.1), which takes a sequence number.
const SYN: u8 = 2;

/// A TCP segment of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpedSegment<'a> {
    /// The address and port of the sender. An IPv4 address is in the low 32 bits.
    pub source: (u128, u16),
    /// The address and port of the receiver, in the same way.
    pub destination: (u128, u16),
    /// The sequence number of the first byte of the payload.
    pub sequence: u32,
    /// The payload, as far as the dump shows it.
    pub payload: &'a [u8],
    /// The number of bytes at the end of the payload that the dump doesn't show: it was made with a
    /// limit such as `tcpdump -s 60`.
    pub missing: usize,
}

/// Returns the TCP segment of an IP packet, with or without the header of a link before it. `None`
/// if the bytes aren't such a packet: they may be a payload without headers.
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

/// The fields of a header of IP.
struct IpHeader {
    len: usize,
    /// The length of the packet, with its header.
    total: usize,
    protocol: u8,
    addresses: [u128; 2],
}

fn ip_header(packet: &[u8]) -> Option<IpHeader> {
    match packet.first()? >> 4 {
        4 => {
            let len = usize::from(packet.first()? & 15).saturating_mul(4);
            let source: [u8; 4] = *packet.get(12..)?.first_chunk()?;
            let destination: [u8; 4] = *packet.get(16..)?.first_chunk()?;
            let total = usize::from(u16::from_be_bytes(*packet.get(2..)?.first_chunk()?));
            let addresses = [source, destination].map(|end| u128::from(u32::from_be_bytes(end)));
            (len >= 20).then_some(IpHeader { len, total, protocol: *packet.get(9)?, addresses })
        }
        6 => {
            let source: [u8; 16] = *packet.get(8..)?.first_chunk()?;
            let destination: [u8; 16] = *packet.get(24..)?.first_chunk()?;
            let payload = usize::from(u16::from_be_bytes(*packet.get(4..)?.first_chunk()?));
            let total = payload.saturating_add(40);
            let addresses = [source, destination].map(u128::from_be_bytes);
            Some(IpHeader { len: 40, total, protocol: *packet.get(6)?, addresses })
        }
        _ => None,
    }
}

/// Whether a header of IPv4 has the right checksum (RFC 791), or none because the network card
/// computes it. That of IPv6 has no checksum.
fn has_checksum(header: &[u8]) -> bool {
    if header.get(10..12) == Some(&[0, 0]) || header.first().is_some_and(|first| first >> 4 == 6) {
        return true;
    }
    let words = header.as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word)));
    // Sixty bytes at most, so the sum fits.
    let sum = words.fold(0_u32, u32::saturating_add);
    (sum & 0xffff).saturating_add(sum >> 16) == 0xffff
}

fn ip_segment(packet: &[u8], padded: bool) -> Option<DumpedSegment<'_>> {
    let ip = ip_header(packet)?;
    let is_cut = ip.total > packet.len() && packet.get(..ip.len).is_some_and(has_checksum);
    let fits = ip.total == packet.len() || is_cut || padded && ip.total < packet.len();
    if ip.protocol != TCP || !fits {
        return None;
    }
    let missing = ip.total.saturating_sub(packet.len());
    let tcp = packet.get(ip.len..ip.total.min(packet.len()))?;
    let port =
        |at: usize| -> Option<u16> { Some(u16::from_be_bytes(*tcp.get(at..)?.first_chunk()?)) };
    let first = u32::from_be_bytes(*tcp.get(4..)?.first_chunk()?);
    let syn = tcp.get(13).is_some_and(|flags| flags & SYN != 0);
    // The data offset counts words of four bytes (RFC 9293 section 3.1).
    let words = tcp.get(12).map(|offset| usize::from(*offset >> 4));
    let header_len =
        words.filter(|words| *words >= 5 || is_cut).map(|words| words.saturating_mul(4));
    let header_len = header_len.or(is_cut.then_some(20))?.max(20);
    let payload = match tcp.get(header_len..) {
        Some(payload) => payload,
        // The dump ends within the header.
        None if is_cut => &[],
        None => return None,
    };
    let whole = ip.total.checked_sub(ip.len)?.checked_sub(header_len)?;
    let [source, destination] = ip.addresses;
    Some(DumpedSegment {
        source: (source, port(0)?),
        destination: (destination, port(2)?),
        sequence: first.wrapping_add(u32::from(syn)),
        payload,
        missing: missing.min(whole),
    })
}
