//! [`Framer`]: one direction of a connection cut into units: the head of the handshake, then frames.
//! It judges nothing; where frames cannot be told any more, each piece of bytes is a unit of its own.

use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan, response};
use crate::wire::{AgreedExtensions, Decoder, DecoderEvent, Side};

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// The head of the handshake.
    Head,
    /// A frame.
    Frame,
    /// Bytes without frames: a body, another protocol.
    Bytes,
}

#[derive(Debug)]
pub(super) struct Framer {
    from: Side,
    phase: FramerPhase,
}

#[derive(Debug)]
enum FramerPhase {
    Head(HeadReader),
    Frames(Box<Decoder>),
    Bytes,
}

impl Framer {
    pub(super) fn new(from: Side) -> Self {
        Self { from, phase: FramerPhase::Head(HeadReader::new(from, DEFAULT_MAX_HEAD_LEN)) }
    }

    /// There will be no frames: the server has answered something else than 101.
    pub(super) fn set_passthrough(&mut self) {
        self.phase = FramerPhase::Bytes;
    }

    /// There are no frames, and there will be none.
    pub(super) fn is_passthrough(&self) -> bool {
        matches!(self.phase, FramerPhase::Bytes)
    }

    /// The head is over, and there are frames.
    pub(super) fn is_framing(&self) -> bool {
        matches!(self.phase, FramerPhase::Frames(_))
    }

    /// Takes the first unit, or what is there of it, from the front of `bytes`: how many bytes, what they are part of,
    /// and whether they complete it. `bytes` is not empty.
    pub(super) fn next_unit(&mut self, bytes: &[u8]) -> (usize, UnitKind, bool) {
        match &mut self.phase {
            FramerPhase::Bytes => (bytes.len(), UnitKind::Bytes, true),
            FramerPhase::Frames(decoder) => {
                let (taken, complete) = next_frame(decoder, bytes);
                (taken, UnitKind::Frame, complete)
            }
            FramerPhase::Head(reader) => {
                let taken = reader.push(bytes);
                match reader.scan() {
                    HeadScan::Incomplete => (taken, UnitKind::Head, false),
                    HeadScan::Complete(_) => {
                        let open = self.from == Side::Client
                            || response::is_switching_protocols(&Head::new(Side::Server, reader.bytes()));
                        let decoder = || Box::new(Decoder::new(self.from, AgreedExtensions::none()));
                        self.phase = if open { FramerPhase::Frames(decoder()) } else { FramerPhase::Bytes };
                        (taken, UnitKind::Head, true)
                    }
                    _ => {
                        self.phase = FramerPhase::Bytes;
                        (taken, UnitKind::Head, true)
                    }
                }
            }
        }
    }
}

fn next_frame(decoder: &mut Decoder, bytes: &[u8]) -> (usize, bool) {
    let mut rest = bytes;
    while let Some(event) = decoder.next_event(&mut rest) {
        if let DecoderEvent::FrameEnd(_) = event {
            // what stands behind this event is about the same frame, and takes no bytes
            while decoder.next_event(&mut &[][..]).is_some() {}
            return (bytes.len().saturating_sub(rest.len()), true);
        }
    }
    (bytes.len(), false)
}
