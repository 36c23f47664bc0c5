//! Decodes the bytes of one direction into frames: a state machine that takes pieces of any size
//! and keeps no payload. It continues after a fault, because an inspector has to show everything
//! that was sent. A caller that wants to fail the connection can ask it to stop.

use std::collections::VecDeque;

use crate::wire::decode::fault::Fault;
use crate::wire::decode::frame_faults::FrameFaults;
use crate::wire::decode::header_bytes::HeaderBytes;
use crate::wire::decode::non_frame::NonFrame;
use crate::wire::decode::rules::frame_validator::{FrameValidator, MessageEnd};
use crate::wire::frame::mask;
use crate::wire::frame::message::{FragmentRole, MessageKind};
use crate::wire::frame::{FramePart, Header, Needed, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::size::{ByteLen, Offset};

/// The maximum payload per event: memory stays bounded, and the scratch buffer stays in the CPU's
/// cache.
const MAX_PAYLOAD_CHUNK: usize = 16 * 1024;

/// Decodes and validates what one side sends after the opening handshake. The result never depends
/// on how the bytes are divided into pieces.
///
/// ```
/// use wiretalk_core::wire::{AgreedExtensions, Decoder, DecoderEvent, Side};
///
/// let mut decoder = Decoder::new(Side::Client, AgreedExtensions::none());
/// let mut input: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut plain = Vec::new();
/// while let Some(event) = decoder.next_event(&mut input) {
///     if let DecoderEvent::Payload(piece) = event {
///         plain.extend_from_slice(piece);
///     }
/// }
/// assert_eq!(plain, b"Hello");
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    agreed: AgreedExtensions,
    pub(super) validator: FrameValidator,
    pub(in crate::wire) faults: FrameFaults,
    pub(super) state: DecoderState,
    pub(super) beginning: HeaderBytes,
    pub(super) after_fault: bool,
    pending: VecDeque<PendingEvent>,
    pub(super) scratch: Vec<u8>,
    /// The scratch offset from which compressed payload is still to be inflated, before anything
    /// else is read.
    pub(super) inflate_from: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum DecoderState {
    Header,
    Payload { header: Header, done: ByteLen },
    Stopped,
}

#[derive(Clone, Copy, Debug)]
enum PendingEvent {
    FrameStart(FrameStart),
    FrameEnd(usize),
    MessageEnd(MessageEnd),
}

/// A frame whose header is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStart {
    /// The frame's number in its direction, from 0.
    pub frame_number: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The frame's header.
    pub header: Header,
    /// The frame's role in the messages of its direction.
    pub role: FragmentRole,
    /// The type of the message that the frame is part of.
    pub kind: Option<MessageKind>,
    /// Whether the message that the frame is part of is compressed.
    pub compressed: bool,
    /// Whether an earlier frame had a fatal fault, so that a receiver would not have read this
    /// one.
    pub after_fault: bool,
}

