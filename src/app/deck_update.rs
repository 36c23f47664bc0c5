//! [`DeckUpdate`]: a deck that was saved again while it is shown, and where its slides are now.

use crate::deck::{Deck, Slide, Warning};
use crate::stage::ThemePair;

/// A deck that was read again.
#[derive(Clone, Debug, PartialEq)]
pub struct DeckUpdate {
    /// The slides.
    pub deck: Deck,
    /// The warnings about the deck, in file order.
    pub warnings: Vec<Warning>,
    /// The themes for a dark and for a light terminal.
    pub themes: ThemePair,
}

/// Two versions of a deck, and where they differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlideMoves<'a> {
    old: &'a [Slide],
    new: &'a [Slide],
    /// The number of slides before the first that differs.
    before: usize,
    /// The number of slides behind the last that differs.
    behind: usize,
}

/// What to show after a reload, by index in the new deck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReloadTarget {
    /// The slide that was open, or its new version.
    Stay(usize),
    /// Another slide.
    Open(usize),
}

impl<'a> SlideMoves<'a> {
    /// Compares two versions of a deck.
    pub(crate) fn between(old: &'a [Slide], new: &'a [Slide]) -> Self {
        let same = |(old, new): &(&Slide, &Slide)| old.same_content(new);
        let before = old.iter().zip(new).take_while(same).count();
        let rest = old[before..].iter().rev().zip(new[before..].iter().rev());
        Self { old, new, before, behind: rest.take_while(same).count() }
    }

    /// Returns the index in the new deck of the slide that was at index `at`; `None` if that has
    /// changed or is gone.
    pub(crate) fn of(&self, at: usize) -> Option<usize> {
        let slide = self.old.get(at)?;
        let from_end = self.old.len() - at;
        if at < self.before {
            return Some(at);
        }
        if from_end <= self.behind {
            return Some(self.new.len() - from_end);
        }
        let changed = self.before..self.new.len() - self.behind;
        changed.into_iter().find(|&index| self.new[index].same_content(slide))
    }

    /// Returns what to show while the slide at index `open` of the old deck is.
    pub(crate) fn target(&self, open: usize) -> ReloadTarget {
        let changed = self.before..self.new.len() - self.behind;
        let is_in_place = changed.contains(&open) && open < self.old.len() - self.behind;
        if changed.is_empty() || is_in_place {
            // Nothing is new, or the new version of the open slide is.
            let stay = if is_in_place { Some(open) } else { self.of(open) };
            if let Some(at) = stay {
                return ReloadTarget::Stay(at);
            }
        }
        ReloadTarget::Open(self.before.min(self.new.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::parse;

    fn slides(texts: &[&str]) -> Vec<Slide> {
        parse(&texts.join("\n\n---\n\n")).0.slides
    }

    #[test]
    fn a_reload_goes_to_what_has_changed() {
        use ReloadTarget::{Open, Stay};
        let old = slides(&["a", "b", "c", "d"]);
        for (new, open, expected) in [
            (&["a", "b", "c", "d"][..], 2, Stay(2)),
            (&["a", "b", "X", "d"], 0, Open(2)),
            (&["a", "b", "X", "d"], 2, Stay(2)),
            (&["a", "X", "Y", "d"], 2, Stay(2)),
            (&["a", "b", "new", "c", "d"], 3, Open(2)),
            (&["a", "b", "c", "d", "new"], 0, Open(4)),
            (&["a", "c", "d"], 3, Stay(2)),
            (&["a", "c", "d"], 0, Stay(0)),
            (&["a", "c", "d"], 1, Open(1)),
            (&["a", "b", "c"], 3, Open(2)),
            (&["X"], 3, Open(0)),
        ] {
            let new = slides(new);
            let found = SlideMoves::between(&old, &new).target(open);
            assert_eq!(found, expected, "{new:?} while {open} is open");
        }
    }

    #[test]
    fn a_slide_is_found_where_it_has_moved() {
        let (old, new) = (slides(&["a", "b", "c", "d"]), slides(&["new", "c", "X", "b", "d"]));
        let moves = SlideMoves::between(&old, &new);
        let found: Vec<_> = (0..5).map(|at| moves.of(at)).collect();
        assert_eq!(found, [None, Some(3), Some(1), Some(4), None]);
    }
}
