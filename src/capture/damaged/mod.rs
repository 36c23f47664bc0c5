//! Tests with connections of which a capture lacks parts: packets are lost, doubled, swapped or cut
//! off by the snapshot length, and the beginning and the end are missing. What is shown is always a
//! part of what was sent, and neither peer is blamed, because neither made a mistake.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::hostile::handshake;
use super::write::packet_builder::{self, TcpHeader};
use super::*;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::frame::encode;
use crate::wire::handshake::{HttpExchange, ProblemCode};
use crate::wire::{DeflateParams, Fault, Header, Offset, Opcode, Side, Sides, Trace, TraceRow};

const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// A message that a peer sends.
#[derive(Clone)]
pub(crate) struct SentMessage {
    from: Side,
    opcode: Opcode,
    payload: Vec<u8>,
    /// The number of fragments.
    fragments: usize,
}

impl fmt::Debug for SentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, opcode, payload, fragments } = self;
        write!(f, "{from} {opcode:?} of {} bytes in {fragments}", payload.len())
    }
}

/// What happens to a packet on its way into the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Disposition {
    Kept,
    Lost,
    Doubled,
    /// It comes after the next one.
    Swapped,
    /// The file has only so many bytes of it.
    Cut(usize),
}

/// A connection and what its capture lacks.
#[derive(Clone, Debug)]
pub(crate) struct DamagedCapture {
    is_compressed: bool,
    messages: Vec<SentMessage>,
    max_segment: usize,
    /// The number of frames that are sent together.
    together: usize,
    dispositions: Vec<Disposition>,
    /// The number of packets missing at the beginning and at the end.
    missing: (usize, usize),
    scope: CaptureScope,
}

/// The part of the packets that a capture was to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureScope {
    Everything,
    /// The packets of one side.
    OneSide(Side),
    /// Everything but the packets with the heads.
    WithoutHeads,
    /// The first bytes of each packet.
    SnapLen(usize),
}

/// What the peers sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The frames of each side, in order.
    pub(crate) frames: Sides<Vec<Vec<u8>>>,
    /// The data of the messages of each side.
    pub(crate) messages: Sides<Vec<Vec<u8>>>,
    /// The packets of both, in order.
    packets: Vec<SentPacket>,
    sequence: Sides<u32>,
}

#[derive(Debug)]
struct SentPacket {
    from: Side,
    bytes: Vec<u8>,
    /// Whether it has a part of a head.
    has_head: bool,
}

fn message() -> impl Strategy<Value = SentMessage> {
    let side = prop_oneof![Just(Side::Client), Just(Side::Server)];
    let bytes = prop_oneof![
        4 => vec(any::<u8>(), 0..60),
        1 => vec(any::<u8>(), 0..4000),
    ];
    (side, 0_u8..4, bytes, 1_usize..4).prop_map(|(from, kind, bytes, fragments)| {
        let text = || format!("tick {}", "lorem ipsum é ".repeat(bytes.len() / 14)).into_bytes();
        let (opcode, payload) = match kind {
            0 => (Opcode::Binary, bytes),
            1 => (Opcode::Ping, bytes.into_iter().take(125).collect()),
            _ => (Opcode::Text, text()),
        };
        SentMessage { from, opcode, payload, fragments }
    })
}

fn disposition() -> impl Strategy<Value = Disposition> {
    prop_oneof![
        16 => Just(Disposition::Kept),
        2 => Just(Disposition::Lost),
        1 => Just(Disposition::Doubled),
        1 => Just(Disposition::Swapped),
        1 => (40_usize..300).prop_map(Disposition::Cut),
    ]
}

fn scope() -> impl Strategy<Value = CaptureScope> {
    prop_oneof![
        4 => Just(CaptureScope::Everything),
        1 => Just(CaptureScope::OneSide(Side::Client)),
        1 => Just(CaptureScope::OneSide(Side::Server)),
        1 => Just(CaptureScope::WithoutHeads),
        1 => (60_usize..260).prop_map(CaptureScope::SnapLen),
    ]
}

