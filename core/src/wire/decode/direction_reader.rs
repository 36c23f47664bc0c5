//! Reads one direction of a connection from its first byte: HTTP messages up to the handshake, then
//! frames, or bytes that are neither.
//! It validates nothing and knows of the other direction only what its owner tells it: which
//! requests a response answers, and that a response has refused.

use std::collections::VecDeque;

use crate::wire::decode::decoder::Decoder;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::frame::Side;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{
    BodyReader, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan, looks_like_request,
    may_switch_protocols, response,
};

/// The maximum number of requests whose responses are awaited.
const MAX_EXPECTED: usize = 256;

/// The kind of a unit of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// The head of an HTTP message.
    Head,
    /// A frame.
    Frame,
    /// Bytes that aren't frames: a body, or another protocol.
    Bytes,
}

/// A complete unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and a box would be an allocation for each frame"
)]
pub enum Unit<'i> {
    /// A head, or whatever came instead of one. Its bytes are in [`DirectionReader::head`] until
    /// the next call.
    Head(HeadScan),
    /// A frame.
    Frame(AssembledFrame),
    /// Bytes that aren't frames, in the piece in which they came.
    Bytes(&'i [u8]),
}

/// Reads one direction, unit by unit.
///
/// Frames follow a client's request for another protocol, until the owner says that it was refused
/// ([`Self::resume_http`]), and a server's 101. An interim response and a request for something
/// else are followed by another head. A final response is, too, if the owner has told which request
/// it answers ([`Self::expect_response_to`]); otherwise only plain bytes follow it.
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
    /// The methods of the requests that the next responses answer.
    methods: VecDeque<String>,
}

#[derive(Clone, Debug)]
enum Phase {
    Head,
    /// A request or something else, with the first bytes of it.
    Undecided(Vec<u8>),
    Body(BodyReader),
    Frames(Box<FrameAssembler>),
    Bytes,
}

impl DirectionReader {
    /// Creates a reader that has read nothing. It keeps at most `max_payload_kept` payload bytes of
    /// each frame.
    pub fn new(from: Side, max_payload_kept: usize) -> Self {
        let (head, methods) = (HeadReader::new(from, DEFAULT_MAX_HEAD_LEN), VecDeque::new());
        Self { from, head, max_payload_kept, phase: Phase::Head, methods }
    }

