//! Stories about the closing handshake.

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::{Event, Fact, Story};
use crate::learn::exercises::order_events::stories::parts::{
    closed_before, cut, given, numbered, pick, story,
};
use crate::wire::{Opcode, Side};

/// Returns the pair that makes a Close wait for what it refuses.
fn refused_after(before: usize, after: usize) -> Fact {
    let reason = "the server can refuse a message only once it has come";
    Fact { before, after, reason, source: "RFC 6455 §7.1.7" }
}

pub(super) fn client_closes(draws: &mut Draws) -> Story {
    let code = pick(draws, &[1000, 1000, 1001, 4000, 4001]);
    let last = numbered(draws, &["price", "tick", "news", "score"]);
    let events = vec![
        Event::text(Side::Server, 0, &last),
        Event::close(Side::Client, code),
        Event::close(Side::Server, code),
        Event::hang_up(Side::Server),
        Event::hang_up(Side::Client),
        Event::other(format!("The client's program gets the close event: {code}, clean.")),
    ];
    let task = format!(
        "A server is pushing updates, “{last}” is the last of them, and the client closes the \
         connection with {code}. Both keep every rule."
    );
    Story {
        facts: vec![closed_before(4, 5)],
        moral: "What was under way when the first Close was sent still arrives. The server closes \
                TCP first; a clean end is two Close frames and then the end of TCP.",
        source: "RFC 6455 §7.1.1, §7.1.4",
        ..story(task, events)
    }
}

pub(super) fn server_goes_away(draws: &mut Draws) -> Story {
    let code = pick(draws, &[1001, 1001, 1012]);
    let last = numbered(draws, &["seat", "bid", "move", "vote"]);
    let events = vec![
        Event::text(Side::Client, 0, &last),
        Event::close(Side::Server, code),
        Event::close(Side::Client, code),
        Event::hang_up(Side::Server),
        Event::hang_up(Side::Client),
        Event::other("The client waits a random time and connects again."),
    ];
    let task = format!(
        "A server is being restarted and closes its connections with {code}. At about that time a \
         client sends “{last}”. The client answers the server's Close, and reconnects once the old \
         connection is closed."
    );
    Story {
        closes_first: Side::Server,
        facts: vec![given(4, 5, "the client reconnects once the old connection is closed")],
        moral: "The side that closes TCP first is the server, whoever sent the first Close. The \
                client's message may come after the server's Close: it was legal to send, but \
                nobody reads it.",
        source: "RFC 6455 §5.5.1, §7.1.1",
        ..story(task, events)
    }
}

pub(super) fn close_within_a_message(draws: &mut Draws) -> Story {
    let text = numbered(draws, &["chapter", "forecast", "story", "page"]);
    let ping = pick(draws, &[b"1".as_slice(), b"hb", b"7"]);
    let mut events = Event::message(Side::Client, 0, Opcode::Text, &cut(draws, &text, 2));
    events.insert(1, Event::close(Side::Server, 1001));
    events.insert(0, Event::control(Side::Client, Opcode::Ping, ping));
    events.insert(1, Event::control(Side::Server, Opcode::Pong, ping));
    events.extend([Event::close(Side::Client, 1001), Event::hang_up(Side::Server)]);
    let task = format!(
        "A client pings, and sends “{text}” in 2 fragments. When it has sent the first of them, the \
         server's Close with 1001 comes. The client finishes its message and answers the Close."
    );
    Story {
        closes_first: Side::Server,
        facts: vec![
            given(2, 3, "the Close comes after the first fragment"),
            given(3, 4, "the Close comes before the message has ended"),
        ],
        moral: "A Close may come between fragments, like every control frame. The side that \
                receives it may finish its message first: after its own Close it can't.",
        source: "RFC 6455 §5.4, §5.5.1",
        ..story(task, events)
    }
}

/// The reasons for which a server closes, each with its code and what the client had sent.
const REFUSALS: [(u16, &str, &str); 5] = [
    (1003, "takes text only", "The client sends a binary message."),
    (1007, "checks that text is UTF-8", "The client sends a text that isn't UTF-8."),
    (1008, "takes no orders from guests", "The client, a guest, sends an order."),
    (1009, "takes messages of up to 64 KiB", "The client sends a message of 1 MiB."),
    (1002, "keeps to the RFC", "The client sends a frame without a mask."),
];

pub(super) fn server_refuses_a_message(draws: &mut Draws) -> Story {
    let (code, habit, message) = pick(draws, &REFUSALS);
    let ping = pick(draws, &[b"1".as_slice(), b"hb", b"7"]);
    let events = vec![
        Event::control(Side::Server, Opcode::Ping, ping),
        Event::control(Side::Client, Opcode::Pong, ping),
        Event::other(message),
        Event::close(Side::Server, code),
        Event::close(Side::Client, code),
        Event::hang_up(Side::Server),
        Event::other(format!("The client's program gets the close event: {code}.")),
    ];
    let task = format!(
        "A server pings, and a client answers. Then, after its pong, the client sends what the \
         server refuses: the server {habit}. Both complete the closing handshake."
    );
    Story {
        closes_first: Side::Server,
        facts: vec![
            given(1, 2, "the message comes after the pong"),
            refused_after(2, 3),
            closed_before(5, 6),
        ],
        moral: "A server that refuses a message says why in the code of its Close, and closes TCP \
                after that. The client's library answers the Close by itself.",
        source: "RFC 6455 §7.1.7, §7.4.1",
        ..story(task, events)
    }
}

pub(super) fn server_is_silent(draws: &mut Draws) -> Story {
    let code = pick(draws, &[1000, 1001, 4000]);
    let seconds = pick(draws, &[2, 5, 10, 30]);
    let last = numbered(draws, &["price", "tick", "news"]);
    let events = vec![
        Event::text(Side::Server, 0, &last),
        Event::other("The server's process hangs: it no longer reads or writes."),
        Event::close(Side::Client, code),
        Event::other(format!("The client's timer of {seconds} s expires.")),
        Event::hang_up(Side::Client),
        Event::other("The client's program gets the close event: 1006, not clean."),
    ];
    let task = format!(
        "A server sends “{last}”, and its process hangs. Later the client closes with {code}, and \
         gives the server {seconds} s to answer."
    );
    let timer = "the timer starts with the client's Close";
    let gives_up = "the client gives the server time to close TCP first";
    Story {
        facts: vec![
            given(0, 1, "a process that hangs sends nothing"),
            given(1, 2, "the client closes later than that"),
            given(2, 3, timer),
            Fact { before: 3, after: 4, reason: gives_up, source: "RFC 6455 §7.1.1" },
            closed_before(4, 5),
        ],
        moral: "A client waits for the server to close TCP, but not forever. No Close was \
                received, so the code is 1006, which nobody sends.",
        source: "RFC 6455 §7.1.1, §7.1.5",
        ..story(task, events)
    }
}
