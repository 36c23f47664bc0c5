//! Huffman codes (RFC 1951 sections 3.2.2, 3.2.5 and 3.2.6) as lookup tables: the next bits are the
//! index, the entry is the symbol.
//! It reads no stream; callers pass in the next bits.

use std::sync::LazyLock;

use super::bit_reader::low_mask;
use super::fault::{Alphabet, InflateFaultKind};

/// The length of the longest code in bits (RFC 1951 section 3.2.7).
const MAX_CODE_BITS: usize = 15;

/// A row of a table. From the lowest bit: 4 bits of code length, 4 bits for the number of extra
/// bits, 8 bits of kind, 16 bits of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TableEntry(u32);

const LITERAL: u32 = 0;
/// A match length or a distance: the value plus some extra bits.
const BASE_AND_EXTRA: u32 = 1;
const END_OF_BLOCK: u32 = 2;
/// The code is longer than the index of the root table. The value is the position of the subtable,
/// and the number of extra bits is the number of bits that index it.
const SUBTABLE: u32 = 3;
const INVALID_SYMBOL: u32 = 4;
const UNUSED_CODE: u32 = 5;

impl TableEntry {
    /// The entry for bits that are no code.
    const NO_CODE: Self = Self::new(UNUSED_CODE, 0, 0, 1);

    const fn new(kind: u32, value: u16, extra: u8, length: u8) -> Self {
        Self(length as u32 | (extra as u32) << 4 | kind << 8 | (value as u32) << 16)
    }

    #[inline]
    fn length(self) -> u32 {
        self.0 & 15
    }

    #[inline]
    fn extra_bits(self) -> u32 {
        self.0 >> 4 & 15
    }

    #[inline]
    fn kind(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    #[inline]
    fn value(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Returns the value of a literal or of a code length.
    #[inline]
    fn byte(self) -> u8 {
        (self.0 >> 16 & 0xff) as u8
    }

    fn for_symbol(alphabet: Alphabet, symbol: u16, length: u8) -> Self {
        let base = match (alphabet, symbol) {
            (Alphabet::CodeLengths, _) | (Alphabet::LiteralOrLength, 0..=255) => {
                return Self::new(LITERAL, symbol, 0, length);
            }
            (Alphabet::LiteralOrLength, 256) => return Self::new(END_OF_BLOCK, 0, 0, length),
            (Alphabet::LiteralOrLength, _) => {
                symbol.checked_sub(257).and_then(|index| MATCH_LENGTHS.get(usize::from(index)))
            }
            (Alphabet::Distances, _) => MATCH_DISTANCES.get(usize::from(symbol)),
        };
        match base {
            Some((base, extra)) => Self::new(BASE_AND_EXTRA, *base, *extra, length),
            None => Self::new(INVALID_SYMBOL, 0, 0, length),
        }
    }
}

/// Section 3.2.5: the shortest length of each length code from 257 on, and its number of extra
/// bits.
#[rustfmt::skip]
const MATCH_LENGTHS: [(u16, u8); 29] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0),
    (11, 1), (13, 1), (15, 1), (17, 1), (19, 2), (23, 2), (27, 2), (31, 2),
    (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4),
    (131, 5), (163, 5), (195, 5), (227, 5), (258, 0),
];

/// Section 3.2.5: the shortest distance of each distance code, and its number of extra bits.
#[rustfmt::skip]
const MATCH_DISTANCES: [(u16, u8); 30] = [
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2),
    (17, 3), (25, 3), (33, 4), (49, 4), (65, 5), (97, 5), (129, 6), (193, 6),
    (257, 7), (385, 7), (513, 8), (769, 8), (1025, 9), (1537, 9), (2049, 10), (3073, 10),
    (4097, 11), (6145, 11), (8193, 12), (12289, 12), (16385, 13), (24577, 13),
];

/// The codes of one alphabet.
#[derive(Clone, Debug)]
pub(super) struct HuffmanTable {
    alphabet: Alphabet,
    table: Vec<TableEntry>,
    /// The number of bits that index the root table.
    root_bits: u8,
    /// A mask of `root_bits` bits, which turns the next bits into an index.
    mask: u16,
}

impl HuffmanTable {
    pub(super) fn new(alphabet: Alphabet) -> Self {
        Self { alphabet, table: Vec::new(), root_bits: 0, mask: 0 }
    }

