//! [`Route`]: which slides → and ← pass over, and which of them ↓ reaches.
//!
//! A slide that is deeper than the route stands below the one before it, as in a column.

use crate::deck::{Depth, Slide};

/// How deep a talk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The deepest slides that → comes to.
    depth: Depth,
    /// Whether ↓ reaches those that are deeper still.
    below: bool,
}

impl Default for Route {
    fn default() -> Self {
        Self::through(Depth::Core)
    }
}

impl Route {
    /// The core slides only; nothing is below them.
    pub const ONLY_CORE: Self = Self { depth: Depth::Core, below: false };

    /// The slides down to `depth`, with the deeper ones below them.
    pub const fn through(depth: Depth) -> Self {
        Self { depth, below: true }
    }

    /// Returns the first slide of the talk.
    pub(crate) fn first(self, slides: &[Slide]) -> usize {
        (0..slides.len()).find(|&index| self.is_on_it(slides, index)).unwrap_or(0)
    }

    /// Returns the last slide of the talk.
    pub(crate) fn last(self, slides: &[Slide]) -> usize {
        (0..slides.len()).rfind(|&index| self.is_on_it(slides, index)).unwrap_or(0)
    }

    /// Returns the slide that → comes to behind the one at `index`.
    pub(crate) fn next(self, slides: &[Slide], index: usize) -> Option<usize> {
        let behind = index.saturating_add(1)..slides.len();
        behind.into_iter().find(|&index| self.is_on_it(slides, index))
    }

    /// Returns the slide that ← comes to before the one at `index`.
    pub(crate) fn previous(self, slides: &[Slide], index: usize) -> Option<usize> {
        (0..index.min(slides.len())).rfind(|&index| self.is_on_it(slides, index))
    }

    /// Returns the number of slides below the one at `index`.
    pub(crate) fn count_below(self, slides: &[Slide], index: usize) -> usize {
        if !self.below {
            return 0;
        }
        let behind = index.saturating_add(1)..slides.len();
        behind.into_iter().take_while(|&index| !self.is_on_it(slides, index)).count()
    }

    /// Returns the slide that ↑ comes to from one that stands below it.
    pub(crate) fn above(self, slides: &[Slide], index: usize) -> Option<usize> {
        (!self.is_on_it(slides, index)).then(|| index.checked_sub(1)).flatten()
    }

    /// Whether → comes to the slide at `index`. It also comes to deep slides that no other slide
    /// stands before, because ↓ would reach them from nowhere.
    fn is_on_it(self, slides: &[Slide], index: usize) -> bool {
        let shallow = |slide: &Slide| slide.depth <= self.depth;
        slides.get(index).is_some_and(shallow)
            || slides.iter().take(index.saturating_add(1)).all(|slide| !shallow(slide))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slide for each letter: core, deep or study.
    fn slides(depths: &str) -> Vec<Slide> {
        let depth = |letter| match letter {
            'c' => Depth::Core,
            'd' => Depth::Deep,
            _ => Depth::Study,
        };
        depths.chars().map(|letter| Slide { depth: depth(letter), ..Slide::default() }).collect()
    }

    fn walk(route: Route, slides: &[Slide]) -> Vec<usize> {
        let mut found = vec![route.first(slides)];
        while let Some(next) = route.next(slides, found[found.len() - 1]) {
            assert_eq!(route.previous(slides, next), found.last().copied());
            found.push(next);
        }
        assert_eq!(found.last(), Some(&route.last(slides)));
        found
    }

    #[test]
    fn the_arrows_pass_over_what_is_deeper() {
        let deck = slides("cdscsdc");
        assert_eq!(walk(Route::default(), &deck), [0, 3, 6]);
        assert_eq!(walk(Route::ONLY_CORE, &deck), [0, 3, 6]);
        assert_eq!(walk(Route::through(Depth::Deep), &deck), [0, 1, 3, 5, 6]);
        assert_eq!(walk(Route::through(Depth::Study), &deck), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn deeper_slides_stand_below_the_one_before_them() {
        let deck = slides("cdscdd");
        let below = |route: Route| -> Vec<usize> {
            (0..deck.len()).map(|index| route.count_below(&deck, index)).collect()
        };
        assert_eq!(below(Route::default()), [2, 1, 0, 2, 1, 0]);
        assert_eq!(below(Route::through(Depth::Deep)), [0, 1, 0, 0, 0, 0]);
        assert_eq!(below(Route::ONLY_CORE), [0; 6]);
        let above: Vec<_> = (0..6).map(|index| Route::default().above(&deck, index)).collect();
        assert_eq!(above, [None, Some(0), Some(1), None, Some(3), Some(4)]);
        assert_eq!(Route::default().next(&deck, 1), Some(3), "→ leaves the column");
        assert_eq!(Route::default().previous(&deck, 2), Some(0), "and ← too");
    }

    #[test]
    fn deep_slides_that_nothing_stands_before_are_not_lost() {
        assert_eq!(walk(Route::default(), &slides("dscd")), [0, 1, 2]);
        assert_eq!(walk(Route::ONLY_CORE, &slides("ddd")), [0, 1, 2]);
        assert_eq!((Route::default().first(&[]), Route::default().last(&[])), (0, 0));
    }
}
