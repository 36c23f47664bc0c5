//! One connection as a list: both heads, then a row a frame, the faults, and where each byte stands; no payload is kept.
//! Whoever has the bytes (memory, a file) gives them back for the frame that is looked at. It is fed what the sockets gave and
//! took, with the time; it reads no clock.

use std::num::Saturating;
use std::time::Duration;

use super::decoder::{Begun, Decoder, Event};
use super::extension::Agreed;
use super::fault::Fault;
use super::frame::{Header, Needs, Side};
use super::handshake::{Opening, Policy};
use super::message::Place;
use super::opened::Opened;
use super::row::{Row, mark};
use super::segment::Segments;
use super::sides::Sides;
use super::size::{ByteLen, Offset};
use super::span::Context;
use super::transcript::Frame;

/// More rows than this are counted and not kept: 40 bytes each.
const MOST_ROWS: usize = 1 << 24;

/// More faults than this a direction are counted and not kept.
const MOST_FAULTS: usize = 1 << 18;

/// Bytes kept of what a compressed frame was inflated to: enough for a list.
const INFLATED: usize = 200;

/// Compressed frames of a direction of which so much is kept.
const MOST_INFLATED: usize = 1 << 16;

/// One direction of a [`Trace`].
#[derive(Clone, Debug)]
struct Direction {
    decoder: Decoder,
    faults: Vec<Fault>,
    lost_faults: Saturating<u64>,
    arriving: Option<Begun>,
    /// Gravest fault of the frame that is arriving.
    marks: u16,
    /// Frame bytes taken.
    taken: Offset,
    /// The beginning of what the frame that is arriving was inflated to.
    data: Vec<u8>,
    /// That of complete frames, by their numbers.
    inflated: Vec<(usize, Box<[u8]>)>,
}

impl Direction {
    fn new(from: Side, agreed: Agreed) -> Self {
        let decoder = Decoder::new(from, agreed);
        Self {
            decoder,
            faults: Vec::new(),
            lost_faults: Saturating(0),
            arriving: None,
            marks: 0,
            taken: Offset::START,
            data: Vec::new(),
            inflated: Vec::new(),
        }
    }

    /// Keeps the beginning of what a frame was inflated to.
    fn remember(&mut self, index: usize) {
        if !self.data.is_empty() && self.inflated.len() < MOST_INFLATED {
            self.inflated.push((index, self.data.as_slice().into()));
        }
        self.data.clear();
    }

    fn fault(&mut self, fault: Fault) {
        self.marks |= if fault.is_fatal() { mark::FATAL } else { mark::WARNING };
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.lost_faults += 1;
        }
    }
}

/// A frame that is not complete: what is there of it, and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number in its direction, from 0.
    pub index: usize,
    /// Where its first byte stands, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// Its bytes that are there.
    pub have: ByteLen,
    /// Its header, once that is complete.
    pub header: Option<Header>,
    /// What it needs; none after a length that cannot be (RFC 6455 section 5.2).
    pub needs: Option<Needs>,
}

