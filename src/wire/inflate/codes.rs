//! Huffman codes (RFC 1951 sections 3.2.2, 3.2.5 and 3.2.6) as tables: the next bits are an index, the entry is the symbol.
//! It reads no stream; `symbol` looks at bits that somebody else holds.

use std::sync::LazyLock;

use super::fault::{Alphabet, Broken};

/// The longest code.
const LONGEST: usize = 15;

/// A row of a table. From the lowest bit: 4 bits code length, 4 bits number of extra bits, 8 bits kind, 16 bits value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u32);

const LITERAL: u32 = 0;
/// A match length or a distance: the value and some extra bits.
const BASE: u32 = 1;
const END: u32 = 2;
/// The code is longer than the first table's index: the value is where its own table stands, the extra bits are its index.
const LONGER: u32 = 3;
const MEANINGLESS: u32 = 4;
const UNUSED: u32 = 5;

impl Entry {
    fn new(kind: u32, value: u32, extra: u32, length: u32) -> Self {
        Self(length | extra << 4 | kind << 8 | value << 16)
    }

    #[inline]
    fn length(self) -> u32 {
        self.0 & 15
    }

    #[inline]
    fn extra(self) -> u32 {
        self.0 >> 4 & 15
    }

    #[inline]
    fn kind(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    #[inline]
    fn value(self) -> u32 {
        self.0 >> 16
    }

    fn of(alphabet: Alphabet, symbol: usize, length: u32) -> Self {
        let value = symbol as u32;
        match (alphabet, symbol) {
            (Alphabet::CodeLengths, _) | (Alphabet::Literals, 0..=255) => {
                Self::new(LITERAL, value, 0, length)
            }
            (Alphabet::Literals, 256) => Self::new(END, 0, 0, length),
            (Alphabet::Literals, 257..=285) => {
                let (base, extra) = match_length(symbol - 257);
                Self::new(BASE, base, extra, length)
            }
            (Alphabet::Distances, 0..=29) => {
                let (base, extra) = match_distance(symbol);
                Self::new(BASE, base, extra, length)
            }
            _ => Self::new(MEANINGLESS, 0, 0, length),
        }
    }
}

/// Section 3.2.5: the shortest length of length code 257 + `index`, and its extra bits.
fn match_length(index: usize) -> (u32, u32) {
    match index as u32 {
        28 => (258, 0),
        index @ 0..8 => (3 + index, 0),
        index => {
            let extra = index / 4 - 1;
            (3 + ((4 + index % 4) << extra), extra)
        }
    }
}

/// Section 3.2.5: the shortest distance of distance code `index`, and its extra bits.
fn match_distance(index: usize) -> (u32, u32) {
    match index as u32 {
        index @ 0..4 => (1 + index, 0),
        index => {
            let extra = index / 2 - 1;
            (1 + ((2 + index % 2) << extra), extra)
        }
    }
}

/// One alphabet's codes.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    alphabet: Alphabet,
    table: Vec<Entry>,
    /// Bits that index the first table.
    root: u32,
}

impl Codes {
    pub(super) fn new(alphabet: Alphabet) -> Self {
        Self { alphabet, table: Vec::new(), root: 0 }
    }

