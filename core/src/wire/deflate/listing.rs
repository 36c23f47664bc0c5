//! Lists the DEFLATE data of one message symbol by symbol: the meaning of each bit, the source of
//! each match, the bytes saved.
//! It decodes nothing itself. It observes the [`Inflater`] and keeps a bounded record.

use std::num::Saturating;
use std::ops::Range;

use crate::wire::deflate::inflate::{
    BlockType, INFLATE_LIMIT, InflateEvent, InflateFault, InflateObserver, Inflater,
};
use crate::wire::size::{ByteLen, Offset};

/// The default limit of kept items.
pub const DEFAULT_MAX_ITEMS: usize = 10_000;
/// The limit of kept inflated data, in bytes.
const MAX_KEPT_DATA: usize = 1 << 20;

/// The meaning of some bits of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeflateItemKind {
    /// The three bits that begin a block: BFINAL and BTYPE (RFC 1951 section 3.2.3).
    Block {
        /// BFINAL: whether this is the last block of the stream.
        last: bool,
        /// BTYPE: how the data of the block is encoded.
        block_type: BlockType,
    },
    /// Bits that are skipped up to the next byte boundary.
    Padding,
    /// LEN and NLEN of a stored block (section 3.2.4).
    StoredLength(u16),
    /// The bytes of a stored block.
    Stored,
    /// The code description of a dynamic block (section 3.2.7): the code length of each symbol in
    /// bits, or 0 if the symbol does not occur.
    Codes {
        /// The code lengths of the symbols 0 to 285: literal bytes, end of block, match lengths.
        literals: Vec<u8>,
        /// The code lengths of the distance symbols 0 to 29.
        distances: Vec<u8>,
    },
    /// A literal byte.
    Literal,
    /// A match: a copy of earlier bytes.
    Match {
        /// The number of bytes: 3 to 258.
        length: u16,
        /// The number of bytes to go back: 1 to 32,768.
        distance: u16,
    },
    /// The end of a block.
    End,
}

/// Some bits of the data with their meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateItem {
    /// The range of bits, counted from the first bit of the payload. As in DEFLATE, bit 0 is the
    /// *least* significant bit of byte 0. Bits past the payload belong to the four bytes that a
    /// receiver appends.
    pub bits: Range<u64>,
    /// The meaning of the bits.
    pub kind: DeflateItemKind,
    /// The bytes of the message that the bits produce, counted from the first byte of the message.
    pub output: Range<Offset>,
}

/// The source of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchSource {
    /// This message, at this byte. The source can overlap the bytes that the match itself produces.
    ThisMessage(Offset),
    /// An earlier message in the window, this many bytes before the first byte of this message.
    EarlierMessage(ByteLen),
}

impl DeflateItem {
    /// Returns the source of a match; `None` for other items.
    pub fn source(&self) -> Option<MatchSource> {
        let DeflateItemKind::Match { distance, .. } = self.kind else { return None };
        let (given, back) = (ByteLen::from(self.output.start), ByteLen::new(distance.into()));
        // A distance that reaches past the bytes produced so far leads into earlier messages.
        let is_here = back <= given;
        Some(if is_here {
            MatchSource::ThisMessage(self.output.start - back)
        } else {
            MatchSource::EarlierMessage(back - given)
        })
    }
}

/// The DEFLATE data of one message, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateListing {
    /// The items in order and without gaps, up to the limit.
    pub items: Vec<DeflateItem>,
    /// The number of items beyond the limit.
    pub omitted_items: u64,
    /// The length of the payload in bytes.
    pub payload_len: ByteLen,
    /// The length of the inflated message in bytes.
    pub data_len: ByteLen,
    /// The number of bytes that matches copied from earlier messages.
    pub bytes_from_earlier: ByteLen,
    /// The first bit of the four bytes that the sender removed (RFC 7692 section 7.2.1): 8 times
    /// the payload length.
    pub tail_bit: u64,
    /// Whether the message ended without the byte 00 that begins the empty stored block at its end.
    pub lacks_final_zero: bool,
    /// Whether the message is larger than the inflate limit.
    pub over_limit: bool,
    /// The fault in the data; nothing after it was read.
    pub fault: Option<InflateFault>,
    data: Vec<u8>,
}

impl DeflateListing {
    /// Lists `payload`, a whole compressed message without its last four bytes. The sender's window
    /// has 2^`window_bits` bytes and contains `before`, which is empty without context takeover.
    ///
    /// ```
    /// use wiretalk_core::wire::deflate::listing::{DeflateListing, MatchSource};
    ///
    /// let listing = DeflateListing::new(b"Hello", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
    /// assert_eq!(listing.items[2].source(), Some(MatchSource::EarlierMessage(4.into())));
    /// assert_eq!(listing.bytes(&listing.items[2]), b"ello");
    /// ```
    pub fn new(before: &[u8], payload: &[u8], window_bits: u8) -> Self {
        Self::with_limits(before, payload, window_bits, DEFAULT_MAX_ITEMS, INFLATE_LIMIT)
    }

