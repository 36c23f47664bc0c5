//! Pages over the slide: the help, the overview, and lists of slides.
//!
//! They know the deck and no demo. What a key on one of them asks for, the app carries out.

mod deck_search;
mod help;
mod open_overlay;
mod outcome;
mod overview;
mod slide_list;
#[cfg(test)]
mod tests;

pub(super) use deck_search::SearchHits;
pub(super) use help::{draw_help, help_pages};
pub(super) use open_overlay::Overlay;
pub(super) use outcome::OverlayOutcome;
pub(super) use overview::{Overview, OverviewInput};
pub(super) use slide_list::SlideList;
