//! [`MaskingKeys`]: the masking keys and payloads of the cases, from a seed.

use crate::wire::MaskingKey;

/// A sequence of numbers by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). The same seed gives the
/// same sequence, so that a case can be sent again byte for byte.
#[derive(Clone, Debug)]
pub(super) struct MaskingKeys {
    state: u64,
}

impl MaskingKeys {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number.
    pub(super) fn next_number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns the next masking key, which is not zero.
    pub(super) fn next_key(&mut self) -> MaskingKey {
        let [a, b, c, d, ..] = self.next_number().to_le_bytes();
        [a | 1, b, c, d]
    }

    /// Returns `len` bytes.
    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next_number().to_le_bytes()).flatten().take(len).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_reference_implementation() {
        let mut keys = MaskingKeys::new(1_234_567);
        let numbers: Vec<u64> = std::iter::repeat_with(|| keys.next_number()).take(3).collect();
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, expected);
    }
}
