//! Tests with files of hostile peers, and with a connection whose reading panics: both are
//! reported, and other connections are read all the same.

#[path = "../../tests/vectors/handshake.rs"]
pub(super) mod handshake;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use super::open::open_with;
use super::sink::StreamSink;
use super::write::packet_builder::{self, TcpHeader};
use super::*;
use crate::net::AddressPair;
use crate::wire::decode::{FrameSearch, Resumption};
use crate::wire::handshake::{Content, HttpExchange};
use crate::wire::{ByteLen, Fault, FaultCode, Offset, Side, Trace, format};

use handshake::{DEFLATE_REQUEST as REQUEST, DEFLATE_RESPONSE as RESPONSE};

/// Frames of a server that claim 2^64 - 1 bytes of a compressed message, each with the offset of
/// the fault.
const CLAIMS: [(&[u8], u64); 2] = [
    (b"\xc1\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 2),
    (b"\x41\x05\xff\xff\xff\xff\xff\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 9),
];

fn peer(last: u8, port: u16) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, last), port).into()
}

/// Returns a file with one connection for each of `servers`, the bytes that its server sends after
/// the handshake.
fn pcapng(servers: &[&[u8]]) -> Vec<u8> {
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    for (port, frames) in (50_000..).zip(servers) {
        let peers = AddressPair { client: peer(1, port), server: peer(2, 9_001) };
        let flow = writer.open_plain(peers, Duration::from_secs(1)).unwrap();
        for (from, bytes) in
            [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, frames)]
        {
            writer.write_data(flow, from, Duration::from_secs(2), bytes).unwrap();
        }
    }
    writer.into_inner()
}