/// What [`Decoder::next_event`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum DecoderEvent<'a> {
    /// A rule is broken. The event comes as soon as that is certain, often before the header is
    /// complete.
    Fault(Fault),
    /// A header is complete.
    FrameStart(FrameStart),
    /// The next piece of the frame's payload, unmasked.
    Payload(&'a [u8]),
    /// The next piece of a compressed message's data, inflated. It follows the payload that it
    /// comes from. A message without compression has no such event, because its payload is its
    /// data.
    Inflated(&'a [u8]),
    /// The frame completes a data message, and its data is valid as far as it could be inflated.
    MessageEnd(MessageEnd),
    /// The frame with this number is complete.
    FrameEnd(usize),
}

impl Decoder {
    /// Creates a decoder for what `from` sends once the handshake has agreed on `extensions`.
    pub fn new(from: Side, extensions: AgreedExtensions) -> Self {
        Self {
            agreed: extensions,
            validator: FrameValidator::new(from, extensions),
            faults: FrameFaults::default(),
            state: DecoderState::Header,
            beginning: HeaderBytes::default(),
            after_fault: false,
            pending: VecDeque::new(),
            scratch: Vec::new(),
            inflate_from: None,
        }
    }

    /// Makes the decoder stop at the end of the first frame with a fatal fault, like a receiver
    /// that fails the connection. The remaining input is left unread. A receiver takes everything
    /// for a frame, so what is no frame is judged like one.
    #[must_use]
    pub fn stop_at_fatal(mut self) -> Self {
        self.faults.as_receiver = true;
        self
    }

    /// Takes reserved bits of data frames for an extension's, and for no sign of other bytes.
    #[must_use]
    pub fn with_unknown_extensions(mut self) -> Self {
        self.faults.knows_extensions = false;
        self
    }

    /// Takes everything for another protocol's bytes, if the handshake was that of one.
    #[must_use]
    pub fn carrying(mut self, non_frame: Option<NonFrame>) -> Self {
        if let Some(non_frame) = non_frame {
            self.faults.set_non_frame(non_frame);
        }
        self
    }

    /// Limits inflating to this many bytes per message; the default is
    /// [`INFLATE_LIMIT`](crate::wire::deflate::inflate::INFLATE_LIMIT). A longer message causes a
    /// warning, and the rest of it stays compressed. With context takeover, later messages stay
    /// compressed too, since they may refer back to it.
    #[must_use]
    pub fn inflate_limit(mut self, bytes: u64) -> Self {
        if let Some(inflater) = &mut self.validator.inflater {
            inflater.limit = bytes;
        }
        self
    }

    /// Takes bytes from the front of `input` until there is an event. Returns `None` when all bytes
    /// are taken, or when the decoder has stopped; then the rest is left in `input`.
    pub fn next_event<'d, 'i: 'd>(&'d mut self, input: &mut &'i [u8]) -> Option<DecoderEvent<'d>> {
        loop {
            // The order matters: faults come before the event of the frame part that they belong
            // to, and all output of earlier bytes comes before new input is read.
            if let Some(fault) = self.faults.queue.pop_front() {
                return Some(DecoderEvent::Fault(fault));
            }
            if let Some(event) = self.pending.pop_front() {
                return Some(match event {
                    PendingEvent::FrameStart(frame_start) => DecoderEvent::FrameStart(frame_start),
                    PendingEvent::FrameEnd(index) => {
                        self.validator.release_idle_memory();
                        DecoderEvent::FrameEnd(index)
                    }
                    PendingEvent::MessageEnd(end) => DecoderEvent::MessageEnd(end),
                });
            }
            if let Some(at) = self.inflate_from {
                if self.inflate_next(at) {
                    return Some(DecoderEvent::Inflated(self.validator.inflated()));
                }
                continue;
            }
            // Only here, because queued events and inflated data need no further input.
            if input.is_empty() {
                return None;
            }
            match self.state {
                DecoderState::Header => self.read_header(input),
                DecoderState::Payload { header, done } => {
                    return Some(self.read_payload(input, header, done));
                }
                DecoderState::Stopped => return None,
            }
        }
    }

    /// Returns the side that sends the decoded bytes.
    pub fn sender(&self) -> Side {
        self.validator.sender()
    }

    /// Returns the extensions that the handshake agreed on.
    pub fn agreed(&self) -> AgreedExtensions {
        self.agreed
    }

    /// Returns what the unfinished frame still needs; `None` between two frames and after an
    /// impossible length.
    pub fn needed(&self) -> Option<Needed> {
        match self.state {
            DecoderState::Header if self.beginning.header_filled > 0 => {
                Header::parse(self.beginning.bytes()).err()
            }
            DecoderState::Payload { header, done }
                if !header.has_impossible_length() && done < header.payload_len =>
            {
                Some(Needed {
                    have: done + header.len(),
                    more: header.payload_len - done,
                    part: FramePart::Payload,
                })
            }
            _ => None,
        }
    }

    /// Returns what the direction carries instead of frames, once that is recognized in a frame
    /// that breaks a rule. The decoder stops at the end of that frame, as no other begins.
    pub fn non_frame(&self) -> Option<NonFrame> {
        self.faults.non_frame()
    }

    /// Returns the number of the message that has at least one complete fragment and is not
    /// finished.
    pub fn open_message(&self) -> Option<usize> {
        let open = self.validator.messages.open.as_ref();
        open.filter(|open| open.has_complete_frame).map(|open| open.number)
    }

    /// Returns the bytes of the incomplete header.
    pub fn partial_header(&self) -> &[u8] {
        if matches!(self.state, DecoderState::Header) { self.beginning.bytes() } else { &[] }
    }

    /// Returns the number of complete frames.
    pub fn frame_count(&self) -> usize {
        self.faults.frame_number
    }

    /// Whether no frame, event or message is pending, so that the next byte begins a frame that can
    /// be anything.
    pub(super) fn can_take_simple_frame(&self) -> bool {
        self.beginning.header_filled == 0
            && self.inflate_from.is_none()
            && matches!(self.state, DecoderState::Header)
            && self.pending.is_empty()
            && self.faults.queue.is_empty()
            && self.validator.is_between_messages()
    }

    /// Whether the decoder has stopped: at a fatal fault, or because what follows are no frames.
    pub fn has_stopped(&self) -> bool {
        matches!(self.state, DecoderState::Stopped)
    }

    fn read_header(&mut self, input: &mut &[u8]) {
        loop {
            // The second byte determines how long the header is, so `want` grows as the bytes come
            // in.
            let (before, want) =
                (self.beginning.header_filled, Header::required_len(self.beginning.bytes()));
            self.beginning.fill(want, input);
            if self.faults.is_in_other_protocol() {
                self.validator.role = FragmentRole::Control;
            } else {
                self.validator.validate_header(self.beginning.bytes(), before, &mut self.faults);
            }
            match Header::parse(self.beginning.bytes()) {
                Ok(header) => return self.start_frame(header),
                Err(_) if input.is_empty() => return,
                Err(_) => {}
            }
        }
    }

    fn start_frame(&mut self, header: Header) {
        self.faults.inspect_header(self.beginning.bytes());
        let open = self
            .validator
            .messages
            .open
            .as_ref()
            .filter(|_| self.validator.role.message_number().is_some());
        self.pending.push_back(PendingEvent::FrameStart(FrameStart {
            frame_number: self.faults.frame_number,
            offset: self.faults.frame_offset,
            header,
            role: self.validator.role,
            kind: open.map(|open| open.kind),
            compressed: open.is_some_and(|open| open.compressed),
            after_fault: self.after_fault,
        }));
        self.state = DecoderState::Payload { header, done: ByteLen::ZERO };
        let compressed = self.validator.is_in_compressed_message();
        if compressed {
            self.validator.report_inflate_stop(&header, &mut self.faults);
        }
        // Without payload there is no `read_payload` step, so the frame ends here. An empty last
        // fragment can still complete compressed data.
        let is_empty = header.payload_len == ByteLen::ZERO;
        if is_empty && compressed {
            self.scratch.clear();
            self.inflate_from = Some(0);
        } else if is_empty {
            self.finish_frame(&header);
        } else if header.has_impossible_length() && self.faults.as_receiver {
            // No payload of that length can follow, so the end of the frame, where the decoder
            // usually stops, is never reached.
            self.state = DecoderState::Stopped;
        }
    }

    fn read_payload<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
        header: Header,
        done: ByteLen,
    ) -> DecoderEvent<'d> {
        // The length is only a claim. It limits how much is taken, and nothing is allocated for it.
        let left = (header.payload_len - done).to_usize_saturating();
        let (piece, rest) = input.split_at(left.min(MAX_PAYLOAD_CHUNK).min(input.len()));
        *input = rest;
        self.faults.inspect_payload(piece);
        let compressed = self.validator.is_in_compressed_message();
        // Compressed payload is copied, because it is inflated in the next steps and `input` may be
        // gone by then.
        let copied = header.masking_key.is_some() || compressed;
        if copied {
            self.scratch.clear();
            self.scratch.extend_from_slice(piece);
        }
        if let Some(key) = header.masking_key {
            mask::apply(&mut self.scratch, key, done.get());
        }
        let plain = if copied { &self.scratch } else { piece };
        self.validator.validate_payload(&header, plain, done, &mut self.faults);
        let done = done + piece.len();
        self.state = DecoderState::Payload { header, done };
        if compressed {
            self.inflate_from = Some(0);
        } else if done == header.payload_len {
            self.finish_frame(&header);
        }
        DecoderEvent::Payload(if copied { &self.scratch } else { piece })
    }

    /// Inflates the next piece, from `at` in the scratch on. Returns whether there is one. The
    /// frame ends with its last piece.
    fn inflate_next(&mut self, at: usize) -> bool {
        let DecoderState::Payload { header, done } = self.state else {
            self.inflate_from = None;
            return false;
        };
        let mut rest = self.scratch.get(at..).unwrap_or_default();
        if self.validator.inflate(Some(&mut rest)) {
            self.inflate_from = Some(self.scratch.len().saturating_sub(rest.len()));
            return true;
        }
        self.inflate_from = None;
        // The last bytes of the data become certain only with the tail that the sender removed (RFC
        // 7692 section 7.2.2).
        let ends = done == header.payload_len;
        let found = ends && header.fin && self.validator.inflate(None);
        self.validator.report_inflate_stop(&header, &mut self.faults);
        if ends {
            self.finish_frame(&header);
        }
        found
    }

    pub(super) fn finish_frame(&mut self, header: &Header) {
        let is_frame = !self.faults.is_in_other_protocol();
        let message =
            is_frame.then(|| self.validator.finish_frame(header, &mut self.faults)).flatten();
        self.pending.extend(message.map(PendingEvent::MessageEnd));
        self.pending.push_back(PendingEvent::FrameEnd(self.faults.frame_number));
        self.state = if self.faults.frame_is_fatal && self.faults.as_receiver || !is_frame {
            DecoderState::Stopped
        } else {
            DecoderState::Header
        };
        // Set after the frame, so that only later frames are marked.
        self.after_fault |= self.faults.frame_is_fatal;
        self.faults.end_frame();
        self.faults.advance_frame(header.frame_len());
        self.beginning = HeaderBytes::default();
    }
}
