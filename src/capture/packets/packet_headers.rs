//! Parses the link, IP and TCP headers of one packet, down to the bytes that TCP carries.
//! [`reassembly`](crate::capture::reassembly) puts the segments of a connection together. Checksums
//! are ignored, because a capture on the sending machine often shows them before the network card
//! fills them in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(in crate::capture) const FIN: u8 = 0x01;
pub(in crate::capture) const SYN: u8 = 0x02;
pub(in crate::capture) const RST: u8 = 0x04;
const ACK: u8 = 0x10;

const IPPROTO_TCP: u8 = 6;

/// Link types by their numbers in both formats (the registry of `LINKTYPE_` values).
mod linktype {
    pub(in crate::capture) const NULL: u16 = 0;
    pub(in crate::capture) const ETHERNET: u16 = 1;
    pub(in crate::capture) const RAW: u16 = 101;
    pub(in crate::capture) const LOOP: u16 = 108;
    pub(in crate::capture) const SLL: u16 = 113;
    pub(in crate::capture) const IPV4: u16 = 228;
    pub(in crate::capture) const IPV6: u16 = 229;
    pub(in crate::capture) const SLL2: u16 = 276;
}

/// The content of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture) enum ParsedPacket<'a> {
    Segment(TcpSegment<'a>),
    /// A fragment of an IP packet. Fragments are not reassembled.
    Fragment,
    /// The capture kept too little of the packet to see its TCP header.
    Truncated,
    /// The link type is not supported.
    UnknownLink,
    /// Not TCP.
    Other,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct TcpSegment<'a> {
    pub(in crate::capture) from: SocketAddr,
    pub(in crate::capture) to: SocketAddr,
    pub(in crate::capture) seq: u32,
    pub(in crate::capture) ack: Option<u32>,
    pub(in crate::capture) flags: u8,
    /// The payload, as much of it as was captured.
    pub(in crate::capture) payload: &'a [u8],
    /// The position of the payload in the packet.
    pub(in crate::capture) payload_offset: usize,
    /// The number of payload bytes that were not captured.
    pub(in crate::capture) missing_bytes: usize,
}

/// Parses the headers of a packet with link type `link`.
pub(in crate::capture) fn parse_packet(link: u16, packet: &[u8]) -> ParsedPacket<'_> {
    let behind = |bytes: usize| packet.get(bytes..).unwrap_or_default();
    let datagram = match link {
        linktype::ETHERNET => typed(behind(12)),
        linktype::NULL | linktype::LOOP => Ok(behind(4)),
        // 12 and 14 are raw IP too: DLT_RAW is 12 on most systems and 14 on OpenBSD.
        linktype::RAW | linktype::IPV4 | linktype::IPV6 | 12 | 14 => Ok(packet),
        linktype::SLL => typed(behind(14)),
        linktype::SLL2 => ip_by_ethertype(packet, behind(20)),
        _ => return ParsedPacket::UnknownLink,
    };
    match datagram {
        Ok(datagram) => parse_ip(datagram, packet.len()),
        Err(seen) => seen,
    }
}

/// Returns the IP datagram after a type field, with which `bytes` begins.
fn typed(bytes: &[u8]) -> Result<&[u8], ParsedPacket<'static>> {
    ip_by_ethertype(bytes, bytes.get(2..).unwrap_or_default())
}

/// Returns the IP datagram in `behind`, which may be after VLAN tags, if the type field at the
/// start of `kind` announces one.
fn ip_by_ethertype<'a>(kind: &[u8], behind: &'a [u8]) -> Result<&'a [u8], ParsedPacket<'static>> {
    let (mut kind, mut behind) = (kind.first_chunk(), behind);
    loop {
        match kind {
            Some([0x08, 0x00] | [0x86, 0xdd]) => return Ok(behind),
            // A VLAN tag (IEEE 802.1Q): two bytes, then the next type.
            Some([0x81 | 0x91, 0x00] | [0x88, 0xa8]) => {
                let tagged = behind.get(2..).unwrap_or_default();
                (kind, behind) = (tagged.first_chunk(), tagged.get(2..).unwrap_or_default());
            }
            Some(_) => return Err(ParsedPacket::Other),
            None => return Err(ParsedPacket::Truncated),
        }
    }
}

/// Parses the IP header. `datagram` extends to the end of the packet, which has `packet_len` bytes.
fn parse_ip(datagram: &[u8], packet_len: usize) -> ParsedPacket<'_> {
    match datagram.first().map(|first| first >> 4) {
        Some(4) => parse_ipv4(datagram, packet_len),
        Some(6) => parse_ipv6(datagram, packet_len),
        Some(_) => ParsedPacket::Other,
        None => ParsedPacket::Truncated,
    }
}

