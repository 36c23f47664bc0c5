//! Tests everything that reads frames against hostile lengths, at which arithmetic could wrap, with
//! and without permessage-deflate and in pieces of any size. Nothing may panic or allocate for a
//! claim, and the pieces must never matter.

#[path = "../../../tests/vectors/handshake.rs"]
mod handshake;

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::wire::explain::{FrameContext, field_span};
use crate::wire::frame::encode;
use crate::wire::query::filter::Filter;
use crate::wire::query::search::{Needle, find};
use crate::wire::query::text_matcher::TextSet;
use crate::wire::{
    AgreedExtensions, Bits, ByteLen, Decoder, DecoderEvent, Fault, FaultCode, Frame, FrameStart,
    Header, LengthForm, MaskingKey, MessageEnd, MessageKind, Needed, Offset, Opcode, Side, Trace,
    Transcript,
};

use handshake::{DEFLATE_REQUEST as REQUEST, DEFLATE_RESPONSE as RESPONSE};

/// Lengths at the limits of a length form, of signed numbers and of 64 bits.
const LENGTHS: [u64; 15] = [
    0,
    1,
    125,
    126,
    127,
    65_535,
    65_536,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX,
];

/// A first frame that claims 2^64 - 1 bytes, and a last fragment that does so after a fragment of
/// DEFLATE data. The number is the offset of the length.
const CLAIMS: [(&[u8], u64); 2] = [
    (b"\xc1\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 2),
    (b"\x41\x05\xf2\x48\xcd\xc9\xc9\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 9),
];

fn deflate() -> AgreedExtensions {
    AgreedExtensions::parse("permessage-deflate").unwrap()
}

/// Returns the offset of each top bit fault, and the number of bytes after which it is certain.
fn top_bits(faults: &[Fault]) -> Vec<(u64, u64)> {
    let reported = faults.iter().filter(|fault| fault.code == FaultCode::LenMsbSet);
    reported.map(|fault| (fault.byte_offset.get(), fault.detectable_after.get())).collect()
}

#[test]
fn section_5_2_a_length_of_2_64_minus_1_in_a_compressed_message_is_reported() {
    for ((bytes, at), chunk) in CLAIMS.into_iter().flat_map(|claim| [(claim, 1), (claim, 100)]) {
        let expected = [(at, at + 1)];
        let stopping = || Decoder::new(Side::Server, deflate()).stop_at_fatal();
        let mut stopped = Transcript::with_decoder(stopping());
        let mut transcript = Transcript::new(Side::Server, deflate());
        let mut seen = Trace::mid_connection(deflate());
        for piece in bytes.chunks(chunk) {
            stopped.push(piece);
            transcript.push(piece);
            seen.push(Side::Server, Duration::ZERO, piece);
        }
        assert_eq!(top_bits(stopped.faults()), expected);
        assert!(stopped.decoder().has_stopped());
        assert_eq!(top_bits(transcript.faults()), expected);
        assert_eq!(top_bits(seen.faults(Side::Server)), expected);
        let arriving = transcript.current_frame().unwrap();
        assert_eq!(
            (arriving.header.payload_len, arriving.header.frame_len()),
            (ByteLen::MAX, ByteLen::MAX)
        );
        assert_eq!(arriving.field_spans().last().unwrap().value, "18,446,744,073,709,551,615");
        assert_eq!(seen.partial_frame(Side::Server).unwrap().needed, None);
    }
}

#[test]
fn section_5_2_a_length_of_2_64_minus_1_behind_a_handshake_is_reported() {
    for (bytes, at) in CLAIMS {
        let response = [RESPONSE, bytes].concat();
        let mut traced = Trace::new();
        for (from, bytes) in [(Side::Client, REQUEST), (Side::Server, &response)] {
            traced.push(from, Duration::ZERO, bytes);
        }
        assert_eq!(top_bits(traced.faults(Side::Server)), [(at, at + 1)]);
        assert_eq!(traced.stream_offset(Side::Server, Offset::MAX), Offset::MAX);
    }
}

#[test]
fn positions_behind_claims_end_at_the_largest_number() {
    let mut decoder = Decoder::new(Side::Server, AgreedExtensions::none());
    let claim = Header::new(Opcode::Binary, u64::MAX);
    for _ in 0..3 {
        decoder.faults.advance_frame(claim.frame_len());
    }
    let mut input: &[u8] = &[0x81, 0x01, 0xff, 0x81, 0x01, b'a'];
    let mut faults = Vec::new();
    while let Some(event) = decoder.next_event(&mut input) {
        if let DecoderEvent::Fault(fault) = event {
            faults.push((fault.code, fault.byte_offset));
        }
    }
    assert_eq!(faults, [(FaultCode::Utf8, Offset::MAX)]);
}

/// Everything that a decoder reports, with the payload and the data of each frame in one piece.
#[derive(Debug, Default, PartialEq)]
struct Decoded {
    faults: Vec<Fault>,
    frame_start: Vec<FrameStart>,
    payloads: Vec<Vec<u8>>,
    data: Vec<Vec<u8>>,
    complete: Vec<usize>,
    messages: Vec<MessageEnd>,
    needs: Option<Needed>,
    beginning: Vec<u8>,
    open_message: Option<usize>,
}

impl Decoded {
    fn by(mut decoder: Decoder, pieces: &[&[u8]], skims: bool) -> Self {
        let mut decoded = Self::default();
        for piece in pieces {
            let mut rest = *piece;
            loop {
                while let Some(whole) =
                    skims.then(|| decoder.next_simple_frame(&mut rest)).flatten()
                {
                    decoded.take_simple_frame(whole.start, whole.payload);
                }
                let Some(event) = decoder.next_event(&mut rest) else { break };
                decoded.take(&event);
            }
        }
        decoded.needs = decoder.needed();
        decoded.beginning = decoder.partial_header().to_vec();
        decoded.open_message = decoder.open_message();
        decoded
    }

    fn take(&mut self, event: &DecoderEvent<'_>) {
        match *event {
            DecoderEvent::Fault(fault) => self.faults.push(fault),
            DecoderEvent::FrameStart(frame_start) => {
                self.frame_start.push(frame_start);
                self.payloads.push(Vec::new());
                self.data.push(Vec::new());
            }
            DecoderEvent::Payload(piece) => {
                self.payloads.last_mut().unwrap().extend_from_slice(piece);
            }
            DecoderEvent::Inflated(piece) => self.data.last_mut().unwrap().extend_from_slice(piece),
            DecoderEvent::FrameEnd(index) => self.complete.push(index),
            DecoderEvent::MessageEnd(end) => self.messages.push(end),
        }
    }

    fn take_simple_frame(&mut self, frame_start: FrameStart, payload: &[u8]) {
        self.take(&DecoderEvent::FrameStart(frame_start));
        self.take(&DecoderEvent::Payload(payload));
        self.take(&DecoderEvent::FrameEnd(frame_start.frame_number));
        if let (Some(number), Some(kind)) = (frame_start.role.message_number(), frame_start.kind) {
            let (payload_len, data_len) = (ByteLen::of(payload), ByteLen::of(payload));
            let compressed = false;
            self.messages.push(MessageEnd {
                number,
                kind,
                compressed,
                payload_len,
                data_len,
                inflate_stop: None,
            });
        }
    }
}

fn key(masked: bool) -> impl Strategy<Value = Option<MaskingKey>> {
    let key = prop_oneof![Just([0; 4]), Just([1, 2, 3, 4]), any::<MaskingKey>()];
    option::weighted(if masked { 0.9 } else { 0.1 }, key)
}

/// Any flags and opcode, and one of the lengths in its own form or another. The body is arbitrary,
/// or exactly as long as the header says.
fn frame(masked: bool) -> impl Strategy<Value = Vec<u8>> {
    let form = select(vec![None, None, Some(LengthForm::Bits16), Some(LengthForm::Bits64)]);
    let body =
        prop_oneof![vec(any::<u8>(), 0..20), vec(select(b"aeiou\xf2\x48\xcd\x00".to_vec()), 0..20)];
    // Any first byte, and more often one that gets far: it begins, continues or ends a message,
    // compressed or not.
    let usual = select(b"\x41\xc1\x42\xc2\x01\x81\x82\x00\x80\x88\x89".to_vec());
    let first = prop_oneof![1 => any::<u8>().boxed(), 2 => usual.boxed()];
    let len = prop_oneof![1 => select(LENGTHS.to_vec()), 1 => select(LENGTHS[..3].to_vec())];
    (first, len, form, key(masked), body, any::<bool>()).prop_map(
        |(first, len, form, key, body, whole)| {
            let header = Header::parse(&[first, 0]).unwrap();
            let form = form.unwrap_or(LengthForm::shortest(len));
            let header =
                Header { length_form: form, masking_key: key, payload_len: len.into(), ..header };
            let body = if whole && len < 200 {
                body.into_iter().cycle().take(len as usize).collect()
            } else {
                body
            };
            encode::frame(&header, &body)
        },
    )
}

/// The sender, the agreed extensions, and the bytes: a few frames, some with a hostile length.
fn stream() -> impl Strategy<Value = (Side, AgreedExtensions, Vec<u8>)> {
    (any::<bool>(), any::<bool>()).prop_flat_map(|(client, compressed)| {
        let from = if client { Side::Client } else { Side::Server };
        let agreed = if compressed { deflate() } else { AgreedExtensions::none() };
        let ordinary = vec(any::<u8>(), 0..9).prop_map(move |plain| {
            encode::single_frame(Opcode::Binary, &plain, client.then_some([5, 6, 7, 8]))
        });
        let frames = vec(prop_oneof![3 => frame(client).boxed(), 1 => ordinary.boxed()], 1..5);
        (Just(from), Just(agreed), frames.prop_map(|frames| frames.concat()))
    })
}

/// Whether the byte and the bits that a fault names are part of a field that is shown.
fn highlights(fault: &Fault, frame: &Frame) -> bool {
    let byte = (fault.byte_offset - frame.offset).to_usize_saturating();
    let bits = (0..8).filter(|bit| fault.bits.is_none_or(|bits| bits.contains(*bit)));
    let shown: Vec<bool> =
        bits.map(|bit| frame.field_spans().iter().any(|span| span.contains(byte, bit))).collect();
    fault.byte_offset >= frame.offset && !shown.is_empty() && !shown.contains(&false)
}

#[test]
fn a_fault_of_a_frame_without_payload_is_shown_in_its_header() {
    // The vectors put such faults at the second byte.
    for (hex, code) in [
        (&b"\x01\x00"[..], FaultCode::EmptyFragment),
        (b"\x01\x7e\x00\x00", FaultCode::EmptyFragment),
        (b"\x01\x7f\x00\x00\x00\x00\x00\x00\x00\x00", FaultCode::EmptyFragment),
        (b"\x81\x7e\x00\x01a", FaultCode::LenNotMinimal),
        (b"\x88\x01", FaultCode::CloseLen1),
        (b"\x01\x01\xc3\x80\x00", FaultCode::Utf8),
        (b"\x41\x01\xf2\x80\x00", FaultCode::DeflateTail),
        // A distance whose last bit is the first of the four bytes that the receiver adds.
        (b"\x42\x04\x9a\x30\x01\xf8\x80\x00", FaultCode::Inflate),
    ] {
        let mut transcript = Transcript::new(Side::Server, deflate());
        transcript.push(hex);
        let fault = transcript.faults().iter().find(|fault| fault.code == code).unwrap();
        let frame = transcript
            .frames()
            .iter()
            .chain(transcript.current_frame())
            .find(|frame| frame.frame_number == fault.frame);
        assert_eq!(fault.byte_offset - frame.unwrap().offset, 1, "{code}");
        assert_eq!(fault.bits, Some(Bits::Field(1, 7)), "{code}: the length, not MASK");
        assert!(highlights(fault, frame.unwrap()), "{code}");
    }
}

fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*cut).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Calls everything that reads a trace and returns what it lists.
fn looked_at(seen: &Trace, from: Side, bytes: &[u8]) -> Vec<String> {
    let filter =
        Filter::parse("len>=0x7fffffffffffffff || size<126 || fault=E_LEN_* || !compressed")
            .unwrap();
    let needle = Needle::bytes(b"\x00").unwrap();
    let raw = |at: Offset, len: ByteLen| {
        let rest = bytes.get(at.to_usize_saturating()..).unwrap_or_default();
        rest[..rest.len().min(len.to_usize_saturating())].to_vec()
    };
    let mut listed = Vec::new();
    for (number, row) in seen.rows().iter().enumerate() {
        let frame = seen.frame(row, raw(row.offset(), row.len()));
        let (shown, found) =
            (filter.matches(seen, number, TextSet::default()), find(&frame, &needle));
        let message = (
            seen.message_rows(number),
            seen.faults_of(from, row.frame_number()),
            seen.inflated_preview(row),
        );
        listed.push(format!("{row:?} {:?} {shown} {found:?} {message:?}", frame.field_spans()));
        assert!(seen.started_at(row) <= row.completed_at());
    }
    if let Some(unfinished) = seen.partial_frame(from) {
        let raw = raw(unfinished.offset, unfinished.have);
        let spans = field_span::field_spans(&raw, FrameContext::new(from, seen.agreed()));
        listed.push(format!("{unfinished:?} {spans:?}"));
    }
    listed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_claim_is_read_the_same_in_any_pieces((from, agreed, bytes) in stream(), cuts in vec(1_usize..30, 1..9)) {
        let decoder = || Decoder::new(from, agreed).inflate_limit(1 << 16);
        let pieces = cut(&bytes, &cuts);
        let whole = Decoded::by(decoder(), &[&bytes], false);
        prop_assert_eq!(&whole, &Decoded::by(decoder(), &pieces, false));
        prop_assert_eq!(&whole, &Decoded::by(decoder(), &pieces, true));
        prop_assert_eq!(&whole, &Decoded::by(decoder(), &bytes.chunks(1).collect::<Vec<_>>(), true));

        let stopping = |pieces: &[&[u8]]| Decoded::by(decoder().stop_at_fatal(), pieces, false);
        prop_assert_eq!(stopping(&[&bytes]), stopping(&pieces));

        let mut transcript = Transcript::with_decoder(decoder());
        for piece in &pieces {
            transcript.push(piece);
        }
        prop_assert_eq!(transcript.faults(), &whole.faults[..]);
        prop_assert_eq!(transcript.frames().len(), whole.complete.len());
        prop_assert_eq!(transcript.messages().len(), whole.messages.len());
        for frame in transcript.frames().iter().chain(transcript.current_frame()) {
            prop_assert!(!frame.field_spans().is_empty() && frame.raw().len() <= bytes.len());
        }
        for fault in transcript.faults() {
            let whole = transcript.frames().get(fault.frame);
            let cut_off = transcript.current_frame().filter(|frame| frame.header.has_impossible_length());
            prop_assert!(whole.or(cut_off).is_none_or(|frame| highlights(fault, frame)), "{:?}", fault);
            let certain = fault.byte_offset <= fault.detectable_after && fault.detectable_after <= bytes.len() as u64;
            prop_assert!(certain, "{:?} after {} bytes", fault, bytes.len());
        }
        for number in 0..=whole.messages.len() {
            drop(transcript.deflate_listing(number));
        }

        let traced = |pieces: &[&[u8]]| {
            let mut seen = Trace::mid_connection(agreed);
            for piece in pieces {
                seen.push(from, Duration::ZERO, piece);
            }
            seen
        };
        let seen = traced(&pieces);
        prop_assert_eq!(seen.faults(from), &whole.faults[..]);
        prop_assert_eq!(looked_at(&seen, from, &bytes), looked_at(&traced(&[&bytes]), from, &bytes));
    }

    #[test]
    fn the_top_bit_of_a_length_is_reported_whatever_was_agreed(
        (from, _, before) in stream(), key in key(false), kind in select(vec![MessageKind::Text, MessageKind::Binary]),
        len in select(vec![1 << 63, (1 << 63) + 1, u64::MAX]), cuts in vec(1_usize..9, 1..9),
    ) {
        let opcode = if kind == MessageKind::Text { Opcode::Text } else { Opcode::Binary };
        let claim = Header { rsv1: true, masking_key: key, ..Header::new(opcode, len) };
        let bytes = [encode::single_frame(Opcode::Ping, &before[..before.len().min(9)], key), claim.to_bytes()].concat();
        let at = Offset::START + (bytes.len() - claim.len() + 2);
        for agreed in [AgreedExtensions::none(), deflate()] {
            let decoded = Decoded::by(Decoder::new(from, agreed), &cut(&bytes, &cuts), true);
            let found: Vec<_> = decoded.faults.iter().filter(|fault| fault.code == FaultCode::LenMsbSet).collect();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((found[0].byte_offset, found[0].detectable_after), (at, at + 1));
            prop_assert_eq!(decoded.needs, None);
        }
    }
}
