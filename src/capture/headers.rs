//! Link, IP and TCP headers of one packet, down to the bytes that TCP carries.
//! What the segments of a connection mean together is the business of [`super::order`]; checksums are not looked at,
//! because a capture on the sending machine often has them unfilled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
const ACK: u8 = 0x10;

const TCP: u8 = 6;

/// Link types, by their numbers in both formats (the registry of `LINKTYPE_` values).
mod link {
    pub(super) const NULL: u16 = 0;
    pub(super) const ETHERNET: u16 = 1;
    pub(super) const RAW: u16 = 101;
    pub(super) const LOOP: u16 = 108;
    pub(super) const SLL: u16 = 113;
    pub(super) const IPV4: u16 = 228;
    pub(super) const IPV6: u16 = 229;
    pub(super) const SLL2: u16 = 276;
}

/// What one packet turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    Segment(Segment<'a>),
    /// A piece of an IP packet: these are not put together again.
    Fragment,
    /// The capture kept too little of the packet to see its TCP header.
    Cut,
    /// A link type that is not read here.
    UnknownLink,
    /// Not TCP.
    Other,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) seq: u32,
    pub(super) ack: Option<u32>,
    pub(super) flags: u8,
    /// As much of the payload as the capture kept.
    pub(super) payload: &'a [u8],
    /// Where in the packet the payload begins.
    pub(super) offset: usize,
    /// How many bytes of the payload the capture did not keep.
    pub(super) cut: usize,
}

/// Reads the headers of a packet with this link type.
pub(super) fn read(link: u16, packet: &[u8]) -> Seen<'_> {
    let behind = |bytes: usize| packet.get(bytes..).unwrap_or_default();
    let datagram = match link {
        link::ETHERNET => typed(behind(12)),
        link::NULL | link::LOOP => Ok(behind(4)),
        link::RAW | link::IPV4 | link::IPV6 | 12 | 14 => Ok(packet),
        link::SLL => typed(behind(14)),
        link::SLL2 => of_type(packet, behind(20)),
        _ => return Seen::UnknownLink,
    };
    match datagram {
        Ok(datagram) => ip(datagram, packet.len()),
        Err(seen) => seen,
    }
}

/// The IP datagram behind a type field, with which `bytes` begins.
fn typed(bytes: &[u8]) -> Result<&[u8], Seen<'static>> {
    of_type(bytes, bytes.get(2..).unwrap_or_default())
}

/// The IP datagram that `behind` is, perhaps behind VLAN tags, if the type field that `kind` begins with says so.
fn of_type<'a>(kind: &[u8], behind: &'a [u8]) -> Result<&'a [u8], Seen<'static>> {
    let (mut kind, mut behind) = (kind.first_chunk(), behind);
    loop {
        match kind {
            Some([0x08, 0x00] | [0x86, 0xdd]) => return Ok(behind),
            // two bytes of tag, then the next type
            Some([0x81 | 0x91, 0x00] | [0x88, 0xa8]) => {
                let tagged = behind.get(2..).unwrap_or_default();
                (kind, behind) = (tagged.first_chunk(), tagged.get(2..).unwrap_or_default());
            }
            Some(_) => return Err(Seen::Other),
            None => return Err(Seen::Cut),
        }
    }
}

/// `datagram` ends with the packet, which has `packet_len` bytes.
fn ip(datagram: &[u8], packet_len: usize) -> Seen<'_> {
    match datagram.first().map(|first| first >> 4) {
        Some(4) => ipv4(datagram, packet_len),
        Some(6) => ipv6(datagram, packet_len),
        Some(_) => Seen::Other,
        None => Seen::Cut,
    }
}

fn ipv4(datagram: &[u8], packet_len: usize) -> Seen<'_> {
    let Some((header, _)) = datagram.split_first_chunk::<20>() else { return Seen::Cut };
    let &[version_and_len, _, total_0, total_1, _, _, flags_0, flags_1, _, protocol, _, _, addresses @ ..] =
        header;
    if protocol != TCP {
        return Seen::Other;
    }
    if u16::from_be_bytes([flags_0, flags_1]) & 0x3fff != 0 {
        return Seen::Fragment;
    }
    let &[from, to] = addresses.as_chunks::<4>().0 else { return Seen::Cut };
    let between = [from, to].map(|address| IpAddr::V4(Ipv4Addr::from(address)));
    let len = words(version_and_len & 15);
    if len < 20 {
        return Seen::Other;
    }
    let total = match u16::from_be_bytes([total_0, total_1]) {
        // what a segment too long for the field has before the network card cuts it
        0 => datagram.len(),
        total => total.into(),
    };
    let segment = datagram.get(len..).unwrap_or_default();
    total.checked_sub(len).map_or(Seen::Other, |total| tcp(segment, total, between, packet_len))
}

fn ipv6(datagram: &[u8], packet_len: usize) -> Seen<'_> {
    let Some((header, mut rest)) = datagram.split_first_chunk::<40>() else { return Seen::Cut };
    let &[_, _, _, _, payload_0, payload_1, first, _, ref addresses @ ..] = header;
    let &[from, to] = addresses.as_chunks::<16>().0 else { return Seen::Cut };
    let between = [from, to].map(|address| IpAddr::V6(Ipv6Addr::from(address)));
    // what the payload length counts: everything behind this header
    let mut left = match u16::from_be_bytes([payload_0, payload_1]) {
        0 => rest.len(),
        payload => payload.into(),
    };
    let mut next = first;
    while next != TCP {
        let Some(&[after, units, offset_0, offset_1, ..]) = rest.first_chunk::<8>() else { return Seen::Cut };
        let len = match next {
            // units of eight bytes behind the first eight; for the authentication header units of four
            0 | 43 | 60 => usize::from(units).saturating_add(1).saturating_mul(8),
            51 => usize::from(units).saturating_add(2).saturating_mul(4),
            44 if u16::from_be_bytes([offset_0, offset_1]) & 0xfff9 == 0 => 8,
            44 => return Seen::Fragment,
            _ => return Seen::Other,
        };
        let Some(fewer) = left.checked_sub(len) else { return Seen::Other };
        (left, rest, next) = (fewer, rest.get(len..).unwrap_or_default(), after);
    }
    tcp(rest, left, between, packet_len)
}

