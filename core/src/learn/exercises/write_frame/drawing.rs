//! Draws the frames that a level asks for, and the sentence that asks for them.

use crate::learn::draws::Draws;
use crate::learn::exercise::Exhibit;
use crate::learn::exercises::phrases;
use crate::learn::exercises::write_frame::wanted::{
    WantedBody, WantedFrame, WantedFrames, WantedMask,
};
use crate::wire::format::{byte_count, spaced_hex};
use crate::wire::frame::encode;
use crate::wire::{Opcode, Side};

/// A task, and what it asks for.
#[derive(Clone, Debug)]
pub(super) struct DrawnTask {
    pub(super) task: String,
    pub(super) exhibit: Exhibit,
    pub(super) wanted: WantedFrames,
}

impl DrawnTask {
    /// Draws a task of a level.
    pub(super) fn of_level(level: u8, seed: u64) -> Self {
        let draws = &mut Draws::of_level(level, seed);
        match level {
            1 => masked(data(draws, "a masked"), draws),
            2 => match draws.below(3) {
                0 => masked(ping(draws, "a masked"), draws),
                _ => pong(draws),
            },
            3 => match draws.below(4) {
                0 => close_in_reply(draws),
                _ => masked(close(draws, "a masked"), draws),
            },
            4 => header(draws),
            5 => fragments(draws),
            _ => unmasked(draws),
        }
    }
}

/// A frame in words, with its opcode and payload.
type Described = (String, Opcode, Vec<u8>);

fn data(draws: &mut Draws, article: &str) -> Described {
    if draws.chance(1, 4) {
        let payload = phrases::bytes(draws, 6);
        let words = format!("{article} binary frame with the payload {}", spaced_hex(&payload, 6));
        return (words, Opcode::Binary, payload);
    }
    let text = phrases::brief(draws, 10);
    let words = format!("{article} text frame with the payload \"{text}\"");
    (words, Opcode::Text, text.into_bytes())
}

fn ping(draws: &mut Draws, article: &str) -> Described {
    if draws.chance(1, 3) {
        return (format!("{article} ping without payload"), Opcode::Ping, Vec::new());
    }
    let payload = phrases::bytes(draws, 5);
    let words = format!("{article} ping with the payload {}", spaced_hex(&payload, 5));
    (words, Opcode::Ping, payload)
}

/// Codes that a client sends, each with a reason that fits.
const CLOSES: [(u16, &str); 14] = [
    (1000, "done"),
    (1000, "bye"),
    (1001, "tab closed"),
    (1001, "reload"),
    (1002, "bad opcode"),
    (1003, "text only"),
    (1007, "not UTF-8"),
    (1008, "rate limit"),
    (1009, "too big"),
    (1010, "no deflate"),
    (1011, "bug"),
    (3000, "no token"),
    (4000, "new game"),
    (4001, "idle"),
];

fn close(draws: &mut Draws, article: &str) -> Described {
    let (code, reason) = draws.pick(&CLOSES).copied().unwrap_or_default();
    let body = |reason: &str| [&code.to_be_bytes(), reason.as_bytes()].concat();
    match draws.below(6) {
        0 => (format!("{article} Close without a body"), Opcode::Close, Vec::new()),
        1 => {
            let words = format!("{article} Close with the code {code} and no reason");
            (words, Opcode::Close, body(""))
        }
        _ => {
            let words = format!("{article} Close with the code {code} and the reason \"{reason}\"");
            (words, Opcode::Close, body(reason))
        }
    }
}

/// Returns what a client's frame is masked with, and how a sentence asks for it.
fn key(draws: &mut Draws) -> (WantedMask, String) {
    let key = draws.bytes();
    if draws.chance(1, 3) {
        (WantedMask::AnyKey(key), "any key".to_owned())
    } else {
        (WantedMask::Key(key), format!("the key {}", spaced_hex(&key, 4)))
    }
}

fn masked((words, opcode, payload): Described, draws: &mut Draws) -> DrawnTask {
    let (mask, key) = key(draws);
    let frame = WantedFrame::whole(opcode, mask, WantedBody::Bytes(payload));
    let task = format!("Write {words}. Use {key}.");
    DrawnTask { task, exhibit: Exhibit::Nothing, wanted: from_client(words, vec![frame]) }
}

