//! PPP (RFC 1661, RFC 1662) and L2TP (RFC 2661), which carries it in UDP.

use crate::capture::packets::headers::numbers::ethertype;
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{Protocol, Step};
use crate::capture::packets::headers::unread::Unread;

/// Reads a PPP frame from its address field or its protocol field on.
pub(in crate::capture::packets::headers) fn read_ppp(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    // Address and control are constant and may be left out (RFC 1661 section 6.6).
    let rest = if rest.bytes.starts_with(&[0xff, 3]) { rest.skip(2) } else { rest };
    // Cisco HDLC under the same link type: another address, and an EtherType as the protocol.
    if let [0x0f | 0x8f, 0, ..] = rest.bytes {
        let (kind, rest) = rest.skip(2).u16()?;
        return Ok(Step::Next(Protocol::EtherType(kind), rest));
    }
    let (&[first], behind) = rest.header()?;
    // The upper byte of the protocol is even and may be left out if it is 0 (RFC 1661 section 6.5).
    let (protocol, rest) = if first & 1 == 1 { (first.into(), behind) } else { rest.u16()? };
    match protocol {
        0x0021 | 0x0057 => Ok(Step::Next(Protocol::Ip, rest)),
        0x0281 | 0x0283 => Ok(Step::Next(Protocol::EtherType(ethertype::MPLS), rest)),
        _ => Err(Unread::PppProtocol(protocol)),
    }
}

/// Reads the header of an L2TP data message (RFC 2661 section 3.1).
pub(in crate::capture::packets::headers) fn read_l2tp(
    port: u16,
    rest: Rest<'_>,
) -> Result<Step<'_>, Unread> {
    const CONTROL: u16 = 0x8000;
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    let (flags, rest) = rest.u16()?;
    if flags & CONTROL != 0 || flags & 15 != 2 {
        return Err(Unread::UdpPort(port));
    }
    let optional = |flag, len| if flags & flag == 0 { 0 } else { len };
    // The length, the tunnel, the session and two sequence numbers.
    let rest = rest.skip(optional(LENGTH, 2)).skip(4).skip(optional(SEQUENCE, 4));
    let rest = if flags & OFFSET == 0 {
        rest
    } else {
        let (padding, rest) = rest.u16()?;
        rest.skip(padding.into())
    };
    Ok(Step::Next(Protocol::Ppp, rest))
}
