//! The box of an item in the sense of Leitner: how well it is known, and when it comes again.
//!
//! A right answer moves an item one box on, a wrong one back to the first. A trained model of
//! forgetting, such as FSRS, needs hundreds of answers before it knows a learner better than this
//! table does, and these are a few dozen items, learned within weeks.

/// The seconds after which an item of each box comes again.
const INTERVALS: [u64; 6] = [10 * 60, DAY, 3 * DAY, 7 * DAY, 21 * DAY, 60 * DAY];
const DAY: u64 = 24 * 60 * 60;

/// How well an item is known, from 0 (the last answer was wrong) to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeitnerBox(u8);

impl LeitnerBox {
    /// Returns the box after another answer.
    #[must_use]
    pub fn after(self, right: bool) -> Self {
        let last = u8::try_from(INTERVALS.len() - 1).unwrap_or(u8::MAX);
        if right { Self(self.0.saturating_add(1).min(last)) } else { Self(0) }
    }

    /// Returns the number of the box, from 0.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns the seconds from an answer until the item comes again.
    pub fn interval(self) -> u64 {
        INTERVALS.get(usize::from(self.0)).copied().unwrap_or(60 * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_comes_less_often_and_a_mistake_brings_it_back() {
        let mut at = LeitnerBox::default();
        let mut last = at.interval();
        for number in 1..6 {
            at = at.after(true);
            assert_eq!(at.number(), number);
            assert!(at.interval() > last);
            last = at.interval();
        }
        assert_eq!(at.after(true), at, "there is no box beyond the last");
        assert_eq!(at.after(false).interval(), 600);
    }
}
