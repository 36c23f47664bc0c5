//! Syntax highlighting of code blocks.
//!
//! The grammars come from `syntect` and `two-face`. Loading them takes longer than a talk may take
//! to start, so a thread does this work for the slides that are near, and a slide shows plain code
//! until it is done.

mod grammars;
mod thread;
mod tokens;

pub use thread::Highlighter;
pub(crate) use tokens::Highlights;
pub use tokens::{HighlightedListing, Listing, TokenKind, Tokens};
