//! [`DirectionSearch`]: finds a text or bytes in what one side sends, within frames and across the
//! fragments of a message, and in what a compressed message says.
//!
//! Memory is bounded by the length of what is searched for: a match is at most that long, so only
//! the last bytes before a piece are kept.

use crate::wire::decode::decoder::{Decoder, DecoderEvent, FrameStart};
use crate::wire::query::carry::{Carry, MatchStart};
use crate::wire::query::search::Needle;
use crate::wire::size::ByteLen;

/// A match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchHit {
    /// The number of the frame in its direction in which the match ends. The match of a message of
    /// several frames may begin in an earlier one.
    pub frame_number: usize,
    /// The place of the match relative to that frame.
    pub place: HitPlace,
}

/// The place of a match relative to the frame in which it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPlace {
    /// In the frame's unmasked payload, from this byte of the payload on.
    Payload(u64),
    /// In the message, from an earlier fragment into this frame.
    AcrossFragments,
    /// In the inflated data of the message.
    Inflated,
}

/// A search in one direction, which takes its bytes in pieces of any size.
///
/// ```
/// use wiretalk_core::wire::query::direction_search::{DirectionSearch, HitPlace};
/// use wiretalk_core::wire::query::search::Needle;
/// use wiretalk_core::wire::{AgreedExtensions, Decoder, Side};
///
/// let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
/// let mut search = DirectionSearch::new(decoder, Needle::parse("hello").unwrap());
/// search.push(b"\x01\x03Hel\x80\x02lo");
/// let hits = search.take_hits();
/// assert_eq!((hits[0].frame_number, hits[0].place), (1, HitPlace::AcrossFragments));
/// ```
#[derive(Clone, Debug)]
pub struct DirectionSearch {
    decoder: Decoder,
    needle: Needle,
    /// The frame that is arriving, and how much of its payload has arrived.
    frame: Option<(FrameStart, u64)>,
    /// The end of the frame's own payload.
    in_frame: Carry,
    /// The end of the message's data.
    in_message: Carry,
    hits: Vec<SearchHit>,
}

impl DirectionSearch {
    /// Creates a search in the bytes that `decoder` will decode.
    pub fn new(decoder: Decoder, needle: Needle) -> Self {
        let (in_frame, in_message) = (Carry::default(), Carry::default());
        Self { decoder, needle, frame: None, in_frame, in_message, hits: Vec::new() }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { decoder, needle, frame, in_frame, in_message, hits } = self;
        let mut rest = bytes;
        while let Some(event) = decoder.next_event(&mut rest) {
            let mut add = |frame: &Option<(FrameStart, u64)>, place| {
                let Some((start, _)) = frame else { return };
                let frame_number = start.frame_number;
                // One hit per frame is enough to show it.
                if hits.last().is_none_or(|hit| hit.frame_number != frame_number) {
                    hits.push(SearchHit { frame_number, place });
                }
            };
            match event {
                DecoderEvent::FrameStart(start) => {
                    in_frame.clear();
                    if matches!(start.role, crate::wire::FragmentRole::First { .. }) {
                        in_message.clear();
                    }
                    *frame = Some((start, 0));
                }
                DecoderEvent::Payload(plain) => {
                    let Some((start, done)) = frame else { continue };
                    let before = *done;
                    *done = done.saturating_add(plain.len() as u64);
                    let is_message = start.role.message_number().is_some() && !start.compressed;
                    let carry = if is_message { &mut *in_message } else { &mut *in_frame };
                    if let Some(back) = carry.find(needle, plain) {
                        // Counted from the first byte of the payload.
                        let place = match back {
                            MatchStart::InPiece(at) => {
                                HitPlace::Payload(before.saturating_add(at as u64))
                            }
                            MatchStart::Before(len) => before
                                .checked_sub(len as u64)
                                .map_or(HitPlace::AcrossFragments, HitPlace::Payload),
                        };
                        add(frame, place);
                    }
                }
                DecoderEvent::Inflated(piece) => {
                    if in_message.find(needle, piece).is_some() {
                        add(frame, HitPlace::Inflated);
                    }
                }
                DecoderEvent::FrameEnd(_) => *frame = None,
                DecoderEvent::Fault(_) | DecoderEvent::MessageEnd(_) => {}
            }
        }
    }

    /// Skips bytes of the current frame that were not captured. A match never contains them.
    pub fn skip(&mut self, missing: ByteLen) {
        self.clear_carries();
        self.decoder.skip(missing);
        self.push(&[]);
        // What the frame has now is not known by its position in the payload alone.
        if let Some((_, done)) = &mut self.frame {
            *done = done.saturating_add(missing.get());
        }
    }

    /// Goes on with the first byte of a frame, because an unknown number of frames is not there.
    pub fn resume_after_gap(&mut self) {
        self.clear_carries();
        self.decoder.resume_after_gap();
        self.frame = None;
    }

    /// Returns the number of frames that were complete so far.
    pub fn frame_count(&self) -> usize {
        self.decoder.frame_count()
    }

