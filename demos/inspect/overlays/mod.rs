//! What is drawn over the tabs while it is open: the input line, the list of keys, the page of
//! rules, the notes.

pub(crate) mod input;
pub(crate) mod mode;
pub(crate) mod notes;
pub(crate) mod rules;
