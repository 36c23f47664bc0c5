//! [`TextMatcher`]: finds out which of several texts each message of one side contains, inflated and
//! joined. `filter` asks for them.

use crate::wire::decode::decoder::{Decoder, DecoderEvent, FrameStart};
use crate::wire::frame::message::FragmentRole;
use crate::wire::query::carry::Carry;
use crate::wire::query::search::Needle;
use crate::wire::size::ByteLen;

/// A set of the texts that are looked for, by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextSet(u64);

impl TextSet {
    /// The number of texts that a set can hold.
    pub const MAX_TEXTS: usize = 64;

    /// Whether text number `text` is in the set.
    pub fn contains(self, text: usize) -> bool {
        self.0 & bit(text) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn insert(&mut self, text: usize) {
        self.0 |= bit(text);
    }
}

fn bit(text: usize) -> u64 {
    u32::try_from(text).ok().and_then(|text| 1_u64.checked_shl(text)).unwrap_or(0)
}

/// A frame with the texts that were found up to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextHit {
    /// The number of the frame in its direction: the last one of a message, or a control frame.
    pub frame_number: usize,
    /// The texts, at least one.
    pub texts: TextSet,
}

/// Looks for several texts in one direction, which comes in pieces of any size. A hit stands at the
/// last frame of a message, because only then the message is known. The payload of a control frame
/// is searched by itself.
///
/// ```
/// use wiretalk_core::wire::query::search::Needle;
/// use wiretalk_core::wire::query::text_matcher::TextMatcher;
/// use wiretalk_core::wire::{AgreedExtensions, Decoder, Side};
///
/// let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
/// let mut matcher = TextMatcher::new(decoder, &[Needle::parse("hello").unwrap()]);
/// matcher.push(b"\x01\x03Hel\x80\x02lo");
/// assert_eq!(matcher.take_hits()[0].frame_number, 1);
/// ```
#[derive(Clone, Debug)]
pub struct TextMatcher {
    decoder: Decoder,
    in_message: Finders,
    in_frame: Finders,
    frame: Option<FrameStart>,
    hits: Vec<TextHit>,
}

/// The texts with the ends of the data that was searched.
#[derive(Clone, Debug)]
struct Finders {
    texts: Vec<(Needle, Carry)>,
    found: TextSet,
}

impl Finders {
    fn new(needles: &[Needle]) -> Self {
        let texts = needles.iter().take(TextSet::MAX_TEXTS);
        let texts = texts.map(|needle| (needle.clone(), Carry::default())).collect();
        Self { texts, found: TextSet::default() }
    }

    fn begin(&mut self) {
        self.clear_carries();
        self.found = TextSet::default();
    }

    fn clear_carries(&mut self) {
        self.texts.iter_mut().for_each(|(_, carry)| carry.clear());
    }

    fn push(&mut self, piece: &[u8]) {
        for (number, (needle, carry)) in self.texts.iter_mut().enumerate() {
            if !self.found.contains(number) && carry.find(needle, piece).is_some() {
                self.found.insert(number);
            }
        }
    }
}

impl TextMatcher {
    /// Creates a matcher for the bytes that `decoder` will decode. Only the first
    /// [`TextSet::MAX_TEXTS`] needles are looked for.
    pub fn new(decoder: Decoder, needles: &[Needle]) -> Self {
        let (in_message, in_frame) = (Finders::new(needles), Finders::new(needles));
        Self { decoder, in_message, in_frame, frame: None, hits: Vec::new() }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { decoder, in_message, in_frame, frame, hits } = self;
        let mut rest = bytes;
        while let Some(event) = decoder.next_event(&mut rest) {
            match event {
                DecoderEvent::FrameStart(start) => {
                    match start.role {
                        FragmentRole::First { .. } => in_message.begin(),
                        FragmentRole::Continuation { .. } => {}
                        FragmentRole::Control | FragmentRole::Orphan => in_frame.begin(),
                    }
                    *frame = Some(start);
                }
                DecoderEvent::Payload(plain) => match frame {
                    Some(start) if start.role.message_number().is_none() => in_frame.push(plain),
                    Some(start) if !start.compressed => in_message.push(plain),
                    _ => {}
                },
                DecoderEvent::Inflated(piece) => in_message.push(piece),
                DecoderEvent::FrameEnd(frame_number) => {
                    let texts = match frame.take() {
                        Some(start) if start.role.message_number().is_none() => in_frame.found,
                        Some(start) if start.header.fin => in_message.found,
                        _ => TextSet::default(),
                    };
                    if !texts.is_empty() {
                        hits.push(TextHit { frame_number, texts });
                    }
                }
                DecoderEvent::Fault(_) | DecoderEvent::MessageEnd(_) => {}
            }
        }
    }