fn from_client(words: String, frames: Vec<WantedFrame>) -> WantedFrames {
    WantedFrames { from: Side::Client, words, frames, message: Vec::new() }
}

fn from_server(frame: Vec<u8>) -> Exhibit {
    Exhibit::Bytes { from: Side::Server, bytes: frame, deflate: false }
}

/// Draws a ping of the server, which is answered by a pong with the same payload.
fn pong(draws: &mut Draws) -> DrawnTask {
    let payload = phrases::bytes(draws, 5);
    let exhibit = from_server(encode::single_frame(Opcode::Ping, &payload, None));
    let (mask, key) = key(draws);
    let frame = WantedFrame::whole(Opcode::Pong, mask, WantedBody::Bytes(payload));
    let task = format!("The server sent this ping. Write the client's pong. Use {key}.");
    let words = "the pong to this ping".to_owned();
    DrawnTask { task, exhibit, wanted: from_client(words, vec![frame]) }
}

fn close_in_reply(draws: &mut Draws) -> DrawnTask {
    let (code, reason) = draws.pick(&CLOSES).copied().unwrap_or_default();
    let exhibit = from_server(encode::close_frame(code, reason, None));
    let (mask, key) = key(draws);
    let body = WantedBody::Bytes(code.to_be_bytes().to_vec());
    let frame = WantedFrame::whole(Opcode::Close, mask, body);
    let task = format!(
        "The server sent this Close. Write the client's Close in reply: the same code and no \
         reason. Use {key}."
    );
    let words = "a Close with the same code".to_owned();
    DrawnTask { task, exhibit, wanted: from_client(words, vec![frame]) }
}

/// Lengths at the borders of the three forms.
const BORDERS: [u64; 8] = [125, 126, 127, 255, 256, 65_535, 65_536, 65_537];

fn header(draws: &mut Draws) -> DrawnTask {
    let len = match draws.below(4) {
        0 | 1 => draws.pick(&BORDERS).copied().unwrap_or_default(),
        2 => draws.below(4_000).saturating_add(126) as u64,
        _ => draws.below(30_000).saturating_add(65_536) as u64,
    };
    let (mask, key) = key(draws);
    let frame = WantedFrame::whole(Opcode::Binary, mask, WantedBody::HeaderOf(len));
    let words = format!("the header of a masked binary frame with {} of payload", byte_count(len));
    let task = format!("Write only {words}. Use {key}.");
    DrawnTask { task, exhibit: Exhibit::Nothing, wanted: from_client(words, vec![frame]) }
}

fn fragments(draws: &mut Draws) -> DrawnTask {
    let text = phrases::brief(draws, 10);
    let from = if draws.chance(1, 2) { Side::Client } else { Side::Server };
    let mut mask = || match from {
        Side::Client => WantedMask::AnyKey(draws.bytes()),
        Side::Server => WantedMask::None,
    };
    let first = text.len().div_ceil(2);
    let frames = vec![
        WantedFrame {
            fin: false,
            ..WantedFrame::whole(Opcode::Text, mask(), WantedBody::Piece(first))
        },
        WantedFrame::whole(Opcode::Ping, mask(), WantedBody::Bytes(Vec::new())),
        WantedFrame::whole(Opcode::Continuation, mask(), WantedBody::Piece(text.len())),
    ];
    let keys = match from {
        Side::Client => " Use any keys.",
        Side::Server => "",
    };
    let words = format!("the text \"{text}\" in two fragments, with an empty ping between them");
    let task =
        format!("The {from} sends {words}. Write the three frames; cut the text anywhere.{keys}");
    let wanted = WantedFrames { from, words, frames, message: text.into_bytes() };
    DrawnTask { task, exhibit: Exhibit::Nothing, wanted }
}

fn unmasked(draws: &mut Draws) -> DrawnTask {
    let (words, opcode, payload) = match draws.below(4) {
        0 => ping(draws, "a"),
        1 => close(draws, "a"),
        _ => data(draws, "a"),
    };
    let frame = WantedFrame::whole(opcode, WantedMask::None, WantedBody::Bytes(payload));
    let task = format!("The server sends {words}. Write the frame.");
    let wanted =
        WantedFrames { from: Side::Server, words, frames: vec![frame], message: Vec::new() };
    DrawnTask { task, exhibit: Exhibit::Nothing, wanted }
}
