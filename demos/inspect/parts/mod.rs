//! Parts of the picture that several tabs share. They do not know the session.

pub(crate) mod agreement;
pub(crate) mod bits;
pub(crate) mod canvas;
pub(crate) mod colors;
pub(crate) mod hex;
pub(crate) mod hints;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod payload;
pub(crate) mod prose;
pub(crate) mod units;