/// Returns any connection, damaged in any way.
pub(crate) fn damaged_capture() -> impl Strategy<Value = DamagedCapture> {
    let missing = prop_oneof![
        3 => Just((0, 0)),
        1 => (0_usize..12, Just(0)),
        1 => (0_usize..12, 0_usize..12),
    ];
    (
        any::<bool>(),
        vec(message(), 1..40),
        200_usize..1460,
        1_usize..4,
        vec(disposition(), 1..40),
        (missing, scope()),
    )
        .prop_map(|(is_compressed, messages, max_segment, together, dispositions, rest)| {
            let (missing, scope) = rest;
            DamagedCapture {
                is_compressed,
                messages,
                max_segment,
                together,
                dispositions,
                missing,
                scope,
            }
        })
}

fn peer(side: Side) -> SocketAddr {
    let (last, port) = if side == Side::Client { (1, 50_000) } else { (2, 9_001) };
    (Ipv4Addr::new(192, 0, 2, last), port).into()
}

impl Sent {
    fn packet(&mut self, from: Side, flags: u8, payload: &[u8]) {
        let [seq, ack] = [from, from.peer()].map(|side| self.sequence[side]);
        let header = TcpHeader { seq, ack, flags, max_segment_size: None };
        let mut packet = Vec::new();
        packet_builder::write_packet(&mut packet, peer(from), peer(from.peer()), header, payload);
        self.packets.push(SentPacket { from, bytes: packet, has_head: false });
        let len = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.sequence[from] = seq.wrapping_add(len);
    }

    fn data(&mut self, from: Side, bytes: &[u8], max_segment: usize) {
        for segment in bytes.chunks(max_segment) {
            self.packet(from, ACK, segment);
        }
    }
}

impl DamagedCapture {
    /// Returns what the peers sent.
    pub(crate) fn sent(&self) -> Sent {
        let mut sent =
            Sent { sequence: Sides::each(|side| side as u32 * 7 + 90), ..Sent::default() };
        sent.packet(Side::Client, SYN, b"");
        sent.packet(Side::Server, SYN | ACK, b"");
        let (request, response) = if self.is_compressed {
            (handshake::DEFLATE_REQUEST, handshake::DEFLATE_RESPONSE)
        } else {
            (handshake::REQUEST, handshake::RESPONSE)
        };
        sent.data(Side::Client, request, self.max_segment);
        sent.data(Side::Server, response, self.max_segment);
        for packet in sent.packets.iter_mut().skip(2) {
            packet.has_head = true;
        }
        let mut deflaters = Sides::each(|side| Deflater::new(DeflateParams::default(), side));
        let (mut waiting, mut count) = (Sides::<Vec<u8>>::default(), 0_usize);
        for message in &self.messages {
            let from = message.from;
            let before = sent.frames[from].len();
            for frame in self.frames_of(message, &mut deflaters[from], before) {
                waiting[from].extend(&frame);
                sent.frames[from].push(frame);
            }
            if !message.opcode.is_control() {
                sent.messages[from].push(message.payload.clone());
            }
            count += 1;
            if count.is_multiple_of(self.together) {
                for side in [Side::Client, Side::Server] {
                    sent.data(side, &std::mem::take(&mut waiting[side]), self.max_segment);
                }
            }
        }
        for side in [Side::Client, Side::Server] {
            sent.data(side, &std::mem::take(&mut waiting[side]), self.max_segment);
        }
        sent.packet(Side::Client, FIN | ACK, b"");
        sent.packet(Side::Server, FIN | ACK, b"");
        sent.packet(Side::Client, ACK, b"");
        sent
    }