    /// Makes the table for these code lengths, 0 for a symbol that does not occur.
    pub(super) fn build(&mut self, lengths: &[u8]) -> Result<(), Broken> {
        let mut counts = [0_u16; LONGEST + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let longest = (1..=LONGEST).rfind(|length| counts[*length] > 0).unwrap_or(0);
        self.check(&counts, longest)?;
        let widest = if self.alphabet == Alphabet::Literals { 10 } else { 8 };
        self.root = longest.clamp(1, widest) as u32;
        self.table.clear();
        self.table.resize(1 << self.root, Entry::new(UNUSED, 0, 0, 1));
        self.fill(lengths, &mut counts, longest);
        Ok(())
    }

    /// Section 3.2.2 wants complete codes. Section 3.2.7 lets one single code stand alone, and no distances at all.
    fn check(&self, counts: &[u16], longest: usize) -> Result<(), Broken> {
        let mut free = 1_i32;
        for count in &counts[1..] {
            free = free * 2 - i32::from(*count);
            if free < 0 {
                return Err(Broken::Oversubscribed(self.alphabet));
            }
        }
        if longest == 0 && self.alphabet == Alphabet::CodeLengths {
            return Err(Broken::NoCodes);
        }
        let alone = longest <= 1 && self.alphabet != Alphabet::CodeLengths;
        if free > 0 && !alone { Err(Broken::Incomplete(self.alphabet)) } else { Ok(()) }
    }

    fn fill(&mut self, lengths: &[u8], counts: &mut [u16], longest: usize) {
        let mask = (1_usize << self.root) - 1;
        let (mut code, mut table_of, mut table_at) = (0_u16, usize::MAX, 0);
        for length in 1..=longest {
            code <<= 1;
            for symbol in (0..lengths.len()).filter(|symbol| usize::from(lengths[*symbol]) == length) {
                // Codes are packed with their first bit lowest (section 3.1.1).
                let bits = usize::from(code.reverse_bits() >> (16 - length));
                let entry = Entry::of(self.alphabet, symbol, length as u32);
                code += 1;
                if length as u32 <= self.root {
                    self.table[bits..=mask].iter_mut().step_by(1 << length).for_each(|row| *row = entry);
                    counts[length] -= 1;
                    continue;
                }
                if bits & mask != table_of {
                    table_of = bits & mask;
                    table_at = self.table.len();
                    let table_bits = self.bits_of_table(counts, length, longest);
                    self.table.resize(table_at + (1 << table_bits), Entry::new(UNUSED, 0, 0, 1));
                    self.table[table_of] = Entry::new(LONGER, table_at as u32, table_bits, self.root);
                }
                let rest = bits >> self.root;
                let step = 1 << (length as u32 - self.root);
                self.table[table_at + rest..].iter_mut().step_by(step).for_each(|row| *row = entry);
                counts[length] -= 1;
            }
        }
    }

    /// How many bits index the table of the codes that begin like one of `length`: as many as its codes need, with `counts` still to come.
    fn bits_of_table(&self, counts: &[u16], length: usize, longest: usize) -> u32 {
        let root = self.root as usize;
        let mut bits = length - root;
        let mut free = 1_i32 << bits;
        while bits + root < longest {
            free -= i32::from(counts[bits + root]);
            if free <= 0 {
                break;
            }
            bits += 1;
            free *= 2;
        }
        bits as u32
    }

    #[inline]
    fn find(&self, word: u64) -> Entry {
        let entry = self.table[(word & ((1 << self.root) - 1)) as usize];
        if entry.kind() != LONGER {
            return entry;
        }
        let index = (word >> self.root) & ((1 << entry.extra()) - 1);
        self.table[entry.value() as usize + index as usize]
    }

    /// The symbol at the start of `word`, of which `count` bits are there, and its length in bits. None: more bits are needed.
    pub(super) fn plain(&self, word: u64, count: u32) -> Option<(u8, u32)> {
        let entry = self.find(word);
        (entry.length() <= count).then_some((entry.value() as u8, entry.length()))
    }
}

/// What the bits of a block say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Literal(u8),
    Match { length: u16, distance: u16 },
    End,
}

/// The codes of one block: literals and lengths, distances.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) literals: Codes,
    pub(super) distances: Codes,
}

impl Pair {
    pub(super) fn new() -> Self {
        Self { literals: Codes::new(Alphabet::Literals), distances: Codes::new(Alphabet::Distances) }
    }