    /// Takes bytes from the front of `input` up to the end of a unit and returns the unit. Returns
    /// `None` when all bytes are taken.
    pub fn next_unit<'i>(&mut self, input: &mut &'i [u8]) -> Option<Unit<'i>> {
        loop {
            match &mut self.phase {
                Phase::Head => {
                    if self.head.scan() != HeadScan::Incomplete {
                        self.head = HeadReader::new(self.from, DEFAULT_MAX_HEAD_LEN);
                    }
                    let taken = self.head.push(input);
                    *input = input.get(taken..).unwrap_or_default();
                    return self.finish_head();
                }
                Phase::Undecided(start) => {
                    let (byte, rest) = input.split_first()?;
                    start.push(*byte);
                    *input = rest;
                    match looks_like_request(start) {
                        None if start.len() < DEFAULT_MAX_HEAD_LEN => {}
                        Some(true) => {
                            self.head = HeadReader::new(self.from, DEFAULT_MAX_HEAD_LEN);
                            self.head.push(start);
                            self.phase = Phase::Head;
                        }
                        _ => self.phase = Phase::Bytes,
                    }
                }
                Phase::Body(body) if body.is_done() => {
                    self.phase = match self.from {
                        Side::Client => Phase::Undecided(Vec::new()),
                        Side::Server => Phase::Head,
                    };
                }
                Phase::Body(body) => {
                    let bytes = body.take(input);
                    return (!bytes.is_empty()).then_some(Unit::Bytes(bytes));
                }
                Phase::Frames(assembler) => {
                    let frame = assembler.next_frame(input).map(Unit::Frame);
                    if frame.is_some() || input.is_empty() {
                        return frame;
                    }
                    // The rest are no frames.
                    self.phase = Phase::Bytes;
                }
                Phase::Bytes => {
                    let bytes = std::mem::take(input);
                    return (!bytes.is_empty()).then_some(Unit::Bytes(bytes));
                }
            }
        }
    }

    fn finish_head<'i>(&mut self) -> Option<Unit<'i>> {
        let scan = self.head.scan();
        self.phase = match scan {
            HeadScan::Incomplete => return None,
            HeadScan::Complete(_) => self.phase_after(&Head::new(self.from, self.head.bytes())),
            _ => Phase::Bytes,
        };
        Some(Unit::Head(scan))
    }

    fn phase_after(&mut self, head: &Head) -> Phase {
        let frames_follow = match self.from {
            Side::Client => may_switch_protocols(head),
            Side::Server => response::is_switching_protocols(head),
        };
        if frames_follow {
            // Negotiation needs both heads; this reader sees one. It only divides the bytes, and
            // extensions don't change where a frame ends.
            let decoder =
                Decoder::new(self.from, AgreedExtensions::none()).with_unknown_extensions();
            return Phase::Frames(Box::new(FrameAssembler::new(decoder, self.max_payload_kept)));
        }
        match (self.from, head.status()) {
            (Side::Client, _) => Phase::Body(BodyReader::of_request(head)),
            // An interim response: another one answers the same request (RFC 9110 section 15.2).
            (Side::Server, Some(100..=199)) => Phase::Head,
            (Side::Server, _) => self
                .methods
                .pop_front()
                .map_or(Phase::Bytes, |method| Phase::Body(BodyReader::of_response(head, &method))),
        }
    }

    /// Tells the reader of a server's direction that the next response without one answers this
    /// request.
    pub fn expect_response_to(&mut self, request: &Head) {
        if self.methods.len() < MAX_EXPECTED {
            self.methods.push_back(request.method());
        }
    }

    /// Tells the reader of a client's direction that the server has refused to switch protocols:
    /// another request may follow, but no frames.
    pub fn resume_http(&mut self) {
        if let Phase::Frames(_) = self.phase {
            self.phase = Phase::Undecided(Vec::new());
        }
    }

    /// Tells the reader that only plain bytes will follow.
    pub fn switch_to_raw_bytes(&mut self) {
        self.phase = Phase::Bytes;
    }

    /// Whether only plain bytes follow.
    pub fn is_raw(&self) -> bool {
        matches!(self.phase, Phase::Bytes)
    }

    /// Returns the kind of unit that comes next or is arriving.
    pub fn expects(&self) -> UnitKind {
        match &self.phase {
            Phase::Head | Phase::Undecided(_) => UnitKind::Head,
            Phase::Body(body) if body.is_done() => UnitKind::Head,
            Phase::Frames(_) => UnitKind::Frame,
            Phase::Body(_) | Phase::Bytes => UnitKind::Bytes,
        }
    }

    /// Returns the latest head, as far as it has arrived.
    pub fn head(&self) -> &HeadReader {
        &self.head
    }

    /// Returns the frames, once the head is complete and if frames follow.
    pub fn assembler(&self) -> Option<&FrameAssembler> {
        match &self.phase {
            Phase::Frames(assembler) => Some(assembler),
            _ => None,
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
        let request = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x01a";
        let switching = b"HTTP/1.1 101 X\r\n\r\n\x81\x01a";
        let refused = b"HTTP/1.1 404 X\r\n\r\n\x81\x01a";
        let tls = b"\x16\x03\x01";
        for piece in [1, 2, 7, 100] {
            assert_eq!(
                units(Side::Client, request, piece),
                [(UnitKind::Head, 38), (UnitKind::Frame, 1)]
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
        let request = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        assert!(client.next_unit(&mut request.as_slice()).is_some());
        assert_eq!(client.expects(), UnitKind::Frame);
        let mut resumed = client.clone();
        resumed.resume_http();
        let mut again = request.as_slice();
        assert_eq!(resumed.next_unit(&mut again), Some(Unit::Head(HeadScan::Complete(38))));
        assert_eq!(resumed.expects(), UnitKind::Frame);
        client.switch_to_raw_bytes();
        assert_eq!(client.next_unit(&mut b"\x81\x01a".as_slice()), Some(Unit::Bytes(b"\x81\x01a")));
    }

    #[test]
    fn rfc_9112_section_9_3_other_messages_come_before_the_handshake() {
        let requests = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nok\
            GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x01a";
        let heads = [(UnitKind::Head, 39), (UnitKind::Bytes, 2), (UnitKind::Head, 38)];
        assert_eq!(units(Side::Client, requests, 200)[..3], heads);
        assert_eq!(units(Side::Client, requests, 7)[..3], heads);
        let mut server = DirectionReader::new(Side::Server, 1 << 10);
        server.expect_response_to(&Head::new(Side::Client, b"HEAD / HTTP/1.1\r\n\r\n"));
        let mut input: &[u8] = b"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\n\
            HTTP/1.1 101 X\r\n\r\n\x81\x01a";
        for (len, next) in [(18, UnitKind::Head), (37, UnitKind::Head), (18, UnitKind::Frame)] {
            assert_eq!(server.next_unit(&mut input), Some(Unit::Head(HeadScan::Complete(len))));
            assert_eq!(server.expects(), next);
        }
    }
}
