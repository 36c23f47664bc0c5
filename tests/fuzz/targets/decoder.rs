//! The decoder: the same result for any chunks, every fault at its exact byte, and nothing that is
//! not in the input.

use std::time::Duration;

use wiretalk::wire::{AgreedExtensions, DecodeVerdict, Decoder, Offset, Side, Trace, Transcript};

use super::{cut, pieces};

/// The extension headers that the first byte chooses from.
const AGREED: [&str; 4] = [
    "",
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits=8; server_max_window_bits=9",
];

/// The limit for inflating. DEFLATE can expand data about a thousandfold.
const LIMIT: u64 = 1 << 20;

/// The number of faults of an input whose detecting byte is checked.
const FAULTS: usize = 3;

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    let from = if how & 1 == 0 { Side::Client } else { Side::Server };
    let agreed =
        AgreedExtensions::parse(AGREED[usize::from(how >> 1 & 3)]).expect("all of them are legal");
    let decoder = || Decoder::new(from, agreed).inflate_limit(LIMIT);
    let whole = transcript(decoder(), [input]);
    same(&whole, &transcript(decoder(), pieces(input, how)));
    kept(&whole, input);
    check_trace(&whole, from, agreed, input, how);
    stopped(&whole, &transcript(decoder().stop_at_fatal(), pieces(input, how)));
    for fault in whole.faults().iter().take(FAULTS) {
        let finds = |end: Offset| {
            transcript(decoder(), [&input[..end.to_usize_saturating()]]).faults().contains(fault)
        };
        assert!(finds(fault.detectable_after), "{fault:?} is not reported at its detecting byte");
        assert!(
            !finds(fault.detectable_after - 1),
            "{fault:?} is reported before its detecting byte"
        );
    }
}

fn transcript<'a>(decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Transcript {
    let mut transcript = Transcript::with_decoder(decoder);
    pieces.into_iter().for_each(|piece| transcript.push(piece));
    transcript
}

fn same(whole: &Transcript, pieces: &Transcript) {
    assert_eq!(whole.frames(), pieces.frames());
    assert_eq!(whole.messages(), pieces.messages());
    assert_eq!(whole.faults(), pieces.faults());
    assert_eq!(whole.needed(), pieces.needed());
    assert_eq!(whole.current_frame(), pieces.current_frame());
    assert_eq!(
        whole.partial_header().map(|partial| partial.raw),
        pieces.partial_header().map(|partial| partial.raw)
    );
    assert_eq!(whole.decoder().open_message(), pieces.decoder().open_message());
}

/// Checks that the frames are the input byte for byte, up to what is another protocol, that fields cover
/// them, and that no message exceeds the limit.
fn kept(transcript: &Transcript, input: &[u8]) {
    let mut bytes = Vec::new();
    for frame in transcript.frames().iter().chain(transcript.current_frame()) {
        assert_eq!(
            frame.header.to_bytes(),
            frame.raw()[..frame.header.len()],
            "a header is written as it was read"
        );
        assert!(!frame.field_spans().is_empty());
        bytes.extend_from_slice(frame.raw());
    }
    bytes.extend_from_slice(transcript.partial_header().map_or(&[], |partial| partial.raw));
    if transcript.decoder().non_frame().is_some() {
        assert!(input.starts_with(&bytes), "{bytes:?}");
    } else {
        assert_eq!(bytes, input);
    }
    for message in transcript.messages().iter().filter(|message| message.compressed) {
        assert!(message.data.len() as u64 <= LIMIT);
        if let Some(listing) = transcript.deflate_listing(message.number) {
            assert!(
                message.inflate_stop.is_some() || listing.data_len == message.data.len() as u64
            );
        }
    }
}

/// Checks that the trace, which keeps no payload, agrees with the transcript.
fn check_trace(
    transcript: &Transcript,
    from: Side,
    agreed: AgreedExtensions,
    input: &[u8],
    how: u8,
) {
    let mut trace = Trace::mid_connection(agreed);
    pieces(input, how).for_each(|piece| trace.push(from, Duration::ZERO, piece));
    assert_eq!(trace.rows().len(), transcript.frames().len());
    for (row, frame) in trace.rows().iter().zip(transcript.frames()) {
        assert_eq!(&trace.frame(row, frame.raw().to_vec()), frame);
    }
    if transcript.messages().iter().all(|message| message.inflate_stop.is_none()) {
        assert_eq!(trace.faults(from), transcript.faults());
    }
}

/// Checks that a decoder that stops at the first fatal fault has found the same up to there. It takes
/// another protocol's bytes for frames too, and judges them.
fn stopped(whole: &Transcript, stopped: &Transcript) {
    assert!(whole.frames().starts_with(stopped.frames()));
    assert!(whole.messages().starts_with(stopped.messages()));
    if whole.decoder().non_frame().is_none() {
        // The faults of a payload wait while the frame may be another protocol's bytes.
        let may_wait = whole.current_frame().is_some();
        assert!(may_wait || stopped.faults().len() <= whole.faults().len());
        for (whole, stopped) in whole.faults().iter().zip(stopped.faults()) {
            // Whether a frame is one may be certain only behind its fault.
            assert!(whole.detectable_after >= stopped.detectable_after, "{whole:?}");
            let mut same = *whole;
            same.detectable_after = stopped.detectable_after;
            assert_eq!(same, *stopped);
        }
    }
    assert_eq!(whole.verdict() == DecodeVerdict::Fail, stopped.verdict() == DecodeVerdict::Fail);
}
