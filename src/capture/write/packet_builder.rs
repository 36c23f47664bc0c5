//! Builds packets for a capture file: raw IP with TCP and correct checksums, so that Wireshark
//! flags nothing. [`super::pcapng_writer`] decides which segments are written when.

use std::net::{IpAddr, SocketAddr};

const IPPROTO_TCP: u8 = 6;
const HOP_LIMIT: u8 = 64;
/// The receive window in a TCP header. With the scale below it stands for 8 MiB.
const WINDOW: u16 = u16::MAX;
const WINDOW_SCALE: u8 = 7;

/// The fields of a TCP header that differ between segments.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct TcpHeader {
    pub(in crate::capture) seq: u32,
    pub(in crate::capture) ack: u32,
    pub(in crate::capture) flags: u8,
    /// The maximum segment size. Only a SYN has it, together with the window scale.
    pub(in crate::capture) max_segment_size: Option<u16>,
}

/// Returns the maximum payload of one segment in packets of 1500 bytes.
pub(in crate::capture) fn max_segment_size(from: SocketAddr) -> u16 {
    if from.is_ipv4() { 1460 } else { 1440 }
}

/// Appends a whole packet.
pub(in crate::capture) fn write_packet(
    out: &mut Vec<u8>,
    from: SocketAddr,
    to: SocketAddr,
    header: TcpHeader,
    payload: &[u8],
) {
    let options = header.max_segment_size.map_or_else(Vec::new, |largest| {
        let [high, low] = largest.to_be_bytes();
        // MSS, a no-operation for alignment, window scale (RFC 9293 section 3.1, RFC 7323 section
        // 2.2).
        vec![2, 4, high, low, 1, 3, 3, WINDOW_SCALE]
    });
    let header_len = options.len().saturating_add(20);
    let len = u16::try_from(header_len.saturating_add(payload.len())).unwrap_or(u16::MAX);
    let pseudo = write_ip_header(out, from.ip(), to.ip(), len);
    let start = out.len();
    out.extend_from_slice(&from.port().to_be_bytes());
    out.extend_from_slice(&to.port().to_be_bytes());
    out.extend_from_slice(&header.seq.to_be_bytes());
    out.extend_from_slice(&header.ack.to_be_bytes());
    // The header length in 32-bit words, in the upper half of the byte.
    out.push(if options.is_empty() { 5 << 4 } else { 7 << 4 });
    out.push(header.flags);
    out.extend_from_slice(&WINDOW.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&options);
    out.extend_from_slice(payload);
    let segment = out.get_mut(start..).unwrap_or_default();
    let checksum = fold_checksum(pseudo.saturating_add(ones_complement_sum(segment)));
    put(segment, 16, checksum);
}

/// Appends the IP header. Returns the sum of the pseudo-header for the TCP checksum (RFC 9293
/// section 3.1).
fn write_ip_header(out: &mut Vec<u8>, from: IpAddr, to: IpAddr, len: u16) -> u64 {
    let start = out.len();
    let protocol = u64::from(IPPROTO_TCP).saturating_add(len.into());
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            out.extend_from_slice(&[0x45, 0]);
            out.extend_from_slice(&len.saturating_add(20).to_be_bytes());
            // Without fragmentation the identification field is not needed (RFC 6864 section 4.1).
            out.extend_from_slice(&[0, 0, 0x40, 0, HOP_LIMIT, IPPROTO_TCP, 0, 0]);
            out.extend_from_slice(&from.octets());
            out.extend_from_slice(&to.octets());
            let header = out.get_mut(start..).unwrap_or_default();
            let checksum = fold_checksum(ones_complement_sum(header));
            put(header, 10, checksum);
            protocol
                .saturating_add(ones_complement_sum([from.octets(), to.octets()].as_flattened()))
        }
        (from, to) => {
            out.extend_from_slice(&[0x60, 0, 0, 0]);
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(&[IPPROTO_TCP, HOP_LIMIT]);
            out.extend_from_slice(&ipv6_octets(from));
            out.extend_from_slice(&ipv6_octets(to));
            protocol.saturating_add(ones_complement_sum(
                [ipv6_octets(from), ipv6_octets(to)].as_flattened(),
            ))
        }
    }
}

fn ipv6_octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// Sums 16-bit words. An odd final byte is the upper half of a word (RFC 1071).
fn ones_complement_sum(bytes: &[u8]) -> u64 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let whole: u64 = pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum();
    whole.saturating_add(odd.first().map_or(0, |byte| u64::from(*byte) << 8))
}

fn fold_checksum(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16).saturating_add(sum & 0xffff);
    }
    !((sum & 0xffff) as u16)
}

/// Writes a checksum at its position in a header.
fn put(header: &mut [u8], at: usize, checksum: u16) {
    for (place, byte) in header.iter_mut().skip(at).zip(checksum.to_be_bytes()) {
        *place = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Summed together with its own correct checksum, a header folds to zero.
    #[test]
    fn checksums_are_correct() {
        for (from, to) in [("10.0.0.1:5", "10.0.0.2:80"), ("[::1]:5", "[fe80::2]:80")] {
            let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
            let header = TcpHeader {
                seq: 0xffff_fff0,
                ack: 7,
                flags: 0x18,
                max_segment_size: Some(max_segment_size(from)),
            };
            let mut packet = Vec::new();
            write_packet(&mut packet, from, to, header, b"odd");
            let (addresses, start) = if from.is_ipv4() { (12..20, 20) } else { (8..40, 40) };
            if from.is_ipv4() {
                assert_eq!(fold_checksum(ones_complement_sum(&packet[..20])), 0);
            }
            let len = (packet.len() - start) as u64;
            assert_eq!(
                fold_checksum(
                    ones_complement_sum(&packet[addresses])
                        + 6
                        + len
                        + ones_complement_sum(&packet[start..])
                ),
                0
            );
        }
    }
}
