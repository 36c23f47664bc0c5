//! The body of a slide: its blocks as rows of text, and the places of its demos and pictures.

mod builder;
mod code;
mod containers;
mod placing;
mod qr;
pub(crate) mod rows;
mod table;

pub(crate) use builder::{BodyFrame, lay_out_blocks};
pub(super) use table::TABLE_COLUMN_GAP;