    /// Returns the frames of a message; `count` frames were sent before.
    fn frames_of(&self, sent: &SentMessage, deflater: &mut Deflater, count: usize) -> Vec<Vec<u8>> {
        let SentMessage { from, opcode, payload, fragments } = sent;
        let key = |at: usize| {
            let number = ((count + at + 1) as u32).wrapping_mul(2_654_435_761);
            (*from == Side::Client).then_some(number.to_be_bytes())
        };
        if opcode.is_control() {
            return vec![encode::single_frame(*opcode, payload, key(0))];
        }
        let data =
            if self.is_compressed { deflater.compress_message(payload) } else { payload.clone() };
        let size = data.len().div_ceil(*fragments).max(1);
        let mut pieces: Vec<&[u8]> = data.chunks(size).collect();
        if pieces.is_empty() {
            pieces.push(b"");
        }
        let last = pieces.len() - 1;
        let frame = |(at, piece): (usize, &&[u8])| {
            let opcode = if at == 0 { *opcode } else { Opcode::Continuation };
            let mut header = Header::new(opcode, piece.len() as u64);
            (header.fin, header.rsv1) = (at == last, at == 0 && self.is_compressed);
            header.masking_key = key(at);
            encode::frame(&header, piece)
        };
        pieces.iter().enumerate().map(frame).collect()
    }

    /// Returns what the file has of each packet, and its whole length, in order.
    fn captured<'a>(&self, sent: &'a Sent) -> Vec<(&'a [u8], usize)> {
        let (begin, end) = self.missing;
        let range =
            begin.min(sent.packets.len())..sent.packets.len().saturating_sub(end).max(begin);
        let mut order: Vec<(usize, usize)> = Vec::new();
        let mut swapped = None;
        for (at, disposition) in range.zip(self.dispositions.iter().cycle()) {
            let Some(SentPacket { from, bytes: packet, has_head }) = sent.packets.get(at) else {
                break;
            };
            let is_captured = match self.scope {
                CaptureScope::OneSide(side) => side == *from,
                CaptureScope::WithoutHeads => !has_head,
                CaptureScope::Everything | CaptureScope::SnapLen(_) => true,
            };
            if !is_captured {
                continue;
            }
            match disposition {
                Disposition::Kept => order.push((at, packet.len())),
                Disposition::Lost => {}
                Disposition::Doubled => order.extend([(at, packet.len()); 2]),
                Disposition::Cut(len) => order.push((at, *len)),
                Disposition::Swapped => {
                    order.extend(swapped.replace((at, packet.len())));
                    continue;
                }
            }
            order.extend(swapped.take());
        }
        order.extend(swapped);
        let snap_len = match self.scope {
            CaptureScope::SnapLen(len) => len,
            _ => usize::MAX,
        };
        let kept = |(at, kept): (usize, usize)| {
            let packet: &[u8] = &sent.packets[at].bytes;
            (&packet[..kept.min(packet.len()).min(snap_len)], packet.len())
        };
        order.into_iter().map(kept).collect()
    }

    /// Returns the file: pcap with packets of raw IP, one each millisecond.
    pub(crate) fn file(&self, sent: &Sent) -> Vec<u8> {
        let mut file = Vec::new();
        for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
            file.extend(field.to_le_bytes());
        }
        for (time, (kept, len)) in self.captured(sent).into_iter().enumerate() {
            for field in [1, time as u32 * 1000, kept.len() as u32, len as u32] {
                file.extend(field.to_le_bytes());
            }
            file.extend(kept);
        }
        file
    }

    /// Returns the file as pcapng whose packets have a comment of another program each.
    fn file_with_comments(&self, sent: &Sent) -> Vec<u8> {
        let block = |kind: u32, fields: &[u32], data: &[u8], options: &[u8]| {
            let fields: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
            let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
            let body = [&fields, data, &padding, options].concat();
            let len = (12 + body.len() as u32).to_le_bytes();
            [&kind.to_le_bytes()[..], &len, &body, &len].concat()
        };
        let section = block(0x0a0d_0d0a, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], b"", b"");
        let mut file = [section, block(1, &[101, 65_535], b"", b"")].concat();
        let comment = b"\x01\0\x04\0seen\0\0\0\0";
        for (time, (kept, len)) in self.captured(sent).into_iter().enumerate() {
            let micros = 1_000_000 + time as u32 * 1000;
            file.extend(block(6, &[0, 0, micros, kept.len() as u32, len as u32], kept, comment));
        }
        file
    }
}