    /// Builds the table for code lengths in bits; 0 is a symbol that does not occur.
    pub(super) fn build(&mut self, lengths: &[u8]) -> Result<(), InflateFaultKind> {
        let mut counts = [0_u16; MAX_CODE_BITS + 1];
        for length in lengths {
            if let Some(count) = counts.get_mut(usize::from(*length)) {
                *count = count.saturating_add(1);
            }
        }
        let used = (0_u8..).zip(counts).filter(|(_, count)| *count > 0);
        let longest = used.last().map_or(0, |(length, _)| length);
        self.check_completeness(&counts, longest)?;
        // 10 and 8 bits cover the frequent codes. Longer ones are in subtables, which keeps the
        // root table small.
        let widest = if self.alphabet == Alphabet::LiteralOrLength { 10 } else { 8 };
        self.root_bits = longest.clamp(1, widest);
        self.mask = low_u16(low_mask(self.root_bits.into()));
        self.table.clear();
        self.add_table(self.root_bits);
        self.fill_table(lengths, &mut counts, longest);
        Ok(())
    }

    /// Checks that the codes are complete (section 3.2.2). Section 3.2.7 allows a single code
    /// alone, and no distance codes at all.
    fn check_completeness(&self, counts: &[u16], longest: u8) -> Result<(), InflateFaultKind> {
        // Kraft's inequality: each additional bit doubles the number of free codes, and each code
        // takes one of them.
        let mut free = 1_i32;
        for count in counts.iter().skip(1) {
            free = free.saturating_mul(2).saturating_sub(i32::from(*count));
            if free < 0 {
                return Err(InflateFaultKind::Oversubscribed(self.alphabet));
            }
        }
        if longest == 0 && self.alphabet == Alphabet::CodeLengths {
            return Err(InflateFaultKind::NoCodes);
        }
        let alone = longest <= 1 && self.alphabet != Alphabet::CodeLengths;
        if free > 0 && !alone { Err(InflateFaultKind::Incomplete(self.alphabet)) } else { Ok(()) }
    }

    /// Enters the codes, shorter ones first. `counts` is the number of codes of each length that
    /// are still to come.
    fn fill_table(&mut self, lengths: &[u8], counts: &mut [u16; MAX_CODE_BITS + 1], longest: u8) {
        // The code is left-aligned in its 16 bits, so the next one of this length is `step` more.
        // After the last one it wraps to 0.
        let (mut code, mut step) = (0_u16, 1_u16 << 15);
        let (mut table_of, mut table_at) = (None, 0);
        for length in 1..=longest {
            for (symbol, _) in (0_u16..).zip(lengths).filter(|(_, own)| **own == length) {
                // Huffman codes are packed with the most significant bit first, unlike everything
                // else (section 3.1.1).
                let bits = code.reverse_bits();
                code = code.wrapping_add(step);
                let entry = TableEntry::for_symbol(self.alphabet, symbol, length);
                let (index, rest) =
                    (self.index(bits), usize::from(bits.wrapping_shr(self.root_bits.into())));
                let beyond = length.saturating_sub(self.root_bits);
                if beyond == 0 {
                    self.fill_entries(0, index, length, entry);
                } else {
                    if table_of != Some(index) {
                        let table_bits = self.subtable_bits(counts, length, longest);
                        (table_of, table_at) = (Some(index), self.add_table(table_bits));
                        let at = u16::try_from(table_at).unwrap_or(u16::MAX);
                        self.fill_entries(
                            0,
                            index,
                            self.root_bits,
                            TableEntry::new(SUBTABLE, at, table_bits, self.root_bits),
                        );
                    }
                    self.fill_entries(table_at, rest, beyond, entry);
                }
                if let Some(count) = counts.get_mut(usize::from(length)) {
                    *count = count.saturating_sub(1);
                }
            }
            step >>= 1;
        }
    }

    /// Adds a table with an index of `bits` bits and returns its position.
    fn add_table(&mut self, bits: u8) -> usize {
        let at = self.table.len();
        self.table
            .resize(at.saturating_add(1_usize.wrapping_shl(bits.into())), TableEntry::NO_CODE);
        at
    }

    /// Enters a code of `length` bits into every entry of the root table (`table_at` 0) or of the
    /// newest subtable whose low index bits equal `code`.
    fn fill_entries(&mut self, table_at: usize, code: usize, length: u8, entry: TableEntry) {
        let rows = if table_at == 0 {
            1_usize.wrapping_shl(self.root_bits.into())
        } else {
            self.table.len()
        };
        if let Some(rows) = self.table.get_mut(table_at.saturating_add(code)..rows) {
            rows.iter_mut()
                .step_by(1_usize.wrapping_shl(length.into()))
                .for_each(|row| *row = entry);
        }
    }

