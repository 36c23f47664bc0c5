//! One connection as a list: both heads, one row per frame, the faults, and the offset of each
//! byte, but no payload.
//! The owner of the bytes (in memory or in a file) passes them back in for a frame that is shown. A
//! trace is fed with what the sockets received and sent and with the times; it reads no clock.

use std::num::Saturating;
use std::time::Duration;

use crate::wire::decode::decoder::{Decoder, DecoderEvent};
use crate::wire::decode::fault::Fault;
use crate::wire::explain::{FrameContext, NonFrame};
use crate::wire::frame::Sides;
use crate::wire::frame::message::FragmentRole;
use crate::wire::frame::{Header, Needed, Side};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
use crate::wire::handshake::{ServerPolicy, ValidatedHead};
use crate::wire::keep::arrivals::Arrivals;
use crate::wire::keep::direction_trace::{DirectionTrace, add_to_preview};
use crate::wire::keep::exchange_log::ExchangeLog;
use crate::wire::keep::sockjs_log::SockJsLog;
use crate::wire::keep::trace_row::{TraceRow, mark};
use crate::wire::keep::transcript::Frame;
use crate::wire::size::{ByteLen, Offset};
use crate::wire::sockjs::may_carry_sockjs;

/// The maximum number of rows, at 40 bytes each. Further ones are only counted.
const MAX_ROWS: usize = 1 << 24;

/// An incomplete frame: what has arrived, and what it still needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialFrame {
    /// The frame's number in its direction, from 0.
    pub index: usize,
    /// The offset of its first byte, counted from the first frame byte of the direction.
    pub offset: Offset,
    /// The number of its bytes that have arrived.
    pub have: ByteLen,
    /// The header, once it is complete.
    pub header: Option<Header>,
    /// What the frame still needs; `None` after an impossible length (RFC 6455 section 5.2).
    pub needed: Option<Needed>,
}

