//! [`ConnectionState`]: a connection while its records are printed. It finds out what is complete and
//! keeps no complete frame.

use std::io;
use std::time::Duration;

use wiretalk_core::wire::sockjs::{SockJsRow, may_carry_sockjs};

use crate::capture::{LiveEnding, StreamEnding};
use crate::cli::inspect::close_content::CloseContent;
use crate::cli::inspect::printed_sockjs::PrintedSockJs;
use crate::cli::inspect::record::{EndRecord, Millis, RecordContext, RecordType};
use crate::inspect::{Ending, describe_ending};
use crate::wire::decode::Resumption;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::explain::NonFrame;
use crate::wire::format::{byte_count, escape_controls};
use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
use crate::wire::handshake::{HttpExchange, ServerPolicy, ValidatedHead, begins_with_start_line};
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::{TextMatcher, TextSet};
use crate::wire::{AgreedExtensions, ByteLen, Decoder, Side, Sides};

/// The maximum number of payload bytes kept of one frame or message: a header may claim 2^63 - 1.
const MAX_PAYLOAD_KEPT: usize = 1 << 20;

/// The state of an open connection.
pub(super) struct ConnectionState {
    pub(super) handshake: HandshakePair,
    /// Whether the body of the latest refusal was printed.
    pub(super) is_body_printed: bool,
    /// The assemblers of both directions; `None` until the 101.
    pub(super) assemblers: Option<Sides<FrameAssembler>>,
    /// The texts that the filter looks for.
    texts: Vec<Needle>,
    /// What looks for them; `None` if there are none.
    matchers: Option<Sides<TextMatcher>>,
    pub(super) sockjs: PrintedSockJs,
    byte_counts: Sides<ByteLen>,
    /// The number of complete frames of both directions.
    pub(super) frame_count: usize,
    /// The first Close of each side; a later one breaks a rule and changes nothing.
    first_closes: Sides<Option<CloseContent>>,
    /// When the last bytes of each side arrived, since the start.
    pub(super) last_at: Sides<Duration>,
    /// Finds out how a live connection ends.
    live_ending: LiveEnding,
}

