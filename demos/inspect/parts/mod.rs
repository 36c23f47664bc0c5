//! How a thing looks, wherever it stands. Nothing here knows the session.

pub(crate) mod agreement;
pub(crate) mod bits;
pub(crate) mod canvas;
pub(crate) mod colors;
pub(crate) mod hex;
pub(crate) mod page;
pub(crate) mod payload;
pub(crate) mod prose;
pub(crate) mod units;
