//! What lies over the tabs while it is open: a typed line, the list of the keys, the page of rules.

pub(crate) mod input;
pub(crate) mod mode;
pub(crate) mod rules;
