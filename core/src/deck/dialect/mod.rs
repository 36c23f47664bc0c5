//! The dialects of Markdown decks: which one a deck speaks, and the same deck in our own.

#[cfg(test)]
mod decks;
mod detect;
mod kind;
mod outline;
mod pieces;
mod reading;
mod rewrite;
mod slides;
mod speech;
mod title_block;
mod writer;

pub use kind::{Dialect, DialectEvidence};
pub(super) use reading::Reading;
pub(super) use writer::Places;
