//! What an HTML block holds.

use crate::deck::Block;

/// A part of an HTML block.
pub(in crate::deck) enum HtmlPart {
    Blocks(Vec<Block>),
    /// The text of a comment, and the byte of the body at which its `<!--` stands.
    Comment(usize, String),
}
