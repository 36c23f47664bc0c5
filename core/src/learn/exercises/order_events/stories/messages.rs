//! Stories about fragments, control frames and the two directions.

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::{Event, Story};
use crate::learn::exercises::order_events::stories::parts::{cut, either, given, pick, story};
use crate::wire::{Opcode, Side};

const TEXTS: [&str; 10] = [
    "Hello",
    "Grüße",
    "price 42",
    "tick 17",
    "seat 12A",
    "order 7",
    "bonjour",
    "forecast",
    "42.31",
    "chapter one",
];

/// Short data of pings.
const PING_DATA: [&[u8]; 6] = [b"1", b"7", b"p1", b"hb", b"ok?", b"42"];

pub(super) fn ping_between_fragments(draws: &mut Draws) -> Story {
    let (from, text) = (either(draws), pick(draws, &TEXTS));
    let count = draws.below(2).saturating_add(2);
    let ping = pick(draws, &PING_DATA);
    let mut events = Event::message(from, 0, Opcode::Text, &cut(draws, text, count));
    events.insert(1, Event::control(from, Opcode::Ping, ping));
    events.push(Event::control(from.peer(), Opcode::Pong, ping));
    let (pinged, last) = (1, count);
    let mut echo = "";
    if from == Side::Client {
        events.push(Event::echo(0, Opcode::Text, text.as_bytes(), 0));
        echo = " and echoes the message";
    }
    let task = format!(
        "A {from} sends “{text}” in {count} fragments and, while the message is open, a ping. The \
         {} answers the ping{echo}.",
        from.peer()
    );
    Story {
        facts: vec![
            given(0, pinged, "the ping is sent while the message is open, so after its beginning"),
            given(pinged, last, "the ping is sent while the message is open, so before its end"),
        ],
        moral: "A control frame may come between the fragments of a message, and is answered on \
                its own: the pong doesn't wait for the message.",
        source: "RFC 6455 §5.4, §5.5.3",
        ..story(task, events)
    }
}

pub(super) fn second_message_waits(draws: &mut Draws) -> Story {
    let (text, from) = (pick(draws, &TEXTS), Side::Client);
    let data: [u8; 3] = draws.bytes();
    let mut events = Event::message(from, 0, Opcode::Text, &cut(draws, text, 3));
    events.insert(1, Event::other("The client's program asks for a binary message to be sent."));
    events.extend(Event::message(from, 1, Opcode::Binary, &[&data]));
    events.push(Event::echo(0, Opcode::Text, text.as_bytes(), 0));
    events.push(Event::echo(1, Opcode::Binary, &data, 1));
    let task = format!(
        "A client is sending “{text}” in 3 fragments. Once the first of them is out, its program \
         wants to send three bytes as a binary message. The server echoes both messages."
    );
    Story {
        facts: vec![
            given(0, 1, "the program asks once the first fragment is out"),
            given(1, 4, "a message is sent after it was asked for"),
        ],
        moral: "Frames carry no message number, so a second message has to wait until the first \
                has ended. A large message in one direction blocks the small one behind it.",
        source: "RFC 6455 §5.4",
        ..story(task, events)
    }
}

pub(super) fn two_directions(draws: &mut Draws) -> Story {
    let (up, down) = (pick(draws, &TEXTS), pick(draws, &TEXTS));
    let (pinging, ping) = (either(draws), pick(draws, &PING_DATA));
    let mut events = Event::message(Side::Client, 0, Opcode::Text, &cut(draws, up, 2));
    events.extend(Event::message(Side::Server, 0, Opcode::Text, &cut(draws, down, 2)));
    events.push(Event::control(pinging, Opcode::Ping, ping));
    events.push(Event::control(pinging.peer(), Opcode::Pong, ping));
    let task = format!(
        "At the same time a client sends “{up}” and a server sends “{down}”, each in 2 fragments \
         and neither as an answer. At some point the {pinging} pings."
    );
    Story {
        moral: "The two directions don't wait for each other: each has an order of its own, and \
                only a pong ties them together.",
        source: "RFC 6455 §5.4, §5.5.3",
        ..story(task, events)
    }
}

pub(super) fn opening_handshake(draws: &mut Draws) -> Story {
    let (text, welcome) = (pick(draws, &TEXTS), pick(draws, &["welcome", "ready", "hi", "v2"]));
    let events = vec![
        Event::connect(),
        Event::request(),
        Event::accept(),
        Event::text(Side::Server, 0, welcome),
        Event::text(Side::Client, 0, text),
        Event::echo(1, Opcode::Text, text.as_bytes(), 0),
    ];
    let task = format!(
        "A client connects. The server greets every client with “{welcome}” before it sends \
         anything else, and echoes the client's “{text}”."
    );
    Story {
        moral: "The server may send as soon as it has sent its 101; the client has to wait for it. \
                Neither has to wait for the other's first message.",
        source: "RFC 6455 §4.1, §4.2.2",
        ..story(task, events)
    }
}
