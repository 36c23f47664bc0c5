//! The same TCP segment in every encapsulation that captures contain. Addresses are those of RFC
//! 5737 and RFC 3849.

/// A packet of a capture file.
pub(crate) struct Encapsulated {
    pub(crate) name: &'static str,
    /// The link type (`LINKTYPE_` value).
    pub(crate) link: u16,
    pub(crate) packet: Vec<u8>,
}

/// Returns a TCP segment with this payload from port 5000 to port 80, number 7, acknowledging 9.
pub(crate) fn segment(payload: &[u8]) -> Vec<u8> {
    let header = [0x13, 0x88, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    [&header[..], payload].concat()
}

fn with_u16(head: &[u8], number: usize, behind: &[u8]) -> Vec<u8> {
    [head, &(number as u16).to_be_bytes(), behind].concat()
}

/// Returns an IPv4 datagram with this field of flags and offset.
pub(crate) fn ipv4_fragment(protocol: u8, id: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = with_u16(&[0x45, 0], payload.len() + 20, &id.to_be_bytes());
    header.extend(flags.to_be_bytes());
    header.extend([64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    let sum: u32 =
        header.as_chunks::<2>().0.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    [&header, payload].concat()
}

pub(crate) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_fragment(protocol, 1, 0x4000, payload)
}

pub(crate) fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = with_u16(&[0x60, 0, 0, 0], payload.len(), &[protocol, 64]);
    for last in [1, 2] {
        packet.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    [&packet, payload].concat()
}

#[allow(dead_code)] // not every test that includes this file uses it
/// Returns an IPv6 packet with a fragment header; `flags` has the offset in units of 8 bytes and the
/// flag that more follow.
pub(crate) fn ipv6_fragment(protocol: u8, id: u32, flags: u16, payload: &[u8]) -> Vec<u8> {
    let header = with_u16(&[protocol, 0], flags.into(), &id.to_be_bytes());
    ipv6(44, &[&header, payload].concat())
}

pub(crate) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let ports = with_u16(&[0xc0, 0], port.into(), &[]);
    with_u16(&ports, payload.len() + 8, &[&[0, 0], payload].concat())
}

pub(crate) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    with_u16(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], kind.into(), payload)
}

fn gre(flags: u16, kind: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let head = with_u16(&flags.to_be_bytes(), kind.into(), options);
    [&head, payload].concat()
}

pub(crate) fn vxlan(frame: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat()
}

/// Returns a Geneve header with one option of 8 bytes, and what follows it.
fn geneve(kind: u16, payload: &[u8]) -> Vec<u8> {
    let head = with_u16(&[2, 0], kind.into(), &[0, 0, 42, 0]);
    [&head[..], &[0, 1, 2, 1, 9, 9, 9, 9], payload].concat()
}

fn mpls(payload: &[u8]) -> Vec<u8> {
    mpls_label(32, payload)
}

/// Returns a stack of two labels, the last of which is `label`, and what follows it.
fn mpls_label(label: u16, payload: &[u8]) -> Vec<u8> {
    // A label has 20 bits; the lowest bit of its third byte marks the bottom of the stack.
    let [high, low] = (label << 4).to_be_bytes();
    [&[0, 1, 0, 64, 0, high, low | 1, 64], payload].concat()
}

fn pppoe(payload: &[u8]) -> Vec<u8> {
    with_u16(&[0x11, 0, 0, 7], payload.len(), payload)
}

/// Returns an attribute of a netfilter log, in little-endian order and padded.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = value.len() as u16 + 4;
    let mut attribute = [&len.to_le_bytes(), &kind.to_le_bytes(), value].concat();
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

fn nflog(family: u8, packet: &[u8]) -> Vec<u8> {
    // The hook and the prefix come before the packet.
    let before = [attribute(1, &[8, 0, 1, 0]), attribute(10, b"wire\0")].concat();
    [&[family, 0, 0, 1], &before[..], &attribute(9, packet)].concat()
}

fn pktap(link: u32, packet: &[u8]) -> Vec<u8> {
    let mut header = [108_u32.to_le_bytes(), 1_u32.to_le_bytes(), link.to_le_bytes()].concat();
    header.extend(b"en0");
    header.resize(108, 0);
    [&header, packet].concat()
}

fn erspan_ii(frame: &[u8]) -> Vec<u8> {
    gre(0x1000, 0x88be, &[0, 0, 0, 5], &[&[0x10, 1, 0, 9, 0, 0, 0, 0], frame].concat())
}

/// Returns a mirrored frame of ERSPAN type III, with or without the platform's subheader.
fn erspan_iii(subheader: &[u8], frame: &[u8]) -> Vec<u8> {
    let flags = u8::from(!subheader.is_empty());
    let head = [0x20, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, flags];
    gre(0x1000, 0x22eb, &[0, 0, 0, 5], &[&head[..], subheader, frame].concat())
}

