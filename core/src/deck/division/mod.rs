//! Divides what the Markdown parser finds into slides, and arranges the blocks of each.

mod arrangement;
mod dividers;
mod slide_builder;

pub(super) use dividers::Dividers;
pub(super) use slide_builder::SlideBuilder;