    /// Lists a message like [`DeflateListing::new`], but keeps at most `items` items and stops
    /// after about `limit` inflated bytes.
    pub fn with_limits(
        before: &[u8],
        payload: &[u8],
        window_bits: u8,
        items: usize,
        limit: u64,
    ) -> Self {
        let mut inflater = Inflater::new(window_bits);
        inflater.begin_message(false);
        inflater.set_window(before);
        let mut builder = ListingBuilder { max_items: items, ..ListingBuilder::default() };
        let (mut input, mut data, mut data_len) = (payload, Vec::new(), ByteLen::ZERO);
        let mut take = |piece: &[u8]| {
            // A few bytes of payload can inflate to very many, so only the beginning is kept.
            let room = MAX_KEPT_DATA.saturating_sub(data.len());
            data.extend_from_slice(piece.get(..room).unwrap_or(piece));
            data_len += piece.len();
            data_len
        };
        let mut over_limit = false;
        loop {
            inflater.push_observed(&mut input, usize::MAX, &mut builder);
            over_limit |= take(inflater.output()) > limit;
            if inflater.output().is_empty() || over_limit {
                break;
            }
        }
        if !over_limit {
            inflater.end_observed(&mut builder);
            take(inflater.output());
        }
        Self {
            items: builder.items,
            omitted_items: builder.omitted_items.0,
            payload_len: ByteLen::of(payload),
            data_len,
            bytes_from_earlier: builder.bytes_from_earlier,
            tail_bit: (payload.len() as u64).saturating_mul(8),
            lacks_final_zero: inflater.lacks_final_zero(),
            over_limit,
            fault: inflater.fault(),
            data,
        }
    }

    /// Returns the bytes of the message that an item produces. Only the first MiB of the message is
    /// kept, so there can be fewer.
    pub fn bytes(&self, item: &DeflateItem) -> &[u8] {
        let index = |at: Offset| at.to_usize_saturating().min(self.data.len());
        self.data.get(index(item.output.start)..index(item.output.end)).unwrap_or_default()
    }

    /// Returns the number of bytes saved by compression; negative if the payload is longer than the
    /// message.
    pub fn saved(&self) -> i64 {
        let signed = |len: ByteLen| i64::try_from(len.get()).unwrap_or(i64::MAX);
        signed(self.data_len).saturating_sub(signed(self.payload_len))
    }

    /// Returns the number of message bytes per payload byte; `None` if there is no payload.
    pub fn ratio(&self) -> Option<f64> {
        (self.payload_len > ByteLen::ZERO)
            .then(|| self.data_len.get() as f64 / self.payload_len.get() as f64)
    }
}

/// Builds a listing from the inflater's events.
#[derive(Default)]
struct ListingBuilder {
    items: Vec<DeflateItem>,
    max_items: usize,
    omitted_items: Saturating<u64>,
    bytes_from_earlier: ByteLen,
    output_len: Offset,
}

impl InflateObserver for ListingBuilder {
    fn observe(&mut self, from: u64, to: u64, event: InflateEvent<'_>) {
        let (kind, output) = match event {
            InflateEvent::Block { last, block_type } => {
                (DeflateItemKind::Block { last, block_type }, 0)
            }
            InflateEvent::Padding => (DeflateItemKind::Padding, 0),
            InflateEvent::StoredLength(len) => (DeflateItemKind::StoredLength(len), 0),
            InflateEvent::Stored(len) => {
                return self.add_stored(from, to, ByteLen::from_usize(len));
            }
            InflateEvent::Codes { lengths, literals } => {
                let (literals, distances) = lengths.split_at(literals.min(lengths.len()));
                (
                    DeflateItemKind::Codes {
                        literals: literals.to_vec(),
                        distances: distances.to_vec(),
                    },
                    0,
                )
            }
            InflateEvent::Literal => (DeflateItemKind::Literal, 1),
            InflateEvent::Match { length, distance } => {
                // Only the part of the match before the start of this message counts.
                let earlier = ByteLen::new(distance.into()) - ByteLen::from(self.output_len);
                self.bytes_from_earlier += earlier.min(ByteLen::new(length.into()));
                (DeflateItemKind::Match { length, distance }, u64::from(length))
            }
            InflateEvent::End => (DeflateItemKind::End, 0),
        };
        self.add_item(from, to, kind, ByteLen::new(output));
    }
}

impl ListingBuilder {
    fn add_item(&mut self, from: u64, to: u64, kind: DeflateItemKind, output: ByteLen) {
        let output = self.output_len..self.output_len + output;
        self.output_len = output.end;
        if self.items.len() < self.max_items {
            self.items.push(DeflateItem { bits: from..to, kind, output });
        } else {
            self.omitted_items += 1;
        }
    }

