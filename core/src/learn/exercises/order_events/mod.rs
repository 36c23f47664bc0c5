//! What happens next? The events of a connection are put in order.
//!
//! `event` has what can happen, `stories` the connections, and `rules` finds out which event comes
//! before which. Several orders may be right: an order is judged by these rules, never by
//! comparing it with the one that the story was written in.

mod event;
mod generate;
mod judge;
mod rules;
mod shown_story;
mod stories;
#[cfg(test)]
mod tests;

pub(crate) use generate::generate;
pub(crate) use judge::{judge, solution};

/// Messages; the closing handshake; silence and reconnecting.
pub(crate) const LEVELS: u8 = 3;
