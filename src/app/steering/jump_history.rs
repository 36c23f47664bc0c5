//! [`JumpHistory`]: the places that a jump left, so that one key leads back.

use std::collections::VecDeque;

use crate::app::deck_update::SlideMoves;

/// The most places that are remembered.
const MAX_PLACES: usize = 100;

/// A slide and the step that it was left at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeckPlace {
    /// The index of the slide, from 0.
    pub slide: usize,
    /// The last step that was revealed, from 0.
    pub step: usize,
}

/// The places that jumps left, the last one at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct JumpHistory {
    places: VecDeque<DeckPlace>,
}

impl JumpHistory {
    /// Remembers a place that is left by a jump.
    pub(crate) fn push(&mut self, place: DeckPlace) {
        if self.places.back() == Some(&place) {
            return;
        }
        if self.places.len() == MAX_PLACES {
            self.places.pop_front();
        }
        self.places.push_back(place);
    }

    /// Takes over a new version of the deck. Places on slides that have changed are forgotten.
    pub(crate) fn follow(&mut self, moves: &SlideMoves) {
        self.places.retain_mut(|place| {
            let now = moves.of(place.slide);
            place.slide = now.unwrap_or(place.slide);
            now.is_some()
        });
    }

    /// Returns the place that was left last and is not `here`, and forgets it.
    pub(crate) fn pop(&mut self, here: usize) -> Option<DeckPlace> {
        loop {
            let place = self.places.pop_back()?;
            if place.slide != here {
                return Some(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_there_and_has_an_end() {
        let place = |slide| DeckPlace { slide, step: 0 };
        let mut history = JumpHistory::default();
        for slide in [1, 1, 2, 3] {
            history.push(place(slide));
        }
        assert_eq!(history.pop(3), Some(place(2)), "not to where we are");
        assert_eq!((history.pop(2), history.pop(1)), (Some(place(1)), None));
        for slide in 0..2 * MAX_PLACES {
            history.push(place(slide));
        }
        assert_eq!(history.places.len(), MAX_PLACES);
        assert_eq!(history.places[0], place(MAX_PLACES));
    }
}
