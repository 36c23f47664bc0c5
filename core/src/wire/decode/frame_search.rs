//! [`FrameSearch`]: finds where frames begin in bytes that may start inside one.
//!
//! Nothing marks the first byte of a frame (RFC 6455 section 5.2), so headers are found by the rules
//! that they keep: chains of them, each beginning where the one before ends, and masked exactly if the
//! client sends them (section 5.1). What such a chain tells is counted in bits, as the logarithm of how
//! rarely other bytes do the same by chance. Of a chain that begins within a segment, the first frames
//! may be bytes that led into it by chance: only those from which on the bits suffice are taken. So a
//! frame may be passed over, but none is invented. Where HTTP may come instead, a start line at the
//! beginning of a segment is a head.

use crate::wire::decode::frame_chain::{
    Chain, LENGTH_64_BITS, NEEDED_BITS, Place, bits_of_header, bits_of_payload, bits_of_segment_end,
};
use crate::wire::decode::frame_sync::may_be_header;
use crate::wire::frame::{Header, LengthForm, Side};
use crate::wire::handshake::begins_with_start_line;
use crate::wire::handshake::pair::Resumption;

/// The bits of a chain that is taken at the end, when no more comes: those of one frame.
const NEEDED_BITS_AT_END: u32 = 10;
/// The number of ASCII bytes before a header that make a text.
const TEXT_BEFORE: usize = 8;
/// The maximum number of chains that are followed at once.
const MAX_CHAINS: usize = 64;
/// The maximum number of bytes held: two frames with a 16-bit length fit, so that the header after
/// one is seen.
const MAX_SEARCHED_BYTES: usize = 128 << 10;

/// The place of the first unit that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundUnit {
    /// The number of bytes before it, counted from the first byte of the search.
    pub at: usize,
    /// The kind of unit.
    pub unit: Resumption,
}

/// Searches one direction for the first byte of a frame.
///
/// ```
/// use wiretalk_core::wire::Side;
/// use wiretalk_core::wire::decode::{FrameSearch, Resumption};
///
/// let mut search = FrameSearch::new(Side::Server, false);
/// assert_eq!(search.push(b"the end of a text that began before"), None);
/// assert_eq!(search.push(b"the capture.\x81\x05Hello"), None);
/// let found = search.push(b"\x81\x05World").unwrap();
/// assert_eq!((found.at, found.unit), (35 + 12, Resumption::Frame));
/// ```
#[derive(Clone, Debug)]
pub struct FrameSearch {
    from: Side,
    may_be_compressed: bool,
    /// Whether an HTTP head may come instead.
    or_head: bool,
    /// Whether a frame can begin at the first byte only.
    at_start_only: bool,
    held: Vec<u8>,
    /// The lengths of the last two segments.
    last_lens: [usize; 2],
    /// Whether a chain has a header at each byte.
    is_header: Vec<bool>,
    chains: Vec<Chain>,
}

impl FrameSearch {
    /// Creates a search in what `from` sends. `may_be_compressed` tells whether RSV1 may be set (RFC
    /// 7692 section 6).
    pub fn new(from: Side, may_be_compressed: bool) -> Self {
        let (held, is_header, chains) = (Vec::new(), Vec::new(), Vec::new());
        let (or_head, at_start_only) = (false, false);
        Self {
            from,
            may_be_compressed,
            or_head,
            at_start_only,
            held,
            last_lens: [0; 2],
            is_header,
            chains,
        }
    }

    /// Limits the search to its first byte, which is that of a frame if the side sends frames at all.
    #[must_use]
    pub fn at_start_only(mut self) -> Self {
        self.at_start_only = true;
        self
    }

    /// Allows an HTTP head instead of a frame.
    #[must_use]
    pub fn or_head(mut self) -> Self {
        self.or_head = true;
        self
    }

    /// Whether an HTTP head may come instead of a frame.
    pub fn may_be_head(&self) -> bool {
        self.or_head
    }

