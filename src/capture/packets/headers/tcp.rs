//! The header of a TCP segment (RFC 9293 section 3.1).

use std::net::{IpAddr, SocketAddr};

use crate::capture::packets::headers::rest::{NetworkId, Rest};
use crate::capture::packets::headers::unread::Unread;

pub(in crate::capture) const FIN: u8 = 0x01;
pub(in crate::capture) const SYN: u8 = 0x02;
pub(in crate::capture) const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// One TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct TcpSegment<'a> {
    pub(in crate::capture) network: NetworkId,
    pub(in crate::capture) from: SocketAddr,
    pub(in crate::capture) to: SocketAddr,
    pub(in crate::capture) seq: u32,
    pub(in crate::capture) ack: Option<u32>,
    pub(in crate::capture) flags: u8,
    /// The room for more data of its sender, before it is scaled.
    pub(in crate::capture) window: u16,
    /// The payload, as much of it as was captured without a hole.
    pub(in crate::capture) payload: &'a [u8],
    /// The position of the payload in the packet.
    pub(in crate::capture) payload_offset: usize,
    /// The number of payload bytes behind `payload`, which were not captured.
    pub(in crate::capture) missing_bytes: usize,
}

/// Reads a segment that has `total` bytes according to the IP header.
pub(super) fn read_segment(
    [from, to]: [IpAddr; 2],
    total: usize,
    rest: Rest<'_>,
) -> Result<TcpSegment<'_>, Unread> {
    let (header, _) = rest.header::<20>()?;
    let &[
        from_0,
        from_1,
        to_0,
        to_1,
        s0,
        s1,
        s2,
        s3,
        a0,
        a1,
        a2,
        a3,
        data_offset,
        flags,
        w0,
        w1,
        ..,
    ] = header;
    let header_len = usize::from(data_offset >> 4).saturating_mul(4);
    let payload_len =
        total.checked_sub(header_len).filter(|_| header_len >= 20).ok_or(Unread::Malformed)?;
    // Ethernet pads short packets, so bytes beyond the IP length are not payload.
    let Rest { bytes: payload, offset, network } = rest.skip(header_len).limit(payload_len);
    Ok(TcpSegment {
        network,
        from: SocketAddr::new(from, u16::from_be_bytes([from_0, from_1])),
        to: SocketAddr::new(to, u16::from_be_bytes([to_0, to_1])),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: (flags & ACK != 0).then(|| u32::from_be_bytes([a0, a1, a2, a3])),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        payload,
        payload_offset: offset,
        missing_bytes: payload_len.saturating_sub(payload.len()),
    })
}

/// Converts a byte number to a TCP sequence number, modulo 2^32 (RFC 9293 section 3.4).
pub(in crate::capture) fn sequence(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