fn parse_ipv4(datagram: &[u8], packet_len: usize) -> ParsedPacket<'_> {
    let Some((header, _)) = datagram.split_first_chunk::<20>() else {
        return ParsedPacket::Truncated;
    };
    let &[
        version_and_len,
        _,
        total_0,
        total_1,
        _,
        _,
        flags_0,
        flags_1,
        _,
        protocol,
        _,
        _,
        addresses @ ..,
    ] = header;
    if protocol != IPPROTO_TCP {
        return ParsedPacket::Other;
    }
    // The offset, and the flag that more fragments follow. "Don't fragment" is not a fragment.
    if u16::from_be_bytes([flags_0, flags_1]) & 0x3fff != 0 {
        return ParsedPacket::Fragment;
    }
    let &[from, to] = addresses.as_chunks::<4>().0 else { return ParsedPacket::Truncated };
    let between = [from, to].map(|address| IpAddr::V4(Ipv4Addr::from(address)));
    let len = words(version_and_len & 15);
    if len < 20 {
        return ParsedPacket::Other;
    }
    let total = match u16::from_be_bytes([total_0, total_1]) {
        // Segmentation offload: a segment too long for the field, captured before the network card
        // divides it.
        0 => datagram.len(),
        total => total.into(),
    };
    let segment = datagram.get(len..).unwrap_or_default();
    total
        .checked_sub(len)
        .map_or(ParsedPacket::Other, |total| parse_tcp(segment, total, between, packet_len))
}

fn parse_ipv6(datagram: &[u8], packet_len: usize) -> ParsedPacket<'_> {
    let Some((header, mut rest)) = datagram.split_first_chunk::<40>() else {
        return ParsedPacket::Truncated;
    };
    let &[_, _, _, _, payload_0, payload_1, first, _, ref addresses @ ..] = header;
    let &[from, to] = addresses.as_chunks::<16>().0 else { return ParsedPacket::Truncated };
    let between = [from, to].map(|address| IpAddr::V6(Ipv6Addr::from(address)));
    // The payload length covers everything after this header (RFC 8200 section 3).
    let mut left = match u16::from_be_bytes([payload_0, payload_1]) {
        0 => rest.len(),
        payload => payload.into(),
    };
    // Extension headers are skipped until TCP follows (RFC 8200 section 4).
    let mut next = first;
    while next != IPPROTO_TCP {
        let Some(&[after, units, offset_0, offset_1, ..]) = rest.first_chunk::<8>() else {
            return ParsedPacket::Truncated;
        };
        let len = match next {
            // The length is in units of 8 bytes beyond the first 8; that of the authentication
            // header is in units of 4 bytes beyond the first 8 (RFC 4302 section 2.2).
            0 | 43 | 60 => usize::from(units).saturating_add(1).saturating_mul(8),
            51 => usize::from(units).saturating_add(2).saturating_mul(4),
            44 if u16::from_be_bytes([offset_0, offset_1]) & 0xfff9 == 0 => 8,
            44 => return ParsedPacket::Fragment,
            _ => return ParsedPacket::Other,
        };
        let Some(fewer) = left.checked_sub(len) else { return ParsedPacket::Other };
        (left, rest, next) = (fewer, rest.get(len..).unwrap_or_default(), after);
    }
    parse_tcp(rest, left, between, packet_len)
}

/// Parses a segment that has `total` bytes according to the IP header. `segment` extends to the end
/// of the packet.
fn parse_tcp(
    segment: &[u8],
    total: usize,
    [from, to]: [IpAddr; 2],
    packet_len: usize,
) -> ParsedPacket<'_> {
    let Some((header, _)) = segment.split_first_chunk::<20>() else {
        return ParsedPacket::Truncated;
    };
    let &[from_0, from_1, to_0, to_1, s0, s1, s2, s3, a0, a1, a2, a3, data_offset, flags, ..] =
        header;
    let header_len = words(data_offset >> 4);
    let Some(payload_len) = total.checked_sub(header_len).filter(|_| header_len >= 20) else {
        return ParsedPacket::Other;
    };
    // Ethernet pads short packets, so bytes beyond the IP length are not payload.
    let kept = segment.get(header_len..).unwrap_or_default();
    let (payload, _) = kept.split_at(payload_len.min(kept.len()));
    ParsedPacket::Segment(TcpSegment {
        from: SocketAddr::new(from, u16::from_be_bytes([from_0, from_1])),
        to: SocketAddr::new(to, u16::from_be_bytes([to_0, to_1])),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: (flags & ACK != 0).then(|| u32::from_be_bytes([a0, a1, a2, a3])),
        flags,
        payload,
        payload_offset: packet_len.saturating_sub(kept.len()),
        missing_bytes: payload_len.saturating_sub(payload.len()),
    })
}

