//! Divides what the Markdown parser finds into slides, and arranges the blocks of each.

mod arrangement;
mod dividers;
mod includes;
mod slide_builder;
#[cfg(test)]
mod tests;
mod title_slide;

pub(super) use dividers::Dividers;
pub(super) use slide_builder::SlideBuilder;
pub(super) use title_slide::add_title_slide;
