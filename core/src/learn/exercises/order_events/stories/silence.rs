//! Stories about connections that break without a word, and what comes after.

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::{Event, Fact, Story};
use crate::learn::exercises::order_events::stories::parts::{
    closed_before, either, given, pick, story,
};
use crate::wire::{Opcode, Side};

pub(super) fn half_open(draws: &mut Draws) -> Story {
    let side = either(draws);
    let seconds = pick(draws, &[10, 15, 20, 30, 60]);
    let number = draws.below(90).saturating_add(1);
    let [first, second] = [number, number.saturating_add(1)].map(|number| number.to_string());
    let cut = pick(
        draws,
        &[
            "Somebody pulls the cable.",
            "The laptop's lid is closed.",
            "The phone loses its network.",
        ],
    );
    let events = vec![
        Event::control(side, Opcode::Ping, first.as_bytes()),
        Event::control(side.peer(), Opcode::Pong, first.as_bytes()),
        Event::other(format!("{cut} No FIN and no RST is sent.")),
        Event::control(side, Opcode::Ping, second.as_bytes()),
        Event::other(format!("{seconds} s pass without a pong.")),
        Event::hang_up(side),
        Event::other(format!("The {side}'s program gets the close event: 1006.")),
    ];
    let task = format!(
        "A {side} pings with a number that counts up, and gives up after {seconds} s without a \
         pong. The network fails after the first of these pings was answered."
    );
    let only = "TCP reports nothing by itself: only a ping without a pong shows it";
    Story {
        facts: vec![
            given(0, 3, "the numbers of the pings count up"),
            given(1, 2, "the first ping is answered while the network works"),
            given(2, 3, "the first ping is the last that is answered"),
            Fact { before: 3, after: 4, reason: only, source: "RFC 6455 §5.5.2" },
            given(4, 5, "the connection is given up when the time is over"),
            closed_before(5, 6),
        ],
        moral: "A half-open connection looks like a quiet one. Without a heartbeat it is found out \
                when something is sent, and then only after TCP has repeated it for minutes.",
        source: "RFC 6455 §5.5.2, RFC 9293 §3.5.1",
        ..story(task, events)
    }
}

pub(super) fn resume(draws: &mut Draws) -> Story {
    let seen = draws.below(900).saturating_add(10);
    let missed = seen.saturating_add(1);
    let (seen, missed) = (seen.to_string(), format!("event {missed}"));
    let ask = format!("after {seen}");
    let events = vec![
        Event::other(format!("The connection breaks. The client has seen event {seen}.")),
        Event::other(format!("The server keeps {missed} in its log.")),
        Event::other("The client waits a random time."),
        Event::request(),
        Event::accept(),
        Event::text(Side::Client, 0, &ask),
        Event::text(Side::Server, 0, &missed),
    ];
    let task = format!(
        "A client's connection breaks. While the client is away, {missed} happens. The client \
         waits, connects again and asks for everything “{ask}”; the server sends nothing before \
         it is asked."
    );
    Story {
        facts: vec![
            given(0, 1, "the event happens while the client is away"),
            given(0, 2, "the client waits because the connection has broken"),
            Fact {
                before: 2,
                after: 3,
                reason: "a client waits before it reconnects, so that not all come back at once",
                source: "RFC 6455 §7.2.3",
            },
            given(1, 6, "the server sends the event from its log"),
            given(1, 4, "the event happens while the client is away"),
            given(5, 6, "the server sends nothing before it is asked"),
        ],
        moral: "WebSocket has no memory: a new connection knows nothing of the old one. What was \
                missed comes back only if messages are numbered, kept, and asked for.",
        source: "RFC 6455 §7.2.3",
        ..story(task, events)
    }
}

pub(super) fn same_request_twice(draws: &mut Draws) -> Story {
    let id = draws.below(90).saturating_add(10);
    let order = format!("{} {id}", pick(draws, &["order", "transfer", "booking", "payment"]));
    let confirmed = format!("{order} done");
    let events = vec![
        Event::other(format!("On the first connection the client sends “{order}”.")),
        Event::other(format!("The server carries out {order}, once and for all.")),
        Event::other("The connection breaks before a confirmation has come."),
        Event::request(),
        Event::accept(),
        Event::text(Side::Client, 0, &order),
        Event::text(Side::Server, 0, &confirmed),
    ];
    let task = format!(
        "A client sends “{order}”, and its connection breaks. Not knowing what the server did, the \
         client sends the same on a new connection. The server knows {order} by its number and \
         confirms it without carrying it out again."
    );
    Story {
        facts: vec![
            given(0, 1, "the server carries out what it was sent"),
            given(0, 2, "the connection breaks after the order was sent"),
            given(2, 3, "the client connects again because the connection broke"),
            given(1, 5, "when the order comes again, it has been carried out"),
            given(5, 6, "the order is confirmed on the new connection, after it was sent again"),
        ],
        moral: "A client can't know whether a message was acted on before the connection broke, \
                so it has to be safe to send it twice: the number makes it so.",
        source: "RFC 9110 §9.2.2",
        ..story(task, events)
    }
}
