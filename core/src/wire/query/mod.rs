//! Which frames are shown, which of them hold some bytes, and what a reader takes away of them.

pub mod copy_as;
pub mod filter;
pub mod search;