/// Returns a pcap file with one connection whose beginning was not captured.
fn pcap(frames: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    // Microseconds, no time zone, raw IP.
    for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(field.to_le_bytes());
    }
    let (client, server) = (peer(1, 50_000), peer(2, 9_001));
    let mut seq = 7;
    for (from, to, payload) in
        [(client, server, REQUEST), (server, client, RESPONSE), (server, client, frames)]
    {
        let mut packet = Vec::new();
        packet_builder::write_packet(
            &mut packet,
            from,
            to,
            TcpHeader { seq, ack: 0, flags: 0x18, max_segment_size: None },
            payload,
        );
        if from == server {
            seq += payload.len() as u32;
        }
        for field in [1, 0, packet.len() as u32, packet.len() as u32] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn hex(frames: &[u8]) -> Vec<u8> {
    let (request, response) = (format::hex(REQUEST), format::hex(RESPONSE));
    format!("> {request}\n< {response}\n< {}\n", format::hex(frames)).into_bytes()
}

fn recording(frames: &[u8]) -> Vec<u8> {
    let line = |kind: &str, from: &str, field: &str, bytes: &[u8]| {
        format!(
            "{{\"type\":\"{kind}\",\"from\":\"{from}\",\"{field}\":\"{}\",\"connection\":\
             18446744073709551615,\"t_ms\":1e308}}\n",
            format::hex(bytes)
        )
    };
    let heads = [("client", REQUEST), ("server", RESPONSE)];
    let heads = heads.map(|(from, head)| line("handshake", from, "head_hex", head)).concat();
    (heads + &line("frame", "server", "raw_hex", frames)).into_bytes()
}

fn opened(bytes: &[u8]) -> Capture {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    open(file.path(), &ReadOptions::default()).unwrap()
}

fn top_bits(faults: &[Fault]) -> Vec<Offset> {
    faults
        .iter()
        .filter(|fault| fault.code == FaultCode::LenMsbSet)
        .map(|fault| fault.byte_offset)
        .collect()
}

#[test]
fn section_5_2_a_length_of_2_64_minus_1_is_reported_in_every_kind_of_file() {
    for (frames, at) in CLAIMS {
        for file in [pcapng(&[frames]), pcap(frames), hex(frames), recording(frames)] {
            let capture = opened(&file);
            let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
            assert_eq!(stream.failed, None);
            assert_eq!(top_bits(stream.trace.faults(Side::Server)), [Offset::new(at)]);
            let mut received = Vec::new();
            let warnings = capture.replay(|piece| {
                if let (Side::Server, ReplayData::Bytes(bytes)) = (piece.from, piece.data) {
                    received.extend_from_slice(bytes);
                }
                io::Result::Ok(())
            });
            warnings.unwrap();
            assert_eq!(received, [RESPONSE, frames].concat());
            let mut again = PcapngWriter::new(Vec::new(), None).unwrap();
            capture.write(&mut again, None).unwrap();
            assert_eq!(
                top_bits(opened(&again.into_inner()).streams()[0].trace.faults(Side::Server)).len(),
                1
            );
            let all = stream.store.read(Side::Server, Offset::START..Offset::MAX).unwrap().bytes;
            assert_eq!(all, received);
        }
    }
}

/// A trace that panics when a side sends [`BREAKS`].
struct Fragile(Trace);

const BREAKS: &[u8] = b"\x81\x05\x1b[2J\n";

impl StreamSink for Fragile {
    fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        assert!(!bytes.ends_with(BREAKS), "the end of {:?}", String::from_utf8_lossy(BREAKS));
        self.0.push(from, at, bytes);
    }

    fn gap(&mut self, from: Side, at: Duration, missing: ByteLen, most: ByteLen) -> ByteLen {
        StreamSink::gap(&mut self.0, from, at, missing, most)
    }

    fn unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.0.push_unframed(from, at, len);
    }

    fn resume(&mut self, from: Side, at: Duration, unit: Resumption) -> bool {
        self.0.resume(from, at, unit)
    }

    fn may_resume(&self, from: Side, unit: Resumption) -> bool {
        self.0.may_resume(from, unit)
    }

    fn sends_frames(&self, from: Side) -> bool {
        self.0.sends_frames(from)
    }

    fn frame_search(&self, from: Side) -> Option<FrameSearch> {
        self.0.frame_search(from)
    }

    fn early_frame_search(&self) -> Option<FrameSearch> {
        self.0.early_frame_search()
    }

    fn take_out_of_step(&mut self, from: Side) -> bool {
        self.0.take_out_of_step(from)
    }

    fn pass_over(&mut self, from: Side, at: Duration, len: usize) {
        self.0.pass_over(from, at, len);
    }

    fn exchange(&mut self, at: Duration, exchange: HttpExchange) {
        self.0.add_exchange(at, exchange);
    }

    fn content(&mut self, at: Duration, content: &Content) {
        self.0.push_content(at, content);
    }

    fn set_target(&mut self, target: &str) {
        self.0.set_target(target);
    }
}

fn fragile(path: &Path) -> Capture<Fragile> {
    open_with(path, &ReadOptions::default(), |_| Fragile(Trace::new())).unwrap()
}

#[test]
fn a_panic_costs_only_the_connection_that_it_is_in() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let fine: &[u8] = b"\x81\x02ok";
    std::fs::write(file.path(), pcapng(&[fine, BREAKS, fine])).unwrap();
    let capture = fragile(file.path());
    let frames: Vec<_> =
        capture.streams().iter().map(|stream| stream.trace.0.rows().len()).collect();
    assert_eq!(frames, [1, 0, 1]);
    let [first, second, third] = capture.streams() else { panic!("{} streams", frames.len()) };
    assert_eq!((&first.failed, &third.failed), (&None, &None));
    let why = second.failed.as_ref().unwrap().to_string();
    assert!(why.starts_with("internal error: panicked at src/capture/hostile.rs:"), "{why}");
    assert!(!why.chars().any(char::is_control), "{why:?}");
    assert_eq!(second.addresses.unwrap().client.port(), 50_001);
    assert!(second.store.is_empty());
}

#[test]
fn a_panic_in_a_text_file_is_reported_too() {
    for bytes in [hex(BREAKS), recording(BREAKS)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let capture = fragile(file.path());
        assert!(capture.streams()[0].failed.is_some());
    }
}
