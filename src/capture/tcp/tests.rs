//! Tests with scripted packets: which connection they belong to, and how it ended.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::capture::hostile::handshake::{REQUEST, RESPONSE};
use crate::capture::packets::headers::{FIN, RST, SYN};
use crate::capture::write::packet_builder::{self, TcpHeader};
use crate::capture::{Capture, OpenEnd, ReadOptions, ReplayData, Stall, StallKind, open};
use crate::wire::{Side, Sides, format};

use Side::{Client, Server};

const ACK: u8 = 0x10;
/// Texts of the client and of the server: `hi`, with a masking key of zeros, and `yo`.
const FROM_CLIENT: &[u8] = b"\x81\x82\0\0\0\0hi";
const FROM_SERVER: &[u8] = b"\x81\x02yo";

/// The packets of a file, in order.
#[derive(Clone, Default)]
struct Packets {
    file: Vec<(Duration, Side, Vec<u8>)>,
    at: Duration,
    /// The VLAN of each side; 0 for none.
    vlans: Sides<u16>,
    /// The sequence number of the next byte of each side.
    sequence: Sides<u32>,
}

fn peer(side: Side) -> SocketAddr {
    let (last, port) = if side == Client { (1, 50_000) } else { (2, 9_001) };
    (Ipv4Addr::new(192, 0, 2, last), port).into()
}

impl Packets {
    /// Begins a connection whose SYNs have these numbers.
    fn begin(&mut self, client: u32, server: u32) -> &mut Self {
        self.sequence = Sides { client, server };
        self
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.at += Duration::from_secs(seconds);
        self
    }

    fn send(&mut self, from: Side, flags: u8, payload: &[u8]) -> &mut Self {
        let [seq, acked] = [from, from.peer()].map(|side| self.sequence[side]);
        let ack = if flags & ACK == 0 { 0 } else { acked };
        let header = TcpHeader { seq, ack, flags, max_segment_size: None };
        // Ethernet and the tag of a VLAN, which is one of priority only if it is 0.
        let mut packet = vec![0; 12];
        packet.extend([0x81, 0]);
        packet.extend(self.vlans[from].to_be_bytes());
        packet.extend([8, 0]);
        packet_builder::write_packet(&mut packet, peer(from), peer(from.peer()), header, payload);
        self.at += Duration::from_millis(1);
        self.file.push((self.at, from, packet));
        let len = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.sequence[from] = seq.wrapping_add(len);
        self
    }

    fn syns(&mut self) -> &mut Self {
        self.send(Client, SYN, b"").send(Server, SYN | ACK, b"").send(Client, ACK, b"")
    }

    fn opening(&mut self) -> &mut Self {
        self.send(Client, ACK, REQUEST).send(Server, ACK, RESPONSE)
    }

    fn texts(&mut self) -> &mut Self {
        self.send(Client, ACK, FROM_CLIENT).send(Server, ACK, FROM_SERVER)
    }

    fn fins(&mut self) -> &mut Self {
        self.send(Server, FIN | ACK, b"").send(Client, FIN | ACK, b"").send(Server, ACK, b"")
    }

    fn open(&self) -> Capture {
        let mut file = Vec::new();
        for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend(field.to_le_bytes());
        }
        for (at, _, packet) in &self.file {
            let len = packet.len() as u32;
            for field in [at.as_secs() as u32, at.subsec_micros(), len, len] {
                file.extend(field.to_le_bytes());
            }
            file.extend(packet);
        }
        let copy = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(copy.path(), file).unwrap();
        open(copy.path(), &ReadOptions::default()).unwrap()
    }
}

/// Returns the frames of each connection, as sides and bytes.
fn frames(capture: &Capture) -> Vec<Vec<String>> {
    let of_stream = |stream: &crate::capture::CapturedStream<crate::wire::Trace>| {
        let of_row = |row: &crate::wire::TraceRow| {
            let start = stream.trace.stream_offset(row.from(), row.offset());
            let bytes = stream.store.read(row.from(), start..start + row.len()).unwrap().bytes;
            format!("{} {}", row.from(), format::hex(&bytes))
        };
        stream.trace.rows().iter().map(of_row).collect()
    };
    capture.streams().iter().map(of_stream).collect()
}

/// What [`Packets::texts`] sends.
fn both() -> [String; 2] {
    [(Client, FROM_CLIENT), (Server, FROM_SERVER)]
        .map(|(from, frame)| format!("{from} {}", format::hex(frame)))
}

