//! Ethernet and what follows its type field: VLAN tags, SNAP, MPLS, `PPPoE` and NSH.

use crate::capture::packets::headers::numbers::ethertype;
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::step::{Protocol, Step};
use crate::capture::packets::headers::unread::Unread;

/// The largest value of the type field that is a length (IEEE 802.3 clause 3.2.6).
const MAX_LENGTH: u16 = 1500;

/// Reads what follows an `EtherType`.
pub(in crate::capture::packets::headers) fn read_ethertype(
    kind: u16,
    rest: Rest<'_>,
) -> Result<Step<'_>, Unread> {
    let (protocol, rest) = match kind {
        ethertype::IPV4 | ethertype::IPV6 => (Protocol::Ip, rest),
        ethertype::ETHERNET => read_tags(rest.skip(12))?,
        ethertype::MPLS | ethertype::MPLS_UPSTREAM => read_mpls(rest)?,
        ethertype::PPP => (Protocol::Ppp, rest),
        ethertype::PPPOE_SESSION => (Protocol::Ppp, read_pppoe(rest)?),
        ethertype::NSH => read_nsh(rest)?,
        _ if tag_len(kind).is_some() => read_type_behind_tags(kind, rest)?,
        0..=MAX_LENGTH => (Protocol::Llc, rest.limit(kind.into())),
        _ => return Err(Unread::EtherType(kind)),
    };
    Ok(Step::Next(protocol, rest))
}

/// Reads a type field and the tags before the real type.
pub(in crate::capture::packets::headers) fn read_tags(
    rest: Rest<'_>,
) -> Result<(Protocol, Rest<'_>), Unread> {
    let (kind, rest) = rest.u16()?;
    read_type_behind_tags(kind, rest)
}

/// Leaves out the tags before the real type. Their number is bounded by the packet's length.
fn read_type_behind_tags(
    mut kind: u16,
    mut rest: Rest<'_>,
) -> Result<(Protocol, Rest<'_>), Unread> {
    while let Some(len) = tag_len(kind) {
        if ethertype::VLAN.contains(&kind) {
            // The lower 12 bits are the identifier, and 0 is none (IEEE 802.1Q clause 9.6).
            let (control, _) = rest.u16()?;
            rest = rest.in_network((control & 0x0fff).into());
        }
        (kind, rest) = rest.skip(len).u16()?;
    }
    Ok((Protocol::EtherType(kind), rest))
}

/// Returns the number of bytes between a tag's type and the next type; `None` if it is no tag.
fn tag_len(kind: u16) -> Option<usize> {
    match kind {
        ethertype::VN_TAG => Some(4),
        ethertype::E_TAG => Some(6),
        _ => ethertype::VLAN.contains(&kind).then_some(2),
    }
}

/// Reads an LLC header, which leads to an `EtherType` if it has the SNAP extension (RFC 1042).
pub(in crate::capture::packets::headers) fn read_llc(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let (&[dsap, ssap, control], rest) = rest.header()?;
    if [dsap, ssap, control] != [0xaa, 0xaa, 3] {
        return Err(Unread::Llc);
    }
    let (organization, rest) = rest.header()?;
    let (kind, rest) = rest.u16()?;
    match organization {
        // RFC 1042, and the bridge tunnel of IEEE 802.1H.
        [0, 0, 0 | 0xf8] => Ok(Step::Next(Protocol::EtherType(kind), rest)),
        _ => Err(Unread::Llc),
    }
}

