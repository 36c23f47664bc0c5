//! [`FrameSearch`]: finds where frames begin in bytes that may start inside one.
//!
//! Nothing marks the first byte of a frame (RFC 6455 section 5.2), so headers are found by the rules
//! that they keep: chains of them, each beginning where the one before ends. What such a chain tells
//! is counted in bits, as the logarithm of how rarely other bytes do the same by chance. Of a chain
//! that begins within a segment, the first frames may be bytes that led into it by chance: only those
//! from which on the bits suffice are taken. So a frame may be passed over, but none is invented.

use crate::wire::decode::frame_sync::{is_plausible, may_be_header};
use crate::wire::frame::close_code::{CloseCode, CloseCodeStatus};
use crate::wire::frame::mask::unmask;
use crate::wire::frame::{Header, LengthForm, Opcode, Side};
use crate::wire::handshake::{looks_like_request, looks_like_response};
use crate::wire::size::ByteLen;

/// The bits that make a chain certain which begins where frames mostly do: with a segment, or where
/// a text breaks off.
const NEEDED_BITS: u32 = 20;
/// The same for any other chain, of which a segment has a thousand beginnings.
const NEEDED_BITS_WITHIN: u32 = 30;
/// The bits of a chain that is taken at the end, when no more comes: those of one frame.
const NEEDED_BITS_AT_END: u32 = 10;
/// The bits of the first byte of a header: about 13 of 256 values keep the rules.
const FIRST_BYTE_BITS: u32 = 4;
/// The bit of the second byte that says whether the frame is masked as its sender must (section 5.1).
const MASK_BITS: u32 = 1;
/// The bits of a 16-bit length: one of 126 values announces it.
const LENGTH_16_BITS: u32 = 6;
/// The bits of a 64-bit length, whose upper half is zero for all but absurd frames.
const LENGTH_64_BITS: u32 = 30;
/// The bits of a frame that ends with a segment, which one of about a hundred lengths does.
const SEGMENT_END_BITS: u32 = 6;
/// The same for a frame whose length has 16 or 64 bits.
const SEGMENT_END_OF_LONG_BITS: u32 = 12;
/// The bits of a close code that may be sent.
const CLOSE_CODE_BITS: u32 = 3;
/// The most bits that a masked text gives, one a byte, by being UTF-8 once it is unmasked.
const MAX_TEXT_BITS: u32 = 16;
/// The number of ASCII bytes before a header that make a text.
const TEXT_BEFORE: usize = 8;
/// The number of bytes of a text that are looked at.
const MAX_TEXT_READ: usize = 1024;
/// The largest payload that a frame is assumed to have, 1 TiB.
const MAX_PAYLOAD: ByteLen = ByteLen::new(1 << 40);
/// The maximum number of chains that are followed at once.
const MAX_CHAINS: usize = 64;
/// The maximum number of bytes held: two frames with a 16-bit length fit, so that the header after
/// one is seen.
const MAX_SEARCHED_BYTES: usize = 128 << 10;

/// Searches one direction for the first byte of a frame.
///
/// ```
/// use wiretalk_core::wire::Side;
/// use wiretalk_core::wire::decode::FrameSearch;
///
/// let mut search = FrameSearch::new(Side::Server, false);
/// assert_eq!(search.push(b"the end of a text that began before"), None);
/// assert_eq!(search.push(b"the capture.\x81\x05Hello"), None);
/// assert_eq!(search.push(b"\x81\x05World"), Some(35 + 12));
/// ```
#[derive(Clone, Debug)]
pub struct FrameSearch {
    from: Side,
    may_be_compressed: bool,
    /// Whether an HTTP head may come instead.
    or_head: bool,
    held: Vec<u8>,
    /// Whether a chain has a header at each byte.
    is_header: Vec<bool>,
    chains: Vec<Chain>,
}

/// A chain of headers that keep the rules so far.
#[derive(Clone, Copy, Debug)]
struct Chain {
    began: usize,
    /// Whether frames are likely to begin where it does.
    is_likely: bool,
    is_masked: Option<bool>,
    /// Whether a fragmented message is in progress, once that is known (section 5.4).
    is_fragmented: Option<bool>,
    bits: u32,
    /// The first frame that the bits are enough for.
    first_certain: Option<usize>,
    /// The frame whose payload has not been looked at, and where it begins.
    current: Option<(Header, usize)>,
    /// Where the frame before it begins.
    last_start: usize,
    /// The offset of the next header.
    next: usize,
}

