//! Turns the Markdown parser's events into blocks.

pub(super) mod block_reader;
mod code_block;
mod file_snippet;
mod footnote_reader;
mod footnotes;
pub(super) mod html_part;
mod html_reader;
pub(super) mod joined_list;
mod line;
mod list_and_table;
pub(super) mod markdown;
