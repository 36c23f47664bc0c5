//! The bet before the start: how many times as long the other lane will take. The result settles
//! it.

/// The factors to choose from.
pub(super) const BET_CHOICES: [f64; 5] = [1.0, 2.0, 5.0, 10.0, 100.0];

/// The chosen factor as an index into [`BET_CHOICES`]; `None` without a bet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bet(Option<usize>);

impl Bet {
    /// Returns the bet on the choice of this index in [`BET_CHOICES`], or on the last one.
    pub(super) fn on(choice: usize) -> Self {
        Self(Some(choice.min(BET_CHOICES.len() - 1)))
    }

    /// Moves to the next choice, or back.
    pub(super) fn cycle(&mut self, more: bool) {
        self.0 = Some(match (self.0, more) {
            (None, true) => 0,
            (None, false) => BET_CHOICES.len() - 1,
            (Some(at), true) => (at + 1).min(BET_CHOICES.len() - 1),
            (Some(at), false) => at.saturating_sub(1),
        });
    }

    pub(super) fn choice(self) -> Option<f64> {
        self.0.map(|at| BET_CHOICES[at])
    }

    /// Returns the choice as an index into [`BET_CHOICES`].
    pub(super) fn index(self) -> Option<usize> {
        self.0
    }

    /// Returns the result of the bet for `ratio`, empty without a bet. The nearest choice wins,
    /// measured as a factor: 2 is nearer to 2.5 than 5 is. A run that does not count settles the bet
    /// with that remark.
    pub(super) fn result_sentence(self, ratio: f64, counts: bool) -> String {
        // The lower bound keeps the logarithm finite.
        let distance = |choice: f64| (choice.ln() - ratio.max(f64::MIN_POSITIVE).ln()).abs();
        let nearest = BET_CHOICES
            .into_iter()
            .min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
            .unwrap_or(1.0);
        let Some(choice) = self.choice() else { return String::new() };
        match (choice.total_cmp(&nearest).is_eq(), counts) {
            (true, true) => format!("Your bet of {choice}x wins."),
            (true, false) => format!("Your bet of {choice}x would win if it counted."),
            (false, true) => format!("Your bet was {choice}x; {nearest}x was nearest."),
            (false, false) => {
                format!("Your bet was {choice}x; {nearest}x would be nearest if it counted.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_choice_wins() {
        let mut bet = Bet::default();
        assert_eq!((bet.choice(), bet.result_sentence(1.4, true)), (None, String::new()));
        bet.cycle(true);
        assert_eq!(bet.result_sentence(1.3, true), "Your bet of 1x wins.");
        bet.cycle(true);
        assert_eq!(bet.result_sentence(3.0, true), "Your bet of 2x wins.");
        assert_eq!(bet.result_sentence(3.5, true), "Your bet was 2x; 5x was nearest.");
        let uncounted = [1.9, 3.5].map(|ratio| bet.result_sentence(ratio, false));
        assert_eq!(uncounted[0], "Your bet of 2x would win if it counted.");
        assert_eq!(uncounted[1], "Your bet was 2x; 5x would be nearest if it counted.");
        bet.cycle(false);
        bet.cycle(false);
        assert_eq!(bet.choice(), Some(1.0));
        let mut high = Bet::default();
        high.cycle(false);
        assert_eq!(high.choice(), Some(100.0));
    }
}
