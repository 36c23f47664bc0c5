//! The parts that stories are made of: a choice, pieces of a text, pairs that the task gives.

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::{Event, Fact, Story};
use crate::learn::exercises::order_events::rules::TASK;
use crate::wire::Side;

/// Returns one of `items`, which are not empty.
pub(super) fn pick<T: Copy>(draws: &mut Draws, items: &[T]) -> T {
    let at = draws.below(items.len());
    items[at]
}

/// Returns one of `words` with a number behind it.
pub(super) fn numbered(draws: &mut Draws, words: &[&str]) -> String {
    let number = draws.below(98).saturating_add(1);
    format!("{} {number}", pick(draws, words))
}

/// Returns a side.
pub(super) fn either(draws: &mut Draws) -> Side {
    pick(draws, &[Side::Client, Side::Server])
}

/// Cuts a text in as many pieces, none of them empty, each at a character.
pub(super) fn cut<'t>(draws: &mut Draws, text: &'t str, count: usize) -> Vec<&'t [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    for left in (1..count).rev() {
        let boundaries: Vec<usize> = rest.char_indices().map(|(at, _)| at).skip(1).collect();
        let room = boundaries.len().saturating_sub(left.saturating_sub(1));
        let at = boundaries.get(draws.below(room)).copied().unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(at);
        pieces.push(piece.as_bytes());
        rest = behind;
    }
    pieces.push(rest.as_bytes());
    pieces
}

/// Returns a pair of events whose order the task gives.
pub(super) fn given(before: usize, after: usize, reason: &'static str) -> Fact {
    Fact { before, after, reason, source: TASK }
}

/// Returns the pair that makes a program wait for the end of TCP: of its own end, where that is an
/// event.
pub(super) fn closed_before(before: usize, after: usize) -> Fact {
    let reason = "the connection counts as closed once TCP is closed; Close frames don't close it";
    Fact { before, after, reason, source: "RFC 6455 §7.1.4" }
}

/// Returns a story without facts and without a Close.
pub(super) fn story(task: String, events: Vec<Event>) -> Story {
    Story { task, events, closes_first: Side::Client, facts: Vec::new(), moral: "", source: "" }
}