    /// Returns the index size in bits of the subtable whose shortest code has `length` bits: enough
    /// for all codes that share its prefix.
    fn subtable_bits(&self, counts: &[u16], length: u8, longest: u8) -> u8 {
        let mut bits = length.saturating_sub(self.root_bits);
        let mut free = 1_i32.wrapping_shl(bits.into());
        for count in counts.iter().take(longest.into()).skip(length.into()) {
            free = free.saturating_sub(i32::from(*count));
            if free <= 0 {
                break;
            }
            bits = bits.saturating_add(1);
            free = free.saturating_mul(2);
        }
        bits
    }

    /// Returns the index into the root table for these bits.
    #[inline]
    fn index(&self, bits: u16) -> usize {
        usize::from(bits & self.mask)
    }

    #[inline]
    fn lookup(&self, word: u64) -> TableEntry {
        let entry = self.row(self.index(low_u16(word)));
        if entry.kind() != SUBTABLE {
            return entry;
        }
        let index =
            low_u16(word.wrapping_shr(self.root_bits.into()) & low_mask(entry.extra_bits()));
        self.row(usize::from(entry.value()).saturating_add(usize::from(index)))
    }

    #[inline]
    fn row(&self, at: usize) -> TableEntry {
        self.table.get(at).copied().unwrap_or(TableEntry::NO_CODE)
    }

    /// Decodes the symbol at the start of `word`, of which `count` bits have arrived, and returns
    /// it with its length in bits. Returns `None` if more bits are needed.
    pub(super) fn decode_code_length(&self, word: u64, count: u32) -> Option<(u8, u32)> {
        let entry = self.lookup(word);
        (entry.length() <= count).then_some((entry.byte(), entry.length()))
    }
}

/// A symbol of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Literal(u8),
    Match { length: u16, distance: u16 },
    End,
}

/// The codes of one block: one table for literals and lengths, one for distances.
#[derive(Clone, Debug)]
pub(super) struct BlockCodes {
    pub(super) literal_or_length: HuffmanTable,
    pub(super) distances: HuffmanTable,
}

impl BlockCodes {
    pub(super) fn new() -> Self {
        Self {
            literal_or_length: HuffmanTable::new(Alphabet::LiteralOrLength),
            distances: HuffmanTable::new(Alphabet::Distances),
        }
    }

    /// Decodes the symbol at the start of `word`, of which `count` bits have arrived, and returns
    /// it with its length in bits (at most 48). Returns `None` if more bits are needed.
    ///
    /// # Errors
    /// Returns the fault and the number of bits after which it is certain.
    #[inline]
    pub(super) fn decode_symbol(
        &self,
        word: u64,
        count: u32,
    ) -> Result<Option<(Symbol, u32)>, (InflateFaultKind, u32)> {
        let entry = self.literal_or_length.lookup(word);
        let mut used = entry.length();
        // Bits that have not arrived read as 0, so a code counts only when all of its bits are
        // there.
        if used > count {
            return Ok(None);
        }
        match entry.kind() {
            LITERAL => return Ok(Some((Symbol::Literal(entry.byte()), used))),
            BASE_AND_EXTRA => {}
            END_OF_BLOCK => return Ok(Some((Symbol::End, used))),
            UNUSED_CODE => {
                return Err((InflateFaultKind::NoSuchCode(Alphabet::LiteralOrLength), used));
            }
            _ => return Err((InflateFaultKind::NoSuchSymbol(Alphabet::LiteralOrLength), used)),
        }
        let length = entry.value().wrapping_add(read_extra(word, used, entry));
        used = used.saturating_add(entry.extra_bits());
        let far = self.distances.lookup(word.wrapping_shr(used));
        used = used.saturating_add(far.length());
        if used > count {
            return Ok(None);
        }
        match far.kind() {
            BASE_AND_EXTRA => {}
            UNUSED_CODE => return Err((InflateFaultKind::NoSuchCode(Alphabet::Distances), used)),
            _ => return Err((InflateFaultKind::NoSuchSymbol(Alphabet::Distances), used)),
        }
        let distance = far.value().wrapping_add(read_extra(word, used, far));
        used = used.saturating_add(far.extra_bits());
        let found = Symbol::Match { length, distance };
        Ok((used <= count).then_some((found, used)))
    }
}

/// Returns the extra bits of a length or a distance, which begin at bit `at`. Base and extra bits
/// add up to at most 32,768 (section 3.2.5).
#[inline]
fn read_extra(word: u64, at: u32, entry: TableEntry) -> u16 {
    low_u16(word.wrapping_shr(at) & low_mask(entry.extra_bits()))
}