/// Returns a data frame of IEEE 802.11 with quality of service, to an access point.
fn wifi(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x88, 1, 0, 0];
    for last in [1, 2, 3] {
        frame.extend([2, 0, 0, 0, 0, last]);
    }
    frame.extend([0x10, 0, 0, 0]);
    [&frame, payload].concat()
}

fn snap(kind: u16, payload: &[u8]) -> Vec<u8> {
    with_u16(&[0xaa, 0xaa, 3, 0, 0, 0], kind.into(), payload)
}

fn radiotap(frame: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 0, 0, 0, 0, 0], frame].concat()
}

/// Returns each encapsulation with a segment of this payload.
pub(crate) fn all(payload: &[u8]) -> Vec<Encapsulated> {
    const ETHERNET: u16 = 1;
    const RAW: u16 = 101;
    let segment = segment(payload);
    let (v4, v6) = (ipv4(6, &segment), ipv6(6, &segment));
    let inner = ethernet(0x0800, &v4);
    let over_udp = |port, payload: &[u8]| ethernet(0x0800, &ipv4(17, &udp(port, payload)));
    let over_gre = |payload: &[u8]| ethernet(0x0800, &ipv4(47, payload));
    let vlan = ethernet(0x8100, &[&[0, 5, 0x08, 0][..], &v4].concat());
    let all = [
        ("Ethernet", ETHERNET, inner.clone()),
        ("VLAN", ETHERNET, vlan.clone()),
        ("LLC and SNAP", ETHERNET, {
            let snap = snap(0x0800, &v4);
            ethernet(snap.len() as u16, &snap)
        }),
        ("VXLAN", ETHERNET, over_udp(4789, &vxlan(&inner))),
        ("VXLAN of Linux, IPv6", ETHERNET, {
            let datagram = udp(8472, &vxlan(&ethernet(0x86dd, &v6)));
            ethernet(0x86dd, &ipv6(17, &datagram))
        }),
        ("VXLAN in VXLAN", ETHERNET, {
            let once = over_udp(4789, &vxlan(&vlan));
            over_udp(4789, &vxlan(&once))
        }),
        ("VXLAN-GPE", ETHERNET, over_udp(4790, &[&[0x0c, 0, 0, 1, 0, 0, 1, 0], &v4[..]].concat())),
        ("Geneve", ETHERNET, over_udp(6081, &geneve(0x6558, &inner))),
        ("Geneve, IPv4 inside", ETHERNET, over_udp(6081, &geneve(0x0800, &v4))),
        ("GRE", ETHERNET, over_gre(&gre(0, 0x0800, &[], &v4))),
        ("GRE, all fields", ETHERNET, over_gre(&gre(0xb000, 0x86dd, &[0; 12], &v6))),
        ("NVGRE", ETHERNET, over_gre(&gre(0x2000, 0x6558, &[0, 0, 42, 0], &inner))),
        ("GRE of PPTP", ETHERNET, {
            let options =
                [&(v4.len() as u16 + 4).to_be_bytes()[..], &[0, 1, 0, 0, 0, 5, 0, 0, 0, 6]];
            let frame = [&[0xff, 3, 0, 0x21], &v4[..]].concat();
            over_gre(&gre(0x3081, 0x880b, &options.concat(), &frame))
        }),
        ("GRE in UDP", ETHERNET, over_udp(4754, &gre(0, 0x0800, &[], &v4))),
        ("ERSPAN I", ETHERNET, over_gre(&gre(0, 0x88be, &[], &inner))),
        ("ERSPAN II", ETHERNET, over_gre(&erspan_ii(&inner))),
        ("ERSPAN III", ETHERNET, over_gre(&erspan_iii(&[], &inner))),
        ("ERSPAN III, subheader", ETHERNET, over_gre(&erspan_iii(&[0; 8], &inner))),
        ("IP in IP", RAW, ipv4(4, &v4)),
        ("6in4", RAW, ipv4(41, &v6)),
        ("4in6", RAW, ipv6(4, &v4)),
        ("6in6", RAW, ipv6(41, &v6)),
        ("EtherIP", RAW, ipv4(97, &[&[0x30, 0], &inner[..]].concat())),
        ("authentication header", RAW, {
            let header = [6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            ipv4(51, &[&header[..], &segment].concat())
        }),
        ("MPLS", ETHERNET, ethernet(0x8847, &mpls(&v4))),
        ("MPLS, IPv6", ETHERNET, ethernet(0x8847, &mpls(&v6))),
        ("MPLS pseudowire", ETHERNET, ethernet(0x8847, &mpls_label(48, &inner))),
        ("MPLS pseudowire with control word", ETHERNET, {
            ethernet(0x8847, &mpls_label(64, &[&[0, 0, 0, 1], &inner[..]].concat()))
        }),
        ("MPLS in UDP", ETHERNET, over_udp(6635, &mpls(&v4))),
        ("PPPoE", ETHERNET, ethernet(0x8864, &pppoe(&[&[0, 0x21], &v4[..]].concat()))),
        ("PPPoE, IPv6", ETHERNET, ethernet(0x8864, &pppoe(&[&[0, 0x57], &v6[..]].concat()))),
        ("L2TP", ETHERNET, {
            let head = with_u16(&[0x40, 2], v4.len() + 12, &[0, 1, 0, 2, 0xff, 3, 0, 0x21]);
            over_udp(1701, &[head, v4.clone()].concat())
        }),
        ("GTP-U", ETHERNET, {
            over_udp(2152, &[&with_u16(&[0x30, 255], v4.len(), &[0, 0, 0, 1])[..], &v4].concat())
        }),
        ("GTP-U with an extension", ETHERNET, {
            let head = with_u16(&[0x34, 255], v4.len() + 8, &[0, 0, 0, 1, 0, 0, 0, 0x85]);
            over_udp(2152, &[&head[..], &[1, 0, 9, 0], &v4].concat())
        }),
        ("Teredo", ETHERNET, over_udp(3544, &[&[0, 0, 1, 2, 3, 4, 5, 6], &v6[..]].concat())),
        ("LISP", ETHERNET, over_udp(4341, &[&[0x88, 0, 0, 1, 0, 0, 5, 0], &v4[..]].concat())),
        ("GUE", ETHERNET, over_udp(6080, &[&[1, 4, 0, 0, 9, 9, 9, 9], &v4[..]].concat())),
        ("GUE without a header", ETHERNET, over_udp(6080, &v4)),
        ("TZSP", ETHERNET, over_udp(37_008, &[&[1, 0, 0, 1, 10, 1, 9, 1], &inner[..]].concat())),
        ("NSH", ETHERNET, {
            let head = [0x0f, 0xc6, 1, 1, 0, 0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0];
            ethernet(0x894f, &[&head[..], &[0; 8], &v4].concat())
        }),
    ];
    let all = all.into_iter().chain(link_types(&v4, &v6));
    all.map(|(name, link, packet)| Encapsulated { name, link, packet }).collect()
}

/// Returns the same datagrams of both versions behind the headers of each link type.
fn link_types(v4: &[u8], v6: &[u8]) -> Vec<(&'static str, u16, Vec<u8>)> {
    let inner = ethernet(0x0800, v4);
    vec![
        ("BSD loopback", 0, [&[2, 0, 0, 0], v4].concat()),
        ("OpenBSD loopback", 108, [&[0, 0, 0, 24], v6].concat()),
        ("raw IP", 101, v6.to_vec()),
        ("raw IPv4", 228, v4.to_vec()),
        ("raw IPv6", 229, v6.to_vec()),
        ("PPP", 9, [&[0xff, 3, 0, 0x21], v4].concat()),
        ("PPP, compressed fields", 9, [&[0x57], v6].concat()),
        ("PPP in HDLC", 50, [&[0xff, 3, 0, 0x21], v4].concat()),
        ("PPPoE without Ethernet", 51, pppoe(&[&[0, 0x21], v4].concat())),
        ("PPP with direction", 204, [&[1, 0xff, 3, 0, 0x21], v4].concat()),
        ("Cisco HDLC", 104, [&[0x0f, 0, 8, 0], v4].concat()),
        ("LLC over ATM", 100, snap(0x0800, v4)),
        ("Linux cooked", 113, {
            let head = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 8, 0];
            [&head[..], v4].concat()
        }),
        ("Linux cooked, version 2", 276, {
            let head = [0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0];
            [&head[..], v6].concat()
        }),
        ("IP over FireWire", 138, [&[0; 16][..], &[8, 0], v4].concat()),
        ("MPLS without Ethernet", 219, mpls(v4)),
        ("NFLOG", 239, nflog(2, v4)),
        ("NFLOG, IPv6", 239, nflog(10, v6)),
        ("PKTAP", 258, pktap(1, &inner)),
        ("PKTAP of a tunnel", 258, pktap(0, &[&[2, 0, 0, 0], v4].concat())),
        ("Wi-Fi", 105, wifi(&snap(0x0800, v4))),
        ("radiotap", 127, radiotap(&wifi(&snap(0x86dd, v6)))),
        ("PPI", 192, [&[0, 0, 8, 0, 105, 0, 0, 0], &wifi(&snap(0x0800, v4))[..]].concat()),
    ]
}