    /// The symbol at the start of `word`, of which `count` bits are there, and its length in bits: at most 48.
    /// None: more bits are needed. What is wrong comes with the number of bits that make it certain.
    #[inline]
    pub(super) fn symbol(&self, word: u64, count: u32) -> Result<Option<(Symbol, u32)>, (Broken, u32)> {
        let entry = self.literals.find(word);
        let mut used = entry.length();
        if used > count {
            return Ok(None);
        }
        match entry.kind() {
            LITERAL => return Ok(Some((Symbol::Literal(entry.value() as u8), used))),
            BASE => {}
            END => return Ok(Some((Symbol::End, used))),
            UNUSED => return Err((Broken::NoSuchCode(Alphabet::Literals), used)),
            _ => return Err((Broken::NoSuchSymbol(Alphabet::Literals), used)),
        }
        let length = entry.value() + extra(word, used, entry);
        used += entry.extra();
        let far = self.distances.find(word >> used);
        used += far.length();
        if used > count {
            return Ok(None);
        }
        match far.kind() {
            BASE => {}
            UNUSED => return Err((Broken::NoSuchCode(Alphabet::Distances), used)),
            _ => return Err((Broken::NoSuchSymbol(Alphabet::Distances), used)),
        }
        let distance = far.value() + extra(word, used, far);
        used += far.extra();
        let found = Symbol::Match { length: length as u16, distance: distance as u16 };
        Ok((used <= count).then_some((found, used)))
    }
}

#[inline]
fn extra(word: u64, at: u32, entry: Entry) -> u32 {
    ((word >> at) & ((1 << entry.extra()) - 1)) as u32
}

/// The codes that need no description (section 3.2.6).
pub(super) static FIXED: LazyLock<Pair> = LazyLock::new(|| {
    let mut lengths = [8_u8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    let mut pair = Pair::new();
    pair.literals.build(&lengths).expect("section 3.2.6 gives complete codes");
    pair.distances.build(&[5; 32]).expect("thirty-two codes of five bits are complete");
    pair
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_2_5_lengths_and_distances() {
        let lengths: Vec<_> = [0, 7, 8, 12, 27, 28].map(match_length).to_vec();
        assert_eq!(lengths, [(3, 0), (10, 0), (11, 1), (19, 2), (227, 5), (258, 0)]);
        let distances: Vec<_> = [0, 3, 4, 5, 6, 29].map(match_distance).to_vec();
        assert_eq!(distances, [(1, 0), (4, 0), (5, 1), (7, 1), (9, 2), (24577, 13)]);
    }

    #[test]
    fn section_3_2_2_the_example_of_eight_symbols() {
        // ABCDEFGH with the lengths (3, 3, 3, 3, 3, 2, 4, 4): F is 00, A 010, ... G 1110, H 1111.
        let mut codes = Codes::new(Alphabet::CodeLengths);
        codes.build(&[3, 3, 3, 3, 3, 2, 4, 4]).unwrap();
        let read = |code: &str| {
            let word = code.bytes().rev().fold(0, |word, bit| word << 1 | u64::from(bit - b'0'));
            codes.plain(word, code.len() as u32)
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
        let build = |alphabet, lengths: &[u8]| Codes::new(alphabet).build(lengths).err();
        let literals = Alphabet::Literals;
        assert_eq!(build(literals, &[1, 1, 1]), Some(Broken::Oversubscribed(literals)));
        assert_eq!(build(literals, &[2, 2, 2]), Some(Broken::Incomplete(literals)));
        assert_eq!(build(Alphabet::Distances, &[0, 1]), None);
        assert_eq!(build(Alphabet::Distances, &[0, 0]), None);
        assert!(build(Alphabet::CodeLengths, &[0, 1]).is_some());
    }

    #[test]
    fn long_codes_have_tables_of_their_own() {
        // Lengths 1, 2, ... 14, 15, 15: every code is one longer than the one before.
        let lengths: Vec<u8> = (1..=15).chain([15]).collect();
        let mut codes = Codes::new(Alphabet::Literals);
        codes.build(&lengths).unwrap();
        for (symbol, length) in lengths.iter().enumerate() {
            let ones = if symbol == 15 { 15 } else { u32::from(*length) - 1 };
            let word = (1_u64 << ones) - 1;
            assert_eq!(codes.plain(word, 15), Some((symbol as u8, u32::from(*length))));
            assert_eq!(codes.plain(word, u32::from(*length) - 1), None);
        }
    }
}
