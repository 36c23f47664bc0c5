//! The DEFLATE data of one message, symbol by symbol: which bits say what, where a match points, what was saved.
//! It decodes nothing itself: it looks on while the [`Inflater`] works, and keeps what it saw within bounds.

use std::num::Saturating;
use std::ops::Range;

use super::inflate::{Coding, INFLATE_LIMIT, InflateFault, Inflater, Seen, Watch};
use super::size::{ByteLen, Offset};

/// At most this many items are kept, unless told otherwise.
pub const ITEMS: usize = 10_000;
/// At most this much of the inflated data is kept.
const KEPT: usize = 1 << 20;

/// What some bits of the data say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The three bits that begin a block: BFINAL and BTYPE (RFC 1951 section 3.2.3).
    Block {
        /// BFINAL.
        last: bool,
        /// BTYPE.
        coding: Coding,
    },
    /// Bits that are skipped up to the next byte.
    Padding,
    /// LEN and NLEN of a stored block (section 3.2.4).
    StoredLength(u16),
    /// Bytes of a stored block, as they are.
    Stored,
    /// The description of a dynamic block (section 3.2.7), as the code lengths that it gives each symbol; 0: does not occur.
    Codes {
        /// Of the symbols 0 to 285: bytes, end of block, match lengths.
        literals: Vec<u8>,
        /// Of the distances 0 to 29.
        distances: Vec<u8>,
    },
    /// One byte that stands for itself.
    Literal,
    /// So many bytes from so far back, once more.
    Match {
        /// How many: 3 to 258.
        length: u16,
        /// How far back: 1 to 32,768.
        distance: u16,
    },
    /// The block ends.
    End,
}

/// Some bits of the data and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which bits, counted from the first bit of the payload. Bit 0 is the *least* significant of byte 0, as DEFLATE counts.
    /// Bits behind the payload belong to the four bytes that a receiver adds.
    pub bits: Range<u64>,
    /// What they say.
    pub part: Part,
    /// Which bytes of the message they give, counted from its first.
    pub gives: Range<Offset>,
}

/// Where a match points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Into this message, at this byte. It may reach into the bytes that it itself gives.
    Here(Offset),
    /// So many bytes before the first one of this message, in what earlier messages left in the window.
    Earlier(ByteLen),
}

impl Item {
    /// Where a match takes its bytes from.
    pub fn source(&self) -> Option<Source> {
        let Part::Match { distance, .. } = self.part else { return None };
        let (given, back) = (ByteLen::from(self.gives.start), ByteLen::new(distance.into()));
        let is_here = back <= given;
        Some(if is_here { Source::Here(self.gives.start - back) } else { Source::Earlier(back - given) })
    }
}

/// One message's DEFLATE data, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// What was seen, in order and without a gap, as far as it is kept.
    pub items: Vec<Item>,
    /// Items that are not kept.
    pub more: u64,
    /// Bytes of the payload.
    pub payload_len: ByteLen,
    /// Bytes of the message.
    pub data_len: ByteLen,
    /// Bytes that matches took from earlier messages.
    pub from_earlier: ByteLen,
    /// The first bit of the four bytes that the sender took off (RFC 7692 section 7.2.1): 8 for each payload byte.
    pub tail_at: u64,
    /// The message ended without the byte 00 that its end marker begins with.
    pub marker_cut: bool,
    /// The message is larger than what is inflated.
    pub over_limit: bool,
    /// What is wrong with the data; nothing behind it was read.
    pub fault: Option<InflateFault>,
    data: Vec<u8>,
}

impl Lens {
    /// Looks at `payload`, a whole compressed message without its last four bytes, whose sender has a window of 2 to the
    /// power of `window_bits` bytes with `before` in it (empty without context takeover).
    ///
    /// ```
    /// use wiretalk::wire::lens::{Lens, Source};
    ///
    /// let lens = Lens::new(b"Hello", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
    /// assert_eq!(lens.items[2].source(), Some(Source::Earlier(4.into())));
    /// assert_eq!(lens.bytes(&lens.items[2]), b"ello");
    /// ```
    pub fn new(before: &[u8], payload: &[u8], window_bits: u8) -> Self {
        Self::with_limits(before, payload, window_bits, ITEMS, INFLATE_LIMIT)
    }