/// Returns the lowest 16 bits.
#[inline]
fn low_u16(word: u64) -> u16 {
    (word & 0xffff) as u16
}

/// The fixed codes (section 3.2.6).
pub(super) static FIXED_CODES: LazyLock<BlockCodes> = LazyLock::new(|| {
    let lengths: [u8; 288] = std::array::from_fn(|symbol| match symbol {
        // The symbols 286 and 287 and the distances 30 and 31 take part in the code but never occur
        // (section 3.2.6).
        144..256 => 9,
        256..280 => 7,
        _ => 8,
    });
    let mut codes = BlockCodes::new();
    codes.literal_or_length.build(&lengths).expect("section 3.2.6 gives complete codes");
    codes.distances.build(&[5; 32]).expect("thirty-two codes of five bits are complete");
    codes
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_2_5_lengths_and_distances() {
        let gaps = |bases: &[(u16, u8)]| {
            let ends = bases.iter().map(|(base, extra)| base + (1 << extra));
            ends.zip(&bases[1..])
                .map(|(end, (next, _))| i32::from(*next) - i32::from(end))
                .collect::<Vec<_>>()
        };
        // 258 has a code of its own, although it could be written as 227 + 31 too.
        assert_eq!(gaps(&MATCH_LENGTHS), [[0; 27].as_slice(), &[-1]].concat());
        assert_eq!(gaps(&MATCH_DISTANCES), [0; 29]);
        for (index, (_, extra)) in MATCH_LENGTHS.iter().enumerate().take(28) {
            assert_eq!(usize::from(*extra), (index / 4).saturating_sub(1));
        }
        for (index, (_, extra)) in MATCH_DISTANCES.iter().enumerate() {
            assert_eq!(usize::from(*extra), (index / 2).saturating_sub(1));
        }
        assert_eq!(
            (MATCH_LENGTHS[0], MATCH_LENGTHS[28], MATCH_DISTANCES[0]),
            ((3, 0), (258, 0), (1, 0))
        );
    }

    #[test]
    fn section_3_2_2_the_example_of_eight_symbols() {
        // ABCDEFGH with the lengths (3, 3, 3, 3, 3, 2, 4, 4): F is 00, A 010, ... G 1110, H 1111.
        let mut codes = HuffmanTable::new(Alphabet::CodeLengths);
        codes.build(&[3, 3, 3, 3, 3, 2, 4, 4]).unwrap();
        let read = |code: &str| {
            let word = code.bytes().rev().fold(0, |word, bit| word << 1 | u64::from(bit - b'0'));
            codes.decode_code_length(word, code.len() as u32)
        };
        assert_eq!(read("00"), Some((5, 2)));
        assert_eq!(read("010"), Some((0, 3)));
        assert_eq!(read("110"), Some((4, 3)));
        assert_eq!(read("1110"), Some((6, 4)));
        assert_eq!(read("1111"), Some((7, 4)));
        assert_eq!(read("111"), None, "one bit is missing");
    }

    #[test]
    fn codes_that_do_not_fit_or_leave_a_gap() {
        let build = |alphabet, lengths: &[u8]| HuffmanTable::new(alphabet).build(lengths).err();
        let literals = Alphabet::LiteralOrLength;
        assert_eq!(build(literals, &[1, 1, 1]), Some(InflateFaultKind::Oversubscribed(literals)));
        assert_eq!(build(literals, &[2, 2, 2]), Some(InflateFaultKind::Incomplete(literals)));
        assert_eq!(build(Alphabet::Distances, &[0, 1]), None);
        assert_eq!(build(Alphabet::Distances, &[0, 0]), None);
        assert!(build(Alphabet::CodeLengths, &[0, 1]).is_some());
    }

    #[test]
    fn long_codes_have_tables_of_their_own() {
        // Lengths 1, 2, ... 14, 15, 15: every code is one longer than the one before.
        let lengths: Vec<u8> = (1..=15).chain([15]).collect();
        let mut codes = HuffmanTable::new(Alphabet::LiteralOrLength);
        codes.build(&lengths).unwrap();
        for (symbol, length) in lengths.iter().enumerate() {
            let ones = if symbol == 15 { 15 } else { u32::from(*length) - 1 };
            let word = (1_u64 << ones) - 1;
            assert_eq!(
                codes.decode_code_length(word, 15),
                Some((symbol as u8, u32::from(*length)))
            );
            assert_eq!(codes.decode_code_length(word, u32::from(*length) - 1), None);
        }
    }
}