/// Something that has become complete.
pub(super) enum Completed<'a> {
    /// A head: its bytes, and the result of its validation; `None` if it is cut off.
    Head(&'a [u8], Option<&'a ValidatedHead>),
    /// The body of a response that refused the handshake.
    Body(&'a [u8]),
    /// Bytes after those that turned out to be another protocol's, and what they are.
    NonFrames(&'a [u8], NonFrame),
    Exchange(HttpExchange),
    SockJs(&'a SockJsRow),
    /// A frame, the number of frames of both directions that were complete before it, and the texts
    /// that it was found to contain.
    Frame(AssembledFrame, usize, TextSet),
}

impl ConnectionState {
    /// Creates the state of a connection of which nothing was seen, whose messages are searched for
    /// `texts`.
    pub(super) fn new(texts: &[Needle]) -> Self {
        Self {
            handshake: HandshakePair::new(ServerPolicy::default()).with_content(may_carry_sockjs),
            is_body_printed: false,
            assemblers: None,
            texts: texts.to_vec(),
            sockjs: PrintedSockJs::default(),
            matchers: None,
            byte_counts: Sides::default(),
            frame_count: 0,
            first_closes: Sides::default(),
            last_at: Sides::default(),
            live_ending: LiveEnding::default(),
        }
    }

    /// Creates the state of a connection whose handshake was not seen: its first bytes are frames.
    pub(super) fn mid_connection(agreed: AgreedExtensions, texts: &[Needle]) -> Self {
        let handshake = HandshakePair::without_handshake(agreed);
        let mut connection = Self { handshake, ..Self::new(texts) };
        connection.begin_frames(agreed);
        connection
    }

    /// Begins both directions with the first byte of a frame.
    fn begin_frames(&mut self, agreed: AgreedExtensions) {
        let other = self.handshake.is_hixie76().then_some(NonFrame::Hixie76);
        let decoder = |from| Decoder::new(from, agreed).carrying(other);
        self.assemblers =
            Some(Sides::each(|from| FrameAssembler::new(decoder(from), MAX_PAYLOAD_KEPT)));
        self.matchers = (!self.texts.is_empty())
            .then(|| Sides::each(|from| TextMatcher::new(decoder(from), &self.texts)));
    }

    /// Goes on with the first byte of a frame, because an unknown number of frames is missing.
    /// Returns the frame that this cuts.
    fn resume_after_gap(&mut self, from: Side) -> Option<AssembledFrame> {
        if let Some(matchers) = &mut self.matchers {
            matchers[from].resume_after_gap();
        }
        let at = self.last_data_at();
        let assembler = &mut self.assemblers.as_mut()?[from];
        self.sockjs.lose_frames(from, at, assembler.frame_count());
        assembler.resume_after_gap()
    }

    /// Emits what has become complete of SockJS.
    fn emit_sockjs(
        &mut self,
        emit: &mut impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.sockjs.take_rows().iter().try_for_each(|row| {
            let context = RecordContext { connection: 0, from: row.from, elapsed: row.at };
            emit(context, Completed::SockJs(row))
        })
    }

    /// Creates the state of a connection whose first bytes may be any of a message or of a frame. If
    /// there is no head, the extensions are `assumed`.
    pub(super) fn midway(assumed: AgreedExtensions, texts: &[Needle]) -> Self {
        let handshake = HandshakePair::midway(assumed).with_content(may_carry_sockjs);
        Self { handshake, ..Self::new(texts) }
    }

    /// Takes bytes and calls `emit` for each head and frame that they complete.
    pub(super) fn push(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.live_ending.observe_bytes(from, at, bytes);
        if !bytes.is_empty() {
            self.last_at[from] = at;
        }
        self.byte_counts[from] += ByteLen::of(bytes);
        if self.handshake.sends_frames(from) {
            return self.push_frames(from, at, bytes, &mut emit);
        }
        let mut rest = bytes;
        self.handle_handshake(from, at, &mut rest, &mut emit)?;
        if self.handshake.sends_frames(from) {
            self.push_frames(from, at, rest, &mut emit)?;
        }
        Ok(())
    }

    fn handle_handshake(
        &mut self,
        from: Side,
        at: Duration,
        input: &mut &[u8],
        emit: &mut impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        while let Some(event) = self.handshake.next_event(from, input) {
            let context = |from| RecordContext { connection: 0, from, elapsed: at };
            match event {
                HandshakeEvent::Head(side) => {
                    self.is_body_printed = false;
                    if let Some(validated) = self.handshake.head(side) {
                        let head =
                            Completed::Head(self.handshake.head_bytes(side), Some(validated));
                        emit(context(side), head)?;
                    }
                }
                HandshakeEvent::RefusalBody => {
                    self.is_body_printed = true;
                    let body = self.handshake.leftover(Side::Server);
                    if !body.is_empty() {
                        emit(context(Side::Server), Completed::Body(body))?;
                    }
                }
                HandshakeEvent::Exchange(exchange) => {
                    emit(context(from), Completed::Exchange(exchange))?;
                }
                HandshakeEvent::Content(content) => {
                    self.sockjs.push_content(at, &content);
                    self.emit_sockjs(emit)?;
                }
                HandshakeEvent::Open(upgraded) => {
                    self.sockjs.open(&self.handshake);
                    self.begin_frames(upgraded.agreed);
                    // Frames that arrived before the 101 were held back until now.
                    self.push_frames(Side::Client, at, &upgraded.client_bytes, emit)?;
                    for side in [Side::Client, Side::Server] {
                        if upgraded.lacks_bytes[side] {
                            self.resume_after_gap(side);
                        }
                    }
                }
                HandshakeEvent::LateRequest(held) => {
                    self.sockjs.open(&self.handshake);
                    self.sockjs.lose_frames(Side::Server, at, 0);
                    // Without a head, nobody knows what was sent before.
                    if self.handshake.head(from).is_none() {
                        self.resume_after_gap(from);
                    }
                    self.push_frames(from, at, &held, emit)?;
                }
            }
        }
        Ok(())
    }

    /// Handles a gap: what it ends is emitted as incomplete.
    pub(super) fn push_gap(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        within_frame: ByteLen,
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let context = RecordContext { connection: 0, from, elapsed: at };
        if !self.handshake.sends_frames(from) {
            let head = self.handshake.partial_head(from);
            if begins_with_start_line(from, head) {
                emit(context, Completed::Head(head, None))?;
            } else if !head.is_empty() {
                emit(context, Completed::Body(head))?;
            }
            self.handshake.push_gap(from, missing);
            return self.handle_handshake(from, at, &mut &[][..], &mut emit);
        }
        let Some(assemblers) = &mut self.assemblers else { return Ok(()) };
        let skipped = assemblers[from].skip(within_frame);
        if let Some(matchers) = &mut self.matchers {
            matchers[from].skip(within_frame);
        }
        self.push_frames(from, at, &[], &mut emit)?;
        if skipped < missing
            && let Some(cut) = self.resume_after_gap(from)
        {
            emit(context, Completed::Frame(cut, self.frame_count, TextSet::default()))?;
        }
        self.emit_sockjs(&mut emit)
    }

    /// Counts the bytes of an exchange that are not there.
    pub(super) fn count_exchange(&mut self, exchange: &HttpExchange) {
        self.byte_counts.client += exchange.request_len;
        self.byte_counts.server += exchange.response_len;
    }

    /// Counts `len` bytes that lie within messages or frames whose beginning was not captured.
    pub(super) fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.byte_counts[from] += len;
        self.last_at[from] = at;
        if !self.handshake.sends_frames(from) {
            self.handshake.skip_unknown(from, len);
            return;
        }
        self.resume_after_gap(from);
        if let Some(assemblers) = &mut self.assemblers {
            assemblers[from].skip_unframed(len);
        }
    }

    /// Resumes reading: the next byte of a side is the first of this unit.
    pub(super) fn resume(
        &mut self,
        from: Side,
        at: Duration,
        unit: Resumption,
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.handshake.sends_frames(from) {
            return Ok(());
        }
        let was_lost = self.handshake.is_lost(from);
        self.handshake.resume(from, unit);
        self.handle_handshake(from, at, &mut &[][..], &mut emit)?;
        if was_lost
            && unit == Resumption::Frame
            && let Some(assemblers) = &mut self.assemblers
        {
            assemblers[from].skip_unframed(ByteLen::ZERO);
        }
        Ok(())
    }

    fn push_frames(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        emit: &mut impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(assemblers) = &mut self.assemblers else { return Ok(()) };
        let closes = &mut self.first_closes[from];
        let hits = self.matchers.as_mut().map_or_else(Vec::new, |matchers| {
            matchers[from].push(bytes);
            matchers[from].take_hits()
        });
        let texts_of = |frame: &AssembledFrame| {
            let hit = hits.iter().find(|hit| hit.frame_number == frame.frame_number);
            hit.map_or_else(TextSet::default, |hit| hit.texts)
        };
        let context = RecordContext { connection: 0, from, elapsed: at };
        let mut rest = bytes;
        while let Some(frame) = assemblers[from].next_frame(&mut rest) {
            let row = self.frame_count;
            self.frame_count = self.frame_count.saturating_add(1);
            if frame.is_close() {
                closes.get_or_insert_with(|| CloseContent::of(&frame));
            }
            let texts = texts_of(&frame);
            self.sockjs.push_frame(from, at, &frame);
            emit(context, Completed::Frame(frame, row, texts))?;
            let mut rows = self.sockjs.take_rows().into_iter();
            rows.try_for_each(|row| emit(context, Completed::SockJs(&row)))?;
        }
        if let Some(non_frame) = assemblers[from].non_frame().filter(|_| !rest.is_empty()) {
            emit(context, Completed::NonFrames(rest, non_frame))?;
        }
        Ok(())
    }

    /// Takes a FIN or RST of a live connection.
    pub(super) fn observe_end(&mut self, by: Side, is_reset: bool, at: Duration) {
        self.live_ending.observe_end(by, is_reset, at);
    }

    /// Returns which side has ended a live connection, and how.
    pub(super) fn live_ending(&self) -> Option<StreamEnding> {
        self.live_ending.ending()
    }

    /// Returns when the last bytes of both sides arrived, since the start.
    pub(super) fn last_data_at(&self) -> Duration {
        self.last_at.client.max(self.last_at.server)
    }

    /// Describes how a live connection has ended so far; `None` while it is open both ways.
    pub(super) fn describe_live_ending(&self) -> Option<Ending> {
        let closes = Sides::each(|side| self.first_closes[side].is_some());
        let is_open = self.assemblers.is_some();
        Some(describe_ending(self.live_ending()?, is_open.then_some(closes)))
    }

    /// Describes the frames that are not complete, as a clause; empty if there are none.
    pub(super) fn describe_incomplete_frames(&self) -> String {
        let missing = |side: Side| {
            let needed = self.assemblers.as_ref()?[side].needed()?;
            Some(format!("; the last frame of the {side} lacks {}", byte_count(needed.more)))
        };
        [Side::Client, Side::Server].into_iter().filter_map(missing).collect()
    }

    pub(super) fn end_record(
        &self,
        number: usize,
        ended: &Result<String, String>,
        ending: Option<StreamEnding>,
        at: Duration,
    ) -> EndRecord {
        let Sides { client: sent, server: received } = &self.first_closes;
        let code_and_reason = |close: &Option<CloseContent>| {
            close.as_ref().and_then(|close| close.body.clone()).unzip()
        };
        let lacks_code =
            |close: &Option<CloseContent>| close.as_ref().is_some_and(|close| close.lacks_code);
        let (close_code, close_reason) = code_and_reason(received);
        let (close_code_sent, _) = code_and_reason(sent);
        let frames = |from: Side| {
            self.assemblers.as_ref().map_or(0, |assemblers| assemblers[from].frame_count())
        };
        EndRecord {
            bytes_received: self.byte_counts.server,
            bytes_sent: self.byte_counts.client,
            close_code,
            close_code_not_captured: lacks_code(received),
            close_code_sent,
            close_code_sent_not_captured: lacks_code(sent),
            close_reason: close_reason.flatten(),
            close_received: received.is_some(),
            close_sent: sent.is_some(),
            connection: number,
            ended_by: ending.map(|ending| ending.by),
            ended_with: ending.map(|ending| ending.name()),
            frames_received: frames(Side::Server),
            frames_sent: frames(Side::Client),
            http2_code: ending.and_then(|ending| ending.http2_code).map(|code| code.0),
            ok: ended.is_ok(),
            reset_later: ending.is_some_and(|ending| ending.is_reset_after),
            silence: ending.map(|ending| Millis(ending.silence)),
            at: Millis(at),
            record_type: RecordType::End,
            why: escape_controls(ended.as_ref().unwrap_or_else(|reason| reason)),
        }
    }
}