    /// Returns the hits since the last call: at most one per frame, in the order of the frames.
    pub fn take_hits(&mut self) -> Vec<SearchHit> {
        std::mem::take(&mut self.hits)
    }

    fn clear_carries(&mut self) {
        self.in_frame.clear();
        self.in_message.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::frame::encode;
    use crate::wire::{AgreedExtensions, MessageKind, Opcode, Side};
    use proptest::prelude::*;

    fn deflate() -> AgreedExtensions {
        AgreedExtensions::parse("permessage-deflate").unwrap()
    }

    fn search(agreed: AgreedExtensions, needle: &str) -> DirectionSearch {
        let decoder = Decoder::new(Side::Server, agreed);
        DirectionSearch::new(decoder, Needle::parse(needle).unwrap())
    }

    fn hits(search: &mut DirectionSearch) -> Vec<(usize, HitPlace)> {
        search.take_hits().into_iter().map(|hit| (hit.frame_number, hit.place)).collect()
    }

    /// Three messages, the second of which is compressed in two fragments with a ping in between.
    fn stream() -> Vec<u8> {
        let text = b"the needle is in the compressed message, behind its first 200 bytes: "
            .repeat(9)
            .into_iter()
            .chain(*b"HAYSTACK")
            .collect::<Vec<u8>>();
        let payload =
            Deflater::new(deflate().deflate.unwrap(), Side::Server).compress_message(&text);
        let (one, two) = payload.split_at(payload.len() / 2);
        let [first, second] = encode::compressed_fragments(MessageKind::Text, &[one, two], || None)
            .try_into()
            .unwrap();
        [
            encode::single_frame(Opcode::Text, b"plain", None),
            first,
            encode::single_frame(Opcode::Ping, b"ping in between", None),
            second,
            encode::single_frame(Opcode::Text, b"haystack", None),
        ]
        .concat()
    }

    #[test]
    fn a_compressed_message_is_searched_as_a_whole() {
        for chunk in [1, 7, 4096] {
            let mut search = search(deflate(), "haystack");
            stream().chunks(chunk).for_each(|piece| search.push(piece));
            assert_eq!(
                hits(&mut search),
                [(3, HitPlace::Inflated), (4, HitPlace::Payload(0))],
                "{chunk}"
            );
        }
    }

    #[test]
    fn a_match_belongs_to_the_frame_in_which_it_ends() {
        let frames =
            encode::fragments(MessageKind::Text, &[b"xx ne", b"ed", b"le yy needle"], || None);
        let mut search = search(AgreedExtensions::none(), "needle");
        search.push(&frames.concat());
        assert_eq!(hits(&mut search), [(2, HitPlace::AcrossFragments)]);
    }

    #[test]
    fn nothing_is_found_across_bytes_that_are_missing() {
        let frame = encode::single_frame(Opcode::Text, b"nee....dle needle", None);
        let mut found = search(AgreedExtensions::none(), "needle");
        found.push(&frame[..5]);
        found.skip(ByteLen::new(4));
        found.push(&frame[9..]);
        assert_eq!(hits(&mut found), [(0, HitPlace::Payload(11))]);
        let mut zeros = search(AgreedExtensions::none(), "0x0000");
        zeros.push(&frame[..5]);
        zeros.skip(ByteLen::new(4));
        zeros.push(&frame[9..]);
        assert_eq!(hits(&mut zeros), []);
        let fragments = encode::fragments(MessageKind::Text, &[b"nee", b"dle"], || None);
        let mut lost = search(AgreedExtensions::none(), "needle");
        lost.push(&fragments[0]);
        lost.resume_after_gap();
        lost.push(&fragments[1]);
        assert_eq!(hits(&mut lost), []);
    }

    proptest! {
        /// Pieces never matter, and a text that is there is found at its first place.
        #[test]
        fn a_text_is_found_however_it_is_cut(
            text in proptest::collection::vec(0_u8..3, 1..60), start: prop::sample::Index,
            len in 1_usize..7, cuts in proptest::collection::vec(1_usize..20, 1..8),
            chunk in 1_usize..30,
        ) {
            let start = start.index(text.len());
            let part = &text[start..text.len().min(start + len)];
            let first = text.windows(part.len()).position(|window| window == part).unwrap();
            let mut pieces = Vec::new();
            let mut rest = &text[..];
            for cut in cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            pieces.push(rest);
            let sent = encode::fragments(MessageKind::Binary, &pieces, || None).concat();
            let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
            let mut search = DirectionSearch::new(decoder, Needle::bytes(part).unwrap());
            sent.chunks(chunk).for_each(|piece| search.push(piece));
            // The frame that holds the last byte of the first match.
            let last = first + part.len() - 1;
            let mut end = 0;
            let frame = pieces.iter().position(|piece| { end += piece.len(); last < end });
            prop_assert_eq!(search.take_hits().first().map(|hit| hit.frame_number), frame);
        }
    }
}
