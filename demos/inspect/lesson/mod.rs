//! Lessons: a scenario that is played on a connection, with a bet before each step.

pub(crate) mod file;
pub(crate) mod keys;
pub(crate) mod play;
pub(crate) mod view;
