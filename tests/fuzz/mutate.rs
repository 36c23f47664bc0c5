//! Derives inputs from a corpus: changed in a few places, joined from two, or random.

use crate::dice::Dice;

/// The maximum length of an input in bytes.
const MAX_INPUT_LEN: usize = 1_024;

/// Bytes with a special meaning: flags, the three length forms, invalid UTF-8, line ends.
const EDGES: [u8; 16] = [
    0x00, 0x01, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x88, 0xc1, 0xfd, 0xfe, 0xff, b'\r', b'\n', b' ',
    b':',
];

/// 64-bit lengths at which arithmetic could wrap, each after the second byte of a header.
const CLAIMS: [u64; 6] = [1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX - 13, u64::MAX];

/// A generator of inputs.
pub(crate) struct Mutate<'a> {
    corpus: &'a [Vec<u8>],
    dice: Dice,
    input: Vec<u8>,
}

impl<'a> Mutate<'a> {
    pub(crate) fn new(corpus: &'a [Vec<u8>], dice: Dice) -> Self {
        Self { corpus, dice, input: Vec::new() }
    }

    /// Returns the next input.
    pub(crate) fn next(&mut self) -> &[u8] {
        self.input.clear();
        if self.dice.within(0, 9) == 0 {
            let len = self.dice.within(0, 80);
            self.input.extend((0..len).map(|_| self.dice.roll() as u8));
            return &self.input;
        }
        let chosen = self.chosen();
        self.input.extend_from_slice(&chosen[..chosen.len().min(MAX_INPUT_LEN)]);
        for _ in 0..self.dice.within(1, 5) {
            self.change();
        }
        self.input.truncate(MAX_INPUT_LEN);
        &self.input
    }

    fn chosen(&mut self) -> &'a [u8] {
        let at = self.dice.within(0, self.corpus.len() as u64 - 1);
        &self.corpus[at as usize]
    }

    /// Returns a random index in the input, or its end.
    fn place(&mut self) -> usize {
        self.dice.within(0, self.input.len() as u64) as usize
    }

    fn change(&mut self) {
        let (at, end) = (self.place(), self.place());
        let (start, end) = (at.min(end), at.max(end).min(at.min(end) + 64));
        let byte = self.dice.roll();
        match self.dice.within(0, 9) {
            0 => self.input.truncate(at),
            1 => drop(self.input.drain(start..end)),
            2 => {
                let again = self.input[start..end].to_vec();
                self.input.splice(at..at, again);
            }
            3 => {
                let other = self.chosen();
                let from = (byte as usize) % (other.len() + 1);
                let piece = &other[from..other.len().min(from + 200)];
                self.input.splice(at..at, piece.iter().copied());
            }
            4 => self.input.insert(at, EDGES[byte as usize % EDGES.len()]),
            _ if at == self.input.len() => self.input.push(byte as u8),
            8 => {
                let claim = CLAIMS[byte as usize % CLAIMS.len()].to_be_bytes();
                let second = if byte >> 8 & 1 == 0 { 0x7f } else { 0xff };
                self.input.splice(at.., [&[second][..], &claim].concat());
            }
            5 => self.input[at] = EDGES[byte as usize % EDGES.len()],
            6 => self.input[at] = byte as u8,
            // The options, which the first byte chooses.
            7 => self.input[0] = byte as u8,
            _ => self.input[at] ^= 1 << (byte % 8),
        }
    }
}
