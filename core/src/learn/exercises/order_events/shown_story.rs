//! [`ShownStory`]: a story as the exercise of a seed shows it.

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::Story;
use crate::learn::exercises::order_events::rules::Precedence;
use crate::learn::exercises::order_events::stories;

/// A story with its events in the order in which they are shown.
#[derive(Debug)]
pub(super) struct ShownStory {
    /// The story.
    pub(super) story: Story,
    /// The place of each shown event in the story.
    pub(super) places: Vec<usize>,
    /// Which event comes before which.
    pub(super) precedence: Precedence,
}

impl ShownStory {
    /// Draws a story and shuffles its events, so that they are not in a right order.
    pub(super) fn draw(level: u8, seed: u64) -> Self {
        let mut draws = Draws::new(seed);
        let story = stories::draw(level, &mut draws);
        let mut places: Vec<usize> = (0..story.events.len()).collect();
        let precedence = Precedence::new(&story);
        while precedence.first_breach(&places).is_none() && precedence.has_pairs() {
            draws.shuffle(&mut places);
        }
        Self { story, places, precedence }
    }
}