impl FrameSearch {
    /// Creates a search in what `from` sends. `may_be_compressed` tells whether RSV1 may be set (RFC
    /// 7692 section 6).
    pub fn new(from: Side, may_be_compressed: bool) -> Self {
        let (held, is_header, chains) = (Vec::new(), Vec::new(), Vec::new());
        Self { from, may_be_compressed, or_head: false, held, is_header, chains }
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

    /// Takes the bytes of a segment. Returns where the first certain frame begins, counted from the
    /// first byte of the search, once there is one.
    pub fn push(&mut self, segment: &[u8]) -> Option<usize> {
        let start = self.held.len();
        if self.or_head && start == 0 && begins_like_head(self.from, segment) {
            return Some(0);
        }
        self.held.extend_from_slice(segment);
        self.is_header.resize(self.held.len(), false);
        let mut chains = std::mem::take(&mut self.chains);
        chains.retain_mut(|chain| self.follow(chain));
        for (at, byte) in (start..).zip(segment) {
            let is_known = at != start && self.is_header.get(at) == Some(&true);
            if !is_known && may_begin(*byte, self.may_be_compressed) {
                let mut chain = Chain::new(at, at == start || self.ends_text(at));
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
        certain
    }

    /// Returns where the likeliest frame begins, because no more bytes come, or no more can be held.
    pub fn finish(&self) -> Option<usize> {
        let is_enough = |chain: &&Chain| chain.is_likely && chain.bits >= NEEDED_BITS_AT_END;
        self.chains.iter().filter(is_enough).map(|chain| chain.began).min()
    }

    /// Whether so many bytes are held that the search must be ended.
    pub fn is_full(&self) -> bool {
        self.held.len() > MAX_SEARCHED_BYTES
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
                let Some(bits) = bits_of_payload(&header, payload) else { return false };
                let bits = bits.saturating_add(bits_of_header(&header, self.from));
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
                    && chain.is_masked.is_none_or(|masked| may_be_header(rest, masked));
            };
            if !chain.keeps_rules(&header, self.may_be_compressed) {
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

impl Chain {
    fn new(at: usize, is_likely: bool) -> Self {
        Self {
            began: at,
            is_likely,
            is_masked: None,
            is_fragmented: None,
            bits: 0,
            first_certain: None,
            current: None,
            last_start: at,
            next: at,
        }
    }

    /// Adds what the frame at `start` tells.
    fn add_bits(&mut self, bits: u32, start: usize) {
        self.bits = self.bits.saturating_add(bits);
        let needed = if self.is_likely { NEEDED_BITS } else { NEEDED_BITS_WITHIN };
        if self.bits >= needed {
            // Of the many places within a segment, some lead into the true chain by chance.
            let first = if self.is_likely { self.began } else { start };
            self.first_certain.get_or_insert(first);
        }
    }

    /// Whether a header keeps the rules that the frames before it decide. Remembers what it
    /// decides itself.
    fn keeps_rules(&mut self, header: &Header, may_be_compressed: bool) -> bool {
        let is_masked = header.masking_key.is_some();
        let continues = header.opcode == Opcode::Continuation;
        let fits_message = header.opcode.is_control()
            || self.is_fragmented.is_none_or(|fragmented| fragmented == continues);
        if !header.opcode.is_control() {
            self.is_fragmented = Some(!header.fin);
        }
        // A fragment without payload is legal, but nobody sends one, and zeros look like many.
        let says_nothing = !header.fin && header.payload_len == ByteLen::ZERO;
        is_plausible(header)
            && !says_nothing
            && header.payload_len <= MAX_PAYLOAD
            && (may_be_compressed || !header.rsv1)
            && *self.is_masked.get_or_insert(is_masked) == is_masked
            && fits_message
    }
}

/// Whether bytes begin like a request or a status line.
fn begins_like_head(from: Side, bytes: &[u8]) -> bool {
    let looks_like_head = match from {
        Side::Client => looks_like_request,
        Side::Server => looks_like_response,
    };
    looks_like_head(bytes) != Some(false)
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

fn bits_of_header(header: &Header, from: Side) -> u32 {
    let masked_as_it_must = header.masking_key.is_some() == (from == Side::Client);
    let is_16_bit = header.length_form == LengthForm::Bits16;
    FIRST_BYTE_BITS
        .saturating_add(if masked_as_it_must { MASK_BITS } else { 0 })
        .saturating_add(if is_16_bit { LENGTH_16_BITS } else { 0 })
}

/// Returns the bits of a frame that ends with a segment.
fn bits_of_segment_end(header: &Header) -> u32 {
    match header.length_form {
        LengthForm::Bits7 => SEGMENT_END_BITS,
        LengthForm::Bits16 | LengthForm::Bits64 => SEGMENT_END_OF_LONG_BITS,
    }
}

/// Returns the bits that a whole payload gives; `None` if it breaks a rule. That of a text without a
/// mask gives none, because a header within a text is followed by text.
fn bits_of_payload(header: &Header, payload: &[u8]) -> Option<u32> {
    let beginning = payload.get(..MAX_TEXT_READ).unwrap_or(payload);
    let is_whole = beginning.len() == payload.len();
    let plain = header.masking_key.map(|key| unmask(beginning, key));
    let is_masked = plain.is_some();
    let plain = plain.as_deref().unwrap_or(beginning);
    match header.opcode {
        Opcode::Text if !header.rsv1 => {
            let is_valid = match str::from_utf8(plain) {
                Ok(_) => true,
                // The last character may go on in the next fragment.
                Err(error) => error.error_len().is_none() && !(header.fin && is_whole),
            };
            let bits = u32::try_from(plain.len()).unwrap_or(u32::MAX).min(MAX_TEXT_BITS);
            is_valid.then_some(if is_masked { bits } else { 0 })
        }
        Opcode::Close => {
            let code = plain.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code)));
            let may_be_sent = code.is_some_and(|code| code.status == CloseCodeStatus::Sendable);
            Some(if may_be_sent { CLOSE_CODE_BITS } else { 0 })
        }
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::encode;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn frame(from: Side, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let key = (from == Side::Client).then_some([0x1b, 0xc4, 0x55, 0x09]);
        encode::single_frame(opcode, payload, key)
    }

    fn search(from: Side, segments: &[&[u8]]) -> Option<usize> {
        let mut search = FrameSearch::new(from, true);
        segments.iter().find_map(|segment| search.push(segment)).or_else(|| search.finish())
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
    fn without_compression_rsv1_is_no_beginning() {
        let compressed = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        for (may_be_compressed, found) in [(true, Some(0)), (false, None)] {
            let mut search = FrameSearch::new(Side::Server, may_be_compressed);
            assert_eq!(search.push(compressed).or_else(|| search.finish()), found);
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
                prop_assert!(starts.contains(&(cut + found)), "{found} from {cut}: {starts:?}");
            }
        }
    }
}
