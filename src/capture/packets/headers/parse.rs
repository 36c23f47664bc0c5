//! [`parse_packet`]: reads the headers of a packet one after the other.

use crate::capture::packets::headers::ip::{self, IpDatagram};
use crate::capture::packets::headers::link::{ethernet, link_type, ppp};
use crate::capture::packets::headers::numbers::{ethertype, ip_protocol, linktype};
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{DatagramKey, IpFragment, IpPayload, Protocol, Step};
use crate::capture::packets::headers::tcp::{self, TcpSegment};
use crate::capture::packets::headers::unread::Unread;

/// The maximum number of headers of one packet. A stack of tags or labels counts as one, as do the
/// extension headers of IP.
pub(super) const MAX_HEADERS: usize = 32;

/// The content of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum ParsedPacket<'a> {
    Segment(TcpSegment<'a>),
    /// A fragment of an IP datagram, which has to be put together first.
    Fragment(IpFragment<'a>),
    Unread(Unread),
}

/// Parses the headers of a packet with link type `link`.
pub(in crate::capture) fn parse_packet(link: u16, packet: &[u8]) -> ParsedPacket<'_> {
    match read_common(link, packet) {
        Some(segment) => ParsedPacket::Segment(segment),
        None => parse_step_by_step(link, packet),
    }
}

pub(super) fn parse_step_by_step(link: u16, packet: &[u8]) -> ParsedPacket<'_> {
    parse_from(Protocol::Link(link), Rest::whole(packet), 0)
}

/// Reads TCP in IP in Ethernet without tags, which most packets are, in one go. Returns `None` for
/// any other packet: its headers are read one after the other.
fn read_common(link: u16, packet: &[u8]) -> Option<TcpSegment<'_>> {
    let (addresses_and_type, rest) = Rest::whole(packet).header::<14>().ok()?;
    let (_, kind) = addresses_and_type.split_last_chunk::<2>()?;
    let datagram = match (link, u16::from_be_bytes(*kind)) {
        (linktype::ETHERNET, ethertype::IPV4) if rest.bytes.first()? >> 4 == 4 => {
            ip::parse_ipv4(rest).ok()?
        }
        (linktype::ETHERNET, ethertype::IPV6) if rest.bytes.first()? >> 4 == 6 => {
            ip::parse_ipv6(rest).ok()?
        }
        _ => return None,
    };
    let IpDatagram { payload, fragment: None, rest } = datagram else { return None };
    if payload.protocol != ip_protocol::TCP {
        return None;
    }
    tcp::read_segment(payload.between, payload.len, rest).ok()
}

/// Parses the headers in an IP datagram that was put together from fragments with this key.
/// `payload` is what its fragments carry, up to the first missing byte; `len` is the length of the
/// whole payload, and `headers` the number of headers before it.
pub(in crate::capture) fn parse_datagram<'a>(
    key: &DatagramKey,
    payload: &'a [u8],
    len: usize,
    headers: usize,
) -> ParsedPacket<'a> {
    let protocol = Protocol::InIp(IpPayload { protocol: key.protocol, between: key.between, len });
    let rest = Rest { network: key.network, ..Rest::whole(payload) };
    parse_from(protocol, rest, headers)
}

fn parse_from(mut protocol: Protocol, mut rest: Rest<'_>, headers: usize) -> ParsedPacket<'_> {
    for count in headers..MAX_HEADERS {
        let step = match protocol {
            Protocol::Link(link) => link_type::read_link(link, rest),
            Protocol::EtherType(kind) => ethernet::read_ethertype(kind, rest),
            Protocol::Llc => ethernet::read_llc(rest),
            Protocol::Ppp => ppp::read_ppp(rest),
            Protocol::Ip => ip::read_ip(rest),
            Protocol::InIp(payload) => ip::read_payload(payload, rest),
        };
        match step {
            Ok(Step::Next(next, behind)) => (protocol, rest) = (next, behind),
            Ok(Step::Segment(segment)) => return ParsedPacket::Segment(segment),
            Ok(Step::Fragment(fragment)) => {
                // Fragments within fragments are bounded like headers within headers.
                let headers = count.saturating_add(1);
                return ParsedPacket::Fragment(IpFragment { headers, ..fragment });
            }
            Err(unread) => return ParsedPacket::Unread(unread),
        }
    }
    ParsedPacket::Unread(Unread::TooDeep)
}
