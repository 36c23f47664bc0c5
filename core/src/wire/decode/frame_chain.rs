//! [`Chain`]: headers that follow each other and keep the rules, and what they tell in bits.

use crate::wire::decode::frame_sync::is_plausible;
use crate::wire::frame::close_code::{CloseCode, CloseCodeStatus};
use crate::wire::frame::mask::unmask;
use crate::wire::frame::{Header, LengthForm, Opcode};
use crate::wire::size::ByteLen;

/// The bits that make a chain certain which begins where frames mostly do: with a segment, or where
/// a text breaks off.
pub(super) const NEEDED_BITS: u32 = 20;
/// The same for any other chain, of which a segment has a thousand beginnings.
const NEEDED_BITS_WITHIN: u32 = 30;
/// The bits of the first byte of a header: about 13 of 256 values keep the rules.
const FIRST_BYTE_BITS: u32 = 4;
/// The bit of the second byte that says whether the frame is masked as its sender must (section 5.1).
const MASK_BITS: u32 = 1;
/// The bits of a 16-bit length: one of 126 values announces it.
const LENGTH_16_BITS: u32 = 6;
/// The bits of a 64-bit length, whose upper half is zero for all but absurd frames.
pub(super) const LENGTH_64_BITS: u32 = 30;
/// The bits of a frame that ends with a segment, which one of about a hundred lengths does.
const SEGMENT_END_BITS: u32 = 6;
/// The same for a frame whose length has 16 or 64 bits.
const SEGMENT_END_OF_LONG_BITS: u32 = 12;
/// The bits of a close code that may be sent.
const CLOSE_CODE_BITS: u32 = 3;
/// The most bits that a masked text gives, one a byte, by being UTF-8 once it is unmasked.
const MAX_TEXT_BITS: u32 = 16;
/// The number of bytes of a text that are looked at.
const MAX_TEXT_READ: usize = 1024;
/// The largest payload that a frame is assumed to have, 1 TiB.
const MAX_PAYLOAD: ByteLen = ByteLen::new(1 << 40);

/// A chain of headers that keep the rules so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) began: usize,
    pub(super) place: Place,
    /// Whether a fragmented message is in progress, once that is known (section 5.4).
    is_fragmented: Option<bool>,
    pub(super) bits: u32,
    /// The first frame that the bits are enough for.
    pub(super) first_certain: Option<usize>,
    /// The frame whose payload has not been looked at, and where it begins.
    pub(super) current: Option<(Header, usize)>,
    /// Where the frame before it begins.
    pub(super) last_start: usize,
    /// The offset of the next header.
    pub(super) next: usize,
}

/// The place where a chain begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One where frames are likely to begin: the beginning of a segment, or the end of a text.
    Likely,
    /// The beginning of a segment that is mostly the middle of a long frame.
    Bulk,
    /// Any other.
    Within,
}

impl Chain {
    pub(super) fn new(at: usize, place: Place) -> Self {
        Self {
            began: at,
            place,
            is_fragmented: None,
            bits: 0,
            first_certain: None,
            current: None,
            last_start: at,
            next: at,
        }
    }

    /// Adds what the frame at `start` tells.
    pub(super) fn add_bits(&mut self, bits: u32, start: usize) {
        self.bits = self.bits.saturating_add(bits);
        let needed = if self.place == Place::Within { NEEDED_BITS_WITHIN } else { NEEDED_BITS };
        if self.bits >= needed {
            // Of the many other places, some lead into the true chain by chance.
            let first = if self.place == Place::Likely { self.began } else { start };
            self.first_certain.get_or_insert(first);
        }
    }

    /// Whether a header keeps the rules that the frames before it decide. Remembers what it
    /// decides itself.
    pub(super) fn keeps_rules(&mut self, header: &Header, may_be_compressed: bool) -> bool {
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
            && fits_message
    }
}

pub(super) fn bits_of_header(header: &Header) -> u32 {
    let is_16_bit = header.length_form == LengthForm::Bits16;
    FIRST_BYTE_BITS.saturating_add(MASK_BITS).saturating_add(if is_16_bit {
        LENGTH_16_BITS
    } else {
        0
    })
}

/// Returns the bits of a frame that ends with a segment.
pub(super) fn bits_of_segment_end(header: &Header) -> u32 {
    match header.length_form {
        LengthForm::Bits7 => SEGMENT_END_BITS,
        LengthForm::Bits16 | LengthForm::Bits64 => SEGMENT_END_OF_LONG_BITS,
    }
}

/// Whether a byte is a control character that texts hardly ever have.
fn is_rare_in_text(byte: u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}

/// Returns the bits that a payload gives, which is whole or not; `None` if it breaks a rule. That of a text without a
/// mask gives none, because a header within a text is followed by text.
pub(super) fn bits_of_payload(header: &Header, payload: &[u8], is_whole: bool) -> Option<u32> {
    let beginning = payload.get(..MAX_TEXT_READ).unwrap_or(payload);
    let is_whole = is_whole && beginning.len() == payload.len();
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
            // Within a long masked text, what looks like a key unmasks the rest to the difference of
            // two texts, which is valid UTF-8 too, with many control characters.
            let is_evidence = is_masked && !plain.iter().any(|byte| is_rare_in_text(*byte));
            let bits = u32::try_from(plain.len()).unwrap_or(u32::MAX).min(MAX_TEXT_BITS);
            is_valid.then_some(if is_evidence { bits } else { 0 })
        }
        Opcode::Close => {
            let code = plain.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code)));
            let may_be_sent = code.is_some_and(|code| code.status == CloseCodeStatus::Sendable);
            Some(if may_be_sent { CLOSE_CODE_BITS } else { 0 })
        }
        _ => Some(0),
    }
}