/// A segment of which the IP header says that it has `total` bytes; `segment` goes on to the end of the packet.
fn tcp(segment: &[u8], total: usize, [from, to]: [IpAddr; 2], packet_len: usize) -> Seen<'_> {
    let Some((header, _)) = segment.split_first_chunk::<20>() else { return Seen::Cut };
    let &[from_0, from_1, to_0, to_1, s0, s1, s2, s3, a0, a1, a2, a3, data_offset, flags, ..] = header;
    let header_len = words(data_offset >> 4);
    let Some(payload_len) = total.checked_sub(header_len).filter(|_| header_len >= 20) else {
        return Seen::Other;
    };
    let kept = segment.get(header_len..).unwrap_or_default();
    let (payload, _) = kept.split_at(payload_len.min(kept.len()));
    Seen::Segment(Segment {
        from: SocketAddr::new(from, u16::from_be_bytes([from_0, from_1])),
        to: SocketAddr::new(to, u16::from_be_bytes([to_0, to_1])),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: (flags & ACK != 0).then(|| u32::from_be_bytes([a0, a1, a2, a3])),
        flags,
        payload,
        offset: packet_len.saturating_sub(kept.len()),
        cut: payload_len.saturating_sub(payload.len()),
    })
}

/// A header's length, which is written in words of four bytes.
fn words(count: u8) -> usize {
    usize::from(count).saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 10.0.0.1:5000 -> 10.0.0.2:80, "hi", then two bytes of Ethernet padding.
    fn v4(protocol: u8, fragment: [u8; 2]) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 42, 0, 0, fragment[0], fragment[1], 64, protocol, 0, 0];
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend(segment());
        bytes.extend([0, 0]);
        bytes
    }

    fn segment() -> Vec<u8> {
        let mut bytes = vec![0x13, 0x88, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
        bytes.extend(b"hi");
        bytes
    }

    /// The same over IPv6, behind these extension headers.
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
        match read(link, &packet) {
            Seen::Segment(segment) => {
                assert_eq!((segment.seq, segment.ack, segment.cut), (7, Some(9), 0));
                assert_eq!((segment.from.port(), segment.to.port()), (5000, 80));
                assert_eq!(&packet[segment.offset..][..segment.payload.len()], segment.payload);
                segment.payload.to_vec()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_link_type_leads_to_the_same_segment() {
        let (v4, v6) = (v4(TCP, [0x40, 0]), v6(TCP, &[]));
        let ethernet = |kind: &[u8]| [&[0; 12], kind].concat();
        assert_eq!(payload(link::ETHERNET, &ethernet(&[8, 0]), &v4), b"hi");
        assert_eq!(payload(link::ETHERNET, &ethernet(&[0x86, 0xdd]), &v6), b"hi");
        assert_eq!(payload(link::ETHERNET, &ethernet(&[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]), &v4), b"hi");
        assert_eq!(payload(link::NULL, &[2, 0, 0, 0], &v4), b"hi");
        assert_eq!(payload(link::NULL, &[0, 0, 0, 30], &v6), b"hi");
        assert_eq!(payload(link::RAW, &[], &v6), b"hi");
        assert_eq!(payload(link::SLL, &[&[0; 14], &[8, 0][..]].concat(), &v4), b"hi");
        assert_eq!(payload(link::SLL2, &[&[0x86, 0xdd], &[0; 18][..]].concat(), &v6), b"hi");
    }

    #[test]
    fn extension_headers_are_passed_and_fragments_told() {
        let options = [TCP, 0, 1, 4, 0, 0, 0, 0];
        assert_eq!(payload(link::RAW, &[], &v6(0, &options)), b"hi");
        let whole_in_one = [TCP, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(payload(link::RAW, &[], &v6(44, &whole_in_one)), b"hi");
        assert_eq!(read(link::RAW, &v6(44, &[TCP, 0, 0, 1, 0, 0, 0, 1])), Seen::Fragment);
        assert_eq!(read(link::RAW, &v4(TCP, [0x20, 0])), Seen::Fragment);
        assert_eq!(read(link::RAW, &v4(17, [0, 0])), Seen::Other);
    }

    #[test]
    fn what_the_capture_cut_off_is_counted() {
        let packet = v4(TCP, [0, 0]);
        let Seen::Segment(segment) = read(link::RAW, &packet[..41]) else { panic!("no segment") };
        assert_eq!((segment.payload, segment.cut), (&b"h"[..], 1));
        assert_eq!(read(link::RAW, &packet[..30]), Seen::Cut);
    }

    proptest! {
        #[test]
        fn any_bytes_with_any_link_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..120), link in 0_u16..300, version in 4_u8..7,
        ) {
            read(link, &bytes);
            let mut raw = bytes;
            if let Some(first) = raw.first_mut() {
                *first = version << 4 | *first & 15;
            }
            read(link::RAW, &raw);
        }
    }
}
