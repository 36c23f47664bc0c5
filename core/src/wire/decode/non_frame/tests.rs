use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, Decoder, FaultCode, Opcode, Side, Trace, Transcript};

/// What people found after their 101, and what it is.
const FOUND: &[(&[u8], NonFrame)] = &[
    (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<p>8\r\n",
        NonFrame::HttpResponse,
    ),
    (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", NonFrame::HttpResponse),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", NonFrame::HttpResponse),
    (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0",
        NonFrame::HttpResponse,
    ),
    (b"GET / HTTP/1.1\r\n", NonFrame::HttpRequest),
    (b"HEAD /status HTTP/1.1\r\n", NonFrame::HttpRequest),
    (b"OPTIONS * HTTP/1.1\r\n", NonFrame::HttpRequest),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", NonFrame::Http2Preface),
    (b"7\r\n\x81\x05Hello\r\n7\r\n\x81\x05World\r\n0\r\n\r\n", NonFrame::Chunk),
    (b"8\r\n\x81\x06Hello!\r\n0\r\n\r\n", NonFrame::Chunk),
    (
        b"1a;name=\"value\"\r\n\x81\x18abcdefghijklmnopqrstuvwx\r\n0\r\nTrailer: 1\r\n\r\n",
        NonFrame::Chunk,
    ),
    (b"8a4f\r\n\x81\x7e\x8a\x4b and so on and on and on", NonFrame::Chunk),
    (b"0\r\n\r\n", NonFrame::Chunk),
    (b"\r\n7\r\n\x81\x05Hello\r\n", NonFrame::Chunk),
    (b"<!DOCTYPE html><p>", NonFrame::Html),
    (b"<!doctype html>\n<html>", NonFrame::Html),
    (b"\r\n<html lang=en>", NonFrame::Html),
    (b"<HTML><head>", NonFrame::Html),
    (b"<?xml version='1.0'?>", NonFrame::Xml),
    (b"{\"a\":1}", NonFrame::Json),
    (b"{\n  \"a\": 1\n}", NonFrame::Json),
    (b"[{\"a\":1}]", NonFrame::Json),
    (b"[1, 2, 3]", NonFrame::Json),
    (b"\xef\xbb\xbf{\"a\":1}", NonFrame::Json),
    (b"HTT", NonFrame::HttpResponse),
    (b"Unauthorized\n", NonFrame::Text),
    (b"2024-05-01T12:00:00 ERROR upstream closed", NonFrame::Text),
    (b"A line that is longer than 32 bytes, so that it is no chance", NonFrame::Text),
    ("Zugriff verweigert: für immer und ewig\n".as_bytes(), NonFrame::Text),
    (b"event: message\ndata: {}\n\n", NonFrame::EventStream),
    (b"data: 1\n\n", NonFrame::EventStream),
    (b"0{\"sid\":\"abc\",\"upgrades\":[]}", NonFrame::EngineIo),
    (b"42[\"message\",1]", NonFrame::EngineIo),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01", NonFrame::TlsRecord),
    (b"\x15\x03\x03\x00\x02\x02\x28", NonFrame::TlsRecord),
    (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", NonFrame::Gzip),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", NonFrame::ProxyHeader),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", NonFrame::ProxyHeader),
    (b"\x05\x01\x00", NonFrame::Socks5),
    (b"\r\n\x81\x05Hello", NonFrame::LineBreak),
    (b"\n\x81\x85\x01\x02\x03\x04Hello", NonFrame::LineBreak),
];

/// Returns the transcript of bytes that come in pieces.
fn transcript(from: Side, bytes: &[u8], piece: usize) -> Transcript {
    let mut transcript = Transcript::new(from, AgreedExtensions::none());
    bytes.chunks(piece.max(1)).for_each(|piece| transcript.push(piece));
    transcript
}

