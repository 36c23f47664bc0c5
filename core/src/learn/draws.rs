//! [`Draws`]: numbers that look random and follow from a seed.

/// A generator of numbers, always the same for the same seed (`SplitMix64`). It is no source of
/// secrets.
#[derive(Clone, Debug)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// Creates a generator.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Creates a generator for an exercise, so that those of one seed and several levels differ.
    pub fn of_level(level: u8, seed: u64) -> Self {
        Self::new(seed ^ u64::from(level) << 56)
    }

    /// Returns the next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number from 0 to `count - 1`; 0 if `count` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "the product's upper half is below count")]
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Returns true `of` times in `total`, on average.
    pub fn chance(&mut self, of: usize, total: usize) -> bool {
        self.below(total) < of
    }

    /// Returns one of `items`; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Returns as many bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.bits().to_be_bytes()[0])
    }

    /// Puts `items` in an order in which each is equally likely anywhere.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        // The first numbers of the published SplitMix64 for the seed 1234567.
        let mut draws = Draws::new(1_234_567);
        assert_eq!(draws.bits(), 6_457_827_717_110_365_317);
        assert_eq!(draws.bits(), 3_203_168_211_198_807_973);
        assert_eq!(Draws::new(7).bytes::<4>(), Draws::new(7).bytes::<4>());
    }

    #[test]
    fn every_item_comes_and_none_is_lost() {
        let mut draws = Draws::new(1);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[draws.below(5)] += 1;
        }
        assert!(seen.iter().all(|count| (150..250).contains(count)), "{seen:?}");
        assert_eq!((draws.below(0), draws.pick::<u8>(&[])), (0, None));
        let mut items: Vec<u8> = (0..50).collect();
        draws.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
