//! [`Event`]: what can happen on a connection, and how it is put into words.

use crate::wire::{Opcode, Side, format};

/// A connection's events, in an order in which they can happen.
#[derive(Debug)]
pub(super) struct Story {
    /// The task: all that has to be known.
    pub(super) task: String,
    /// The events.
    pub(super) events: Vec<Event>,
    /// The side that sends the first Close, if any is sent.
    pub(super) closes_first: Side,
    /// The pairs that follow from the task: places of events.
    pub(super) facts: Vec<Fact>,
    /// The lesson of the story, in one or two sentences.
    pub(super) moral: &'static str,
    /// The source of that.
    pub(super) source: &'static str,
}

/// An event that comes before another one because of what the task says, or of a rule that is not
/// about frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    /// The place of the earlier event.
    pub(super) before: usize,
    /// The place of the later one.
    pub(super) after: usize,
    /// The reason, as a sentence without its full stop.
    pub(super) reason: &'static str,
    /// The source.
    pub(super) source: &'static str,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The kind of event.
    pub(super) action: Action,
    /// The event in one sentence.
    pub(super) text: String,
}

/// The kinds of event that rules are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The client opens a TCP connection.
    Connect,
    /// The client asks for the upgrade.
    Request,
    /// The server answers 101.
    Accept,
    /// A side sends a frame.
    Send(SentFrame),
    /// A side closes its end of TCP.
    HangUp(Side),
    /// Anything that no rule of the protocol is about.
    Other,
}

/// A frame that a side sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SentFrame {
    /// The side.
    pub(super) from: Side,
    /// The opcode.
    pub(super) opcode: Opcode,
    /// Whether it is the last of its message.
    pub(super) fin: bool,
    /// The payload.
    pub(super) payload: Vec<u8>,
    /// The number of the message in its direction, and of the fragment in the message.
    pub(super) message: Option<(usize, usize)>,
    /// The number of the other side's message that it echoes.
    pub(super) echoes: Option<usize>,
}

impl Event {
    /// Returns an event that no rule of the protocol is about.
    pub(super) fn other(text: impl Into<String>) -> Self {
        Self { action: Action::Other, text: text.into() }
    }

    /// Returns the event in which the client connects.
    pub(super) fn connect() -> Self {
        Self { action: Action::Connect, text: "The client opens a TCP connection.".to_owned() }
    }

    /// Returns the event in which the client asks for the upgrade.
    pub(super) fn request() -> Self {
        let text = "The client sends GET with Upgrade: websocket.".to_owned();
        Self { action: Action::Request, text }
    }

    /// Returns the event in which the server accepts.
    pub(super) fn accept() -> Self {
        Self { action: Action::Accept, text: "The server answers 101.".to_owned() }
    }

    /// Returns the event in which a side closes its end of TCP.
    pub(super) fn hang_up(side: Side) -> Self {
        let text = format!("The {side} closes its end of TCP.");
        Self { action: Action::HangUp(side), text }
    }

    /// Returns the frames of a message of `from`, one for each piece. `number` counts its messages.
    pub(super) fn message(
        from: Side,
        number: usize,
        opcode: Opcode,
        pieces: &[&[u8]],
    ) -> Vec<Self> {
        let last = pieces.len().saturating_sub(1);
        let frame = |(index, piece): (usize, &&[u8])| {
            let opcode = if index == 0 { opcode } else { Opcode::Continuation };
            let message = Some((number, index));
            let payload = piece.to_vec();
            let fin = index == last;
            Self::send(SentFrame { from, opcode, fin, payload, message, echoes: None })
        };
        pieces.iter().enumerate().map(frame).collect()
    }

    /// Returns a text in one frame.
    pub(super) fn text(from: Side, number: usize, text: &str) -> Self {
        Self::whole(from, number, Opcode::Text, text.as_bytes(), None)
    }

    /// Returns the server's echo of a message of the client.
    pub(super) fn echo(number: usize, opcode: Opcode, data: &[u8], of: usize) -> Self {
        Self::whole(Side::Server, number, opcode, data, Some(of))
    }

    fn whole(
        from: Side,
        number: usize,
        opcode: Opcode,
        data: &[u8],
        echoes: Option<usize>,
    ) -> Self {
        let (payload, message) = (data.to_vec(), Some((number, 0)));
        Self::send(SentFrame { from, opcode, fin: true, payload, message, echoes })
    }

    /// Returns a control frame.
    pub(super) fn control(from: Side, opcode: Opcode, payload: &[u8]) -> Self {
        let payload = payload.to_vec();
        Self::send(SentFrame { from, opcode, fin: true, payload, message: None, echoes: None })
    }

    /// Returns a Close.
    pub(super) fn close(from: Side, code: u16) -> Self {
        Self::control(from, Opcode::Close, &code.to_be_bytes())
    }

    fn send(frame: SentFrame) -> Self {
        let text = describe(&frame);
        Self { action: Action::Send(frame), text }
    }
}

/// Returns a frame in one sentence.
fn describe(frame: &SentFrame) -> String {
    let SentFrame { from, opcode, fin, payload, echoes, .. } = frame;
    let is_text = payload.iter().all(|byte| !byte.is_ascii_control());
    let shown = match str::from_utf8(payload) {
        Ok(text) if is_text && *opcode != Opcode::Binary => format!("“{text}”"),
        _ => format::hex(payload),
    };
    match opcode {
        Opcode::Close => {
            let code = payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
            format!("The {from} sends a Close with {code}.")
        }
        Opcode::Ping | Opcode::Pong => format!("The {from} sends a {opcode} with {shown}."),
        _ if echoes.is_some() => format!("The {from} echoes {shown} in one frame."),
        Opcode::Continuation => {
            format!("The {from} sends {shown} as a continuation, FIN = {}.", u8::from(*fin))
        }
        _ => format!("The {from} sends {shown} as {opcode}, FIN = {}.", u8::from(*fin)),
    }
}

/// Returns a clause as a sentence.
pub(super) fn capitalized(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