    /// As `new`, keeping at most `items` items and inflating at most `limit` bytes (and a piece).
    pub fn with_limits(before: &[u8], payload: &[u8], window_bits: u8, items: usize, limit: u64) -> Self {
        let mut inflater = Inflater::new(window_bits);
        inflater.begin(false);
        inflater.set_window(before);
        let mut look = Look { most: items, ..Look::default() };
        let (mut input, mut data, mut data_len) = (payload, Vec::new(), ByteLen::ZERO);
        let mut take = |piece: &[u8]| {
            let room = KEPT.saturating_sub(data.len());
            data.extend_from_slice(piece.get(..room).unwrap_or(piece));
            data_len += piece.len();
            data_len
        };
        let mut over_limit = false;
        loop {
            inflater.advance(&mut input, usize::MAX, &mut look);
            over_limit |= take(inflater.piece()) > limit;
            if inflater.piece().is_empty() || over_limit {
                break;
            }
        }
        if !over_limit {
            inflater.finish(&mut look);
            take(inflater.piece());
        }
        Self {
            items: look.items,
            more: look.more.0,
            payload_len: ByteLen::of(payload),
            data_len,
            from_earlier: look.from_earlier,
            tail_at: (payload.len() as u64).saturating_mul(8),
            marker_cut: inflater.is_marker_cut(),
            over_limit,
            fault: inflater.fault(),
            data,
        }
    }

    /// The bytes of the message that an item gives; fewer where they lie beyond the first MiB, of which alone they are kept.
    pub fn bytes(&self, item: &Item) -> &[u8] {
        let index = |at: Offset| at.to_usize_saturating().min(self.data.len());
        self.data.get(index(item.gives.start)..index(item.gives.end)).unwrap_or_default()
    }

    /// Bytes that compressing saved; negative where the payload is longer than the message.
    pub fn saved(&self) -> i64 {
        let signed = |len: ByteLen| i64::try_from(len.get()).unwrap_or(i64::MAX);
        signed(self.data_len).saturating_sub(signed(self.payload_len))
    }

    /// Bytes of the message for each byte of the payload; none where there is no payload.
    pub fn ratio(&self) -> Option<f64> {
        (self.payload_len > ByteLen::ZERO).then(|| self.data_len.get() as f64 / self.payload_len.get() as f64)
    }
}

/// Keeps what it sees.
#[derive(Default)]
struct Look {
    items: Vec<Item>,
    most: usize,
    more: Saturating<u64>,
    from_earlier: ByteLen,
    given: Offset,
}

impl Watch for Look {
    fn see(&mut self, from: u64, to: u64, seen: Seen<'_>) {
        let (part, gives) = match seen {
            Seen::Block { last, coding } => (Part::Block { last, coding }, 0),
            Seen::Padding => (Part::Padding, 0),
            Seen::StoredLength(len) => (Part::StoredLength(len), 0),
            Seen::Stored(len) => return self.stored(from, to, ByteLen::from_usize(len)),
            Seen::Codes { lengths, literals } => {
                let (literals, distances) = lengths.split_at(literals.min(lengths.len()));
                (Part::Codes { literals: literals.to_vec(), distances: distances.to_vec() }, 0)
            }
            Seen::Literal => (Part::Literal, 1),
            Seen::Match { length, distance } => {
                let earlier = ByteLen::new(distance.into()) - ByteLen::from(self.given);
                self.from_earlier += earlier.min(ByteLen::new(length.into()));
                (Part::Match { length, distance }, u64::from(length))
            }
            Seen::End => (Part::End, 0),
        };
        self.keep(from, to, part, ByteLen::new(gives));
    }
}

impl Look {
    fn keep(&mut self, from: u64, to: u64, part: Part, gives: ByteLen) {
        let gives = self.given..self.given + gives;
        self.given = gives.end;
        if self.items.len() < self.most {
            self.items.push(Item { bits: from..to, part, gives });
        } else {
            self.more += 1;
        }
    }