    /// Adds bytes of a stored block. They come in several pieces, which are merged into one item.
    fn add_stored(&mut self, from: u64, to: u64, len: ByteLen) {
        match self.items.last_mut() {
            Some(DeflateItem { bits, kind: DeflateItemKind::Stored, output })
                if bits.end == from =>
            {
                bits.end = to;
                output.end += len;
                self.output_len = output.end;
            }
            _ => self.add_item(from, to, DeflateItemKind::Stored, len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(lens: &DeflateListing) -> Vec<(Range<u64>, DeflateItemKind)> {
        lens.items.iter().map(|item| (item.bits.clone(), item.kind.clone())).collect()
    }

    #[test]
    fn rfc_7692_section_7_2_3_1_hello_symbol_by_symbol() {
        let lens = DeflateListing::new(b"", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 15);
        let fixed = DeflateItemKind::Block { last: false, block_type: BlockType::Fixed };
        let stored = DeflateItemKind::Block { last: false, block_type: BlockType::Stored };
        assert_eq!(
            parts(&lens),
            [
                (0..3, fixed),
                (3..11, DeflateItemKind::Literal),
                (11..19, DeflateItemKind::Literal),
                (19..27, DeflateItemKind::Literal),
                (27..35, DeflateItemKind::Literal),
                (35..43, DeflateItemKind::Literal),
                (43..50, DeflateItemKind::End),
                (50..53, stored),
                (53..56, DeflateItemKind::Padding),
                (56..88, DeflateItemKind::StoredLength(0)),
            ]
        );
        let letters: Vec<u8> =
            lens.items.iter().flat_map(|item| lens.bytes(item).to_vec()).collect();
        assert_eq!(letters, b"Hello");
        assert_eq!((lens.tail_bit, lens.saved(), lens.fault), (56, -2, None));
    }

    #[test]
    fn rfc_7692_section_7_2_3_2_the_second_hello_points_into_the_first() {
        let lens = DeflateListing::new(b"Hello", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
        assert_eq!(lens.items[1].kind, DeflateItemKind::Literal);
        assert_eq!(lens.items[2].kind, DeflateItemKind::Match { length: 4, distance: 5 });
        assert_eq!(lens.items[2].source(), Some(MatchSource::EarlierMessage(4.into())));
        assert_eq!(lens.bytes(&lens.items[2]), b"ello");
        assert_eq!((lens.bytes_from_earlier.get(), lens.data_len.get()), (4, 5));
        let without = DeflateListing::new(b"", &[0xf2, 0x00, 0x11, 0x00, 0x00], 15);
        assert!(without.fault.is_some(), "without the first one it points at nothing");
    }

    #[test]
    fn a_dynamic_block_shows_its_code_lengths() {
        let text: Vec<u8> = (0_u32..2000)
            .map(|n| b"etaoin"[(n.wrapping_mul(2_654_435_761) >> 28) as usize % 6])
            .collect();
        let mut deflater = crate::wire::deflate::deflater::Deflater::new(
            crate::wire::DeflateParams::default(),
            crate::wire::Side::Server,
        );
        let lens = DeflateListing::new(b"", &deflater.compress_message(&text), 15);
        let DeflateItemKind::Codes { literals, distances } = &lens.items[1].kind else {
            panic!("{:?}", lens.items[1])
        };
        assert!(
            literals[usize::from(b'e')] > 0
                && literals[usize::from(b'z')] == 0
                && literals[256] > 0
        );
        assert!(distances.len() <= 30 && lens.saved() > 1000);
    }

    #[test]
    fn a_stored_block_is_one_item_however_long() {
        let payload = [&[0x00, 0x10, 0x27, 0xef, 0xd8][..], &[7; 10_000], &[0x00]].concat();
        let lens = DeflateListing::new(b"", &payload, 15);
        let stored: Vec<&DeflateItem> =
            lens.items.iter().filter(|item| item.kind == DeflateItemKind::Stored).collect();
        assert_eq!((stored.len(), stored[0].bits.clone()), (1, 40..80_040));
        assert_eq!(lens.bytes(stored[0]), [7; 10_000]);
    }

    #[test]
    fn items_and_data_are_bounded() {
        let payload = crate::wire::deflate::inflate::bomb(1000);
        let lens = DeflateListing::with_limits(b"", &payload, 15, 5, 100_000);
        assert!(
            lens.items.len() == 5
                && lens.omitted_items > 0
                && lens.over_limit
                && lens.data_len < ByteLen::new(200_000)
        );
    }

    proptest! {
        #[test]
        fn the_items_have_no_gap_and_give_every_byte(before in proptest::collection::vec(0_u8..4, 0..50), payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let lens = DeflateListing::new(&before, &payload, 9);
            let (mut bit, mut byte) = (0, Offset::START);
            for item in &lens.items {
                prop_assert_eq!((item.bits.start, item.output.start), (bit, byte));
                (bit, byte) = (item.bits.end, item.output.end);
            }
            prop_assert_eq!(ByteLen::from(byte), lens.data_len);
            prop_assert!(bit <= lens.tail_bit + 32);
        }
    }
}