    /// Takes the bytes of a segment. Returns where the first certain unit begins, once there is one.
    pub fn push(&mut self, segment: &[u8]) -> Option<FoundUnit> {
        let start = self.held.len();
        if self.or_head && begins_with_start_line(self.from, segment) {
            return Some(FoundUnit { at: start, unit: Resumption::Head });
        }
        self.held.extend_from_slice(segment);
        self.is_header.resize(self.held.len(), false);
        let mut chains = std::mem::take(&mut self.chains);
        chains.retain_mut(|chain| self.follow(chain));
        let begins_frame = self.may_begin_frame(segment);
        for (at, byte) in (start..).zip(segment) {
            let is_known = at != start && self.is_header.get(at) == Some(&true);
            if self.at_start_only && at > 0 {
                break;
            }
            if !is_known && may_begin(*byte, self.may_be_compressed) {
                let mut chain = Chain::new(at, self.place_of(at, start, begins_frame));
                if self.follow(&mut chain) {
                    chains.push(chain);
                }
            }
        }
        let certain = chains.iter().filter_map(|chain| chain.first_certain).min();
        // Those with the most bits are the likeliest; of two with as many, the earlier stays.
        if chains.len() > MAX_CHAINS {
            chains.sort_by_key(|chain| std::cmp::Reverse(chain.bits));
            chains.truncate(MAX_CHAINS);
        }
        self.chains = chains;
        certain.map(FoundUnit::frame)
    }

    /// Returns where the likeliest frame begins, because no more bytes come, or no more can be held.
    pub fn finish(&self) -> Option<FoundUnit> {
        let is_enough = |chain: &&Chain| {
            let is_certain = || self.bits_with_incomplete(chain) >= NEEDED_BITS;
            chain.place == Place::Likely && (chain.bits >= NEEDED_BITS_AT_END || is_certain())
        };
        let began = self.chains.iter().filter(is_enough).map(|chain| chain.began).min();
        began.map(FoundUnit::frame)
    }

    /// Returns the bits of a chain with those of its last frame, whose end is missing.
    fn bits_with_incomplete(&self, chain: &Chain) -> u32 {
        let Some((header, start)) = chain.current else { return chain.bits };
        let beginning = self.held.get(start.saturating_add(header.len())..).unwrap_or_default();
        let bits = bits_of_payload(&header, beginning, false).unwrap_or(0);
        chain.bits.saturating_add(bits_of_header(&header)).saturating_add(bits)
    }

    /// Whether the frames of the side are masked (section 5.1).
    fn is_masked(&self) -> bool {
        self.from == Side::Client
    }

    /// Whether so many bytes are held that the search must be ended.
    pub fn is_full(&self) -> bool {
        self.held.len() > MAX_SEARCHED_BYTES
    }

    /// Returns the place of a byte; the segment begins at `start`.
    fn place_of(&self, at: usize, start: usize, begins_frame: bool) -> Place {
        match at == start {
            true if begins_frame => Place::Likely,
            true => Place::Bulk,
            false if self.ends_text(at) => Place::Likely,
            false => Place::Within,
        }
    }

    /// Whether frames are likely to begin with this segment. One that follows two of the same length
    /// is mostly the middle of a long frame, which was cut into many.
    fn may_begin_frame(&mut self, segment: &[u8]) -> bool {
        let [second, first] = self.last_lens;
        self.last_lens = [first, segment.len()];
        second != first || first == 0
    }

    /// Whether the byte at `at` cannot stand within the ASCII text before it.
    fn ends_text(&self, at: usize) -> bool {
        let before = self.held.get(at.saturating_sub(TEXT_BEFORE)..at).unwrap_or_default();
        before.len() == TEXT_BEFORE
            && before.iter().all(|byte| is_ascii_text(*byte))
            && self.held.get(at).is_some_and(|byte| !is_ascii_text(*byte))
    }

