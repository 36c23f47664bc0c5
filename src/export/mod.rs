//! Screens as files.
//!
//! What is on a screen is decided elsewhere; here it is only written down.

mod svg;

pub use svg::to_svg;
