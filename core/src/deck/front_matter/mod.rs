//! The YAML block at the very top of a deck: what the talk is called, who gives it, how it looks.
//!
//! It is cut off before the Markdown is parsed, because the Markdown parser's own metadata option
//! also swallows slides in the middle of a deck.

mod cut;
mod fields;
mod options;
mod settings;
mod yaml;

pub(super) use cut::{Head, read_head};
pub use settings::{ColumnMargin, FrontMatter, SourcesSetting, ThemeSetting};
pub(super) use yaml::{YamlEntry, YamlValue, parse_mapping};
