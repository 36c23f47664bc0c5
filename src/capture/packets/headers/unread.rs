//! [`Unread`]: why a packet led to no TCP segment, with the name of what it contains instead.

use std::fmt;

/// Why a packet was not read down to a TCP segment. The values of one kind are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::capture) enum Unread {
    /// The capture kept too little of the packet to see its TCP header.
    Truncated,
    /// A header contradicts its own format.
    Malformed,
    /// There are more headers than [`MAX_HEADERS`](super::parse::MAX_HEADERS).
    TooDeep,
    /// The link type (`LINKTYPE_` value) is not supported.
    LinkType(u16),
    /// A protocol by its `EtherType` (IEEE 802).
    EtherType(u16),
    /// IEEE 802.2 LLC without SNAP: spanning tree and other protocols of switches.
    Llc,
    /// A GRE packet without content, by which routers find out whether a tunnel works.
    GreKeepalive,
    /// A protocol by its number in the IP header (IANA).
    IpProtocol(u8),
    /// A protocol by its number in PPP (IANA).
    PppProtocol(u16),
    /// A protocol by its well-known UDP port, of which [`name`](Self::name) knows the name.
    UdpPort(u16),
    /// UDP on any other port.
    Udp,
    /// A frame of IEEE 802.11 with encrypted data.
    EncryptedWifi,
    /// A frame of IEEE 802.11 without data, or with several packets in one (A-MSDU).
    OtherWifi,
}

/// The name of a protocol, and whether it can carry TCP.
type Name = (&'static str, bool);

impl Unread {
    /// Whether the packet may carry TCP all the same, so that a connection may be hidden in it.
    pub(in crate::capture) fn may_carry_tcp(self) -> bool {
        match self {
            Self::Llc | Self::GreKeepalive | Self::Udp | Self::OtherWifi => false,
            // An unknown protocol may carry anything.
            _ => self.name().is_none_or(|(_, carries)| carries),
        }
    }

    /// Returns what is known of the protocol; `None` if its number is unknown.
    fn name(self) -> Option<Name> {
        match self {
            Self::EtherType(number) => ethertype_name(number),
            Self::IpProtocol(number) => ip_protocol_name(number),
            Self::PppProtocol(number) => ppp_name(number),
            Self::UdpPort(port) => udp_name(port),
            _ => None,
        }
    }
}

/// Names the protocol with its number: `GTP-U (UDP port 2152)`.
impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = self.name() {
            write!(f, "{name} (")?;
        }
        match self {
            Self::Truncated => f.write_str("truncated headers"),
            Self::Malformed => f.write_str("malformed headers"),
            Self::TooDeep => f.write_str("headers nested too deeply"),
            Self::LinkType(number) => write!(f, "link type {number}"),
            Self::EtherType(number) => write!(f, "EtherType 0x{number:04x}"),
            Self::Llc => f.write_str("LLC"),
            Self::GreKeepalive => f.write_str("GRE keepalives"),
            Self::IpProtocol(number) => write!(f, "IP protocol {number}"),
            Self::PppProtocol(number) => write!(f, "PPP protocol 0x{number:04x}"),
            Self::UdpPort(port) => write!(f, "UDP port {port}"),
            Self::Udp => f.write_str("UDP"),
            Self::EncryptedWifi => f.write_str("encrypted IEEE 802.11"),
            Self::OtherWifi => f.write_str("IEEE 802.11 management, control and aggregates"),
        }?;
        if self.name().is_some() { f.write_str(")") } else { Ok(()) }
    }
}

fn ethertype_name(number: u16) -> Option<Name> {
    Some(match number {
        0x0806 => ("ARP", false),
        0x8035 => ("RARP", false),
        0x8809 => ("LACP", false),
        0x8847 => ("MPLS associated channel", false),
        0x8863 => ("PPPoE discovery", false),
        0x888e => ("EAPOL", false),
        0x88cc => ("LLDP", false),
        0x88e5 => ("MACsec", true),
        0x88f7 => ("PTP", false),
        0x8902 => ("CFM", false),
        0x894f => ("NSH of an unknown protocol", true),
        0x9000 => ("loopback test", false),
        0x88e7 => ("PBB", true),
        0x8903 => ("FabricPath", true),
        0x22f3 => ("TRILL", true),
        0x883e => ("WCCP", true),
        0x8870 => ("jumbo LLC", true),
        _ => return None,
    })
}

fn ip_protocol_name(number: u8) -> Option<Name> {
    Some(match number {
        1 => ("ICMP", false),
        2 => ("IGMP", false),
        47 => ("GRE with source routing or of an unknown version", true),
        50 => ("ESP", true),
        55 => ("minimal IP encapsulation", true),
        58 => ("ICMPv6", false),
        59 => ("no next header", false),
        88 => ("EIGRP", false),
        89 => ("OSPF", false),
        94 => ("IPIP", true),
        103 => ("PIM", false),
        108 => ("IPComp", true),
        112 => ("VRRP", false),
        115 => ("L2TPv3", true),
        132 => ("SCTP", false),
        136 => ("UDP-Lite", false),
        _ => return None,
    })
}

fn ppp_name(number: u16) -> Option<Name> {
    Some(match number {
        0x002d => ("compressed TCP", true),
        0x002f => ("uncompressed TCP", true),
        0x003d => ("multilink PPP", true),
        0x0053 | 0x0055 => ("encrypted PPP", true),
        0x00fd => ("compressed PPP", true),
        // Network control and link control protocols configure the link and carry nothing (RFC
        // 1661 section 2).
        0x8000..=0xffff => ("PPP control", false),
        _ => return None,
    })
}

/// Returns the name of a protocol by its UDP port. Only those are listed that carry packets, or
/// that are so frequent that a reader wants to tell them from the rest.
pub(super) fn udp_name(port: u16) -> Option<Name> {
    Some(match port {
        53 => ("DNS", false),
        67 | 68 => ("DHCP", false),
        123 => ("NTP", false),
        137 | 138 => ("NetBIOS", false),
        443 => ("QUIC", false),
        500 => ("IKE", false),
        1194 => ("OpenVPN", true),
        1701 => ("L2TP", true),
        1900 => ("SSDP", false),
        2152 => ("GTP-U", true),
        3544 => ("Teredo", true),
        4341 => ("LISP", true),
        4500 => ("ESP in UDP", true),
        4754 => ("GRE in UDP", true),
        4789 | 8472 => ("VXLAN", true),
        4790 => ("VXLAN-GPE", true),
        5247 => ("CAPWAP", true),
        5353 => ("mDNS", false),
        5355 => ("LLMNR", false),
        6080 => ("GUE", true),
        6081 => ("Geneve", true),
        6635 => ("MPLS in UDP", true),
        51_820 => ("WireGuard", true),
        _ => return None,
    })
}
