//! What an HTML block holds.

use std::ops::Range;

use crate::deck::Block;
use crate::deck::directive::Directive;

/// A part of an HTML block.
pub(in crate::deck) enum HtmlPart {
    Blocks(Vec<Block>),
    /// The directive in a comment, and the bytes of the body at which that stands.
    Directive(Range<usize>, Directive),
}
