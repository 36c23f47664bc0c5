//! IPv4 (RFC 791), IPv6 (RFC 8200) with its extension headers, and what they carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::capture::packets::headers::numbers::{ethertype, ip_protocol};
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{DatagramKey, IpFragment, IpPayload, Protocol, Step};
use crate::capture::packets::headers::unread::Unread;
use crate::capture::packets::headers::{tcp, tunnel};

/// The maximum length of a datagram, with or without its header (RFC 791 section 3.1).
const MAX_DATAGRAM_LEN: usize = 65_535;

/// An IP header that was parsed.
pub(super) struct IpDatagram<'a> {
    pub(super) payload: IpPayload,
    /// Which part of a datagram it is, if it is not the whole.
    pub(super) fragment: Option<FragmentPlace>,
    /// What follows the header.
    pub(super) rest: Rest<'a>,
}

/// The place of a fragment in its datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentPlace {
    id: u32,
    /// The position of its first byte in the payload of the datagram.
    start: usize,
    /// Whether it is not the last one.
    more: bool,
}

/// Reads an IP header of either version.
pub(super) fn read_ip(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let datagram = match rest.bytes.first().map(|first| first >> 4) {
        Some(4) => parse_ipv4(rest)?,
        Some(6) => parse_ipv6(rest)?,
        Some(_) => return Err(Unread::Malformed),
        None => return Err(Unread::Truncated),
    };
    let IpDatagram { payload, fragment, rest } = datagram;
    match fragment {
        None => Ok(Step::Next(Protocol::InIp(payload), rest)),
        Some(place) => read_fragment(payload, place, rest),
    }
}

