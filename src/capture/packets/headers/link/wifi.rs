//! IEEE 802.11 frames as monitor mode captures them, and the headers that drivers put before them.

use crate::capture::packets::headers::numbers::linktype;
use crate::capture::packets::headers::rest::Rest;
use crate::capture::packets::headers::unread::Unread;
use crate::capture::packets::packet::length;

/// Leaves out the header with the radio's measurements.
pub(super) fn skip_monitor_header(link: u16, rest: Rest<'_>) -> Result<Rest<'_>, Unread> {
    /// The length of a header of the Prism driver.
    const PRISM_LEN: usize = 144;
    let (&[m0, m1, len_0, len_1, ref avs_len @ ..], _) = rest.header::<8>()?;
    let len = match link {
        linktype::RADIOTAP => u16::from_le_bytes([len_0, len_1]).into(),
        // An AVS header, which some drivers write with the number of Prism, has a magic and its
        // length.
        _ if [m0, m1, len_0] == [0x80, 0x21, 0x10] => length(u32::from_be_bytes(*avs_len)),
        linktype::PRISM => PRISM_LEN,
        _ => return Err(Unread::Malformed),
    };
    // A header contains at least the 8 bytes above, so every one of them makes the packet shorter.
    if len < 8 { Err(Unread::Malformed) } else { Ok(rest.skip(len)) }
}

/// Reads the header of a frame (IEEE 802.11-2020 section 9.2.4) and returns what follows it, which
/// begins with an LLC header.
pub(super) fn read_frame(rest: Rest<'_>) -> Result<Rest<'_>, Unread> {
    const DATA: u8 = 2;
    const QOS: u8 = 0x80;
    const NO_DATA: u8 = 0x40;
    const BOTH_DISTRIBUTION: u8 = 0x03;
    const PROTECTED: u8 = 0x40;
    const HIGH_THROUGHPUT_CONTROL: u8 = 0x80;
    const SEVERAL_PACKETS: u8 = 0x80;

    let (&[control, flags], _) = rest.header()?;
    if control >> 2 & 3 != DATA || control & NO_DATA != 0 {
        return Err(Unread::OtherWifi);
    }
    if flags & PROTECTED != 0 {
        return Err(Unread::EncryptedWifi);
    }
    // A frame between two distribution systems has a fourth address.
    let four_addresses = flags & BOTH_DISTRIBUTION == BOTH_DISTRIBUTION;
    let rest = rest.skip(if four_addresses { 30 } else { 24 });
    if control & QOS == 0 {
        return Ok(rest);
    }
    let (&[quality, _], rest) = rest.header()?;
    if quality & SEVERAL_PACKETS != 0 {
        return Err(Unread::OtherWifi);
    }
    Ok(rest.skip(if flags & HIGH_THROUGHPUT_CONTROL == 0 { 0 } else { 4 }))
}
