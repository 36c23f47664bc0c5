//! Tests of the headers: each encapsulation, what is refused by name, and any bytes at all.

#[path = "../../../../tests/vectors/encapsulations.rs"]
mod encapsulations;

use proptest::prelude::*;

use super::numbers::linktype;
use super::parse::{MAX_HEADERS, parse_step_by_step};
use super::*;
use encapsulations::{ethernet, ipv4, ipv4_fragment, ipv6, ipv6_fragment, segment, udp, vxlan};

const TCP: u8 = 6;

/// Parses a packet with the segment of [`encapsulations::segment`] and returns its payload.
fn payload(link: u16, packet: &[u8]) -> &[u8] {
    match parse_packet(link, packet) {
        ParsedPacket::Segment(segment) => {
            assert_eq!((segment.seq, segment.ack, segment.missing_bytes), (7, Some(9), 0));
            assert_eq!((segment.from.port(), segment.to.port()), (5000, 80));
            let place = segment.payload_offset..segment.payload_offset + segment.payload.len();
            assert_eq!(&packet[place], segment.payload);
            segment.payload
        }
        other => panic!("no segment: {other:?}"),
    }
}

fn unread(link: u16, packet: &[u8]) -> Unread {
    match parse_packet(link, packet) {
        ParsedPacket::Unread(what) => what,
        other => panic!("read: {other:?}"),
    }
}

#[test]
fn every_encapsulation_leads_to_the_same_segment() {
    for case in encapsulations::all(b"hi") {
        println!("{}", case.name);
        // Ethernet pads short frames, and what is behind a datagram is not its payload.
        let padded = [&case.packet[..], &[0; 6]].concat();
        assert_eq!(payload(case.link, &case.packet), b"hi", "{}", case.name);
        assert_eq!(payload(case.link, &padded), b"hi", "{}, padded", case.name);
    }
}

#[test]
fn a_packet_that_was_cut_off_anywhere_is_truncated_or_lacks_payload() {
    for case in encapsulations::all(b"hi") {
        let (name, whole) = (case.name, case.packet.len());
        for len in 0..whole {
            match parse_packet(case.link, &case.packet[..len]) {
                ParsedPacket::Segment(segment) => {
                    assert_eq!(segment.payload.len() + segment.missing_bytes, 2, "{name}, {len}");
                    assert!(b"hi".starts_with(segment.payload), "{name}, {len}");
                }
                ParsedPacket::Unread(_) => {}
                other @ ParsedPacket::Fragment(_) => panic!("{name}, {len}: {other:?}"),
            }
        }
    }
}

#[test]
fn extension_headers_are_skipped() {
    let segment = segment(b"hi");
    let with = |first, extension: &[u8]| ipv6(first, &[extension, &segment].concat());
    assert_eq!(payload(linktype::RAW, &with(0, &[TCP, 0, 1, 4, 0, 0, 0, 0])), b"hi");
    let two = [60, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, TCP, 0, 1, 4, 0, 0, 0, 0];
    assert_eq!(payload(linktype::RAW, &with(43, &two)), b"hi");
    // An atomic fragment is the whole datagram.
    assert_eq!(payload(linktype::RAW, &ipv6_fragment(TCP, 1, 0, &segment)), b"hi");
    assert_eq!(unread(linktype::RAW, &with(59, &[])), Unread::IpProtocol(59));
}

#[test]
fn fragments_state_their_place() {
    let part = [7; 16];
    for (packet, id, more, start) in [
        (ipv4_fragment(TCP, 0x1234, 0x2000, &part), 0x1234, true, 0),
        (ipv4_fragment(TCP, 0x1234, 0x0003, &part), 0x1234, false, 24),
        (ipv6_fragment(TCP, 0x1234_5678, 0x0019, &part), 0x1234_5678, true, 24),
    ] {
        let ParsedPacket::Fragment(fragment) = parse_packet(linktype::RAW, &packet) else {
            panic!("no fragment")
        };
        assert_eq!((fragment.key.id, fragment.key.protocol), (id, TCP));
        assert_eq!((fragment.more, fragment.start, fragment.len), (more, start, 16));
        assert_eq!((fragment.bytes, fragment.offset), (&part[..], packet.len() - 16));
    }
    for (flags, len) in [(0x2000, 15), (0x1fff, 16), (0x2000, 0)] {
        let packet = ipv4_fragment(TCP, 1, flags, &vec![0; len]);
        assert_eq!(unread(linktype::RAW, &packet), Unread::Malformed, "{flags:x}, {len}");
    }
    // Fragments of what is not read are not kept.
    assert_eq!(unread(linktype::RAW, &ipv4_fragment(1, 1, 0x2000, &part)), Unread::IpProtocol(1));
}