pub(crate) fn opened(file: &[u8]) -> Result<Capture, CaptureError> {
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(copy.path(), file).unwrap();
    open(copy.path(), &ReadOptions::default())
}

/// What is known of a connection, for comparing it with that of another file.
#[derive(Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) begins: (StreamStart, bool, Duration),
    /// The rows, each with its bytes and with the beginning of what was inflated.
    pub(crate) rows: Vec<(TraceRow, Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) ending: Option<StreamEnding>,
    pub(crate) faults: Sides<Vec<Fault>>,
    pub(crate) heads: Sides<(Vec<u8>, Vec<ProblemCode>)>,
    pub(crate) exchanges: Vec<(Duration, HttpExchange)>,
    pub(crate) bytes: Sides<Vec<u8>>,
    pub(crate) warnings: Vec<String>,
}

impl Known {
    pub(crate) fn of(stream: &CapturedStream<Trace>) -> Self {
        let CapturedStream { trace, store, .. } = stream;
        let row = |row: &TraceRow| {
            let start = trace.stream_offset(row.from(), row.offset());
            let bytes = store.read(row.from(), start..start + row.len()).unwrap().bytes;
            (*row, bytes, trace.inflated_preview(row).map(<[u8]>::to_vec))
        };
        let problems = |from: Side| {
            let validation = trace.head(from).map(|head| &head.validation);
            let problems = validation.into_iter().flat_map(|validation| &validation.problems);
            problems.map(|problem| problem.code).collect()
        };
        // What is missing is known sooner or later.
        let mut gaps: Vec<Gap> =
            stream.gaps.iter().map(|gap| Gap { at: Duration::ZERO, ..*gap }).collect();
        gaps.sort_by_key(|gap| (gap.from == Side::Server, gap.offset));
        Self {
            begins: (stream.start, stream.is_whole, stream.started_at),
            rows: trace.rows().iter().map(row).collect(),
            gaps,
            ending: stream.ending,
            faults: Sides::each(|from| trace.faults(from).to_vec()),
            heads: Sides::each(|from| (trace.head_bytes(from).to_vec(), problems(from))),
            exchanges: trace.exchanges().all().to_vec(),
            bytes: Sides::each(|from| store.read(from, Offset::START..Offset::MAX).unwrap().bytes),
            warnings: stream.warnings.clone(),
        }
    }
}

/// Checks that the frames of a side are frames that it sent, in their order.
fn check_frames(stream: &CapturedStream<Trace>, from: Side, sent: &[Vec<u8>]) {
    let mut rest = sent.iter();
    for row in stream.trace.rows().iter().filter(|row| row.from() == from) {
        let start = stream.trace.stream_offset(from, row.offset());
        let bytes = stream.store.read(from, start..start + row.len()).unwrap().bytes;
        let missing: Vec<_> = stream.gaps.iter().filter(|gap| gap.from == from).collect();
        let is_same = |(at, (one, other)): (usize, (&u8, &u8))| {
            let at = start + at;
            let is_missing = |gap: &&&Gap| at >= gap.offset && at < gap.offset + gap.filled;
            one == other || missing.iter().any(|gap| is_missing(&gap))
        };
        let is_sent = rest.any(|frame| {
            frame.len() == bytes.len() && bytes.iter().zip(frame).enumerate().all(is_same)
        });
        assert!(is_sent, "the {from} did not send {row:?}: {bytes:02x?}");
    }
    assert_eq!(stream.trace.faults(from), [], "{from}");
    if let Some(head) = stream.trace.head(from) {
        // Where packets are swapped and the server's SYN is lost, nothing tells what came first.
        let problems = head.validation.problems.iter();
        let mut problems = problems.filter(|problem| problem.code != ProblemCode::DataBefore101);
        assert_eq!(problems.next(), None, "{from}");
    }
    assert!(stream.store.len(from) >= stream.trace.frames_start(from) - Offset::START);
}

