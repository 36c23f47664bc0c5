//! The inflater against the RFC's examples, against zlib's on streams good and bad, and against
//! every cut.

use flate2::{Decompress, FlushDecompress, Status};
use proptest::prelude::*;

use super::*;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::{AgreedExtensions, Side};

/// One message, whole or in pieces: its data, and what is wrong with it.
fn inflate(
    inflater: &mut Inflater,
    payload: &[u8],
    chunk: usize,
) -> (Vec<u8>, Option<InflateFault>) {
    let mut plain = Vec::new();
    for mut input in payload.chunks(chunk.max(1)) {
        loop {
            let piece = inflater.push(&mut input);
            if piece.is_empty() {
                break;
            }
            plain.extend_from_slice(piece);
        }
        assert!(input.is_empty());
    }
    plain.extend_from_slice(inflater.end_message());
    (plain, inflater.fault())
}

fn alone(payload: &[u8]) -> Result<Vec<u8>, InflateFaultKind> {
    let (plain, fault) = inflate(&mut Inflater::new(15), payload, 4096);
    fault.map_or(Ok(plain), |fault| Err(fault.kind))
}

fn unhex(text: &str) -> Vec<u8> {
    text.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn rfc_7692_section_7_2_3_the_examples() {
    for payload in [
        "f2 48 cd c9 c9 07 00",
        "00 05 00 fa ff 48 65 6c 6c 6f 00",
        "f3 48 cd c9 c9 07 00 00",
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    ] {
        assert_eq!(alone(&unhex(payload)), Ok(b"Hello".to_vec()), "{payload}");
    }
    assert_eq!(alone(&[0x00]), Ok(vec![]), "section 7.2.3.6");
    assert_eq!(alone(&[0x02, 0x00]), Ok(vec![]), "an empty fixed block");
}

#[test]
fn rfc_7692_section_7_2_3_2_with_and_without_takeover() {
    let mut inflater = Inflater::new(15);
    assert_eq!(inflate(&mut inflater, &unhex("f2 48 cd c9 c9 07 00"), 1).0, b"Hello");
    inflater.begin_message(true);
    assert_eq!(inflate(&mut inflater, &unhex("f2 00 11 00 00"), 1).0, b"Hello");
    inflater.begin_message(false);
    let (_, fault) = inflate(&mut inflater, &unhex("f2 00 11 00 00"), 1);
    assert_eq!(fault.unwrap().kind, InflateFaultKind::DistanceTooFar { distance: 5, reach: 1 });
}

#[test]
fn rfc_7692_section_7_2_1_blocks_go_on_behind_bfinal() {
    assert_eq!(
        alone(&unhex("f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00")),
        Ok(b"HelloHello".to_vec())
    );
    assert_eq!(alone(&unhex("f3 48 cd c9 c9 07 00 f3 00 11 00 00")), Ok(b"HelloHello".to_vec()));
    assert_eq!(alone(&unhex("f3 48 cd c9 c9 07 00")), Ok(b"Hello".to_vec()), "nothing is missing");
    assert_eq!(alone(&unhex("f3 48 cd c9 c9 07 00 ff")), Err(InflateFaultKind::ReservedBlockType));
    assert_eq!(alone(&unhex("01 05 00 fa ff 48 65 6c 6c 6f 00")), Ok(b"Hello".to_vec()));
}

#[test]
fn the_missing_last_byte_takes_no_data_away() {
    let mut inflater = Inflater::new(15);
    assert_eq!(
        inflate(&mut inflater, &unhex("f2 48 cd c9 c9 07"), 4096),
        (b"Hello".to_vec(), None)
    );
    assert!(inflater.lacks_final_zero());
    inflater.begin_message(true);
    assert_eq!(inflate(&mut inflater, &unhex("f2 00 11 00 00"), 4096), (b"Hello".to_vec(), None));
    assert!(!inflater.lacks_final_zero());
    inflater.begin_message(true);
    assert_eq!(inflate(&mut inflater, &unhex("00 00 00 ff ff"), 1), (vec![], None));
    assert!(inflater.lacks_final_zero(), "the tail that a sender kept begins no block either");
}

#[test]
fn rfc_7692_section_7_2_3_6_an_empty_message_is_one_byte() {
    let mut inflater = Inflater::new(15);
    assert_eq!(inflate(&mut inflater, &[0], 1), (vec![], None));
    inflater.begin_message(true);
    let (data, fault) = inflate(&mut inflater, &[], 1);
    let expected = InflateFault { kind: InflateFaultKind::NoData, start_bit: 0, end_bit: 0 };
    assert_eq!((data, fault, inflater.lacks_final_zero()), (vec![], Some(expected), false));
    inflater.begin_message(true);
    assert_eq!(inflate(&mut inflater, &[0], 1), (vec![], None));
}

#[test]
fn what_is_wrong_is_named() {
    use Alphabet::{CodeLengths, Distances, LiteralOrLength};
    let cases = [
        ("ff", InflateFaultKind::ReservedBlockType),
        ("00 05 00 fa fe 48", InflateFaultKind::StoredLengthMismatch { len: 5, nlen: 0xfefa }),
        ("00 09 00 f6 ff 48 65", InflateFaultKind::Truncated),
        // Dynamic: HLIT = 31 (288 codes), HDIST = 31 (32 codes).
        ("fc 00 00", InflateFaultKind::TooManyCodes(LiteralOrLength, 288)),
        ("04 1f 00", InflateFaultKind::TooManyCodes(Distances, 32)),
        // Dynamic: all four code length codes are 0, or all 1.
        ("04 00 00 00", InflateFaultKind::NoCodes),
        ("04 00 92 04", InflateFaultKind::Oversubscribed(CodeLengths)),
        // Fixed: symbol 286 (11000110), and distance 30 (11110) behind a literal and length 3
        // (0000001).
        ("1a 03", InflateFaultKind::NoSuchSymbol(LiteralOrLength)),
        ("72 04 3e", InflateFaultKind::NoSuchSymbol(Distances)),
        ("f2 00 11 00 00", InflateFaultKind::DistanceTooFar { distance: 5, reach: 1 }),
    ];
    for (payload, kind) in cases {
        assert_eq!(alone(&unhex(payload)), Err(kind), "{payload}");
    }
}

#[test]
fn a_fault_knows_its_bits() {
    let (_, fault) = inflate(&mut Inflater::new(15), &[0xff, 0xff], 4096);
    let fault = fault.unwrap();
    assert_eq!((fault.start_bit, fault.end_bit, fault.detectable_after()), (1, 3, 1));
    assert_eq!(
        fault.to_string(),
        "block type 11, which is reserved, at bit 1 of byte 0 of the DEFLATE data"
    );
}

#[test]
fn a_match_further_back_than_the_window_is_refused() {
    let params = "permessage-deflate; server_max_window_bits=15";
    let mut deflater =
        Deflater::new(AgreedExtensions::parse(params).unwrap().deflate.unwrap(), Side::Server);
    let noise = |n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8;
    let text: Vec<u8> = (0..600).map(noise).chain((0..20).map(noise)).collect();
    let payload = deflater.compress_message(&text);
    assert_eq!(inflate(&mut Inflater::new(10), &payload, 7), (text, None));
    let (_, fault) = inflate(&mut Inflater::new(9), &payload, 7);
    assert_eq!(fault.unwrap().kind, InflateFaultKind::DistanceTooFar { distance: 600, reach: 512 });
}

#[test]
fn a_bomb_needs_no_more_memory_than_its_window() {
    let payload = bomb(40_000);
    let mut inflater = Inflater::new(15);
    let (mut input, mut sum, mut largest) = (payload.as_slice(), 0, 0);
    loop {
        let piece = inflater.push(&mut input);
        if piece.is_empty() {
            break;
        }
        sum += piece.len();
        largest = largest.max(piece.len());
        assert!(piece.iter().all(|byte| *byte == 0));
    }
    inflater.end_message();
    assert_eq!((sum, inflater.fault()), (40_000 * 258 + 1, None));
    assert!(largest <= sliding_window::MAX_OUTPUT && inflater.window.memory() <= 128 * 1024);
}

/// How far zlib's inflater came with the same bytes.
#[derive(PartialEq, Eq)]
enum Zlib {
    /// It objected.
    Refused,
    /// It met a block with BFINAL = 1 and left the rest unread.
    Ended,
    /// It read everything.
    Open,
}

fn zlib(payload: &[u8]) -> (Vec<u8>, Zlib) {
    let mut zlib = Decompress::new(false);
    let (mut plain, mut room) = (Vec::new(), vec![0; 1 << 16]);
    let input = [payload, &DEFLATE_TAIL].concat();
    loop {
        let (taken, given) = (zlib.total_in() as usize, zlib.total_out());
        let status = zlib.decompress(&input[taken..], &mut room, FlushDecompress::Sync);
        let written = (zlib.total_out() - given) as usize;
        plain.extend_from_slice(&room[..written]);
        match status {
            Err(_) => return (plain, Zlib::Refused),
            Ok(Status::StreamEnd) => return (plain, Zlib::Ended),
            Ok(_) if written == 0 => return (plain, Zlib::Open),
            Ok(_) => {}
        }
    }
}

/// Real streams: with much and little to repeat, in several messages.
fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let words = proptest::collection::vec(0_u32..60, 0..400)
        .prop_map(|words| words.iter().flat_map(|word| format!("{word} ").into_bytes()).collect());
    let noise = proptest::collection::vec(any::<u8>(), 0..600);
    let few = (any::<u8>(), 0_usize..70_000).prop_map(|(byte, len)| vec![byte; len]);
    proptest::collection::vec(prop_oneof![4 => words, 2 => noise, 1 => few], 1..5)
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_and_the_right_data(messages in messages(), chunk in 1_usize..40) {
        let mut deflater = Deflater::new(crate::wire::DeflateParams::default(), Side::Server);
        let (mut whole, mut pieces) = (Inflater::new(15), Inflater::new(15));
        for message in &messages {
            let payload = deflater.compress_message(message);
            whole.begin_message(true);
            pieces.begin_message(true);
            prop_assert_eq!(&inflate(&mut whole, &payload, 1 << 20), &(message.clone(), None));
            prop_assert_eq!(&inflate(&mut pieces, &payload, chunk), &(message.clone(), None));
        }
    }

    #[test]
    fn a_flipped_bit_gives_what_zlib_gives(messages in messages(), at in any::<prop::sample::Index>(), bit in 0_u8..8, chunk in 1_usize..40) {
        let mut deflater = Deflater::new(crate::wire::DeflateParams::default(), Side::Server);
        let mut payload = deflater.compress_message(&messages[0]);
        let at = at.index(payload.len());
        payload[at] ^= 1 << bit;
        compare(&payload, chunk)?;
    }

    #[test]
    fn noise_gives_what_zlib_gives(payload in proptest::collection::vec(any::<u8>(), 0..300), kind in 0_u8..8, chunk in 1_usize..40) {
        let mut payload = payload;
        if let Some(first) = payload.first_mut() {
            *first = *first & 0xf8 | kind;
        }
        compare(&payload, chunk)?;
    }
}

fn compare(payload: &[u8], chunk: usize) -> Result<(), TestCaseError> {
    let (whole, fault) = inflate(&mut Inflater::new(15), payload, 1 << 20);
    let pieces = inflate(&mut Inflater::new(15), payload, chunk);
    prop_assert_eq!(&pieces, &(whole.clone(), fault));
    let (expected, zlib) = zlib(payload);
    let kind = fault.map(|fault| fault.kind);
    match zlib {
        Zlib::Refused => prop_assert!(kind.is_some_and(|kind| kind != InflateFaultKind::Truncated)),
        Zlib::Ended => prop_assert!(whole.starts_with(&expected)),
        Zlib::Open => {
            // Without any code zlib reads on and refuses the block at its end, which need not have
            // come. After an empty payload it waits for the rest of the tail.
            let may_wait = matches!(
                kind,
                None | Some(
                    InflateFaultKind::Truncated
                        | InflateFaultKind::NoCodes
                        | InflateFaultKind::NoData
                )
            );
            prop_assert!(may_wait, "{kind:?}");
            prop_assert_eq!(whole, expected);
        }
    }
    Ok(())
}
