//! Markdown to a [`Deck`] and its [`Warning`]s.
//!
//! Parsing never fails. Whatever is wrong stays on its slide and is reported as a warning with its
//! position. This module reads no files, and does not know which demos exist.

mod block_reader;
mod code_block;
mod demo_fence;
mod directive;
mod front_matter;
mod inline;
mod parse;
mod position;
mod slide;
mod warning;

pub use demo_fence::{DemoFence, Setting, SettingValue};
pub use front_matter::{FrontMatter, ThemeChoice};
pub use parse::parse;
pub use position::{LineIndex, Position};
pub use slide::{
    AlertKind, Block, ColumnAlign, Deck, ListItem, Slide, TableBlock, TextRun, TextStyle,
    plain_text,
};
pub use warning::Warning;
