//! Bytes in source code, and as programs print them: lists in brackets, strings with escapes.

pub(super) mod array;
mod beside;
mod elements;
mod escape;
pub(super) mod literal;
