//! One connection as a list: both heads, then a row a frame, the faults, and where each byte stands; no payload is kept.
//! Whoever has the bytes (memory, a file) gives them back for the frame that is looked at. It is fed what the sockets gave and
//! took, with the time; it reads no clock.

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
    lost_faults: u64,
    arriving: Option<Begun>,
    /// Gravest fault of the frame that is arriving.
    marks: u16,
    /// Frame bytes taken.
    taken: u64,
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
            lost_faults: 0,
            arriving: None,
            marks: 0,
            taken: 0,
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
    pub offset: u64,
    /// Its bytes that are there.
    pub have: u64,
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
    client: Direction,
    server: Direction,
    rows: Vec<Row>,
    most_rows: usize,
    lost_rows: u64,
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
        let direction = |from| Direction::new(from, agreed);
        let (client, server) = (direction(Side::Client), direction(Side::Server));
        let segments = Segments::default();
        Self { opened, client, server, rows: Vec::new(), most_rows: MOST_ROWS, lost_rows: 0, segments }
    }

    /// Takes the next bytes that `from` sent, in pieces of any size; `at` is when they came, since the connection was begun.
    pub fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.segments.push(from, at, bytes.len());
        if self.opened.is_open() {
            return self.frames(from, at, bytes);
        }
        let Some(switched) = self.opened.push(from, bytes) else { return };
        for (from, held) in [(Side::Client, switched.client), (Side::Server, switched.server)] {
            *self.direction_mut(from) = Direction::new(from, switched.agreed);
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
        self.lost_rows
    }

    /// The pieces in which the bytes came.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// When the first byte of a frame was there, since the connection was begun; where the piece is not kept, when its last was.
    pub fn began(&self, row: &Row) -> Duration {
        let first = self.frames_at(row.from()) + row.offset();
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
        let direction = self.direction(from);
        let begun = direction.arriving.map(|begun| (begun.index, begun.offset, Some(begun.header)));
        let beginning = direction.decoder.beginning().len() as u64;
        let fresh = (beginning > 0).then(|| (self.count(from), direction.taken - beginning, None));
        let (index, offset, header) = begun.or(fresh)?;
        let needs = direction.decoder.needs();
        Some(Unfinished { index, offset, have: direction.taken - offset, header, needs })
    }

    /// The frame of [`Trace::unfinished`] from its bytes, once its header is there.
    pub fn unfinished_frame(&self, from: Side, raw: Vec<u8>) -> Option<Frame> {
        let begun = self.direction(from).arriving?;
        Some(self.frame(&Row::new(&begun, from, Duration::ZERO), raw))
    }

    /// All faults of that direction, in the order in which they became certain.
    pub fn faults(&self, from: Side) -> &[Fault] {
        &self.direction(from).faults
    }

    /// Faults of that direction that came after the list was full.
    pub fn lost_faults(&self, from: Side) -> u64 {
        self.direction(from).lost_faults
    }

    /// The faults of one frame.
    pub fn faults_of(&self, from: Side, index: usize) -> &[Fault] {
        let faults = self.faults(from);
        let start = faults.partition_point(|fault| fault.frame < index);
        let end = faults.partition_point(|fault| fault.frame <= index);
        &faults[start..end]
    }

    /// The beginning of what a frame's payload was inflated to: at most 200 bytes, of at most 65,536 frames of a side; none for
    /// a frame that is not compressed.
    pub fn inflated(&self, row: &Row) -> Option<&[u8]> {
        let inflated = &self.direction(row.from()).inflated;
        let at = inflated.binary_search_by_key(&row.index(), |(index, _)| *index).ok()?;
        Some(&inflated[at].1)
    }

    /// The rows of the message that the row is part of, in order; only itself where it is part of none.
    pub fn message_of(&self, row: usize) -> Vec<usize> {
        let Some(chosen) = self.rows.get(row) else { return Vec::new() };
        let Some(message) = chosen.place().message() else { return vec![row] };
        let same = |at: &usize| {
            let other = &self.rows[*at];
            other.from() == chosen.from() && other.place().message() == Some(message)
        };
        let opens = |at: &usize| matches!(self.rows[*at].place(), Place::Opens { .. });
        let first = (0..=row).rev().filter(same).find(opens).unwrap_or(row);
        let mut rows = Vec::new();
        for at in (first..self.rows.len()).filter(same) {
            rows.push(at);
            if self.rows[at].header().fin {
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
    pub fn frames_at(&self, from: Side) -> u64 {
        self.head_bytes(from).len() as u64
    }

    /// Frame bytes taken from that side.
    pub fn frame_bytes(&self, from: Side) -> u64 {
        self.direction(from).taken
    }

    /// What the handshake agreed.
    pub fn agreed(&self) -> Agreed {
        self.opened.agreed()
    }

    /// Both sides send frames: the server has answered 101, or the handshake was not seen.
    pub fn is_open(&self) -> bool {
        self.opened.is_open()
    }

    fn direction(&self, from: Side) -> &Direction {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    fn direction_mut(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Complete frames of that side.
    fn count(&self, from: Side) -> usize {
        self.direction(from).decoder.frames()
    }

    fn frames(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        let Self { client, server, rows, most_rows, lost_rows, .. } = self;
        let direction = if from == Side::Client { client } else { server };
        let mut keep = |row: Row| {
            if rows.len() < *most_rows {
                rows.push(row);
            } else {
                *lost_rows += 1;
            }
        };
        direction.taken += bytes.len() as u64;
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
                    let room = INFLATED - direction.data.len();
                    direction.data.extend_from_slice(&piece[..piece.len().min(room)]);
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
            (unfinished.index, unfinished.offset, unfinished.have, unfinished.header),
            (1, 2, 3, None)
        );
        assert_eq!(unfinished.needs.unwrap().more, 1);
        seen.push(Side::Server, Duration::ZERO, &[0x00, 7]);
        let unfinished = seen.unfinished(Side::Server).unwrap();
        assert_eq!((unfinished.offset, unfinished.have, unfinished.needs.unwrap().more), (2, 5, 255));
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
                prop_assert_eq!(row.len(), frame.raw().len() as u64);
            }
            let unfinished = said.arriving().map(|frame| (frame.index, frame.offset, frame.raw().len()));
            let begun = said.beginning().map(|begun| (begun.index, begun.offset, begun.raw.len()));
            let seen = seen.unfinished(from).map(|frame| (frame.index, frame.offset, frame.have as usize));
            prop_assert_eq!(seen, unfinished.or(begun));
        }
    }
}
