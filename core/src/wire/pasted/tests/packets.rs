//! Packets of a dump: their order, what was sent again, what is missing.

use proptest::prelude::*;

use super::super::*;
use super::{dump, grouped};

/// Returns a packet of IPv4 and TCP whose payload begins at `sequence`.
fn packet(sequence: u32, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(40 + payload.len()).unwrap().to_be_bytes();
    let mut ip = [0x45, 0, total[0], total[1], 0, 1, 0x40, 0, 64, 6, 0, 0].to_vec();
    ip.extend([192, 0, 2, 1, 192, 0, 2, 2]);
    let sum: u32 =
        ip.as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let checksum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
    ip.extend([0x23, 0x29, 0xc3, 0x50]);
    ip.extend(sequence.to_be_bytes());
    ip.extend([0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    ip
}

/// Returns packets as `tcpdump -x` prints them, with at most `limit` bytes of each.
fn tcpdump(packets: &[Vec<u8>], limit: usize) -> String {
    let packet = |packet: &Vec<u8>| {
        let shown = &packet[..packet.len().min(limit)];
        let lines = dump(shown, 16, |at| format!("\t0x{at:04x}:  "), |piece| grouped(piece, 2));
        format!("12:00:00.1 IP a.9001 > b.50000: Flags [P.], length 9\n{lines}")
    };
    packets.iter().map(packet).collect()
}

fn stream(text: &str) -> TcpStream {
    parse(text).unwrap().tcp_payloads().unwrap().unwrap()
}

#[test]
fn packets_are_put_in_order_and_what_is_missing_is_named() {
    let packets = [packet(u32::MAX - 2, b"\x81\x05He"), packet(1, b"llo"), packet(14, b"late")];
    let [first, second, late] = packets.clone();
    let whole = TcpStream { bytes: b"\x81\x05Hello".to_vec(), missing: 0, behind: 0 };
    for packets in [
        &[first.clone(), second.clone()][..],
        &[second.clone(), first.clone()],
        &[first.clone(), first.clone(), second.clone(), first.clone()],
        // Sent again with more behind it.
        &[packet(u32::MAX - 2, b"\x81\x05"), packet(u32::MAX - 1, b"\x05Hello")],
    ] {
        assert_eq!(stream(&tcpdump(packets, 999)), whole);
    }
    let hole = TcpStream { missing: 10, behind: 4, ..whole.clone() };
    assert_eq!(stream(&tcpdump(&packets, 999)), hole);
    let hole = TcpStream { bytes: b"\x81\x05He".to_vec(), missing: 13, behind: 4 };
    assert_eq!(stream(&tcpdump(&[late, first.clone()], 999)), hole);
    // `tcpdump -s 42`: two bytes of each payload, and the header alone.
    let cut = TcpStream { bytes: b"\x81\x05".to_vec(), missing: 2, behind: 2 };
    assert_eq!(stream(&tcpdump(&[first.clone(), second], 42)), cut);
    for limit in [28, 33, 40] {
        let cut = TcpStream { bytes: Vec::new(), missing: 4, behind: 0 };
        assert_eq!(stream(&tcpdump(std::slice::from_ref(&first), limit)), cut, "{limit}");
    }
}

proptest! {
    /// Segments of any lengths, in any order, sent again and lost: the bytes are the beginning of
    /// what was sent.
    #[test]
    fn what_is_shown_was_sent(
        bytes in prop::collection::vec(any::<u8>(), 1..80),
        start in any::<u32>(),
        pieces in prop::collection::vec((0_usize..80, 1_usize..20), 1..20),
        limit in 40_usize..70,
    ) {
        let mut packets = vec![packet(start, &bytes[..1])];
        packets.extend(pieces.into_iter().map(|(from, len)| {
            let from = from.min(bytes.len() - 1);
            let end = (from + len).min(bytes.len());
            packet(start.wrapping_add(u32::try_from(from).unwrap()), &bytes[from..end])
        }));
        packets.rotate_left(1);
        let shown = stream(&tcpdump(&packets, limit));
        prop_assert!(bytes.starts_with(&shown.bytes), "{shown:?}");
        prop_assert!(shown.bytes.len() + shown.missing + shown.behind <= bytes.len());
    }
}