fn codes(transcript: &Transcript) -> Vec<(FaultCode, usize, u64, u64)> {
    let faults = transcript.faults().iter();
    faults
        .map(|fault| {
            (fault.code, fault.frame, fault.byte_offset.get(), fault.detectable_after.get())
        })
        .collect()
}

#[test]
fn other_protocols_are_recognized_by_their_first_bytes() {
    for (bytes, expected) in FOUND {
        assert_eq!(NonFrame::recognize(bytes), Some(*expected), "{bytes:?}");
    }
}

#[test]
fn a_direction_that_is_something_else_has_the_faults_of_its_first_header_only() {
    for (bytes, expected) in FOUND {
        let frame = encode::single_frame(Opcode::Text, b"first", None);
        let sent = [&frame, *bytes, &[b'0'; 300], b"\x88\x02\x03\xe8", &[0xff; 9]].concat();
        for piece in [1, 2, 3, 7, 4096] {
            let seen = transcript(Side::Server, &sent, piece);
            assert_eq!(seen.decoder().non_frame(), Some(*expected), "{bytes:?}");
            for (code, frame, ..) in codes(&seen) {
                assert_eq!(frame, 1, "{code}: {bytes:?}");
                let is_of_close = matches!(
                    code,
                    FaultCode::CloseCodeInvalid
                        | FaultCode::CloseCodeOutOfRange
                        | FaultCode::CloseReasonUtf8
                        | FaultCode::DataAfterClose
                );
                assert!(!is_of_close, "{code}: {bytes:?}");
            }
            assert_eq!(seen.messages().len(), 1);
        }
    }
}

#[test]
fn a_close_with_reserved_bits_is_judged_as_one() {
    let out_of_range = |bytes: &[u8]| {
        let found = codes(&transcript(Side::Server, bytes, 1));
        found.into_iter().find(|(code, ..)| *code == FaultCode::CloseCodeOutOfRange)
    };
    assert_eq!(
        out_of_range(b"\xf8\x02\xff\xff"),
        Some((FaultCode::CloseCodeOutOfRange, 0, 2, 4)),
        "no text begins so"
    );
    let hexadecimal = [&b"8aff"[..], &[0xfe; 95]].concat();
    assert_eq!(
        out_of_range(&hexadecimal),
        Some((FaultCode::CloseCodeOutOfRange, 0, 2, 5)),
        "certain once it is no size of a chunk"
    );
    assert_eq!(out_of_range(b"8aff"), None, "not certain yet");
}

#[test]
fn legal_frames_are_no_other_protocol() {
    for opcode in [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Ping] {
        for len in [0_usize, 1, 2, 125, 126, 65_536] {
            for key in [None, Some([1, 2, 3, 4])] {
                let frame = encode::single_frame(opcode, &vec![b'a'; len.min(125)], key);
                assert_eq!(NonFrame::recognize(&frame), None, "{frame:?}");
            }
        }
    }
}

#[test]
fn what_follows_a_handshake_of_hixie_76_is_no_frame_and_has_no_faults() {
    let request = b"GET /demo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\
        Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n\
        ^n:ds[4U\0hello\xff";
    let response = b"HTTP/1.1 101 X\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n\
        8jKS'y:G*Co,Wxa-\0hi\xff\x88\x02\xff\xff";
    let mut trace = Trace::new();
    trace.push(Side::Client, Duration::ZERO, request);
    trace.push(Side::Server, Duration::ZERO, response);
    for from in [Side::Client, Side::Server] {
        assert!(trace.head(from).is_some() && trace.faults(from).is_empty(), "{from}");
        assert_eq!(trace.non_frame_at(from, 0), Some(NonFrame::Hixie76));
    }
}

#[test]
fn every_kind_has_a_hint() {
    for (_, kind) in FOUND {
        assert!(kind.hint().starts_with("this is ") && !kind.hint().ends_with('.'));
    }
}

