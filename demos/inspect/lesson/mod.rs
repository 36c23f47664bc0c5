//! Lessons: a scenario that is played on a connection, with a bet before each step.

mod evidence;
pub(crate) mod file;
pub(crate) mod keys;
mod outcome;
pub(crate) mod play;
mod preview;
mod sends;
pub(crate) mod view;
