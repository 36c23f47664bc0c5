//! Bytes in source code, and as programs print them: lists in brackets, strings with escapes.

pub(super) mod array;
pub(super) mod beside;
mod elements;
mod escape;
pub(super) mod field;
pub(super) mod literal;