#[test]
fn segments_that_do_not_fit_to_an_ended_connection_begin_another() {
    // Beyond the FIN, and before the SYN.
    for (client, server) in [(3_000_000_000, 2_000_000_000), (700, 600), (1_000_600, 600)] {
        let mut packets = Packets::default();
        packets.begin(900_000, 800_000).syns().opening().texts().fins().wait(90);
        packets.begin(client, server).opening().texts().fins();
        let capture = packets.open();
        assert_eq!(frames(&capture), [both(), both()], "{client} {server}");
        assert!(capture.streams().iter().all(|stream| stream.warnings.is_empty()));
    }
}

#[test]
fn what_comes_late_to_an_ended_connection_belongs_to_it() {
    let mut packets = Packets::default();
    packets.begin(1, u32::MAX - 20).syns().opening();
    let begin = packets.sequence;
    packets.texts().fins();
    // The texts again, an acknowledgement, and an RST whose numbers are zero.
    let end = packets.sequence;
    packets.sequence = begin;
    packets.texts();
    packets.sequence = end;
    packets.send(Client, ACK, b"");
    packets.begin(0, 0).send(Client, RST, b"");
    assert_eq!(frames(&packets.open()), [both()]);
}

#[test]
fn after_a_reset_a_segment_within_the_window_belongs_to_the_connection() {
    let mut packets = Packets::default();
    packets.begin(1, 5).syns().opening().texts().send(Client, RST | ACK, b"");
    packets.send(Server, ACK, FROM_SERVER);
    let [first, second] = both();
    assert_eq!(frames(&packets.open()), [[first, second.clone(), second]]);
    packets.begin(1 << 30, 1 << 30).opening().texts();
    assert_eq!(frames(&packets.open()).get(1).unwrap(), &both());
}

#[test]
fn a_syn_behind_its_syn_ack_belongs_to_the_same_connection() {
    let mut packets = Packets::default();
    packets.begin(7, 70).syns().opening().texts().fins();
    packets.file.sort_by_key(|(_, from, _)| *from == Client);
    let capture = packets.open();
    assert_eq!(frames(&capture), [both()]);
    assert!(capture.streams()[0].warnings.is_empty());
}

#[test]
fn an_end_that_was_not_captured_is_proved_by_other_packets_on_its_ports() {
    let mut packets = Packets::default();
    packets.begin(7, 70).syns().opening().texts().wait(90);
    packets.begin(7_000, 70_000).syns().opening().texts();
    let capture = packets.open();
    assert_eq!(frames(&capture), [both(), both()]);
    let ends: Vec<_> = capture.streams().iter().map(|stream| stream.open_end).collect();
    let reused = OpenEnd::PortsReused(Duration::from_millis(90_001));
    assert_eq!(ends, [reused, OpenEnd::StillOpen]);
}

#[test]
fn retransmissions_without_an_answer_are_counted() {
    let mut packets = Packets::default();
    packets.begin(7, 70).syns().opening().texts();
    let begin = packets.sequence;
    for seconds in [0, 1, 2, 4] {
        packets.sequence = begin;
        packets.wait(seconds).send(Client, ACK, FROM_CLIENT);
    }
    let stall = |packets: &Packets| packets.open().streams()[0].stall;
    let during = Duration::from_millis(7_003);
    let unacknowledged = Stall { by: Client, kind: StallKind::Unacknowledged(3), during };
    assert_eq!(stall(&packets), Some(unacknowledged));
    let mut reset = packets.clone();
    reset.send(Server, RST, b"");
    assert_eq!(stall(&reset), Some(unacknowledged), "the end that gives up answers nothing");
    packets.send(Server, ACK, b"");
    assert_eq!(stall(&packets), None);
}

#[test]
fn probes_without_an_answer_are_counted() {
    let mut packets = Packets::default();
    packets.begin(7, 70).syns().opening().texts();
    packets.sequence.client = packets.sequence.client.wrapping_sub(1);
    for _ in 0..3 {
        packets.wait(75).send(Client, ACK, b"");
    }
    let Some(Stall { by: Client, kind, during }) = packets.open().streams()[0].stall else {
        panic!()
    };
    assert_eq!((kind, during.as_secs()), (StallKind::UnansweredProbes(3), 225));
}

#[test]
fn connections_that_never_began_are_told_with_their_servers() {
    let mut packets = Packets::default();
    packets.begin(7, 70).send(Client, SYN, b"").send(Server, RST | ACK, b"");
    assert_eq!(packets.open().warnings(), ["1 connection refused by an RST: to 192.0.2.2:9001"]);
    packets.begin(700, 70).send(Client, SYN, b"");
    packets.sequence.client = 700;
    packets.send(Client, SYN, b"");
    let unanswered = "1 connection whose SYN has no answer in the file: to 192.0.2.2:9001";
    assert_eq!(packets.open().warnings()[1..], [unanswered]);
    packets.begin(9000, 70).syns().opening().texts();
    assert_eq!(packets.open().warnings().len(), 2);
}

