//! [`Inspected`]: an exchange that the inspector opens on.

use std::time::Instant;

use crate::conformance::{EXAMPLE_KEY, Request, Response, ServerAddress};
use crate::demos::inspect::{self, Inspect, Spot};
use crate::learn::SloppyVisit;
use crate::net::Transfer;
use crate::wire::Side;

/// An exchange for the inspector, and the spot that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The exchange.
    pub exchange: Exchange,
    /// The spot that the cursor is put on.
    pub spot: Option<Spot>,
}

/// An exchange of an exercise or of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Bytes of a side behind a handshake, with permessage-deflate or without.
    Frames {
        /// The side.
        from: Side,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether permessage-deflate was agreed on.
        deflate: bool,
    },
    /// A visit of the sloppy server.
    SloppyVisit(Box<SloppyVisit>),
}

impl Inspected {
    /// Opens an inspector on it.
    pub(in crate::demos::learn) fn open(&self) -> (Inspect, Vec<inspect::Cmd>) {
        let (mut inspect, mut commands) = self.exchange.open();
        if let Some(spot) = self.spot {
            commands.extend(inspect::show_spot(&mut inspect, spot));
        }
        (inspect, commands)
    }
}

impl Exchange {
    fn open(&self) -> (Inspect, Vec<inspect::Cmd>) {
        let server = ServerAddress { authority: "example.com".to_owned(), target: "/".to_owned() };
        match self {
            Self::Frames { from, bytes, deflate } => {
                let (mut request, mut response) = (Request::standard(), Response::standard());
                if *deflate {
                    let (name, value) = ("Sec-WebSocket-Extensions", "permessage-deflate");
                    (request, response) = (request.and(name, value), response.and(name, value));
                }
                let request = request.to_bytes(&server, EXAMPLE_KEY);
                let response = response.to_bytes(EXAMPLE_KEY);
                hold(&[(Side::Client, &request), (Side::Server, &response), (*from, bytes)])
            }
            Self::SloppyVisit(visit) => {
                let request = visit.request(&server.authority);
                hold(&[
                    (Side::Client, &request),
                    (Side::Server, &visit.response),
                    (Side::Client, &visit.frames),
                    (Side::Server, &visit.replies),
                ])
            }
        }
    }
}

/// Opens an inspector that holds these bytes.
fn hold(pieces: &[(Side, &[u8])]) -> (Inspect, Vec<inspect::Cmd>) {
    let at = Instant::now();
    let transfer = |side| if side == Side::Client { Transfer::Sent } else { Transfer::Received };
    let pieces: Vec<_> = pieces.iter().map(|&(side, bytes)| (transfer(side), bytes, at)).collect();
    inspect::open_ended("the exercise", &pieces, None)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::{Buffer, Cell};
    use ratatui::layout::Rect;

    use super::*;
    use crate::learn::ExerciseKind;
    use crate::stage::{Demo as _, Theme, ViewContext};

    fn shown(exchange: Exchange, spot: Option<Spot>) -> String {
        let (inspect, commands) = Inspected { exchange, spot }.open();
        let opens = |cmd: &inspect::Cmd| matches!(cmd, inspect::Cmd::Open(..));
        assert!(!commands.iter().any(opens), "{commands:?}");
        let area = Rect::new(0, 0, 100, 30);
        let mut buffer = Buffer::empty(area);
        inspect.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        buffer.content.iter().map(Cell::symbol).collect()
    }

    #[test]
    fn an_exercise_opens_in_the_inspector_without_a_connection() {
        // "Hello", compressed (RFC 7692 section 7.2.3.1).
        let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec();
        for deflate in [false, true] {
            let frames = Exchange::Frames { from: Side::Server, bytes: bytes.clone(), deflate };
            // RSV1 is a fault only where no extension was agreed on.
            let shown = shown(frames, None);
            assert_eq!(shown.contains("E_RSV_NONZERO"), !deflate, "{shown}");
        }
    }

    #[test]
    fn a_visit_of_the_sloppy_server_shows_its_fault() {
        let level = ExerciseKind::BrokenRule.levels();
        for seed in 0..20 {
            let visit = SloppyVisit::of(&ExerciseKind::BrokenRule.exercise(level, seed)).unwrap();
            let shown = shown(Exchange::SloppyVisit(Box::new(visit)), None);
            assert!(shown.contains("Problems(1)"), "{shown}");
        }
    }

    #[test]
    fn the_cursor_is_on_the_spot() {
        let frames = |bytes: &[u8]| Exchange::Frames {
            from: Side::Client,
            bytes: bytes.to_vec(),
            deflate: false,
        };
        // Two frames; RSV2 of the first one is set.
        let bytes = b"\xa1\x81\0\0\0\0a\x81\x82\0\0\0\0hi";
        let first = shown(frames(bytes), Some(Spot::FrameByte(Side::Client, 0)));
        assert!(first.contains("▶A3 RSV2") && first.contains("── Frame 0"), "{first}");
        let second = shown(frames(bytes), Some(Spot::FrameByte(Side::Client, 8)));
        assert!(second.contains("▶B1 MASK") && second.contains("── Frame 1"), "{second}");
        let head = shown(frames(bytes), Some(Spot::HeadLine(Side::Server, 3)));
        assert!(head.contains("Sec-WebSocket-Accept"), "{head}");
    }
}