/// Returns a conversation of which each message is one packet.
fn conversation(scope: CaptureScope) -> DamagedCapture {
    let messages = (0..12).map(|number| SentMessage {
        from: if number % 2 == 0 { Side::Server } else { Side::Client },
        opcode: Opcode::Text,
        payload: format!("message {number} of the conversation").into_bytes(),
        fragments: 1,
    });
    DamagedCapture {
        is_compressed: false,
        messages: messages.collect(),
        max_segment: 1400,
        together: 1,
        dispositions: vec![Disposition::Kept],
        missing: (0, 0),
        scope,
    }
}

#[test]
fn whole_frames_are_shown_although_the_heads_are_not_whole() {
    let scopes = [96, 128, 200].map(CaptureScope::SnapLen);
    let sides = [Side::Client, Side::Server].map(CaptureScope::OneSide);
    for scope in scopes.into_iter().chain(sides).chain([CaptureScope::WithoutHeads]) {
        for missing in [(0, 0), (2, 0), (7, 0)] {
            let damaged = DamagedCapture { missing, ..conversation(scope) };
            let sent = damaged.sent();
            let capture = opened(&damaged.file(&sent)).unwrap();
            let [stream] = capture.streams() else {
                panic!("{scope:?}: {}", capture.streams().len())
            };
            for from in [Side::Client, Side::Server] {
                check_frames(stream, from, &sent.frames[from]);
                let is_captured = !matches!(scope, CaptureScope::OneSide(side) if side != from);
                // The first seven packets are the SYNs, the heads and three messages.
                let lost = match (missing.0, from) {
                    (7, Side::Server) => 2,
                    (7, Side::Client) => 1,
                    _ => 0,
                };
                let expected = if is_captured { sent.frames[from].len() - lost } else { 0 };
                let shown = stream.trace.rows().iter().filter(|row| row.from() == from).count();
                assert_eq!(shown, expected, "{scope:?} without {missing:?}: {from}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // By chance, other bytes look like frames, so the cases are always the same.
        rng_seed: proptest::test_runner::RngSeed::Fixed(9293), ..Default::default()
    })]

    #[test]
    fn what_is_shown_of_a_damaged_capture_was_sent(damaged in damaged_capture()) {
        let sent = damaged.sent();
        let capture = opened(&damaged.file(&sent)).unwrap();
        for stream in capture.streams() {
            prop_assert_eq!(&stream.failed, &None);
            for from in [Side::Client, Side::Server] {
                check_frames(stream, from, &sent.frames[from]);
            }
        }
    }

    #[test]
    fn an_undamaged_capture_shows_everything(damaged in damaged_capture()) {
        let whole = DamagedCapture {
            dispositions: vec![Disposition::Kept],
            missing: (0, 0),
            scope: CaptureScope::Everything,
            ..damaged
        };
        let sent = whole.sent();
        let capture = opened(&whole.file(&sent)).unwrap();
        let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
        for from in [Side::Client, Side::Server] {
            check_frames(stream, from, &sent.frames[from]);
            let rows = stream.trace.rows().iter().filter(|row| row.from() == from);
            prop_assert_eq!(rows.count(), sent.frames[from].len());
        }
        prop_assert_eq!(&stream.gaps, &[]);
    }

    /// Packets with comments are never predicted ([`super::tcp`], `header_prediction`).
    #[test]
    fn a_predicted_segment_is_read_like_any_other(damaged in damaged_capture()) {
        let sent = damaged.sent();
        let known = |file: &[u8]| {
            let capture = opened(file).unwrap();
            let of = |stream| (Known::of(stream), format!("{:?} {:?}", stream.open_end, stream.stall));
            (capture.streams().iter().map(of).collect::<Vec<_>>(), capture.warnings().to_vec())
        };
        prop_assert_eq!(known(&damaged.file(&sent)), known(&damaged.file_with_comments(&sent)));
    }
}