    /// Skips bytes of the current frame that were not captured. A match never contains them.
    pub fn skip(&mut self, missing: ByteLen) {
        self.in_message.clear_carries();
        self.in_frame.clear_carries();
        self.decoder.skip(missing);
        self.push(&[]);
    }

    /// Goes on with the first byte of a frame, because an unknown number of frames is not there.
    pub fn resume_after_gap(&mut self) {
        self.in_message.begin();
        self.in_frame.begin();
        self.decoder.resume_after_gap();
        self.frame = None;
    }

    /// Returns the hits since the last call, in the order of the frames.
    pub fn take_hits(&mut self) -> Vec<TextHit> {
        std::mem::take(&mut self.hits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::frame::encode;
    use crate::wire::{AgreedExtensions, MessageKind, Opcode, Side};

    fn agreed() -> AgreedExtensions {
        AgreedExtensions::parse("permessage-deflate").unwrap()
    }

    fn matcher(texts: &[&str]) -> TextMatcher {
        let needles: Vec<Needle> = texts.iter().map(|text| Needle::text(text).unwrap()).collect();
        TextMatcher::new(Decoder::new(Side::Server, agreed()), &needles)
    }

    /// Returns each hit as its frame and the numbers of its texts.
    fn hits(matcher: &mut TextMatcher, texts: usize) -> Vec<(usize, Vec<usize>)> {
        let numbers = |set: TextSet| (0..texts).filter(|text| set.contains(*text)).collect();
        matcher.take_hits().into_iter().map(|hit| (hit.frame_number, numbers(hit.texts))).collect()
    }

    #[test]
    fn a_message_is_matched_as_a_whole_at_its_last_frame() {
        let mut deflater = Deflater::new(agreed().deflate.unwrap(), Side::Server);
        let squeezed = deflater.compress_message(b"a Needle in the haystack");
        let halves = squeezed.split_at(squeezed.len() / 2);
        let compressed =
            encode::compressed_fragments(MessageKind::Text, &[halves.0, halves.1], || None);
        let sent = [
            encode::fragments(MessageKind::Binary, &[b"nee", b"dle", b""], || None).concat(),
            compressed[0].clone(),
            encode::single_frame(Opcode::Ping, b"HAY", None),
            compressed[1].clone(),
            encode::single_frame(Opcode::Text, b"neither", None),
        ]
        .concat();
        for chunk in [1, 3, 4096] {
            let mut matcher = matcher(&["needle", "hay", "HAY"]);
            sent.chunks(chunk).for_each(|piece| matcher.push(piece));
            assert_eq!(
                hits(&mut matcher, 3),
                [(2, vec![0]), (4, vec![1, 2]), (5, vec![0, 1])],
                "{chunk}"
            );
        }
    }

    #[test]
    fn nothing_is_matched_across_bytes_that_are_missing() {
        let frame = encode::single_frame(Opcode::Text, b"hay nee....dle", None);
        let mut found = matcher(&["needle", "hay"]);
        found.push(&frame[..9]);
        found.skip(ByteLen::new(4));
        found.push(&frame[13..]);
        assert_eq!(hits(&mut found, 2), [(0, vec![1])]);
        let fragments = encode::fragments(MessageKind::Text, &[b"nee", b"dle"], || None);
        found.push(&fragments[0]);
        found.resume_after_gap();
        found.push(&fragments[1]);
        assert_eq!(hits(&mut found, 2), []);
    }
}