/// One connection, seen from both sides, without its payload; only what was inflated is kept, and only its beginnings, since
/// nothing else could tell it later without inflating all that came before.
///
/// ```
/// use std::time::Duration;
/// use wiretalk::wire::{Opcode, Side, Trace};
///
/// let mut seen = Trace::midway(wiretalk::wire::Agreed::none());
/// seen.push(Side::Server, Duration::from_millis(3), b"\x81\x05Hello\x89\x00");
/// assert_eq!(seen.rows().iter().map(|row| row.opcode()).collect::<Vec<_>>(), [Opcode::Text, Opcode::Ping]);
/// let frame = seen.frame(&seen.rows()[0], b"\x81\x05Hello".to_vec());
/// assert_eq!(frame.payload(), b"Hello");
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    opened: Opened,
    directions: Sides<Direction>,
    rows: Vec<Row>,
    most_rows: usize,
    lost_rows: Saturating<u64>,
    segments: Segments,
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl Trace {
    /// Nothing seen yet; the request will be judged as a server does that allows any origin.
    pub fn new() -> Self {
        Self::of(Opened::new(Policy::default()), Agreed::none())
    }

    /// The handshake was not seen: the first byte of each direction is the first of a frame.
    pub fn midway(agreed: Agreed) -> Self {
        Self::of(Opened::unseen(agreed), agreed)
    }

    fn of(opened: Opened, agreed: Agreed) -> Self {
        let directions = Sides::each(|from| Direction::new(from, agreed));
        let (rows, lost_rows, segments) = (Vec::new(), Saturating(0), Segments::default());
        Self { opened, directions, rows, most_rows: MOST_ROWS, lost_rows, segments }
    }

    /// Takes the next bytes that `from` sent, in pieces of any size; `at` is when they came, since the connection was begun.
    pub fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.segments.push(from, at, bytes.len());
        if self.opened.is_open() {
            return self.frames(from, at, bytes);
        }
        let Some(switched) = self.opened.push(from, bytes) else { return };
        for (from, held) in [(Side::Client, switched.client), (Side::Server, switched.server)] {
            self.directions[from] = Direction::new(from, switched.agreed);
            self.frames(from, at, &held);
        }
    }

    /// The frames that are complete, both directions, in the order in which they were.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Lists so many frames at most from now on; those that come after are counted, as they are after the limit of all.
    pub fn limit_rows(&mut self, most: usize) {
        self.most_rows = most.min(MOST_ROWS);
    }

    /// The list takes no further frame.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.most_rows
    }

    /// Frames that came after the list was full.
    pub fn lost_rows(&self) -> u64 {
        self.lost_rows.0
    }

    /// The pieces in which the bytes came.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// When the first byte of a frame was there, since the connection was begun; where the piece is not kept, when its last was.
    pub fn began(&self, row: &Row) -> Duration {
        let first = self.stream_offset(row.from(), row.offset());
        self.segments.arrival(row.from(), first, row.at()).unwrap_or(row.at())
    }

    /// A frame of the list, from its bytes; `raw` may end early, then the frame does too.
    pub fn frame(&self, row: &Row, raw: Vec<u8>) -> Frame {
        let context = Context {
            kind: row.kind(),
            compressed: row.is_compressed(),
            ..Context::new(row.from(), self.agreed().deflate.is_some())
        };
        Frame::new(&row.begun(), context, raw)
    }

    /// The frame of that direction that is not complete, if one is begun.
    pub fn unfinished(&self, from: Side) -> Option<Unfinished> {
        let direction = &self.directions[from];
        let begun = direction.arriving.map(|begun| (begun.index, begun.offset, Some(begun.header)));
        let beginning = direction.decoder.beginning();
        let fresh =
            (!beginning.is_empty()).then(|| (self.count(from), direction.taken - beginning.len(), None));
        let (index, offset, header) = begun.or(fresh)?;
        let needs = direction.decoder.needs();
        Some(Unfinished { index, offset, have: direction.taken - offset, header, needs })
    }

    /// The frame of [`Trace::unfinished`] from its bytes, once its header is there.
    pub fn unfinished_frame(&self, from: Side, raw: Vec<u8>) -> Option<Frame> {
        let begun = self.directions[from].arriving?;
        Some(self.frame(&Row::new(&begun, from, Duration::ZERO), raw))
    }

    /// All faults of that direction, in the order in which they became certain.
    pub fn faults(&self, from: Side) -> &[Fault] {
        &self.directions[from].faults
    }

    /// Faults of that direction that came after the list was full.
    pub fn lost_faults(&self, from: Side) -> u64 {
        self.directions[from].lost_faults.0
    }

    /// The faults of one frame.
    pub fn faults_of(&self, from: Side, index: usize) -> &[Fault] {
        let faults = self.faults(from);
        let start = faults.partition_point(|fault| fault.frame < index);
        let end = faults.partition_point(|fault| fault.frame <= index);
        faults.get(start..end).unwrap_or_default()
    }

    /// The beginning of what a frame's payload was inflated to: at most 200 bytes, of at most 65,536 frames of a side; none for
    /// a frame that is not compressed.
    pub fn inflated(&self, row: &Row) -> Option<&[u8]> {
        let inflated = &self.directions[row.from()].inflated;
        let at = inflated.binary_search_by_key(&row.index(), |(index, _)| *index).ok()?;
        inflated.get(at).map(|(_, data)| &**data)
    }

    /// The rows of the message that the row is part of, in order; only itself where it is part of none.
    pub fn message_of(&self, row: usize) -> Vec<usize> {
        let Some(chosen) = self.rows.get(row) else { return Vec::new() };
        let Some(message) = chosen.place().message() else { return vec![row] };
        let same = |(_, other): &(usize, &Row)| {
            other.from() == chosen.from() && other.place().message() == Some(message)
        };
        let opens = |(_, row): &(usize, &Row)| matches!(row.place(), Place::Opens { .. });
        let numbered = || self.rows.iter().enumerate();
        let before = numbered().take(row.saturating_add(1)).rev().filter(same).find(opens);
        let mut rows = Vec::new();
        for (at, part) in numbered().skip(before.map_or(row, |(at, _)| at)).filter(same) {
            rows.push(at);
            if part.header().fin {
                break;
            }
        }
        rows
    }

    /// The bytes of that side's head that are there; once it is found, exactly the head.
    pub fn head_bytes(&self, from: Side) -> &[u8] {
        self.opened.head_bytes(from)
    }

    /// That side's head with its judgement, once it is complete (or turned out to be none).
    pub fn opening(&self, from: Side) -> Option<&Opening> {
        self.opened.opening(from)
    }

    /// Bytes behind the head that are no frames, or not yet: before the 101, or behind another status (a body).
    pub fn held(&self, from: Side) -> &[u8] {
        self.opened.held(from)
    }

    /// Where the first frame byte stands in that side's stream: the length of its head.
    pub fn frames_at(&self, from: Side) -> Offset {
        Offset::START + self.head_bytes(from).len()
    }

    /// Where a frame byte stands in that side's stream, the head counted too; `offset` counts from the first frame byte.
    pub fn stream_offset(&self, from: Side, offset: Offset) -> Offset {
        self.frames_at(from) + ByteLen::from(offset)
    }

    /// Frame bytes taken from that side.
    pub fn frame_bytes(&self, from: Side) -> ByteLen {
        self.directions[from].taken.into()
    }

    /// What the handshake agreed.
    pub fn agreed(&self) -> Agreed {
        self.opened.agreed()
    }

    /// Both sides send frames: the server has answered 101, or the handshake was not seen.
    pub fn is_open(&self) -> bool {
        self.opened.is_open()
    }

    /// Complete frames of that side.
    fn count(&self, from: Side) -> usize {
        self.directions[from].decoder.frames()
    }

    fn frames(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        let Self { directions, rows, most_rows, lost_rows, .. } = self;
        let direction = &mut directions[from];
        let mut keep = |row: Row| {
            if rows.len() < *most_rows {
                rows.push(row);
            } else {
                *lost_rows += 1;
            }
        };
        direction.taken += bytes.len();
        let mut rest = bytes;
        loop {
            while let Some(whole) = direction.decoder.skim(&mut rest) {
                keep(Row::new(&whole.begun, from, at));
            }
            match direction.decoder.step(&mut rest) {
                None => return,
                Some(Event::Fault(fault)) => direction.fault(fault),
                Some(Event::Header(begun)) => direction.arriving = Some(begun),
                Some(Event::Data(piece)) => {
                    let room = INFLATED.saturating_sub(direction.data.len());
                    direction.data.extend_from_slice(piece.get(..room).unwrap_or(piece));
                }
                Some(Event::Frame(index)) => {
                    direction.remember(index);
                    if let Some(begun) = direction.arriving.take() {
                        let mut row = Row::new(&begun, from, at);
                        row.marks |= std::mem::take(&mut direction.marks);
                        keep(row);
                    }
                }
                Some(Event::Payload(_) | Event::Message(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Opcode;
    use crate::wire::transcript::tests::{side_and_agreed, stream};
    use crate::wire::{Transcript, encode};
    use proptest::prelude::*;

    fn midway(from: Side, agreed: Agreed, bytes: &[u8], chunk: usize) -> Trace {
        let mut seen = Trace::midway(agreed);
        bytes.chunks(chunk).for_each(|piece| seen.push(from, Duration::ZERO, piece));
        seen
    }

    #[test]
    fn a_row_is_forty_bytes() {
        assert_eq!(size_of::<Row>(), 40);
    }

    #[test]
    fn rows_of_both_directions_stand_in_the_order_of_their_ends() {
        let mut seen = Trace::midway(Agreed::none());
        let ms = Duration::from_millis;
        seen.push(Side::Server, ms(1), &[0x81, 0x02, b'h']);
        seen.push(Side::Client, ms(2), &encode::whole(Opcode::Ping, b"", Some([1, 2, 3, 4])));
        seen.push(Side::Server, ms(3), b"i");
        let rows: Vec<_> = seen.rows().iter().map(|row| (row.from(), row.index(), row.at())).collect();
        assert_eq!(rows, [(Side::Client, 0, ms(2)), (Side::Server, 0, ms(3))]);
    }

    #[test]
    fn rfc_7692_section_7_2_3_2_what_was_inflated_is_remembered() {
        let agreed = Agreed::parse("permessage-deflate").unwrap();
        let twice = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x89\x00\xc1\x05\xf2\x00\x11\x00\x00\x81\x01a";
        for chunk in [1, 5, 100] {
            let seen = midway(Side::Server, agreed, twice, chunk);
            let inflated: Vec<_> = seen.rows().iter().map(|row| seen.inflated(row)).collect();
            assert_eq!(inflated, [Some(&b"Hello"[..]), None, Some(b"Hello"), None]);
        }
    }

    #[test]
    fn section_5_4_a_message_is_found_from_any_of_its_frames() {
        let frames: [&[u8]; 5] =
            [&[0x01, 0x01, b'a'], &[0x89, 0x00], &[0x80, 0x01, b'b'], &[0x82, 0x00], &[0x01, 0x00]];
        let seen = midway(Side::Server, Agreed::none(), &frames.concat(), 3);
        let messages: Vec<_> = (0..5).map(|row| seen.message_of(row)).collect();
        assert_eq!(messages, [vec![0, 2], vec![1], vec![0, 2], vec![3], vec![4]]);
    }

    #[test]
    fn an_unfinished_frame_is_told_with_what_it_needs() {
        let mut seen = midway(Side::Server, Agreed::none(), &[0x81, 0x00, 0x82, 0x7e, 0x01], 1);
        let unfinished = seen.unfinished(Side::Server).unwrap();
        assert_eq!(
            (unfinished.index, unfinished.offset.get(), unfinished.have.get(), unfinished.header),
            (1, 2, 3, None)
        );
        assert_eq!(unfinished.needs.unwrap().more, 1);
        seen.push(Side::Server, Duration::ZERO, &[0x00, 7]);
        let unfinished = seen.unfinished(Side::Server).unwrap();
        assert_eq!(
            (unfinished.offset.get(), unfinished.have.get(), unfinished.needs.unwrap().more.get()),
            (2, 5, 255)
        );
        let frame = seen.unfinished_frame(Side::Server, vec![0x82, 0x7e, 0x01, 0x00, 7]).unwrap();
        assert_eq!((frame.payload(), frame.complete), (vec![7], false));
        assert_eq!(seen.unfinished(Side::Client), None);
    }

    proptest! {
        #[test]
        fn it_says_what_the_transcript_says((from, agreed) in side_and_agreed(), bytes in stream(), chunk in 1_usize..80) {
            let mut said = Transcript::new(from, agreed);
            said.push(&bytes);
            let seen = midway(from, agreed, &bytes, chunk);
            prop_assert_eq!(seen.faults(from), said.faults());
            prop_assert_eq!(seen.rows().len(), said.frames().len());
            for (row, frame) in seen.rows().iter().zip(said.frames()) {
                let again = seen.frame(row, frame.raw().to_vec());
                prop_assert_eq!(&again, frame);
                let faults: Vec<_> = said.faults_of(frame.index).copied().collect();
                prop_assert_eq!(seen.faults_of(from, frame.index), &faults[..]);
                prop_assert_eq!(row.severity(), faults.iter().map(Fault::severity).max());
                prop_assert_eq!(row.len(), ByteLen::of(frame.raw()));
            }
            let unfinished = said.arriving().map(|frame| (frame.index, frame.offset, frame.raw().len()));
            let begun = said.beginning().map(|begun| (begun.index, begun.offset, begun.raw.len()));
            let seen = seen.unfinished(from).map(|frame| (frame.index, frame.offset, frame.have.to_usize_saturating()));
            prop_assert_eq!(seen, unfinished.or(begun));
        }
    }
}
