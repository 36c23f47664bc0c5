//! [`DeckUpdate`]: a deck that was saved again while it is shown.

use crate::deck::{Deck, Warning};
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