    /// Follows a chain as far as there are bytes. Returns whether it keeps all rules and does not
    /// join another.
    fn follow(&mut self, chain: &mut Chain) -> bool {
        loop {
            if let Some((header, start)) = chain.current {
                if chain.next > self.held.len() {
                    return true;
                }
                let payload_start = start.saturating_add(header.len());
                let payload = self.held.get(payload_start..chain.next).unwrap_or_default();
                let Some(bits) = bits_of_payload(&header, payload, true) else { return false };
                let bits = bits.saturating_add(bits_of_header(&header));
                let ends_segment = chain.next == self.held.len();
                let end = if ends_segment { bits_of_segment_end(&header) } else { 0 };
                chain.current = None;
                // What is only repeated tells nothing more.
                let frame = self.held.get(start..chain.next);
                if self.held.get(chain.last_start..start) != frame {
                    chain.add_bits(bits.saturating_add(end), start);
                }
                chain.last_start = start;
            }
            let rest = self.held.get(chain.next..).unwrap_or_default();
            let Some(first) = rest.first() else { return true };
            let Ok(header) = Header::parse(rest) else {
                return may_begin(*first, self.may_be_compressed)
                    && may_be_header(rest, self.is_masked());
            };
            let is_masked = header.masking_key.is_some();
            if is_masked != self.is_masked() || !chain.keeps_rules(&header, self.may_be_compressed)
            {
                return false;
            }
            // The other chain goes on for both, so that no byte is read by more than a few. One that
            // begins here is likelier than the one that leads here.
            if let Some(is_header) = self.is_header.get_mut(chain.next) {
                if *is_header && chain.next != chain.began {
                    return false;
                }
                *is_header = true;
            }
            let start = chain.next;
            chain.next = start.saturating_add(header.frame_len().to_usize_saturating());
            chain.current = Some((header, start));
            // Enough by itself, and such a frame may be longer than what is held.
            if header.length_form == LengthForm::Bits64 {
                chain.add_bits(LENGTH_64_BITS, start);
            }
        }
    }
}

impl FoundUnit {
    fn frame(at: usize) -> Self {
        Self { at, unit: Resumption::Frame }
    }
}

/// Whether a byte may be the first of a header that keeps the rules (section 5.2).
fn may_begin(byte: u8, may_be_compressed: bool) -> bool {
    let (fin, rsv1) = (byte & 0x80 != 0, byte & 0x40 != 0);
    let is_legal = match byte & 0x3f {
        // Continuation: RSV1 is set on the first fragment only (RFC 7692 section 6).
        0 => !rsv1,
        1 | 2 => true,
        8..=10 => fin && !rsv1,
        _ => false,
    };
    is_legal && (may_be_compressed || !rsv1)
}

