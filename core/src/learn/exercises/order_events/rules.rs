//! [`Precedence`]: which event of a story comes before which, and why. The rules are those of a
//! connection's life: the opening handshake, messages and control frames, the closing handshake.

use crate::learn::exercises::order_events::event::{Action, Fact, SentFrame, Story};
use crate::wire::{FaultCode, Opcode, Side};

/// The pairs of events whose order matters.
#[derive(Debug)]
pub(super) struct Precedence {
    count: usize,
    pairs: Vec<Fact>,
}

impl Precedence {
    /// Finds the pairs of a story.
    pub(super) fn new(story: &Story) -> Self {
        let mut pairs = story.facts.clone();
        let events = || story.events.iter().enumerate();
        for (before, first) in events() {
            for (after, second) in events() {
                let rule = rule(&first.action, &second.action, story.closes_first);
                pairs.extend(rule.map(|(reason, source)| Fact { before, after, reason, source }));
            }
        }
        Self { count: story.events.len(), pairs }
    }

    /// Whether any order matters.
    pub(super) fn has_pairs(&self) -> bool {
        !self.pairs.is_empty()
    }

    /// Returns the pairs whose later event is the one at a place.
    pub(super) fn before(&self, place: usize) -> impl Iterator<Item = &Fact> {
        self.pairs.iter().filter(move |pair| pair.after == place)
    }

    /// Returns the first event of an order that comes too early, with the earliest in that order of
    /// those that must come before it. `order` has each place once.
    pub(super) fn first_breach(&self, order: &[usize]) -> Option<&Fact> {
        let position = |place: usize| order.iter().position(|other| *other == place);
        order.iter().find_map(|place| {
            let late = self.before(*place).filter(|pair| position(pair.before) > position(*place));
            late.min_by_key(|pair| position(pair.before))
        })
    }

    /// Counts the orders that are right.
    pub(super) fn count_orders(&self) -> usize {
        // For each set of events that can have happened, the number of orders that lead to it.
        let sets = 1_usize << self.count.min(16);
        let mut orders = vec![0_usize; sets];
        orders[0] = 1;
        for set in 0..sets {
            for place in 0..self.count {
                let has_come = |place: usize| set >> place & 1 == 1;
                if !has_come(place) && self.before(place).all(|pair| has_come(pair.before)) {
                    orders[set | 1 << place] += orders[set];
                }
            }
        }
        orders[sets - 1]
    }

    /// Returns a pair that is often taken the wrong way: the one with the latest rule.
    pub(super) fn hardest_pair(&self) -> (usize, usize, &'static str) {
        let last = self.pairs.iter().max_by_key(|pair| (pair.source != TASK, pair.before));
        last.map_or((0, 1, ""), |pair| (pair.before, pair.after, pair.reason))
    }
}

/// The source of what only the task says.
pub(super) const TASK: &str = "given in the task";

type Rule = (&'static str, &'static str);

/// Returns the reason for which one event comes before another, if there is one.
fn rule(first: &Action, second: &Action, closes_first: Side) -> Option<Rule> {
    match (first, second) {
        (Action::Connect, Action::Request) => {
            Some(("the request needs a connection that is open", "RFC 6455 §4.1"))
        }
        (Action::Request, Action::Accept) => {
            Some(("the 101 answers the request", "RFC 6455 §4.2.2"))
        }
        (Action::Accept, Action::Send(_)) => {
            Some(("frames may be sent once the server has answered 101", "RFC 6455 §4.1, §4.2.2"))
        }
        (Action::Send(first), Action::Send(second)) => frame_rule(first, second, closes_first),
        (Action::Send(frame), Action::HangUp(side)) => {
            let closes = frame.opcode == Opcode::Close;
            match (closes, *side) {
                (true, Side::Server) => Some((
                    "the server closes TCP once it has sent and received a Close",
                    "RFC 6455 §7.1.1",
                )),
                _ if frame.from == *side => {
                    Some(("nothing can be sent once TCP is closed", "RFC 9293 §3.6"))
                }
                _ => None,
            }
        }
        (Action::HangUp(Side::Server), Action::HangUp(Side::Client)) => Some((
            "the server closes TCP first, so that TIME_WAIT stays on its side",
            "RFC 6455 §7.1.1",
        )),
        _ => None,
    }
}

fn frame_rule(first: &SentFrame, second: &SentFrame, closes_first: Side) -> Option<Rule> {
    let same_side = first.from == second.from;
    let close = Opcode::Close;
    let data_after_close = FaultCode::DataAfterClose.rule().section;
    match (first.opcode, second.opcode) {
        (first_opcode, second_opcode) if first_opcode == close && second_opcode == close => {
            let answers = !same_side && first.from == closes_first;
            answers.then_some(("the second Close answers the first", "RFC 6455 §5.5.1"))
        }
        (_, opcode) if opcode == close && same_side => {
            Some(("a Close is the last frame that a side sends", data_after_close))
        }
        (Opcode::Ping, Opcode::Pong) if !same_side && first.payload == second.payload => {
            Some(("a pong answers its ping, with the same data", "RFC 6455 §5.5.2, §5.5.3"))
        }
        _ if same_side => message_rule(first, second),
        _ => {
            let is_echoed =
                first.message.is_some() && first.message.map(|(n, _)| n) == second.echoes;
            is_echoed.then_some((
                "a message is whole, and can be echoed, once its last fragment has arrived",
                "RFC 6455 §5.4, §6.2",
            ))
        }
    }
}

/// Returns the reason for which one data frame of a side comes before another.
fn message_rule(first: &SentFrame, second: &SentFrame) -> Option<Rule> {
    let section = FaultCode::NewDataInFragmented.rule().section;
    match (first.message?, second.message?) {
        ((a, i), (b, j)) if a == b && i < j => {
            Some(("the fragments of a message are sent in order", section))
        }
        ((a, _), (b, _)) if a < b => Some((
            "a message ends before its side begins another: fragments of two are never mixed",
            section,
        )),
        _ => None,
    }
}
