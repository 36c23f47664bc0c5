//! HTML within a deck: its text is shown, and the tags that have a counterpart in Markdown have its
//! effect.

mod blocks;
mod color;
mod entity;
mod scan;
mod style;

pub(super) use blocks::{HtmlBlocks, is_block};
pub(super) use color::Palette;
pub(super) use entity::decode;
pub(super) use scan::{Piece, Tag, scan};
pub(super) use style::{Effect, effect};
