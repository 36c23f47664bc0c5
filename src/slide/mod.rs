//! Slides laid out for a size of the screen: rows of text, and the places of demos and pictures.
//!
//! This module draws into a buffer and keeps nothing else. It knows no keys, no files and no demo;
//! the app shows what it lays out, and `wiretalk check` asks it what does not fit.

mod body;
mod drawing;
mod fit;
mod heading;
mod layout;
mod listing;
mod overflow;
mod scrolling;
mod speaker_notes;
mod style;
#[cfg(test)]
mod testing;
mod text;
mod warning_corner;

pub(crate) use fit::certainly_fits;
pub(crate) use layout::{LayoutInput, SlideLayout};
pub(crate) use listing::MAX_LISTINGS;
pub use listing::{HighlightedListing, Highlights, Listing, MERMAID, TokenKind, Tokens};
pub use overflow::overflows;
pub(crate) use scrolling::{AreaOnScreen, BigLineOnScreen, SlideProgress};
pub(crate) use speaker_notes::SpeakerNotes;
pub use style::PictureSizes;
pub(crate) use style::SlideStyle;
pub(crate) use text::wrap::wrap;
pub(crate) use warning_corner::draw_warnings;
