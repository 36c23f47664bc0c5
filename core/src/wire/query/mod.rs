//! Queries about frames: which are shown, which contain some bytes, and copying them.

mod carry;
pub mod copy_as;
pub mod direction_search;
pub mod filter;
pub mod search;
pub mod text_matcher;
