//! The content of a deck: its slides, their blocks, their text.

pub(super) mod block;
pub(super) mod code;
pub(super) mod slide;
pub(super) mod text_run;
