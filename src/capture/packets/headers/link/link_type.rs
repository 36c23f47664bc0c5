//! Link types: what precedes the first `EtherType`, IP header or PPP frame of a packet.

use crate::capture::packets::byte_order::ByteOrder;
use crate::capture::packets::headers::link::{ethernet, wifi};
use crate::capture::packets::headers::numbers::{ethertype, linktype};
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{Protocol, Step};
use crate::capture::packets::headers::unread::Unread;
use crate::capture::packets::packet::length;

/// Reads the link header of a packet.
pub(in crate::capture::packets::headers) fn read_link(
    link: u16,
    rest: Rest<'_>,
) -> Result<Step<'_>, Unread> {
    let (protocol, rest) = match link {
        linktype::ETHERNET => ethernet::read_tags(rest.skip(12))?,
        linktype::NULL | linktype::LOOP => (Protocol::Ip, rest.skip(4)),
        // 12 and 14 are raw IP too: DLT_RAW is 12 on most systems and 14 on OpenBSD.
        linktype::RAW | linktype::IPV4 | linktype::IPV6 | 12 | 14 => (Protocol::Ip, rest),
        linktype::SLL => {
            let (kind, rest) = rest.skip(14).u16()?;
            (cooked_protocol(kind), rest)
        }
        linktype::SLL2 => {
            let (kind, _) = rest.u16()?;
            (cooked_protocol(kind), rest.skip(20))
        }
        linktype::PPP | linktype::PPP_HDLC => (Protocol::Ppp, rest),
        linktype::PPP_WITH_DIR => (Protocol::Ppp, rest.skip(1)),
        // The direction stands in the place of the address, before the control byte.
        linktype::PPP_PPPD => (Protocol::Ppp, rest.skip(2)),
        linktype::PPP_ETHER => (Protocol::EtherType(ethertype::PPPOE_SESSION), rest),
        // Cisco HDLC: an address, a control byte, then an EtherType.
        linktype::C_HDLC => ethernet::read_tags(rest.skip(2))?,
        linktype::C_HDLC_WITH_DIR => ethernet::read_tags(rest.skip(3))?,
        linktype::ATM_RFC1483 => (Protocol::Llc, rest),
        // The address family, the security parameters index and flags, of 32 bits each.
        linktype::ENC => (Protocol::Ip, rest.skip(12)),
        linktype::PFLOG => (Protocol::Ip, read_pflog(rest)?),
        // Two addresses of 8 bytes.
        linktype::IEEE1394 => ethernet::read_tags(rest.skip(16))?,
        // A global routing header of 40 bytes, an EtherType and two reserved bytes (RFC 4391).
        linktype::IPOIB => {
            let (kind, rest) = rest.skip(40).u16()?;
            (Protocol::EtherType(kind), rest.skip(2))
        }
        linktype::MPLS => (Protocol::EtherType(ethertype::MPLS), rest),
        linktype::NFLOG => (Protocol::Ip, read_nflog(rest)?),
        linktype::PKTAP | linktype::OLD_PKTAP => read_pktap(link, rest)?,
        linktype::PPI => read_ppi(rest)?,
        linktype::IEEE802_11 => (Protocol::Llc, wifi::read_frame(rest)?),
        linktype::RADIOTAP | linktype::PRISM | linktype::AVS => {
            (Protocol::Link(linktype::IEEE802_11), wifi::skip_monitor_header(link, rest)?)
        }
        _ => return Err(Unread::LinkType(link)),
    };
    Ok(Step::Next(protocol, rest))
}

/// Returns what follows a header of Linux's cooked capture with this protocol.
fn cooked_protocol(kind: u16) -> Protocol {
    /// The kernel's number for frames with an LLC header.
    const ETH_P_802_2: u16 = 4;
    if kind == ETH_P_802_2 { Protocol::Llc } else { Protocol::EtherType(kind) }
}

/// Reads a header of OpenBSD's packet filter. The first byte is the header's length without the
/// padding to 32 bits.
fn read_pflog(rest: Rest<'_>) -> Result<Rest<'_>, Unread> {
    let (&[len], _) = rest.header()?;
    Ok(rest.skip(usize::from(len).next_multiple_of(4)))
}

/// Reads the header of Linux's netfilter log: attributes of a length, a type and a value each,
/// padded to 32 bits. One of them is the packet.
fn read_nflog(rest: Rest<'_>) -> Result<Rest<'_>, Unread> {
    const PAYLOAD: u16 = 9;
    let (&[_family, version, _, _], attributes) = rest.header()?;
    if version != 0 {
        return Err(Unread::LinkType(linktype::NFLOG));
    }
    // Numbers are in the byte order of the capturing machine, which the file need not share.
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut left = attributes;
        while let Some(([len, kind], _)) = order.u16s(left.bytes) {
            let len = usize::from(len);
            if len < 4 {
                break;
            }
            // The upper bits are flags of netlink.
            if kind & 0x3fff == PAYLOAD {
                return Ok(left.limit(len).skip(4));
            }
            left = left.skip(len.next_multiple_of(4));
        }
    }
    Err(Unread::Malformed)
}

/// Reads the header of Apple's PKTAP, which contains the link type of what follows it.
fn read_pktap(link: u16, rest: Rest<'_>) -> Result<(Protocol, Rest<'_>), Unread> {
    // The type of a record that is a packet.
    const PACKET: u32 = 1;
    let Some(([len, kind, inner], _)) = ByteOrder::Little.u32s(rest.bytes) else {
        return Err(Unread::Truncated);
    };
    match u16::try_from(inner) {
        Ok(inner) if kind == PACKET && len >= 12 => {
            Ok((Protocol::Link(inner), rest.skip(length(len))))
        }
        // Other users of the same user number, and records that are no packets.
        _ => Err(Unread::LinkType(link)),
    }
}

/// Reads a per-packet information header: its version, flags, length and the link type of what
/// follows it.
fn read_ppi(rest: Rest<'_>) -> Result<(Protocol, Rest<'_>), Unread> {
    let (&[_, _, len_0, len_1, link_0, link_1, ..], _) = rest.header::<8>()?;
    let len = usize::from(u16::from_le_bytes([len_0, len_1]));
    if len < 8 {
        return Err(Unread::Malformed);
    }
    Ok((Protocol::Link(u16::from_le_bytes([link_0, link_1])), rest.skip(len)))
}