/// One connection, seen from both sides, without its payload. Only the beginnings of inflated data
/// are kept, because they could not be computed later without inflating everything before them.
///
/// ```
/// use std::time::Duration;
/// use wiretalk_core::wire::{Opcode, Side, Trace};
///
/// let mut trace = Trace::mid_connection(wiretalk_core::wire::AgreedExtensions::none());
/// trace.push(Side::Server, Duration::from_millis(3), b"\x81\x05Hello\x89\x00");
/// assert_eq!(trace.rows().iter().map(|row| row.opcode()).collect::<Vec<_>>(), [Opcode::Text,
/// Opcode::Ping]); let frame = trace.frame(&trace.rows()[0], b"\x81\x05Hello".to_vec());
/// assert_eq!(frame.payload(), b"Hello");
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    pub(super) handshake: HandshakePair,
    pub(super) directions: Sides<DirectionTrace>,
    rows: Vec<TraceRow>,
    most_rows: usize,
    dropped_rows: Saturating<u64>,
    pub(super) exchanges: ExchangeLog,
    pub(super) sockjs: SockJsLog,
    pub(super) arrivals: Arrivals,
    /// Whether the next byte may be any of a frame, because an unknown number of bytes is missing.
    pub(super) is_out_of_step: Sides<bool>,
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl Trace {
    /// Creates a trace that has seen nothing. The request will be validated like a server does that
    /// allows any origin.
    pub fn new() -> Self {
        Self::with_handshake(HandshakePair::new(ServerPolicy::default()), AgreedExtensions::none())
    }

    /// Creates a trace without a handshake: the first byte of each direction begins a frame.
    pub fn mid_connection(agreed: AgreedExtensions) -> Self {
        Self::with_handshake(HandshakePair::without_handshake(agreed), agreed)
    }

    /// Creates a trace whose first bytes may be any of a message or of a frame: they are passed over
    /// ([`Self::push_unframed`]) until a head or a frame is found ([`Self::resume`]). If there is no
    /// head, the extensions are `assumed`.
    pub fn midway(assumed: AgreedExtensions) -> Self {
        Self::with_handshake(HandshakePair::midway(assumed), assumed)
    }

    fn with_handshake(handshake: HandshakePair, agreed: AgreedExtensions) -> Self {
        let directions = Sides::each(|from| DirectionTrace::new(from, agreed));
        Self {
            handshake: handshake.with_content(may_carry_sockjs),
            directions,
            rows: Vec::new(),
            most_rows: MAX_ROWS,
            dropped_rows: Saturating(0),
            exchanges: ExchangeLog::default(),
            sockjs: SockJsLog::default(),
            arrivals: Arrivals::default(),
            is_out_of_step: Sides::default(),
        }
    }

    /// Takes the next bytes that `from` sent, in pieces of any size. `at` is the time of their
    /// arrival since the start of the connection.
    pub fn push(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.arrivals.push(from, at, bytes.len());
        if self.handshake.sends_frames(from) {
            return self.push_frames(from, at, bytes);
        }
        let mut rest = bytes;
        self.handle_handshake(from, at, &mut rest);
        if self.handshake.sends_frames(from) {
            self.push_frames(from, at, rest);
        }
    }

    pub(super) fn handle_handshake(&mut self, from: Side, at: Duration, input: &mut &[u8]) {
        while let Some(event) = self.handshake.next_event(from, input) {
            match event {
                HandshakeEvent::Head(_) | HandshakeEvent::RefusalBody => {}
                HandshakeEvent::Exchange(exchange) => self.exchanges.add(at, exchange),
                HandshakeEvent::Content(content) => self.sockjs.push_content(at, &content),
                HandshakeEvent::Open(upgraded) => {
                    let other = self.handshake.is_hixie76().then_some(NonFrame::Hixie76);
                    self.directions = Sides::each(|from| {
                        let decoder = Decoder::new(from, upgraded.agreed).carrying(other);
                        DirectionTrace::with_decoder(decoder)
                    });
                    self.sockjs.open_websocket(self.handshake.head(Side::Client));
                    // The request came first, so the client's early frames come first too.
                    self.push_frames(Side::Client, at, &upgraded.client_bytes);
                    for from in [Side::Client, Side::Server] {
                        if upgraded.lacks_bytes[from] {
                            self.directions[from].resume_after_gap();
                            self.sockjs.lose_frames(from, at);
                        }
                        self.is_out_of_step[from] =
                            upgraded.lacks_bytes[from] || self.handshake.is_lost(from);
                    }
                }
                HandshakeEvent::LateRequest(held) => {
                    self.sockjs.open_websocket(self.handshake.head(from));
                    self.sockjs.lose_frames(Side::Server, at);
                    // Without a head, nobody knows what was sent before.
                    if self.handshake.head(from).is_none() {
                        self.directions[from].resume_after_gap();
                    }
                    self.push_frames(from, at, &held);
                }
            }
        }
    }

    /// Returns the HTTP exchanges that did not try to open a WebSocket.
    pub fn exchanges(&self) -> &ExchangeLog {
        &self.exchanges
    }

    /// Returns the complete frames of both directions, in the order in which they were completed.
    pub fn rows(&self) -> &[TraceRow] {
        &self.rows
    }

    /// Limits the list to `most` frames from now on. Further ones are only counted.
    pub fn limit_rows(&mut self, most: usize) {
        self.most_rows = most.min(MAX_ROWS);
        if self.is_full() {
            self.sockjs.stop_listing();
        }
    }

    /// Whether the list is full.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.most_rows
    }

    /// Returns the number of frames that came after the list was full.
    pub fn dropped_rows(&self) -> u64 {
        self.dropped_rows.0
    }

    /// Returns the pieces in which the bytes arrived.
    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// Returns when the first byte of a frame arrived, since the start of the connection. If that
    /// piece is not kept, returns when the frame was complete.
    pub fn started_at(&self, row: &TraceRow) -> Duration {
        let first = self.stream_offset(row.from(), row.offset());
        self.arrivals
            .time_of_byte(row.from(), first, row.completed_at())
            .unwrap_or(row.completed_at())
    }

    /// Builds a frame of the list from its bytes. If `raw` ends early, the frame does too.
    pub fn frame(&self, row: &TraceRow, raw: Vec<u8>) -> Frame {
        let context = FrameContext {
            kind: row.kind(),
            compressed: row.is_compressed(),
            ..FrameContext::new(row.from(), self.agreed())
        };
        Frame::new(&row.frame_start(), context, raw)
    }

    /// Returns the incomplete frame of a direction, if one has begun.
    pub fn partial_frame(&self, from: Side) -> Option<PartialFrame> {
        let direction = &self.directions[from];
        let frame_start = direction.current_frame.map(|frame_start| {
            (frame_start.frame_number, frame_start.offset, Some(frame_start.header))
        });
        let header_bytes = direction.decoder.partial_header();
        let unparsed = (!header_bytes.is_empty())
            .then(|| (self.frame_count(from), direction.frame_bytes - header_bytes.len(), None));
        let (index, offset, header) = frame_start.or(unparsed)?;
        let needed = direction.decoder.needed();
        Some(PartialFrame { index, offset, have: direction.frame_bytes - offset, header, needed })
    }

    /// Returns all faults of a direction, in the order in which they became certain.
    pub fn faults(&self, from: Side) -> &[Fault] {
        &self.directions[from].faults
    }

    /// Returns the number of faults of a direction that came after the list was full.
    pub fn dropped_faults(&self, from: Side) -> u64 {
        self.directions[from].dropped_faults.0
    }

    /// Returns what the bytes of a frame are, if they are no frame. Its row says that too.
    pub fn non_frame_at(&self, from: Side, index: usize) -> Option<NonFrame> {
        self.directions[from].decoder.faults.non_frame_at(index)
    }

    /// Returns the faults of one frame.
    pub fn faults_of(&self, from: Side, index: usize) -> &[Fault] {
        let faults = self.faults(from);
        // Faults are in frame order, because a frame ends before the next one begins.
        let start = faults.partition_point(|fault| fault.frame < index);
        let end = faults.partition_point(|fault| fault.frame <= index);
        faults.get(start..end).unwrap_or_default()
    }

    /// Returns the beginning of a frame's inflated data: at most 200 bytes, for at most 65,536
    /// frames per direction. Returns `None` for a frame without compression.
    pub fn inflated_preview(&self, row: &TraceRow) -> Option<&[u8]> {
        let inflated = &self.directions[row.from()].previews;
        let at = inflated.binary_search_by_key(&row.frame_number(), |(index, _)| *index).ok()?;
        inflated.get(at).map(|(_, data)| &**data)
    }

    /// Returns the rows of the message that a row is part of, in order. A frame outside of messages
    /// gives only its own row.
    pub fn message_rows(&self, row: usize) -> Vec<usize> {
        let Some(chosen) = self.rows.get(row) else { return Vec::new() };
        let Some(message) = chosen.role().message_number() else { return vec![row] };
        let same = |(_, other): &(usize, &TraceRow)| {
            other.from() == chosen.from() && other.role().message_number() == Some(message)
        };
        let opens =
            |(_, row): &(usize, &TraceRow)| matches!(row.role(), FragmentRole::First { .. });
        let numbered = || self.rows.iter().enumerate();
        // Back to the first fragment, then forward to the one with FIN = 1. Other frames may lie in
        // between.
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

    /// Returns the bytes of that side's head that have arrived. Once the head is complete, these
    /// are exactly the head.
    pub fn head_bytes(&self, from: Side) -> &[u8] {
        self.handshake.head_bytes(from)
    }

    /// Returns that side's validated head, once it is complete or has turned out not to be HTTP.
    pub fn head(&self, from: Side) -> Option<&ValidatedHead> {
        self.handshake.head(from)
    }

    /// Returns that side's bytes that are not frames, or not yet: the client's before the 101, the
    /// body of a refusal, or another protocol.
    pub fn leftover(&self, from: Side) -> &[u8] {
        self.handshake.leftover(from)
    }

    /// Returns the offset of the first frame byte in that side's stream: the end of its HTTP
    /// messages.
    pub fn frames_start(&self, from: Side) -> Offset {
        self.handshake.frames_start(from)
    }

    /// Converts `offset`, counted from the first frame byte, to an offset in that side's stream,
    /// which includes the head.
    pub fn stream_offset(&self, from: Side, offset: Offset) -> Offset {
        self.frames_start(from) + ByteLen::from(offset)
    }

    /// Returns the number of frame bytes taken from that side.
    pub fn frame_bytes(&self, from: Side) -> ByteLen {
        self.directions[from].frame_bytes.into()
    }

    /// Returns what the server sent in place of an HTTP response to an attempt to open a WebSocket.
    pub fn non_http_answer(&self) -> Option<&[u8]> {
        self.handshake.non_http_answer()
    }

    /// Returns the number of bytes behind the last frame of a side that turned out to be no frames.
    pub fn bytes_after_frames(&self, from: Side) -> ByteLen {
        let direction = &self.directions[from];
        let has_stopped = direction.decoder.has_stopped();
        let end = direction.decoder.faults.frame_offset;
        if has_stopped { direction.frame_bytes - end } else { ByteLen::ZERO }
    }

    /// Returns the extensions that the handshake agreed on.
    pub fn agreed(&self) -> AgreedExtensions {
        self.handshake.agreed()
    }

    /// Whether both sides send frames: the server has answered 101, or the handshake was not seen.
    pub fn is_open(&self) -> bool {
        self.handshake.is_open()
    }

    /// Returns the number of complete frames of that side, listed or not.
    pub fn frame_count(&self, from: Side) -> usize {
        self.directions[from].decoder.frame_count()
    }

    pub(super) fn push_frames(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        let Self { directions, rows, most_rows, dropped_rows, sockjs, .. } = self;
        let direction = &mut directions[from];
        let mut keep = |row: TraceRow| {
            if rows.len() < *most_rows {
                rows.push(row);
            } else {
                *dropped_rows += 1;
            }
        };
        direction.frame_bytes += bytes.len();
        let mut rest = bytes;
        loop {
            while let Some(whole) = direction.decoder.next_simple_frame(&mut rest) {
                sockjs.push_whole(from, at, &whole);
                keep(TraceRow::new(&whole.start, from, at));
            }
            let event = direction.decoder.next_event(&mut rest);
            if let Some(event) = &event {
                sockjs.observe(from, at, event);
            }
            match event {
                None => return,
                Some(DecoderEvent::Fault(fault)) => direction.add_fault(fault),
                Some(DecoderEvent::FrameStart(frame_start)) => {
                    direction.current_frame = Some(frame_start);
                }
                Some(DecoderEvent::Inflated(piece)) => {
                    add_to_preview(&mut direction.preview, piece);
                }
                Some(DecoderEvent::FrameEnd(index)) => {
                    direction.store_preview(index);
                    if let Some(frame_start) = direction.current_frame.take() {
                        let mut row = TraceRow::new(&frame_start, from, at);
                        row.flags |= std::mem::take(&mut direction.row_flags);
                        if direction.decoder.non_frame().is_some() {
                            row.flags |= mark::NON_FRAME;
                        }
                        keep(row);
                    }
                }
                Some(DecoderEvent::Payload(_) | DecoderEvent::MessageEnd(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Opcode;
    use crate::wire::Transcript;
    use crate::wire::frame::encode;
    use crate::wire::keep::transcript::tests::{side_and_agreed, stream};
    use proptest::prelude::*;

    fn without_handshake(
        from: Side,
        agreed: AgreedExtensions,
        bytes: &[u8],
        chunk: usize,
    ) -> Trace {
        let mut trace = Trace::mid_connection(agreed);
        bytes.chunks(chunk).for_each(|piece| trace.push(from, Duration::ZERO, piece));
        trace
    }

    #[test]
    fn a_row_is_forty_bytes() {
        assert_eq!(size_of::<TraceRow>(), 40);
    }

    #[test]
    fn rows_of_both_directions_stand_in_the_order_of_their_ends() {
        let mut trace = Trace::mid_connection(AgreedExtensions::none());
        let ms = Duration::from_millis;
        trace.push(Side::Server, ms(1), &[0x81, 0x02, b'h']);
        trace.push(
            Side::Client,
            ms(2),
            &encode::single_frame(Opcode::Ping, b"", Some([1, 2, 3, 4])),
        );
        trace.push(Side::Server, ms(3), b"i");
        let rows: Vec<_> = trace
            .rows()
            .iter()
            .map(|row| (row.from(), row.frame_number(), row.completed_at()))
            .collect();
        assert_eq!(rows, [(Side::Client, 0, ms(2)), (Side::Server, 0, ms(3))]);
    }

    #[test]
    fn rfc_7692_section_7_2_3_2_what_was_inflated_is_remembered() {
        let agreed = AgreedExtensions::parse("permessage-deflate").unwrap();
        let twice =
            b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x89\x00\xc1\x05\xf2\x00\x11\x00\x00\x81\x01a";
        for chunk in [1, 5, 100] {
            let trace = without_handshake(Side::Server, agreed, twice, chunk);
            let inflated: Vec<_> =
                trace.rows().iter().map(|row| trace.inflated_preview(row)).collect();
            assert_eq!(inflated, [Some(&b"Hello"[..]), None, Some(b"Hello"), None]);
        }
    }

    #[test]
    fn section_5_4_a_message_is_found_from_any_of_its_frames() {
        let frames: [&[u8]; 5] =
            [&[0x01, 0x01, b'a'], &[0x89, 0x00], &[0x80, 0x01, b'b'], &[0x82, 0x00], &[0x01, 0x00]];
        let trace = without_handshake(Side::Server, AgreedExtensions::none(), &frames.concat(), 3);
        let messages: Vec<_> = (0..5).map(|row| trace.message_rows(row)).collect();
        assert_eq!(messages, [vec![0, 2], vec![1], vec![0, 2], vec![3], vec![4]]);
    }

    #[test]
    fn what_was_not_captured_is_skipped_within_a_frame_and_never_judged() {
        let mut trace = Trace::mid_connection(AgreedExtensions::none());
        let (limit, at) = (ByteLen::new(1 << 20), Duration::ZERO);
        // A text of 10 bytes whose middle would be invalid as zeros with half a character.
        trace.push(Side::Server, at, b"\x81\x0aab\xc3");
        assert_eq!(trace.push_gap(Side::Server, at, ByteLen::new(5), limit).get(), 5);
        trace.push(Side::Server, at, b"\xa9z\x81\x02hi\x81\x05ab");
        // More is missing than the frame has: the next byte is the first of a frame.
        assert_eq!(trace.push_gap(Side::Server, at, ByteLen::new(9), limit).get(), 3);
        trace.push(Side::Server, at, b"\x80\x01c\x82\x00");
        let rows: Vec<_> =
            trace.rows().iter().map(|row| (row.len().get(), row.has_gap())).collect();
        assert_eq!(rows, [(12, true), (4, false), (7, true), (3, false), (2, false)]);
        assert_eq!(trace.faults(Side::Server), []);
    }

    #[test]
    fn a_partial_frame_is_reported_with_what_it_needs() {
        let mut trace = without_handshake(
            Side::Server,
            AgreedExtensions::none(),
            &[0x81, 0x00, 0x82, 0x7e, 0x01],
            1,
        );
        let partial = trace.partial_frame(Side::Server).unwrap();
        assert_eq!(
            (partial.index, partial.offset.get(), partial.have.get(), partial.header),
            (1, 2, 3, None)
        );
        assert_eq!(partial.needed.unwrap().more, 1);
        trace.push(Side::Server, Duration::ZERO, &[0x00, 7]);
        let partial = trace.partial_frame(Side::Server).unwrap();
        assert_eq!(
            (partial.offset.get(), partial.have.get(), partial.needed.unwrap().more.get()),
            (2, 5, 255)
        );
        assert_eq!(trace.partial_frame(Side::Client), None);
    }

    proptest! {
        #[test]
        fn it_says_what_the_transcript_says((from, agreed) in side_and_agreed(), bytes in stream(), chunk in 1_usize..80) {
            let mut transcript = Transcript::new(from, agreed);
            transcript.push(&bytes);
            let trace = without_handshake(from, agreed, &bytes, chunk);
            prop_assert_eq!(trace.faults(from), transcript.faults());
            prop_assert_eq!(trace.rows().len(), transcript.frames().len());
            for (row, frame) in trace.rows().iter().zip(transcript.frames()) {
                let again = trace.frame(row, frame.raw().to_vec());
                prop_assert_eq!(&again, frame);
                let faults: Vec<_> = transcript.faults_of(frame.frame_number).copied().collect();
                prop_assert_eq!(trace.faults_of(from, frame.frame_number), &faults[..]);
                prop_assert_eq!(row.severity(), faults.iter().map(Fault::severity).max());
                prop_assert_eq!(row.len(), ByteLen::of(frame.raw()));
            }
            let partial = transcript
                .current_frame()
                .map(|frame| (frame.frame_number, frame.offset, frame.raw().len()));
            let frame_start = transcript
                .partial_header()
                .map(|header| (header.frame_number, header.offset, header.raw.len()));
            let trace = trace.partial_frame(from).map(|frame| (frame.index, frame.offset, frame.have.to_usize_saturating()));
            prop_assert_eq!(trace, partial.or(frame_start));
        }
    }
}
