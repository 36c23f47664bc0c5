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
    let begins = match link {
        link::ETHERNET => ethernet(packet),
        link::NULL | link::LOOP => Ok(4),
        link::RAW | link::IPV4 | link::IPV6 | 12 | 14 => Ok(0),
        link::SLL => of_type(packet, 14, 16),
        link::SLL2 => of_type(packet, 0, 20),
        _ => return Seen::UnknownLink,
    };
    match begins {
        Ok(begins) => ip(packet, begins),
        Err(seen) => seen,
    }
}

/// Where the IP header begins behind an Ethernet header with any number of VLAN tags.
fn ethernet(packet: &[u8]) -> Result<usize, Seen<'static>> {
    let mut at = 12;
    while let Some([0x81 | 0x91, 0x00] | [0x88, 0xa8]) = packet.get(at..at + 2) {
        at += 4;
    }
    of_type(packet, at, at + 2)
}

/// Where the IP header begins, if the type field at `at` says that there is one.
fn of_type(packet: &[u8], at: usize, begins: usize) -> Result<usize, Seen<'static>> {
    match packet.get(at..at + 2) {
        Some([0x08, 0x00] | [0x86, 0xdd]) => Ok(begins),
        Some([0x81, 0x00] | [0x88, 0xa8]) => of_type(packet, begins + 2, begins + 4),
        Some(_) => Err(Seen::Other),
        None => Err(Seen::Cut),
    }
}

fn ip(packet: &[u8], begins: usize) -> Seen<'_> {
    match packet.get(begins).map(|first| first >> 4) {
        Some(4) => ipv4(packet, begins),
        Some(6) => ipv6(packet, begins),
        Some(_) => Seen::Other,
        None => Seen::Cut,
    }
}

fn ipv4(packet: &[u8], begins: usize) -> Seen<'_> {
    let Some(header) = packet[begins..].first_chunk::<20>() else { return Seen::Cut };
    if header[9] != TCP {
        return Seen::Other;
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    if fragment & 0x3fff != 0 {
        return Seen::Fragment;
    }
    let address =
        |at: usize| IpAddr::V4(Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]));
    let len = usize::from(header[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // a length of 0 is what a segment too long for the field has before the network card cuts it
    let end = if total == 0 { packet.len() } else { begins + total };
    if len < 20 {
        return Seen::Other;
    }
    tcp(packet, begins + len, end, address(12), address(16))
}

fn ipv6(packet: &[u8], begins: usize) -> Seen<'_> {
    let Some(header) = packet[begins..].first_chunk::<40>() else { return Seen::Cut };
    let address = |at: usize| {
        let bytes: [u8; 16] = header[at..at + 16].try_into().expect("a slice of 16 bytes");
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    let payload = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let end = if payload == 0 { packet.len() } else { begins + 40 + payload };
    let (mut next, mut at) = (header[6], begins + 40);
    while next != TCP {
        let Some(extension) = packet.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            return Seen::Cut;
        };
        at += match next {
            0 | 43 | 60 => 8 + usize::from(extension[1]) * 8,
            51 => 8 + usize::from(extension[1]) * 4,
            44 if u16::from_be_bytes([extension[2], extension[3]]) & 0xfff9 == 0 => 8,
            44 => return Seen::Fragment,
            _ => return Seen::Other,
        };
        next = extension[0];
    }
    tcp(packet, at, end, address(8), address(24))
}

fn tcp(packet: &[u8], begins: usize, end: usize, from: IpAddr, to: IpAddr) -> Seen<'_> {
    let Some(header) = packet.get(begins..).and_then(|rest| rest.first_chunk::<20>()) else {
        return Seen::Cut;
    };
    let port = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let offset = begins + usize::from(header[12] >> 4) * 4;
    if offset < begins + 20 || offset > end {
        return Seen::Other;
    }
    let kept = end.min(packet.len());
    Seen::Segment(Segment {
        from: SocketAddr::new(from, port(0)),
        to: SocketAddr::new(to, port(2)),
        seq: number(4),
        ack: (header[13] & ACK != 0).then(|| number(8)),
        flags: header[13],
        payload: packet.get(offset..kept).unwrap_or_default(),
        offset,
        cut: end - kept.max(offset),
    })
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
