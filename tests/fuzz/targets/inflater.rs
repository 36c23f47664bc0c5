//! The inflater compared with zlib: the same bytes, or both refuse. Also the listing of the
//! inflated symbols.

use flate2::{Decompress, FlushDecompress, Status};
use wiretalk::wire::ByteLen;
use wiretalk::wire::deflate::inflate::{DEFLATE_TAIL, InflateFault, InflateFaultKind, Inflater};
use wiretalk::wire::deflate::listing::DeflateListing;

use super::{cut, pieces};

/// The maximum length of an input. It could inflate to a thousand times as much.
const MAX_INPUT_LEN: usize = 1 << 16;

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    let input = &input[..input.len().min(MAX_INPUT_LEN)];
    let (plain, fault) = inflated(&mut Inflater::new(15), [input]);
    assert_eq!(inflated(&mut Inflater::new(15), pieces(input, how)), (plain.clone(), fault));
    beside_zlib(input, &plain, fault);
    smaller(input, &plain, 8 + how % 8);
    again(input, &plain, fault);
    let lens = DeflateListing::with_limits(&[], input, 15, 1000, u64::MAX);
    assert_eq!((lens.data_len, lens.fault), (ByteLen::of(&plain), fault));
    let spread = lens.items.windows(2).all(|pair| pair[0].bits.end == pair[1].bits.start);
    assert!(spread, "the items stand without a gap");
}

fn inflated<'a>(
    inflater: &mut Inflater,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Option<InflateFault>) {
    let mut plain = Vec::new();
    for mut input in pieces {
        loop {
            let piece = inflater.push(&mut input);
            if piece.is_empty() {
                break;
            }
            plain.extend_from_slice(piece);
        }
        assert!(input.is_empty(), "everything is taken");
    }
    plain.extend_from_slice(inflater.end_message());
    (plain, inflater.fault())
}

/// The result of zlib for the same bytes.
enum Zlib {
    /// It refused the data.
    Refused,
    /// It reached a block with BFINAL = 1 and left the rest unread, where RFC 7692 section 7.2.1
    /// continues.
    Ended,
    /// It read all of the data.
    Open,
}

fn beside_zlib(input: &[u8], plain: &[u8], fault: Option<InflateFault>) {
    let (expected, zlib) = zlib(input);
    let broken = fault.map(|fault| fault.kind);
    match zlib {
        Zlib::Refused => {
            assert!(
                broken.is_some_and(|broken| broken != InflateFaultKind::Truncated),
                "zlib objects, not to {broken:?}"
            );
            assert!(expected.starts_with(plain) || plain.starts_with(&expected));
        }
        Zlib::Ended => assert!(plain.starts_with(&expected)),
        Zlib::Open => {
            // A block without any code is a fault here at once. zlib refuses it only at its end.
            // zlib waits for the rest of the block that the appended bytes begin.
            let waits = matches!(
                broken,
                None | Some(
                    InflateFaultKind::Truncated
                        | InflateFaultKind::NoCodes
                        | InflateFaultKind::NoData
                )
            );
            assert!(waits, "zlib does not object to {broken:?}");
            assert_eq!(plain, expected);
        }
    }
}

fn zlib(input: &[u8]) -> (Vec<u8>, Zlib) {
    let (mut plain, mut room) = (Vec::new(), [0; 1 << 12]);
    let mut zlib = Decompress::new(false);
    let input = [input, &DEFLATE_TAIL].concat();
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

/// Checks that a smaller window gives the same result, or ends where a match points too far back.
fn smaller(input: &[u8], plain: &[u8], bits: u8) {
    let (less, fault) = inflated(&mut Inflater::new(bits), [input]);
    assert!(plain.starts_with(&less));
    let too_far =
        matches!(fault.map(|fault| fault.kind), Some(InflateFaultKind::DistanceTooFar { .. }));
    assert!(less == plain || too_far);
}

/// Checks that without context takeover a second message inflates like the first.
fn again(input: &[u8], plain: &[u8], fault: Option<InflateFault>) {
    let mut inflater = Inflater::new(15);
    inflated(&mut inflater, [input]);
    inflater.begin_message(false);
    let (second, again) = inflated(&mut inflater, [input]);
    assert!(second == plain && again == fault);
}
