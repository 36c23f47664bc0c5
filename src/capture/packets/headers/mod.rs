//! Parses the headers of one packet from the link down to the bytes that TCP carries, through any
//! tunnels between them. [`reassembly`](crate::capture::tcp::reassembly) puts the segments of a
//! connection together. Checksums are ignored, because a capture on the sending machine often shows
//! them before the network card fills them in.
//!
//! Each header is a step that tells which protocol follows. A packet has at most [`MAX_HEADERS`] of
//! them, so that no packet takes long. What is not read has a name ([`Unread`]), because a
//! connection may be hidden in it.

mod ethernet;
mod ip;
mod link;
mod ppp;
mod rest;
mod tcp;
#[cfg(test)]
mod tests;
mod tunnel;
mod unread;
mod wifi;

use self::ip::IpPayload;
use self::rest::Rest;

pub(in crate::capture) use self::ip::{DatagramKey, IpFragment};
pub(in crate::capture) use self::tcp::{FIN, RST, SYN, TcpSegment, sequence};
pub(in crate::capture) use self::unread::Unread;

/// The maximum number of headers of one packet. A stack of tags or labels counts as one, as do the
/// extension headers of IP.
const MAX_HEADERS: usize = 32;

/// The content of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum ParsedPacket<'a> {
    Segment(TcpSegment<'a>),
    /// A fragment of an IP datagram, which has to be put together first.
    Fragment(IpFragment<'a>),
    Unread(Unread),
}

/// The protocol of the next header.
#[derive(Clone, Copy, Debug)]
enum Protocol {
    /// A `LINKTYPE_` value.
    Link(u16),
    /// An IEEE 802 EtherType.
    EtherType(u16),
    /// IEEE 802.2.
    Llc,
    Ppp,
    /// IP of the version that its first byte states.
    Ip,
    /// What follows an IP header.
    InIp(IpPayload),
}

/// The result of reading one header.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Next(Protocol, Rest<'a>),
    Segment(TcpSegment<'a>),
    Fragment(IpFragment<'a>),
}

/// Parses the headers of a packet with link type `link`.
pub(in crate::capture) fn parse_packet(link: u16, packet: &[u8]) -> ParsedPacket<'_> {
    parse_from(Protocol::Link(link), Rest::whole(packet), 0)
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
    parse_from(protocol, Rest::whole(payload), headers)
}

fn parse_from<'a>(mut protocol: Protocol, mut rest: Rest<'a>, headers: usize) -> ParsedPacket<'a> {
    for count in headers..MAX_HEADERS {
        let step = match protocol {
            Protocol::Link(link) => link::read_link(link, rest),
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
