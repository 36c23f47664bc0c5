//! Reads one direction of a connection from its first byte: the head of the handshake, then frames,
//! or bytes that are neither.
//! It validates nothing and knows nothing of the other direction; its owner calls `switch_to_raw_bytes` if
//! the other side refuses.

use crate::wire::decode::decoder::Decoder;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::frame::Side;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan, response};

/// The kind of a unit of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// The head of the handshake.
    Head,
    /// A frame.
    Frame,
    /// Bytes that aren't frames: a body, or another protocol.
    Bytes,
}

/// A complete unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit<'i> {
    /// The head, or whatever came instead of one. Its bytes are in [`DirectionReader::head`].
    Head(HeadScan),
    /// A frame.
    Frame(AssembledFrame),
    /// Bytes that aren't frames, in the piece in which they came.
    Bytes(&'i [u8]),
}

/// Reads one direction, unit by unit.
///
/// Frames follow a client's head, and a server's head if its status is 101. Anything else is
/// followed by plain bytes.
///
/// ```
/// use wiretalk_core::wire::Side;
/// use wiretalk_core::wire::decode::direction_reader::{DirectionReader, Unit, UnitKind};
///
/// let mut server = DirectionReader::new(Side::Server, 125);
/// let mut input: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi";
/// assert!(matches!(server.next_unit(&mut input), Some(Unit::Head(_))));
/// let Some(Unit::Frame(frame)) = server.next_unit(&mut input) else { panic!() };
/// assert_eq!(frame.payload, b"hi");
/// assert_eq!(server.expects(), UnitKind::Frame);
/// ```
#[derive(Clone, Debug)]
pub struct DirectionReader {
    from: Side,
    head: HeadReader,
    max_payload_kept: usize,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Head,
    Frames(Box<FrameAssembler>),
    Bytes,
}

impl DirectionReader {
    /// Creates a reader that has read nothing. It keeps at most `max_payload_kept` payload bytes of
    /// each frame.
    pub fn new(from: Side, max_payload_kept: usize) -> Self {
        let head = HeadReader::new(from, DEFAULT_MAX_HEAD_LEN);
        Self { from, head, max_payload_kept, phase: Phase::Head }
    }

    /// Takes bytes from the front of `input` up to the end of a unit and returns the unit. Returns
    /// `None` when all bytes are taken.
    pub fn next_unit<'i>(&mut self, input: &mut &'i [u8]) -> Option<Unit<'i>> {
        match &mut self.phase {
            Phase::Head => {
                let taken = self.head.push(input);
                *input = input.get(taken..).unwrap_or_default();
                self.finish_head()
            }
            Phase::Frames(assembler) => assembler.next_frame(input).map(Unit::Frame),
            Phase::Bytes => {
                let bytes = std::mem::take(input);
                (!bytes.is_empty()).then_some(Unit::Bytes(bytes))
            }
        }
    }

    fn finish_head<'i>(&mut self) -> Option<Unit<'i>> {
        let scan = self.head.scan();
        let frames_follow = match scan {
            HeadScan::Incomplete => return None,
            HeadScan::Complete(_) => self.from == Side::Client || self.is_switching_protocols(),
            _ => false,
        };
        if frames_follow {
            // Negotiation needs both heads; this reader sees one. It only divides the bytes, and
            // extensions don't change where a frame ends.
            let decoder = Decoder::new(self.from, AgreedExtensions::none());
            self.phase =
                Phase::Frames(Box::new(FrameAssembler::new(decoder, self.max_payload_kept)));
        } else {
            self.phase = Phase::Bytes;
        }
        Some(Unit::Head(scan))
    }

    fn is_switching_protocols(&self) -> bool {
        response::is_switching_protocols(&Head::new(Side::Server, self.head.bytes()))
    }

    /// Tells the reader that no frames will follow, because the other side has refused the
    /// handshake.
    pub fn switch_to_raw_bytes(&mut self) {
        self.phase = Phase::Bytes;
    }

    /// Returns the kind of unit that comes next or is arriving.
    pub fn expects(&self) -> UnitKind {
        match self.phase {
            Phase::Head => UnitKind::Head,
            Phase::Frames(_) => UnitKind::Frame,
            Phase::Bytes => UnitKind::Bytes,
        }
    }

    /// Returns the head, as far as it has arrived.
    pub fn head(&self) -> &HeadReader {
        &self.head
    }

    /// Returns the frames, once the head is complete and if frames follow.
    pub fn assembler(&self) -> Option<&FrameAssembler> {
        match &self.phase {
            Phase::Frames(assembler) => Some(assembler),
            Phase::Head | Phase::Bytes => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the kind and the length of each unit in `bytes`, read in pieces.
    fn units(from: Side, bytes: &[u8], piece: usize) -> Vec<(UnitKind, usize)> {
        let mut reader = DirectionReader::new(from, 1 << 10);
        let mut units = Vec::new();
        for mut input in bytes.chunks(piece) {
            while let Some(unit) = reader.next_unit(&mut input) {
                units.push(match unit {
                    Unit::Head(_) => (UnitKind::Head, reader.head().bytes().len()),
                    Unit::Frame(frame) => (UnitKind::Frame, frame.payload.len()),
                    Unit::Bytes(bytes) => (UnitKind::Bytes, bytes.len()),
                });
            }
        }
        units
    }

    #[test]
    fn frames_follow_a_request_and_a_101_only() {
        let request = b"GET / HTTP/1.1\r\n\r\n\x81\x01a";
        let switching = b"HTTP/1.1 101 X\r\n\r\n\x81\x01a";
        let refused = b"HTTP/1.1 404 X\r\n\r\n\x81\x01a";
        let tls = b"\x16\x03\x01";
        for piece in [1, 2, 7, 100] {
            assert_eq!(
                units(Side::Client, request, piece),
                [(UnitKind::Head, 18), (UnitKind::Frame, 1)]
            );
            assert_eq!(
                units(Side::Server, switching, piece),
                [(UnitKind::Head, 18), (UnitKind::Frame, 1)]
            );
        }
        assert_eq!(units(Side::Server, refused, 100), [(UnitKind::Head, 18), (UnitKind::Bytes, 3)]);
        assert_eq!(units(Side::Server, tls, 100), [(UnitKind::Head, 3)]);
    }

    #[test]
    fn a_refusal_by_the_other_side_turns_frames_into_bytes() {
        let mut client = DirectionReader::new(Side::Client, 1 << 10);
        assert!(client.next_unit(&mut b"GET / HTTP/1.1\r\n\r\n".as_slice()).is_some());
        assert_eq!(client.expects(), UnitKind::Frame);
        client.switch_to_raw_bytes();
        assert_eq!(client.next_unit(&mut b"\x81\x01a".as_slice()), Some(Unit::Bytes(b"\x81\x01a")));
    }
}