    /// A stored block comes in runs; for a reader it is one.
    fn stored(&mut self, from: u64, to: u64, len: ByteLen) {
        match self.items.last_mut() {
            Some(Item { bits, part: Part::Stored, gives }) if bits.end == from => {
                bits.end = to;
                gives.end += len;
                self.given = gives.end;
            }
            _ => self.keep(from, to, Part::Stored, len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(lens: &Lens) -> Vec<(Range<u64>, Part)> {
        lens.items.iter().map(|item| (item.bits.clone(), item.part.clone())).collect()
    }

    #[test]
    fn rfc_7692_section_7_2_3_1_hello_symbol_by_symbol() {
        let lens = Lens::new(b"", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 15);
        let fixed = Part::Block { last: false, coding: Coding::Fixed };
        let stored = Part::Block { last: false, coding: Coding::Stored };
        assert_eq!(
            parts(&lens),
            [
                (0..3, fixed),
                (3..11, Part::Literal),
                (11..19, Part::Literal),
                (19..27, Part::Literal),
                (27..35, Part::Literal),
                (35..43, Part::Literal),
                (43..50, Part::End),
                (50..53, stored),
                (53..56, Part::Padding),
                (56..88, Part::StoredLength(0)),
            ]
        );
        let letters: Vec<u8> = lens.items.iter().flat_map(|item| lens.bytes(item).to_vec()).collect();
        assert_eq!(letters, b"Hello");
        assert_eq!((lens.tail_at, lens.saved(), lens.fault), (56, -2, None));
    }

    #[test]
    fn rfc_7692_section_7_2_3_2_the_second_hello_points_into_the_first() {
        let lens = Lens::new(b"Hello", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
        assert_eq!(lens.items[1].part, Part::Literal);
        assert_eq!(lens.items[2].part, Part::Match { length: 4, distance: 5 });
        assert_eq!(lens.items[2].source(), Some(Source::Earlier(4.into())));
        assert_eq!(lens.bytes(&lens.items[2]), b"ello");
        assert_eq!((lens.from_earlier.get(), lens.data_len.get()), (4, 5));
        let without = Lens::new(b"", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
        assert!(without.fault.is_some(), "without the first one it points at nothing");
    }

    #[test]
    fn a_dynamic_block_shows_its_code_lengths() {
        let text: Vec<u8> =
            (0_u32..2000).map(|n| b"etaoin"[(n.wrapping_mul(2_654_435_761) >> 28) as usize % 6]).collect();
        let mut deflater =
            crate::wire::deflate::Deflater::new(crate::wire::Deflate::default(), crate::wire::Side::Server);
        let lens = Lens::new(b"", &deflater.message(&text), 15);
        let Part::Codes { literals, distances } = &lens.items[1].part else { panic!("{:?}", lens.items[1]) };
        assert!(literals[usize::from(b'e')] > 0 && literals[usize::from(b'z')] == 0 && literals[256] > 0);
        assert!(distances.len() <= 30 && lens.saved() > 1000);
    }

    #[test]
    fn a_stored_block_is_one_item_however_long() {
        let payload = [&[0x00, 0x10, 0x27, 0xef, 0xd8][..], &[7; 10_000], &[0x00]].concat();
        let lens = Lens::new(b"", &payload, 15);
        let stored: Vec<&Item> = lens.items.iter().filter(|item| item.part == Part::Stored).collect();
        assert_eq!((stored.len(), stored[0].bits.clone()), (1, 40..80_040));
        assert_eq!(lens.bytes(stored[0]), [7; 10_000]);
    }

    #[test]
    fn items_and_data_are_bounded() {
        let payload = crate::wire::inflate::bomb(1000);
        let lens = Lens::with_limits(b"", &payload, 15, 5, 100_000);
        assert!(
            lens.items.len() == 5
                && lens.more > 0
                && lens.over_limit
                && lens.data_len < ByteLen::new(200_000)
        );
    }

    proptest! {
        #[test]
        fn the_items_have_no_gap_and_give_every_byte(before in proptest::collection::vec(0_u8..4, 0..50), payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let lens = Lens::new(&before, &payload, 9);
            let (mut bit, mut byte) = (0, Offset::START);
            for item in &lens.items {
                prop_assert_eq!((item.bits.start, item.gives.start), (bit, byte));
                (bit, byte) = (item.bits.end, item.gives.end);
            }
            prop_assert_eq!(ByteLen::from(byte), lens.data_len);
            prop_assert!(bit <= lens.tail_at + 32);
        }
    }
}
