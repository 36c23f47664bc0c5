//! Writes finished screens as pictures.

mod svg;

pub use svg::to_svg;