/// Reads a `PPPoE` session header (RFC 2516 section 4). The length does not count the padding of
/// Ethernet.
fn read_pppoe(rest: Rest<'_>) -> Result<Rest<'_>, Unread> {
    let (&[version_and_type, code, _, _, len_0, len_1], rest) = rest.header()?;
    if (version_and_type, code) != (0x11, 0) {
        return Err(Unread::Malformed);
    }
    Ok(rest.limit(u16::from_be_bytes([len_0, len_1]).into()))
}

/// Reads a network service header (RFC 8300 section 2).
fn read_nsh(rest: Rest<'_>) -> Result<(Protocol, Rest<'_>), Unread> {
    let (&[_, len, _, next], _) = rest.header()?;
    // The length counts 32-bit words with the header's own.
    let words = usize::from(len & 0x3f);
    if words < 2 {
        return Err(Unread::Malformed);
    }
    Ok((next_protocol(next)?, rest.skip(words.saturating_mul(4))))
}

/// Converts the "next protocol" number that NSH (RFC 8300 section 2.2) and VXLAN-GPE share.
pub(in crate::capture::packets::headers) fn next_protocol(number: u8) -> Result<Protocol, Unread> {
    Ok(match number {
        1 | 2 => Protocol::Ip,
        3 => Protocol::EtherType(ethertype::ETHERNET),
        4 => Protocol::EtherType(ethertype::NSH),
        5 => Protocol::EtherType(ethertype::MPLS),
        _ => return Err(Unread::EtherType(ethertype::NSH)),
    })
}

/// Reads a stack of MPLS labels (RFC 3032 section 2.1) and guesses what follows, because no label
/// says it: that was agreed when the path was set up.
pub(in crate::capture::packets::headers) fn read_mpls(
    mut rest: Rest<'_>,
) -> Result<(Protocol, Rest<'_>), Unread> {
    loop {
        let (&[_, _, third, _], behind) = rest.header()?;
        rest = behind;
        // The lowest bit of the third byte marks the bottom of the stack.
        if third & 1 != 0 {
            break;
        }
    }
    let ethernet = Protocol::EtherType(ethertype::ETHERNET);
    let (plain, behind_word) = (ethernet_evidence(rest), ethernet_evidence(rest.skip(4)));
    let first = *rest.bytes.first().ok_or(Unread::Truncated)?;
    Ok(match first >> 4 {
        // An Ethernet address may begin with 4 or 6 too (RFC 4928 section 2). A header that was
        // cut off fits nothing, and is more often one of IP.
        4 | 6 if plain != Evidence::Type || looks_like_ip(rest.bytes) => (Protocol::Ip, rest),
        // The first nibble of a control word is 0 (RFC 4385 section 3), as may be that of an
        // address.
        0 if behind_word >= plain => (ethernet, rest.skip(4)),
        // An associated channel of a pseudowire, which carries no traffic (RFC 4385 section 5).
        1 if behind_word >= plain && behind_word != Evidence::Type => {
            return Err(Unread::EtherType(ethertype::MPLS));
        }
        _ => (ethernet, rest),
    })
}

/// How much bytes look like an Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    None,
    /// The type field may be the length of what follows it.
    Length,
    /// The type is one that is in use, and what follows fits it.
    Type,
}

/// Whether bytes look like an IP header: its lengths and its protocol are consistent.
fn looks_like_ip(bytes: &[u8]) -> bool {
    match bytes {
        [first, _, len_0, len_1, ..] if first >> 4 == 4 => {
            let header = usize::from(first & 15).saturating_mul(4);
            let total = usize::from(u16::from_be_bytes([*len_0, *len_1]));
            header >= 20 && (header..=bytes.len()).contains(&total)
        }
        [first, _, _, _, len_0, len_1, next, ..] if first >> 4 == 6 => {
            let payload = usize::from(u16::from_be_bytes([*len_0, *len_1]));
            let known = matches!(next, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 59 | 60);
            known && payload.saturating_add(40) <= bytes.len()
        }
        _ => false,
    }
}

/// Judges whether bytes are an Ethernet frame by the type field and what follows it.
fn ethernet_evidence(rest: Rest<'_>) -> Evidence {
    let Ok((kind, behind)) = rest.skip(12).u16() else { return Evidence::None };
    let version = behind.bytes.first().map(|first| first >> 4);
    let fits = match kind {
        ethertype::IPV4 => version == Some(4),
        ethertype::IPV6 => version == Some(6),
        // ARP, LLDP, PPPoE discovery, EAPOL and MACsec.
        0x0806
        | 0x88cc
        | 0x8863
        | 0x888e
        | 0x88e5
        | ethertype::MPLS
        | ethertype::MPLS_UPSTREAM
        | ethertype::PPPOE_SESSION
        | ethertype::NSH
        | ethertype::ETHERNET => true,
        // The shortest content is an LLC header.
        3..=MAX_LENGTH if usize::from(kind) <= behind.bytes.len() => return Evidence::Length,
        _ => tag_len(kind).is_some(),
    };
    if fits { Evidence::Type } else { Evidence::None }
}