/// Parses an IPv4 header (RFC 791 section 3.1).
///
/// # Errors
///
/// If it is truncated or contradicts itself.
pub(super) fn parse_ipv4(rest: Rest<'_>) -> Result<IpDatagram<'_>, Unread> {
    let (header, _) = rest.header::<20>()?;
    let &[
        version_and_len,
        _,
        total_0,
        total_1,
        id_0,
        id_1,
        flags_0,
        flags_1,
        _,
        protocol,
        _,
        _,
        addresses @ ..,
    ] = header;
    let &[from, to] = addresses.as_chunks::<4>().0 else { return Err(Unread::Truncated) };
    let between = [from, to].map(|address| IpAddr::V4(Ipv4Addr::from(address)));
    let header_len = usize::from(version_and_len & 15).saturating_mul(4);
    let total = match u16::from_be_bytes([total_0, total_1]) {
        // Segmentation offload: a segment too long for the field, captured before the network card
        // divides it.
        0 => rest.bytes.len(),
        total => total.into(),
    };
    let len = total.checked_sub(header_len).filter(|_| header_len >= 20);
    let len = len.ok_or(Unread::Malformed)?;
    let payload = IpPayload { protocol, between, len };
    let rest = rest.skip(header_len).limit(len);
    let flags = u16::from_be_bytes([flags_0, flags_1]);
    let (start, more) = (usize::from(flags & 0x1fff).saturating_mul(8), flags & 0x2000 != 0);
    let id = u16::from_be_bytes([id_0, id_1]).into();
    // The flag "don't fragment" is not that of a fragment.
    let fragment = (start > 0 || more).then_some(FragmentPlace { id, start, more });
    Ok(IpDatagram { payload, fragment, rest })
}

/// Parses an IPv6 header (RFC 8200 section 3). Whether it is that of a fragment, an extension header
/// says.
///
/// # Errors
///
/// If it is truncated.
pub(super) fn parse_ipv6(rest: Rest<'_>) -> Result<IpDatagram<'_>, Unread> {
    let (header, rest) = rest.header::<40>()?;
    let &[_, _, _, _, payload_0, payload_1, protocol, _, ref addresses @ ..] = header;
    let &[from, to] = addresses.as_chunks::<16>().0 else { return Err(Unread::Truncated) };
    let between = [from, to].map(|address| IpAddr::V6(Ipv6Addr::from(address)));
    // The payload length covers everything after this header (RFC 8200 section 3). A jumbogram
    // has 0 there (RFC 2675).
    let len = match u16::from_be_bytes([payload_0, payload_1]) {
        0 => rest.bytes.len(),
        payload => payload.into(),
    };
    let (payload, rest) = (IpPayload { protocol, between, len }, rest.limit(len));
    Ok(IpDatagram { payload, fragment: None, rest })
}

/// Reads what an IP header announces, after any extension headers (RFC 8200 section 4).
pub(super) fn read_payload(payload: IpPayload, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (mut payload, mut rest) = (payload, rest);
    // Each extension header has at least 8 bytes, so the packet's length bounds their number.
    loop {
        if payload.protocol == ip_protocol::TCP {
            let segment = tcp::read_segment(payload.between, payload.len, rest)?;
            return Ok(Step::Segment(segment));
        }
        let Some((units, extra)) = extension_len(payload.protocol) else {
            return read_encapsulated(payload.protocol, rest);
        };
        let (&[next, count, offset_0, offset_1, i0, i1, i2, i3], _) = rest.header()?;
        // The second byte of a fragment header is reserved, so only the others have a length.
        let is_fragment = payload.protocol == ip_protocol::FRAGMENT;
        let count = if is_fragment { 0 } else { usize::from(count) };
        let len = count.saturating_add(extra).saturating_mul(units);
        payload.len = payload.len.checked_sub(len).ok_or(Unread::Malformed)?;
        payload.protocol = next;
        rest = rest.skip(len);
        let flags = u16::from_be_bytes([offset_0, offset_1]);
        // A fragment that is the whole datagram is none (RFC 6946).
        if is_fragment && flags & 0xfff9 != 0 {
            let id = u32::from_be_bytes([i0, i1, i2, i3]);
            let (start, more) = ((flags & 0xfff8).into(), flags & 1 != 0);
            return read_fragment(payload, FragmentPlace { id, start, more }, rest);
        }
    }
}

/// Returns the unit of an extension header's length in bytes, and the number of units that the
/// length does not count; `None` if the protocol is no extension header.
fn extension_len(protocol: u8) -> Option<(usize, usize)> {
    match protocol {
        ip_protocol::HOP_BY_HOP
        | ip_protocol::ROUTING
        | ip_protocol::DESTINATION
        | ip_protocol::FRAGMENT => Some((8, 1)),
        // The authentication header counts in 32-bit words (RFC 4302 section 2.2).
        ip_protocol::AUTHENTICATION => Some((4, 2)),
        _ => None,
    }
}

/// Reads a protocol that carries packets.
fn read_encapsulated(protocol: u8, rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (protocol, rest) = match protocol {
        ip_protocol::IPV4 | ip_protocol::IPV6 => (Protocol::Ip, rest),
        ip_protocol::UDP => return tunnel::read_udp(rest),
        ip_protocol::GRE => return tunnel::read_gre(rest),
        // The version in a header of two bytes (RFC 3378).
        ip_protocol::ETHER_IP => (Protocol::EtherType(ethertype::ETHERNET), rest.skip(2)),
        ip_protocol::MPLS => (Protocol::EtherType(ethertype::MPLS), rest),
        ip_protocol::ETHERNET => (Protocol::EtherType(ethertype::ETHERNET), rest),
        _ => return Err(Unread::IpProtocol(protocol)),
    };
    Ok(Step::Next(protocol, rest))
}

/// Whether fragments of this protocol are worth keeping.
fn is_readable(protocol: u8) -> bool {
    use ip_protocol as ip;
    let encapsulated = [ip::IPV4, ip::IPV6, ip::UDP, ip::GRE, ip::ETHER_IP, ip::MPLS, ip::ETHERNET];
    protocol == ip::TCP || encapsulated.contains(&protocol) || extension_len(protocol).is_some()
}

/// Reads a fragment of `payload`, of which `rest` was captured.
fn read_fragment(
    payload: IpPayload,
    place: FragmentPlace,
    rest: Rest<'_>,
) -> Result<Step<'_>, Unread> {
    let IpPayload { protocol, between, len } = payload;
    let FragmentPlace { id, start, more } = place;
    if !is_readable(protocol) {
        return Err(Unread::IpProtocol(protocol));
    }
    // All but the last have a multiple of 8 bytes (RFC 8200 section 4.5), and none ends beyond the
    // longest datagram.
    let too_long = start.saturating_add(len) > MAX_DATAGRAM_LEN;
    if len == 0 || more && !len.is_multiple_of(8) || too_long {
        return Err(Unread::Malformed);
    }
    let Rest { bytes, offset, network } = rest.limit(len);
    let key = DatagramKey { network, between, id, protocol };
    Ok(Step::Fragment(IpFragment { key, start, more, len, bytes, offset, headers: 0 }))
}