#[test]
fn acknowledgements_prove_what_a_side_sent_whose_packets_are_not_in_the_file() {
    let mut packets = Packets::default();
    packets.begin(u32::MAX - 100, 70).send(Server, ACK, FROM_SERVER);
    packets.sequence.client = packets.sequence.client.wrapping_add(400);
    packets.send(Server, ACK, FROM_SERVER);
    let capture = packets.open();
    let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
    let missing: Vec<_> = stream.gaps.iter().map(|gap| (gap.from, gap.missing.get())).collect();
    assert_eq!(missing, [(Client, 400)]);
    let [_, text] = both();
    assert_eq!(frames(&capture), [[text.clone(), text]]);
}

/// Interleaves the packets of two files by their times.
fn merged(one: Packets, other: Packets) -> Packets {
    let mut file = [one.file, other.file].concat();
    file.sort_by_key(|(at, ..)| *at);
    Packets { file, ..Packets::default() }
}

#[test]
fn the_same_addresses_in_two_networks_are_two_connections() {
    let talk = |vlan: u16, sequence: u32| {
        let mut packets = Packets { vlans: Sides::each(|_| vlan), ..Packets::default() };
        packets.begin(sequence, sequence * 7).syns().opening().texts().fins();
        packets
    };
    for other in [2000, 3_000_000] {
        let capture = merged(talk(1, 1000), talk(2, other)).open();
        assert_eq!(frames(&capture), [both(), both()]);
        assert!(capture.streams().iter().all(|stream| stream.warnings.is_empty()));
    }
    // A connection that is captured in two networks is one all the same.
    assert_eq!(frames(&merged(talk(1, 1000), talk(2, 1000)).open()), [both()]);
}

#[test]
fn a_connection_may_have_a_network_for_each_direction_and_its_ports_are_used_again() {
    let mut packets = Packets { vlans: Sides { client: 10, server: 20 }, ..Packets::default() };
    packets.begin(1000, 7000).syns().opening().texts();
    packets.vlans.client = 0;
    packets.texts();
    packets.vlans.client = 10;
    packets.begin(2000, 9000).syns().opening().texts();
    let twice = [both(), both()].concat();
    assert_eq!(frames(&packets.open()), [twice, both().to_vec()]);
}

#[test]
fn bytes_that_come_again_with_other_values_are_counted() {
    let mut packets = Packets::default();
    packets.begin(7, 70).syns().opening();
    let begin = packets.sequence;
    packets.send(Server, ACK, b"\x81\x06first ");
    // The same bytes, and then a segment that overlaps by six of them.
    let end = packets.sequence;
    packets.sequence = begin;
    packets.send(Server, ACK, b"\x81\x06first ");
    packets.sequence.server = end.server - 6;
    packets.send(Server, ACK, b"FIRSt \x81\x00");
    let capture = packets.open();
    let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
    let warning =
        "4 bytes of the server came again with different values; those captured first are read";
    assert_eq!(stream.warnings, [warning]);
    assert_eq!(frames(&capture), [["server 8106666972737420", "server 8100"]]);
}

#[test]
fn a_replay_has_starts_and_ends_in_the_order_of_time() {
    let mut packets = Packets::default();
    packets.begin(1000, 2000).syns().opening().texts().fins();
    packets.wait(90).begin(500_000, 900_000).syns().opening().texts();
    // The capture goes on without data.
    let capture = packets.wait(5).send(Server, ACK, b"").open();
    let mut turns = Vec::new();
    capture
        .replay(|event| {
            let turn = match event.data {
                ReplayData::Start => "start",
                ReplayData::Exhausted => "exhausted",
                ReplayData::End => "end",
                _ => return std::io::Result::Ok(()),
            };
            turns.push((event.stream, turn, event.at.as_millis()));
            Ok(())
        })
        .unwrap();
    let expected = [
        (0, "start", 0),
        (0, "exhausted", 6),
        // At the first FIN, and with the last packet of the file.
        (0, "end", 7),
        (1, "start", 0),
        (1, "exhausted", 6),
        (1, "end", 5_007),
    ];
    assert_eq!(turns, expected);
    let span = capture.span().unwrap();
    assert_eq!((span.start.as_millis(), span.end.as_millis()), (1, 95_018));
}