#[test]
fn the_rest_of_a_direction_that_is_something_else_is_left_unread() {
    for piece in [1, 2, 7, 4096] {
        let response = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<p>502</p>";
        let sent = [response, &[b'\n'; 40][..], b"\x81\x05Hello\x81\x05Hello"].concat();
        let mut assembler =
            FrameAssembler::new(Decoder::new(Side::Server, AgreedExtensions::none()), 1 << 10);
        let (mut frames, mut rest_len) = (Vec::new(), 0);
        for mut input in sent.chunks(piece) {
            frames.extend(std::iter::from_fn(|| assembler.next_frame(&mut input)));
            rest_len += input.len();
        }
        let [frame] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(frame.non_frame, Some(NonFrame::HttpResponse));
        assert_eq!(frame.payload.len() + 2 + rest_len, sent.len());
        assert_eq!((assembler.needed(), assembler.partial_frame()), (None, None));
    }
}

#[test]
fn text_that_ends_early_is_likely_text() {
    let partial = |bytes: &[u8]| {
        let mut assembler =
            FrameAssembler::new(Decoder::new(Side::Server, AgreedExtensions::none()), 100);
        assert_eq!(assembler.next_frame(&mut &*bytes), None);
        assembler.partial_frame().and_then(|frame| frame.non_frame)
    };
    assert_eq!(partial(b"Unauthorized"), Some(NonFrame::Text));
    assert_eq!(partial(b"Denied\xff"), None, "no text");
    assert_eq!(partial(b"no"), None, "too few bytes");
    assert_eq!(partial(b"Bad Gateway"), None, "may be compressed data");
}

proptest! {
    #[test]
    fn no_legal_frame_is_taken_for_something_else(
        opcode in prop_oneof![
            Just(Opcode::Text), Just(Opcode::Binary), Just(Opcode::Continuation),
            Just(Opcode::Ping), Just(Opcode::Pong), Just(Opcode::Close),
        ],
        payload in prop_oneof![
            "[ -~\r\n]{0,200}".prop_map(String::into_bytes),
            "\\PC{0,60}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..200),
            (0..FOUND.len()).prop_map(|number| FOUND[number].0.to_vec()),
        ],
        key in proptest::option::of(any::<[u8; 4]>()),
        fin in any::<bool>(),
    ) {
        let len = if opcode.is_control() { payload.len().min(125) } else { payload.len() };
        let mut frame = encode::single_frame(opcode, &payload[..len], key);
        if !fin && !opcode.is_control() {
            frame[0] &= 0x7f;
        }
        prop_assert_eq!(NonFrame::recognize(&frame), None);
        // The other side's frames, and what follows a fault, are frames too.
        for from in [Side::Client, Side::Server] {
            let broken = encode::single_frame(Opcode::Reserved(3), b"", key);
            let seen = transcript(from, &[&broken[..], &frame].concat(), 7);
            prop_assert_eq!(seen.decoder().non_frame(), None);
        }
    }

    #[test]
    fn pieces_never_matter(
        start in prop_oneof![
            (0..FOUND.len()).prop_map(|number| FOUND[number].0.to_vec()),
            "[0-9a-f8]{1,9}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..6),
        ],
        cut in any::<usize>(),
        rest in proptest::collection::vec(any::<u8>(), 0..200),
        piece in 1_usize..40,
        client in any::<bool>(),
    ) {
        let from = if client { Side::Client } else { Side::Server };
        let sent = [&start[..cut % (start.len() + 1)], &rest].concat();
        let (whole, pieces) = (transcript(from, &sent, sent.len()), transcript(from, &sent, piece));
        prop_assert_eq!(codes(&whole), codes(&pieces));
        prop_assert_eq!(whole.decoder().non_frame(), pieces.decoder().non_frame());
        prop_assert_eq!(whole.frames().len(), pieces.frames().len());
        let decoded = Decoder::new(from, AgreedExtensions::none()).non_frame();
        prop_assert_eq!(decoded, None);
    }
}
