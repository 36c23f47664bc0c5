//! Tunnels over IP and UDP: GRE with ERSPAN, VXLAN, Geneve, GTP-U, Teredo, LISP, GUE and TZSP.

use crate::capture::packets::headers::link::{ethernet, ppp};
use crate::capture::packets::headers::numbers::{ethertype, ip_protocol};
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{Protocol, Step};
use crate::capture::packets::headers::unread::{self, Unread};

/// Reads what a UDP datagram to `port` carries, if that is a tunnel.
pub(super) fn read_udp(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[from_0, from_1, to_0, to_1, len_0, len_1, _, _], behind) = rest.header()?;
    let [from, port] = [[from_0, from_1], [to_0, to_1]].map(u16::from_be_bytes);
    let payload = match usize::from(u16::from_be_bytes([len_0, len_1])).checked_sub(8) {
        Some(len) => behind.limit(len),
        // A length of 0 is that of a jumbogram (RFC 2675 section 4), or was left to the network
        // card.
        None => behind,
    };
    match port {
        4789 | 8472 => read_vxlan(port, payload),
        4790 => read_vxlan_gpe(port, payload),
        6081 => read_geneve(port, payload),
        4754 => read_gre(payload),
        6635 => ethernet::read_mpls(payload).map(|(protocol, rest)| Step::Next(protocol, rest)),
        1701 => ppp::read_l2tp(port, payload),
        2152 => read_gtp(port, payload),
        3544 => read_teredo(port, payload),
        4341 => read_lisp(port, payload),
        6080 => read_gue(port, payload),
        // In the range of ephemeral ports, so its first bytes must be right too.
        37_008 if payload.bytes.starts_with(&[1]) => read_tzsp(payload),
        _ => Err([port, from]
            .into_iter()
            .find(|port| unread::udp_name(*port).is_some())
            .map_or(Unread::Udp, Unread::UdpPort)),
    }
}

/// Reads a VXLAN header (RFC 7348 section 5).
fn read_vxlan(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[flags, _, _, _, n0, n1, n2, _], rest) = rest.header::<8>()?;
    // The flag that the network identifier is valid.
    if flags & 0x08 == 0 {
        return Err(Unread::UdpPort(port));
    }
    let rest = rest.in_network(u32::from_be_bytes([0, n0, n1, n2]));
    Ok(Step::Next(Protocol::EtherType(ethertype::ETHERNET), rest))
}

/// Reads a header of VXLAN's generic protocol extension (draft-ietf-nvo3-vxlan-gpe section 3).
fn read_vxlan_gpe(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[flags, _, _, next, n0, n1, n2, _], rest) = rest.header::<8>()?;
    // The flag that the next protocol is valid. Without it the header is that of VXLAN.
    let next = if flags & 0x04 == 0 { 3 } else { next };
    let protocol = ethernet::next_protocol(next).map_err(|_| Unread::UdpPort(port))?;
    Ok(Step::Next(protocol, rest.in_network(u32::from_be_bytes([0, n0, n1, n2]))))
}

/// Reads a Geneve header (RFC 8926 section 3.4).
fn read_geneve(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[version_and_len, _, kind_0, kind_1, n0, n1, n2, _], rest) = rest.header::<8>()?;
    if version_and_len >> 6 != 0 {
        return Err(Unread::UdpPort(port));
    }
    // The options' length is in 32-bit words.
    let options = usize::from(version_and_len & 0x3f).saturating_mul(4);
    let kind = u16::from_be_bytes([kind_0, kind_1]);
    let rest = rest.in_network(u32::from_be_bytes([0, n0, n1, n2]));
    Ok(Step::Next(Protocol::EtherType(kind), rest.skip(options)))
}

/// Reads a GRE header: that of RFC 2784 with key and sequence number (RFC 2890), or that of PPTP
/// (RFC 2637 section 4.1).
pub(super) fn read_gre(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGMENT: u16 = 0x0080;

    let (flags, rest) = rest.u16()?;
    let (kind, rest) = rest.u16()?;
    let version = flags & 7;
    // Source routing was removed from the protocol (RFC 2784 section 2.3).
    if version > 1 || flags & ROUTING != 0 {
        return Err(Unread::IpProtocol(ip_protocol::GRE));
    }
    if kind == 0 {
        return Err(Unread::GreKeepalive);
    }
    let optional = |flag, len| if flags & flag == 0 { 0 } else { len };
    let rest = rest.skip(optional(CHECKSUM, 4));
    let rest = match rest.bytes.first_chunk() {
        // In version 1 the key is the length and the number of a call, each way another.
        Some(key) if flags & KEY != 0 && version == 0 => rest.in_network(u32::from_be_bytes(*key)),
        _ => rest,
    };
    let rest = rest.skip(optional(KEY, 4)).skip(optional(SEQUENCE, 4));
    let rest = if version == 1 { rest.skip(optional(ACKNOWLEDGMENT, 4)) } else { rest };
    read_erspan(kind, flags & SEQUENCE != 0, rest)
}