#[test]
fn networks_differ_by_the_identifiers_of_tags_and_tunnels() {
    let network = |packet: &[u8]| match parse_packet(linktype::ETHERNET, packet) {
        ParsedPacket::Segment(segment) => segment.network,
        ParsedPacket::Fragment(fragment) => fragment.key.network,
        ParsedPacket::Unread(what) => panic!("{what}"),
    };
    let ip = ipv4(TCP, &segment(b"hi"));
    let plain = ethernet(0x0800, &ip);
    let vlan = |id: u8, packet: &[u8]| {
        let tagged = [&[0x20, id], &packet[12..]].concat();
        ethernet(0x8100, &tagged)
    };
    let tunnel = |port, head: &[u8], inner: &[u8]| {
        ethernet(0x0800, &ipv4(17, &udp(port, &[head, inner].concat())))
    };
    let keyed =
        |key: u8| ethernet(0x0800, &ipv4(47, &[&[0x20, 0, 8, 0, 0, 0, 0, key], &ip[..]].concat()));
    let vxlan = |id: u8| tunnel(4789, &[8, 0, 0, 0, 0, 0, id, 0], &plain);
    let geneve = |id: u8| tunnel(6081, &[0, 0, 0x65, 0x58, 0, 0, id, 0], &plain);
    let fragment = |id: u8| vlan(id, &ethernet(0x0800, &ipv4_fragment(TCP, 1, 0x2000, &[7; 16])));
    for (name, one, same, other) in [
        ("VLAN", vlan(5, &plain), vlan(5, &plain), vlan(6, &plain)),
        ("no VLAN", plain.clone(), vlan(0, &plain), vlan(6, &plain)),
        (
            "two tags",
            vlan(5, &vlan(6, &plain)),
            vlan(5, &vlan(6, &plain)),
            vlan(6, &vlan(5, &plain)),
        ),
        ("VXLAN", vxlan(5), vxlan(5), vxlan(6)),
        ("VXLAN", vxlan(0), plain.clone(), vxlan(6)),
        ("Geneve", geneve(5), geneve(5), geneve(6)),
        ("GRE", keyed(5), keyed(5), keyed(6)),
        ("fragments", fragment(5), fragment(5), fragment(6)),
    ] {
        assert_eq!(network(&one), network(&same), "{name}");
        assert_ne!(network(&one), network(&other), "{name}");
    }
}

#[test]
fn what_is_not_read_has_a_name() {
    let gre = |flags: u8, version: u8| ipv4(47, &[flags, version, 8, 0, 0, 0, 0, 0]);
    for (link, packet, name, may_carry_tcp) in [
        (1, ethernet(0x0806, &[0; 28]), "ARP (EtherType 0x0806)", false),
        (1, ethernet(0x88e5, &[0; 28]), "MACsec (EtherType 0x88e5)", true),
        (1, ethernet(0x9999, &[0; 28]), "EtherType 0x9999", true),
        (1, ethernet(38, &[0x42, 0x42, 3, 0]), "LLC", false),
        (101, ipv4(132, &[0; 20]), "SCTP (IP protocol 132)", false),
        (101, ipv4(50, &[0; 20]), "ESP (IP protocol 50)", true),
        (101, ipv4(200, &[0; 20]), "IP protocol 200", true),
        (101, ipv4(17, &udp(51_820, &[4, 0, 0, 0])), "WireGuard (UDP port 51820)", true),
        (101, ipv4(17, &udp(4789, &[0; 30])), "VXLAN (UDP port 4789)", true),
        (101, ipv4(17, &udp(53, &[0; 30])), "DNS (UDP port 53)", false),
        (101, ipv4(17, &udp(40_000, &[0; 30])), "UDP", false),
        (
            101,
            gre(0x40, 0),
            "GRE with source routing or of an unknown version (IP protocol 47)",
            true,
        ),
        (101, gre(0, 2), "GRE with source routing or of an unknown version (IP protocol 47)", true),
        (101, vec![0x30; 40], "malformed headers", true),
        (9, vec![0xff, 3, 0xc0, 0x21, 9], "PPP control (PPP protocol 0xc021)", false),
        (9, vec![0xff, 3, 0, 0xfd, 9], "compressed PPP (PPP protocol 0x00fd)", true),
        (105, vec![0x08, 0x41, 0, 0], "encrypted IEEE 802.11", true),
        (105, vec![0x80, 0, 0, 0], "IEEE 802.11 management, control and aggregates", false),
        (147, vec![0; 40], "link type 147", true),
        (101, vec![0x45; 8], "truncated headers", true),
    ] {
        let what = unread(link, &packet);
        assert_eq!((what.to_string().as_str(), what.may_carry_tcp()), (name, may_carry_tcp));
    }
}