/// Converts a header length in 32-bit words to bytes.
fn words(count: u8) -> usize {
    usize::from(count).saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A packet from 10.0.0.1:5000 to 10.0.0.2:80 with "hi", then two bytes of Ethernet padding.
    fn v4(protocol: u8, fragment: [u8; 2]) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 42, 0, 0, fragment[0], fragment[1], 64, protocol, 0, 0];
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend(segment());
        bytes.extend([0, 0]);
        bytes
    }

    fn segment() -> Vec<u8> {
        let mut bytes =
            vec![0x13, 0x88, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
        bytes.extend(b"hi");
        bytes
    }

    /// The same segment over IPv6, after these extension headers.
    fn v6(first: u8, extensions: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, 22 + extensions.len() as u8, first, 64];
        bytes.extend(Ipv6Addr::LOCALHOST.octets());
        bytes.extend(Ipv6Addr::LOCALHOST.octets());
        bytes.extend(extensions);
        bytes.extend(segment());
        bytes
    }

    fn payload(link: u16, head: &[u8], packet: &[u8]) -> Vec<u8> {
        let packet = [head, packet].concat();
        match parse_packet(link, &packet) {
            ParsedPacket::Segment(segment) => {
                assert_eq!((segment.seq, segment.ack, segment.missing_bytes), (7, Some(9), 0));
                assert_eq!((segment.from.port(), segment.to.port()), (5000, 80));
                assert_eq!(
                    &packet[segment.payload_offset..][..segment.payload.len()],
                    segment.payload
                );
                segment.payload.to_vec()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_link_type_leads_to_the_same_segment() {
        let (v4, v6) = (v4(IPPROTO_TCP, [0x40, 0]), v6(IPPROTO_TCP, &[]));
        let ethernet = |kind: &[u8]| [&[0; 12], kind].concat();
        assert_eq!(payload(linktype::ETHERNET, &ethernet(&[8, 0]), &v4), b"hi");
        assert_eq!(payload(linktype::ETHERNET, &ethernet(&[0x86, 0xdd]), &v6), b"hi");
        assert_eq!(
            payload(linktype::ETHERNET, &ethernet(&[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]), &v4),
            b"hi"
        );
        assert_eq!(payload(linktype::NULL, &[2, 0, 0, 0], &v4), b"hi");
        assert_eq!(payload(linktype::NULL, &[0, 0, 0, 30], &v6), b"hi");
        assert_eq!(payload(linktype::RAW, &[], &v6), b"hi");
        assert_eq!(payload(linktype::SLL, &[&[0; 14], &[8, 0][..]].concat(), &v4), b"hi");
        assert_eq!(payload(linktype::SLL2, &[&[0x86, 0xdd], &[0; 18][..]].concat(), &v6), b"hi");
    }

    #[test]
    fn extension_headers_are_skipped_and_fragments_reported() {
        let options = [IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0];
        assert_eq!(payload(linktype::RAW, &[], &v6(0, &options)), b"hi");
        let whole_in_one = [IPPROTO_TCP, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(payload(linktype::RAW, &[], &v6(44, &whole_in_one)), b"hi");
        assert_eq!(
            parse_packet(linktype::RAW, &v6(44, &[IPPROTO_TCP, 0, 0, 1, 0, 0, 0, 1])),
            ParsedPacket::Fragment
        );
        assert_eq!(
            parse_packet(linktype::RAW, &v4(IPPROTO_TCP, [0x20, 0])),
            ParsedPacket::Fragment
        );
        assert_eq!(parse_packet(linktype::RAW, &v4(17, [0, 0])), ParsedPacket::Other);
    }

    #[test]
    fn uncaptured_bytes_are_counted() {
        let packet = v4(IPPROTO_TCP, [0, 0]);
        let ParsedPacket::Segment(segment) = parse_packet(linktype::RAW, &packet[..41]) else {
            panic!("no segment")
        };
        assert_eq!((segment.payload, segment.missing_bytes), (&b"h"[..], 1));
        assert_eq!(parse_packet(linktype::RAW, &packet[..30]), ParsedPacket::Truncated);
    }

    proptest! {
        #[test]
        fn any_bytes_with_any_link_type_are_parsed_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..120), link in 0_u16..300, version in 4_u8..7,
        ) {
            parse_packet(link, &bytes);
            let mut raw = bytes;
            if let Some(first) = raw.first_mut() {
                *first = version << 4 | *first & 15;
            }
            parse_packet(linktype::RAW, &raw);
        }
    }
}