fn is_ascii_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{Opcode, encode};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn frame(from: Side, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let key = (from == Side::Client).then_some([0x1b, 0xc4, 0x55, 0x09]);
        encode::single_frame(opcode, payload, key)
    }

    fn search(from: Side, segments: &[&[u8]]) -> Option<usize> {
        let mut search = FrameSearch::new(from, true);
        let found = segments.iter().find_map(|segment| search.push(segment));
        found.or_else(|| search.finish()).map(|found| found.at)
    }

    #[test]
    fn a_segment_that_is_one_frame_is_one() {
        let long = vec![0; 70_000];
        for from in [Side::Client, Side::Server] {
            for payload in [&b"tick 1"[..], b"", &[7; 300], &long] {
                for opcode in [Opcode::Text, Opcode::Binary] {
                    let frame = frame(from, opcode, payload);
                    assert_eq!(search(from, &[&frame]), Some(0), "{from:?} {}", payload.len());
                }
            }
            assert_eq!(search(from, &[&frame(from, Opcode::Ping, b"")]), Some(0));
        }
        let long = frame(Side::Server, Opcode::Binary, &[9; 300]);
        assert_eq!(search(Side::Server, &[&long[..100]]), None, "it goes on");
        let text = frame(Side::Client, Opcode::Text, &[b'a'; 300]);
        assert_eq!(search(Side::Client, &[&text[..42]]), Some(0), "its mask makes a text");
        assert_eq!(search(Side::Server, &[&long[..100], &long[100..]]), Some(0));
    }

    #[test]
    fn the_end_of_a_frame_is_passed_over() {
        let ticks = [b"tick 1", b"tick 2", b"tick 3"];
        for from in [Side::Client, Side::Server] {
            let text = frame(from, Opcode::Text, &b"lorem ipsum dolor sit amet, ".repeat(20));
            let ticks = ticks.map(|text| frame(from, Opcode::Text, text));
            let end = &text[200..];
            let segments = [end, &ticks[0], &ticks[1]];
            assert_eq!(search(from, &segments), Some(end.len()), "{from:?} at a segment");
            assert_eq!(search(from, &segments[..2]), Some(end.len()), "{from:?}, the last one");
        }
        let end = b"dolor sit amet, consectetur".to_vec();
        let within = [end.clone(), frame(Side::Server, Opcode::Text, b"tick 1")].concat();
        assert_eq!(search(Side::Server, &[&within]), Some(end.len()), "a text is broken off");
    }

    #[test]
    fn frames_within_a_segment_are_found_once_they_are_certain() {
        let ticks: Vec<_> =
            (0..6).map(|at| frame(Side::Client, Opcode::Binary, &[at; 9])).collect();
        let end = [0xa7, 0x31, 0xee, 0x05, 0x93];
        let found = search(Side::Client, &[&[&end[..], &ticks.concat()].concat()]).unwrap();
        assert_eq!((found - end.len()) % ticks[0].len(), 0, "{found}");
        assert!(found <= end.len() + 5 * ticks[0].len(), "{found}");
    }

    #[test]
    fn what_repeats_takes_no_longer_and_tells_nothing() {
        for bytes in [&[0; 2][..], &[0x80], &[0x01], &[0x89, 0x00], &[0x02, 0x02, 0x02]] {
            let many = bytes.repeat(100_000 / bytes.len());
            let mut search = FrameSearch::new(Side::Server, true);
            assert_eq!(search.push(&[b"\x13\x37", &many[..]].concat()), None);
            assert!(search.chains.len() <= MAX_CHAINS);
        }
    }

    #[test]
    fn other_bytes_are_no_frames() {
        for text in
            [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"{\"a\":1}", b"\x16\x03\x01\x02\x00"]
        {
            assert_eq!(search(Side::Server, &[text]), None);
        }
        let frame = frame(Side::Server, Opcode::Text, b"\xff\xfe");
        assert_eq!(search(Side::Server, &[&frame]), None, "not UTF-8");
    }

    #[test]
    fn rfc_6455_section_5_1_a_frame_with_the_mask_of_the_other_side_is_none() {
        // "łć" in UTF-8, cut within: 0x82 0xc4 would be a masked binary frame.
        let text = "łć epsilon 100.25 żółć true 7, łć epsilon 100.25 żółć true 7 delta alpha x";
        assert_eq!(search(Side::Server, &[&text.as_bytes()[1..75]]), None);
        for from in [Side::Client, Side::Server] {
            let frames = frame(from.peer(), Opcode::Text, b"tick of the stream");
            assert_eq!(search(from, &[&frames, &frames[..], &frames]), None, "{from:?}");
        }
    }

    #[test]
    fn a_start_line_at_the_beginning_of_a_segment_is_a_head() {
        let body = b"the end of a body that began before the capture";
        for (from, head) in [
            (Side::Client, &b"GET /chat HTTP/1.1\r\nHost: a\r\n"[..]),
            (Side::Server, b"HTTP/1.1 101 Switching Protocols\r\n"),
        ] {
            let mut search = FrameSearch::new(from, true).or_head();
            assert_eq!(search.push(body), None);
            let found = Some(FoundUnit { at: body.len(), unit: Resumption::Head });
            assert_eq!(search.clone().push(head), found);
            assert_eq!(search.push(&[b"x", head].concat()), None, "within a segment");
            assert_eq!(FrameSearch::new(from, true).push(head), None, "only frames are searched");
        }
    }

    #[test]
    fn where_only_the_first_byte_may_begin_a_frame_no_other_does() {
        let ticks =
            [b"tick 1 of 2", b"tick 2 of 2"].map(|text| frame(Side::Client, Opcode::Text, text));
        let mut search = FrameSearch::new(Side::Client, true).at_start_only();
        assert_eq!(search.clone().push(&ticks[0]), Some(FoundUnit::frame(0)));
        assert_eq!(search.push(b"other bytes"), None);
        assert_eq!(ticks.iter().find_map(|tick| search.push(tick)), None);
        assert_eq!(search.finish(), None);
    }

    #[test]
    fn a_masked_text_that_is_no_text_unmasked_tells_nothing() {
        // The middle of a long masked text: its own bytes as a key give the difference of two texts.
        let long = frame(Side::Client, Opcode::Text, &b"tick alpha beta gamma ".repeat(20));
        let mut middle = long[200..237].to_vec();
        (middle[0], middle[1]) = (0x81, 0xfd);
        assert_eq!(search(Side::Client, &[&middle]), None);
    }

    #[test]
    fn what_follows_segments_of_the_same_length_begins_no_frame_by_itself() {
        // The third segment begins like a pong that ends with the next one, by chance.
        let (mut middle, end) = ([0xe3; 37], [0xe3; 26]);
        let text = frame(Side::Server, Opcode::Text, b"the frame after the long one");
        let full = [0xe3; 37];
        (middle[0], middle[1]) = (0x8a, 37 + 26 - 2);
        let found = search(Side::Server, &[&full, &full, &middle, &end, &text, &text]);
        assert_eq!(found, Some(3 * 37 + 26));
    }

    #[test]
    fn without_compression_rsv1_is_no_beginning() {
        let compressed = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        for (may_be_compressed, found) in [(true, Some(0)), (false, None)] {
            let mut search = FrameSearch::new(Side::Server, may_be_compressed);
            let result = search.push(compressed).or_else(|| search.finish());
            assert_eq!(result.map(|found| found.at), found);
        }
    }

    proptest! {
        // By chance, one of some millions of places looks like frames, so the cases are always the
        // same.
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(6455), ..Default::default() })]

        // Frames as peers send them, each in segments of its own or a few together, captured from
        // any byte on.
        #[test]
        fn what_is_found_is_the_beginning_of_a_frame(
            from in prop_oneof![Just(Side::Client), Just(Side::Server)],
            payloads in proptest::collection::vec(
                (0_u8..3, proptest::collection::vec(any::<u8>(), 0..4000)), 1..12),
            cut in 0_usize..8000, segment in 536_usize..1460, together in 1_usize..4,
        ) {
            let (mut bytes, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            for (at, (opcode, payload)) in payloads.iter().enumerate() {
                starts.push(bytes.len());
                let text = "lorem ipsum dolor ".repeat(payload.len() / 18);
                let (opcode, payload) = match opcode {
                    0 => (Opcode::Binary, &payload[..]),
                    1 => (Opcode::Ping, &payload[..payload.len().min(125)]),
                    _ => (Opcode::Text, text.as_bytes()),
                };
                bytes.extend(frame(from, opcode, payload));
                if at % together == 0 {
                    ends.push(bytes.len());
                }
            }
            let cut = cut.min(bytes.len());
            let mut search = FrameSearch::new(from, true);
            let (mut at, mut found) = (cut, None);
            for end in ends.into_iter().filter(|end| *end > cut) {
                found = found.or_else(|| {
                    bytes[at..end].chunks(segment).find_map(|segment| search.push(segment))
                });
                at = end;
            }
            if let Some(found) = found.or_else(|| search.finish()) {
                let at = cut + found.at;
                prop_assert!(starts.contains(&at), "{found:?} from {cut}: {starts:?}");
            }
        }
    }
}
