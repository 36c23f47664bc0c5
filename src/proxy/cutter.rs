//! [`Cutter`]: one direction of a connection cut into units: the head of the handshake, then frames.
//! It judges nothing; where frames cannot be told any more, each piece of bytes is a unit of its own.

use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan, response};
use crate::wire::{AgreedExtensions, Decoder, DecoderEvent, Side};

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The head of the handshake.
    Head,
    /// A frame.
    Frame,
    /// Bytes without frames: a body, another protocol.
    Bytes,
}

#[derive(Debug)]
pub(super) struct Cutter {
    from: Side,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Head(HeadReader),
    Frames(Box<Decoder>),
    Bytes,
}

impl Cutter {
    pub(super) fn new(from: Side) -> Self {
        Self { from, stage: Stage::Head(HeadReader::new(from, DEFAULT_MAX_HEAD_LEN)) }
    }

    /// There will be no frames: the server has answered something else than 101.
    pub(super) fn give_up(&mut self) {
        self.stage = Stage::Bytes;
    }

    /// There are no frames, and there will be none.
    pub(super) fn has_given_up(&self) -> bool {
        matches!(self.stage, Stage::Bytes)
    }

    /// The head is over, and there are frames.
    pub(super) fn is_cutting(&self) -> bool {
        matches!(self.stage, Stage::Frames(_))
    }

    /// Takes the first unit, or what is there of it, from the front of `bytes`: how many bytes, what they are part of,
    /// and whether they complete it. `bytes` is not empty.
    pub(super) fn cut(&mut self, bytes: &[u8]) -> (usize, Kind, bool) {
        match &mut self.stage {
            Stage::Bytes => (bytes.len(), Kind::Bytes, true),
            Stage::Frames(decoder) => {
                let (taken, complete) = frame(decoder, bytes);
                (taken, Kind::Frame, complete)
            }
            Stage::Head(reader) => {
                let taken = reader.push(bytes);
                match reader.scan() {
                    HeadScan::Incomplete => (taken, Kind::Head, false),
                    HeadScan::Complete(_) => {
                        let open = self.from == Side::Client
                            || response::is_switching_protocols(&Head::new(Side::Server, reader.bytes()));
                        let decoder = || Box::new(Decoder::new(self.from, AgreedExtensions::none()));
                        self.stage = if open { Stage::Frames(decoder()) } else { Stage::Bytes };
                        (taken, Kind::Head, true)
                    }
                    _ => {
                        self.stage = Stage::Bytes;
                        (taken, Kind::Head, true)
                    }
                }
            }
        }
    }
}

fn frame(decoder: &mut Decoder, bytes: &[u8]) -> (usize, bool) {
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
