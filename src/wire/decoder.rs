//! The bytes of one direction, cut into frames: a state machine that is fed any pieces and keeps no payload.
//! It goes on after a fault, because an inspector must show what it is sent; whoever wants to fail the connection asks it to stop.

use std::collections::VecDeque;

use super::extension::Agreed;
use super::fault::Fault;
use super::frame::{Header, MAX_HEADER, Needs, Phase, Side};
use super::judge::{Judge, MessageEnd};
use super::mask;
use super::message::{Kind, Place};
use super::report::Report;
use super::size::{ByteLen, Offset};

/// At most this much payload is unmasked and handed out in one step, so memory stays bounded and warm.
const PIECE: usize = 16 * 1024;

/// Cuts and judges what one side sends after the opening handshake. How the bytes are cut into pieces never matters.
///
/// ```
/// use wiretalk::wire::{Agreed, Decoder, Event, Side};
///
/// let mut decoder = Decoder::new(Side::Client, Agreed::none());
/// let mut input: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut plain = Vec::new();
/// while let Some(event) = decoder.step(&mut input) {
///     if let Event::Payload(piece) = event {
///         plain.extend_from_slice(piece);
///     }
/// }
/// assert_eq!(plain, b"Hello");
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    agreed: Agreed,
    pub(super) judge: Judge,
    pub(super) report: Report,
    state: State,
    beginning: HeaderBytes,
    pub(super) after_fault: bool,
    stop_at_fatal: bool,
    marks: VecDeque<Mark>,
    pub(super) scratch: Vec<u8>,
    /// The scratch holds compressed payload that is inflated from here on, before anything else is read.
    inflate_at: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    Payload { header: Header, done: ByteLen },
    Stopped,
}

/// The bytes of a header that is not complete yet.
#[derive(Clone, Copy, Debug, Default)]
struct HeaderBytes {
    bytes: [u8; MAX_HEADER],
    have: usize,
}

impl HeaderBytes {
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.have).unwrap_or_default()
    }

    /// Takes what is missing of `want` bytes from the front of `input`, as far as it is there.
    fn fill(&mut self, want: usize, input: &mut &[u8]) {
        let room = self.bytes.get_mut(self.have..want).unwrap_or_default();
        let (taken, rest) = input.split_at(room.len().min(input.len()));
        for (to, byte) in room.iter_mut().zip(taken) {
            *to = *byte;
        }
        self.have = self.have.saturating_add(taken.len());
        *input = rest;
    }
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    Header(Begun),
    Frame(usize),
    Message(MessageEnd),
}

