//! Markdown to a [`Deck`] and its [`Warning`]s.
//!
//! Parsing never fails. Whatever is wrong stays on its slide and is reported as a warning with its
//! position. This module reads no files, but asks a [`FileReader`] for those that a deck names. It
//! does not know which demos exist.

mod code_info;
mod content;
mod demo_fence;
mod dialect;
mod directive;
mod division;
mod files;
mod front_matter;
mod html;
mod inline;
#[cfg(test)]
mod nothing_lost;
mod options;
mod parse;
mod picture;
mod position;
mod reader;
mod sources;
mod warning;

pub use content::block::{
    AlertKind, Block, Column, ColumnAlign, Footnote, ImageBlock, ListItem, TableBlock,
};
pub use content::code::{CodeBlock, LineSelection};
pub use content::slide::{Deck, Depth, Slide};
pub use content::text_run::{LinkTarget, TextColor, TextRun, TextStyle, plain_text};
pub use demo_fence::{DemoFence, Setting, SettingValue};
pub use dialect::{Dialect, DialectEvidence};
pub use files::{FileReader, NoFiles, UnreadableFile};
pub use front_matter::{ColumnMargin, FrontMatter, SourcesSetting, ThemeSetting};
pub use options::DeckOptions;
pub use parse::{parse, parse_with};
pub use position::{LineIndex, Position};
pub use sources::{SourceProblems, check_sources};
pub use warning::Warning;