#[test]
fn nesting_has_a_bound() {
    let mut packet = ipv4(TCP, &segment(b"hi"));
    for depth in 1..100 {
        packet = ipv4(4, &packet);
        // A step for the link, and two for each IP header with what it carries.
        let headers = 1 + 2 * (depth + 1);
        if headers <= MAX_HEADERS {
            assert_eq!(payload(linktype::RAW, &packet), b"hi");
        } else {
            assert_eq!(unread(linktype::RAW, &packet), Unread::TooDeep);
        }
    }
}

/// The first nibble behind a stack of labels is that of an address, of a control word or of IP.
#[test]
fn an_mpls_payload_is_guessed_by_what_fits() {
    let frame = |first: u8| {
        let mut frame = ethernet(0x0800, &ipv4(TCP, &segment(b"hi")));
        frame[0] = first;
        frame
    };
    let stack = [0, 0, 1, 64];
    for first in [0x00, 0x02, 0x10, 0x45, 0x4e, 0x60, 0x6a, 0xfe] {
        for control_word in [&[][..], &[0, 0, 0, 9]] {
            let packet = [&stack, control_word, &frame(first)].concat();
            assert_eq!(payload(linktype::MPLS, &packet), b"hi", "{first:02x} {control_word:?}");
        }
    }
    let channel = [&stack[..], &[0x10, 0, 0, 0x21, 0, 0, 0, 0]].concat();
    assert_eq!(
        unread(linktype::MPLS, &channel).to_string(),
        "MPLS associated channel (EtherType 0x8847)"
    );
}

#[test]
fn uncaptured_bytes_are_counted() {
    let packet = ipv4(TCP, &segment(b"hi"));
    let ParsedPacket::Segment(segment) = parse_packet(linktype::RAW, &packet[..41]) else {
        panic!("no segment")
    };
    assert_eq!((segment.payload, segment.missing_bytes), (&b"h"[..], 1));
    assert_eq!(unread(linktype::RAW, &packet[..30]), Unread::Truncated);
}

#[test]
fn numbers_in_big_endian_logs_of_netfilter_are_read() {
    let packet = ipv4(TCP, &segment(b"hi"));
    let len = packet.len() as u16 + 4;
    let log = [&[2, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0, 0][..], &len.to_be_bytes(), &[0, 9], &packet];
    assert_eq!(payload(linktype::NFLOG, &log.concat()), b"hi");
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

    #[test]
    fn common_packets_are_read_like_all_others(
        payload in proptest::collection::vec(any::<u8>(), 0..20), six in any::<bool>(),
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..3), kept in 0_usize..120,
    ) {
        let tcp = segment(&payload);
        let (kind, datagram) =
            if six { (0x86dd, ipv6(TCP, &tcp)) } else { (0x0800, ipv4(TCP, &tcp)) };
        let mut packet = ethernet(kind, &datagram);
        for (at, byte) in damage {
            let at = usize::from(at) % packet.len();
            packet[at] = byte;
        }
        packet.truncate(kept);
        let parsed = parse_packet(linktype::ETHERNET, &packet);
        prop_assert_eq!(parsed, parse_step_by_step(linktype::ETHERNET, &packet));
    }

    #[test]
    fn damaged_encapsulations_are_parsed_without_panic(
        case in 0_usize..200, damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6),
    ) {
        let cases = encapsulations::all(b"hi");
        let case = &cases[case % cases.len()];
        let mut packet = case.packet.clone();
        for (at, byte) in damage {
            let at = usize::from(at) % packet.len();
            packet[at] = byte;
        }
        let deep = ethernet(0x0800, &ipv4(17, &udp(4789, &vxlan(&packet))));
        for (link, packet) in [(case.link, &packet), (linktype::ETHERNET, &deep)] {
            prop_assert_eq!(parse_packet(link, packet), parse_step_by_step(link, packet));
            if let ParsedPacket::Segment(segment) = parse_packet(link, packet) {
                let place = segment.payload_offset..segment.payload_offset + segment.payload.len();
                prop_assert_eq!(&packet[place], segment.payload);
            }
        }
    }
}