/// A frame whose header is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its number in its direction, from 0.
    pub index: usize,
    /// Where its first byte stands, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// Its header.
    pub header: Header,
    /// What it is to the messages.
    pub place: Place,
    /// What the message holds that it is part of.
    pub kind: Option<Kind>,
    /// The message that it is part of is compressed.
    pub compressed: bool,
    /// An earlier frame had a fatal fault: a receiver would not have read this one.
    pub after_fault: bool,
}

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A rule is broken; told as soon as it is certain, often before the header is complete.
    Fault(Fault),
    /// A header is complete.
    Header(Begun),
    /// The next piece of that frame's payload, unmasked.
    Payload(&'a [u8]),
    /// The next piece of a compressed message's data, inflated; it follows the payload that makes it certain.
    /// A message that is not compressed has no such event: there the payload is the data.
    Data(&'a [u8]),
    /// The frame with this number is complete.
    Frame(usize),
    /// The frame before completed a data message, and nothing is wrong with its data, as far as it could be inflated.
    Message(MessageEnd),
}

impl Decoder {
    /// A decoder for what `from` sends once the handshake has agreed on `extensions`.
    pub fn new(from: Side, extensions: Agreed) -> Self {
        Self {
            agreed: extensions,
            judge: Judge::new(from, extensions),
            report: Report::default(),
            state: State::Header,
            beginning: HeaderBytes::default(),
            after_fault: false,
            stop_at_fatal: false,
            marks: VecDeque::new(),
            scratch: Vec::new(),
            inflate_at: None,
        }
    }

    /// Stops at the end of the first frame with a fatal fault, as a receiver that fails the connection does.
    /// What follows is left in the input.
    #[must_use]
    pub fn stop_at_fatal(mut self) -> Self {
        self.stop_at_fatal = true;
        self
    }

    /// Inflates at most this many bytes a message ([`INFLATE_LIMIT`](super::inflate::INFLATE_LIMIT) unless told): then comes a warning, and
    /// the rest of the message stays compressed. With context takeover the later ones do too, since they may point into it.
    #[must_use]
    pub fn inflate_limit(mut self, bytes: u64) -> Self {
        if let Some(inflation) = &mut self.judge.inflation {
            inflation.limit = bytes;
        }
        self
    }

    /// Takes bytes from the front of `input` until something is found. None: all is taken, or the decoder has stopped.
    pub fn step<'d, 'i: 'd>(&'d mut self, input: &mut &'i [u8]) -> Option<Event<'d>> {
        loop {
            if let Some(fault) = self.report.found.pop_front() {
                return Some(Event::Fault(fault));
            }
            if let Some(mark) = self.marks.pop_front() {
                return Some(match mark {
                    Mark::Header(begun) => Event::Header(begun),
                    Mark::Frame(index) => {
                        self.judge.rest();
                        Event::Frame(index)
                    }
                    Mark::Message(end) => Event::Message(end),
                });
            }
            if let Some(at) = self.inflate_at {
                if self.inflate(at) {
                    return Some(Event::Data(self.judge.data()));
                }
                continue;
            }
            if input.is_empty() {
                return None;
            }
            match self.state {
                State::Header => self.read_header(input),
                State::Payload { header, done } => {
                    return Some(self.read_payload(input, header, done));
                }
                State::Stopped => return None,
            }
        }
    }

    /// Who sends what is decoded here.
    pub fn sender(&self) -> Side {
        self.judge.sender()
    }

    /// What the handshake has agreed on.
    pub fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// permessage-deflate was agreed.
    pub fn deflate(&self) -> bool {
        self.judge.deflate()
    }

    /// What the unfinished frame needs; none between two frames, and none after a length that cannot be.
    pub fn needs(&self) -> Option<Needs> {
        match self.state {
            State::Header if self.beginning.have > 0 => Header::parse(self.beginning.bytes()).err(),
            State::Payload { header, done }
                if !header.length_is_impossible() && done < header.payload_len =>
            {
                Some(Needs {
                    have: done + header.len(),
                    more: header.payload_len - done,
                    phase: Phase::Payload,
                })
            }
            _ => None,
        }
    }

    /// The number of the message of which a fragment is complete and the last one is not.
    pub fn open_message(&self) -> Option<usize> {
        let open = self.judge.messages.open.as_ref();
        open.filter(|open| open.fragmented).map(|open| open.number)
    }

    /// The bytes of the header that is not complete yet.
    pub fn beginning(&self) -> &[u8] {
        if matches!(self.state, State::Header) { self.beginning.bytes() } else { &[] }
    }

    /// The number of complete frames.
    pub fn frames(&self) -> usize {
        self.report.frame
    }

    /// Nothing is begun, found or open: the next byte is the first of a frame that may be anything.
    pub(super) fn is_between_frames(&self) -> bool {
        self.beginning.have == 0
            && self.inflate_at.is_none()
            && matches!(self.state, State::Header)
            && self.marks.is_empty()
            && self.report.found.is_empty()
            && self.judge.is_between_messages()
    }

    /// It has met a fatal fault and reads no further.
    pub fn has_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    fn read_header(&mut self, input: &mut &[u8]) {
        loop {
            let (before, want) = (self.beginning.have, Header::wanted(self.beginning.bytes()));
            self.beginning.fill(want, input);
            self.judge.header(self.beginning.bytes(), before, &mut self.report);
            match Header::parse(self.beginning.bytes()) {
                Ok(header) => return self.begin(header),
                Err(_) if input.is_empty() => return,
                Err(_) => {}
            }
        }
    }

    fn begin(&mut self, header: Header) {
        let open = self.judge.messages.open.as_ref().filter(|_| self.judge.place.message().is_some());
        self.marks.push_back(Mark::Header(Begun {
            index: self.report.frame,
            offset: self.report.start,
            header,
            place: self.judge.place,
            kind: open.map(|open| open.kind),
            compressed: open.is_some_and(|open| open.compressed),
            after_fault: self.after_fault,
        }));
        self.state = State::Payload { header, done: ByteLen::ZERO };
        let compressed = self.judge.in_compressed();
        if compressed {
            self.judge.inflating_stopped(&header, &mut self.report);
        }
        let is_empty = header.payload_len == ByteLen::ZERO;
        if is_empty && compressed {
            self.scratch.clear();
            self.inflate_at = Some(0);
        } else if is_empty {
            self.end(&header);
        } else if header.length_is_impossible() && self.stop_at_fatal {
            self.state = State::Stopped;
        }
    }

    fn read_payload<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
        header: Header,
        done: ByteLen,
    ) -> Event<'d> {
        let left = (header.payload_len - done).to_usize_saturating();
        let (piece, rest) = input.split_at(left.min(PIECE).min(input.len()));
        *input = rest;
        let compressed = self.judge.in_compressed();
        // What is inflated in the next steps has to outlive this one.
        let copied = header.key.is_some() || compressed;
        if copied {
            self.scratch.clear();
            self.scratch.extend_from_slice(piece);
        }
        if let Some(key) = header.key {
            mask::apply(&mut self.scratch, key, done.get());
        }
        let plain = if copied { &self.scratch } else { piece };
        self.judge.payload(&header, plain, done, &mut self.report);
        let done = done + piece.len();
        self.state = State::Payload { header, done };
        if compressed {
            self.inflate_at = Some(0);
        } else if done == header.payload_len {
            self.end(&header);
        }
        Event::Payload(if copied { &self.scratch } else { piece })
    }

    /// Inflates the next piece, from `at` in the scratch on; says whether there is one. The frame ends with its last one.
    fn inflate(&mut self, at: usize) -> bool {
        let State::Payload { header, done } = self.state else {
            self.inflate_at = None;
            return false;
        };
        let mut rest = self.scratch.get(at..).unwrap_or_default();
        if self.judge.inflate(Some(&mut rest)) {
            self.inflate_at = Some(self.scratch.len().saturating_sub(rest.len()));
            return true;
        }
        self.inflate_at = None;
        let ends = done == header.payload_len;
        let found = ends && header.fin && self.judge.inflate(None);
        self.judge.inflating_stopped(&header, &mut self.report);
        if ends {
            self.end(&header);
        }
        found
    }

    fn end(&mut self, header: &Header) {
        let message = self.judge.end(header, &mut self.report);
        self.marks.push_back(Mark::Frame(self.report.frame));
        self.marks.extend(message.map(Mark::Message));
        self.state = if self.report.fatal && self.stop_at_fatal { State::Stopped } else { State::Header };
        self.after_fault |= self.report.fatal;
        self.report.fatal = false;
        self.report.pass(header.frame_len());
        self.beginning = HeaderBytes::default();
    }
}
