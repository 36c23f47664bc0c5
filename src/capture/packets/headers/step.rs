//! What reading one header leads to: the protocol of the next header, or the end of the way.

use std::net::IpAddr;

use crate::capture::packets::headers::rest::{NetworkId, Rest};
use crate::capture::packets::headers::tcp::TcpSegment;

/// The protocol of the next header.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// A `LINKTYPE_` value.
    Link(u16),
    /// An IEEE 802 `EtherType`.
    EtherType(u16),
    /// IEEE 802.2.
    Llc,
    Ppp,
    /// IP of the version that its first byte states.
    Ip,
    /// The payload of an IP datagram.
    InIp(IpPayload),
}

/// The result of reading one header.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Next(Protocol, Rest<'a>),
    Segment(TcpSegment<'a>),
    Fragment(IpFragment<'a>),
}

/// What an IP header says of its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpPayload {
    pub(super) protocol: u8,
    /// The source and the destination.
    pub(super) between: [IpAddr; 2],
    /// The length in bytes, of which fewer may have been captured.
    pub(super) len: usize,
}

/// The fields that the fragments of one datagram have in common (RFC 791 section 3.2, RFC 8200
/// section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::capture) struct DatagramKey {
    pub(in crate::capture) network: NetworkId,
    pub(in crate::capture) between: [IpAddr; 2],
    pub(in crate::capture) id: u32,
    /// The protocol of the payload. For IPv6 it is the next header of this fragment, which is the
    /// same for all fragments of any sender that is not hostile.
    pub(in crate::capture) protocol: u8,
}

/// A fragment of an IP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct IpFragment<'a> {
    pub(in crate::capture) key: DatagramKey,
    /// The position of its first byte in the payload of the datagram.
    pub(in crate::capture) start: usize,
    /// Whether it is not the last one.
    pub(in crate::capture) more: bool,
    /// The number of its bytes, of which fewer may have been captured.
    pub(in crate::capture) len: usize,
    /// Its bytes, as many of them as were captured.
    pub(in crate::capture) bytes: &'a [u8],
    /// The position of its bytes in the packet.
    pub(in crate::capture) offset: usize,
    /// The number of headers before it.
    pub(in crate::capture) headers: usize,
}
