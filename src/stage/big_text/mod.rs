//! Big letters, several cells each, for titles and figures that must be readable from the last row
//! of the audience.
//!
//! The shapes come from the `font8x8` crate. Accents are set above and below them here, and what
//! the crate lacks is drawn here: Cyrillic, letters with a stroke, signs of currencies. The
//! tui-big-text crate draws the same letters but adds twenty packages to a cold build.

mod glyph;
mod letters;
mod marks;
mod widget;

pub use widget::{BigText, PixelSize};