/// Reads a mirrored frame (draft-foschiano-erspan), or what another type of GRE announces.
fn read_erspan(kind: u16, sequenced: bool, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    const ERSPAN: u16 = 0x88be;
    const ERSPAN_III: u16 = 0x22eb;
    /// The flag of type III that a subheader of 8 bytes follows.
    const SUBHEADER: u8 = 1;
    let (kind, rest) = match kind {
        // Type I has no header of its own, and no sequence number in that of GRE.
        ERSPAN if !sequenced => (ethertype::ETHERNET, rest),
        ERSPAN => (ethertype::ETHERNET, rest.skip(8)),
        ERSPAN_III => {
            let (&[.., frame_type, flags], rest) = rest.header::<12>()?;
            let rest = if flags & SUBHEADER == 0 { rest } else { rest.skip(8) };
            // The frame type is 0 for Ethernet and 2 for IP.
            if frame_type >> 2 & 0x1f == 2 {
                return Ok(Step::Next(Protocol::Ip, rest));
            }
            (ethertype::ETHERNET, rest)
        }
        other => (other, rest),
    };
    Ok(Step::Next(Protocol::EtherType(kind), rest))
}

/// Reads the header of a GTP-U packet (3GPP TS 29.281 section 5.1).
fn read_gtp(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    /// A packet of a user; other messages belong to the tunnel itself.
    const USER_PACKET: u8 = 255;
    let (&[flags, kind, ..], mut rest) = rest.header::<8>()?;
    // Version 1, and the flag that this is GTP and not the protocol for charging.
    if flags & 0xf0 != 0x30 || kind != USER_PACKET {
        return Err(Unread::UdpPort(port));
    }
    if flags & 7 != 0 {
        let (&[_, _, _, mut extension], behind) = rest.header()?;
        rest = behind;
        // Each extension begins with its length in 32-bit words and ends with the next one's type.
        while extension != 0 {
            let (&[words], _) = rest.header()?;
            let len = usize::from(words).saturating_mul(4);
            let last = len.checked_sub(1).and_then(|last| rest.bytes.get(last));
            extension = *last.ok_or(Unread::Truncated)?;
            rest = rest.skip(len);
        }
    }
    Ok(Step::Next(Protocol::Ip, rest))
}

/// Reads what Teredo puts before an IPv6 packet: an authentication and an origin (RFC 4380 section
/// 5.1.1).
fn read_teredo(port: u16, mut rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    if let &[0, 1, id_len, auth_len, ..] = rest.bytes {
        // The identifier, the authentication, a nonce of 8 bytes and a confirmation.
        rest = rest.skip(13_usize.saturating_add(id_len.into()).saturating_add(auth_len.into()));
    }
    if rest.bytes.starts_with(&[0, 0]) {
        rest = rest.skip(8);
    }
    match rest.bytes.first() {
        Some(first) if first >> 4 == 6 => Ok(Step::Next(Protocol::Ip, rest)),
        _ => Err(Unread::UdpPort(port)),
    }
}

/// Reads a header of the Locator/ID Separation Protocol (RFC 9300 section 5.1).
fn read_lisp(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    /// The flag that the instance is valid.
    const INSTANCE: u8 = 0x08;
    let (&[flags, _, _, _, n0, n1, n2, _], rest) = rest.header::<8>()?;
    let instance = if flags & INSTANCE == 0 { 0 } else { u32::from_be_bytes([0, n0, n1, n2]) };
    next_ip(port, rest.in_network(instance))
}

/// Reads a header of Generic UDP Encapsulation (draft-ietf-intarea-gue section 3), which variant 1
/// leaves out.
fn read_gue(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[first, protocol, _, _], _) = rest.header()?;
    // The flag of variant 0 for control messages.
    let is_control = first & 0x20 != 0;
    match first >> 6 {
        0 if !is_control => {
            // The length counts 32-bit words without the first.
            let len = usize::from(first & 0x1f).saturating_add(1).saturating_mul(4);
            let rest = rest.skip(len);
            match protocol {
                ip_protocol::IPV4 | ip_protocol::IPV6 => next_ip(port, rest),
                ip_protocol::GRE => read_gre(rest),
                _ => Err(Unread::UdpPort(port)),
            }
        }
        1 => next_ip(port, rest),
        _ => Err(Unread::UdpPort(port)),
    }
}

fn next_ip(port: u16, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    match rest.bytes.first().map(|first| first >> 4) {
        Some(4 | 6) => Ok(Step::Next(Protocol::Ip, rest)),
        _ => Err(Unread::UdpPort(port)),
    }
}

/// Reads the header of a frame that an access point or router mirrors with TZSP: tags up to the
/// one that ends them.
fn read_tzsp(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    const ETHERNET: u16 = 1;
    const PADDING: u8 = 0;
    const END: u8 = 1;
    let (&[_, _, kind_0, kind_1], mut rest) = rest.header()?;
    if u16::from_be_bytes([kind_0, kind_1]) != ETHERNET {
        return Err(Unread::Udp);
    }
    loop {
        let (&[tag], behind) = rest.header()?;
        rest = match tag {
            PADDING => behind,
            END => return Ok(Step::Next(Protocol::EtherType(ethertype::ETHERNET), behind)),
            _ => {
                let (&[len], behind) = behind.header()?;
                behind.skip(len.into())
            }
        };
    }
}
