//! [`ConnectionState`]: a connection while its records are printed. It finds out what is complete and
//! keeps no complete frame.

use std::io;
use std::time::Duration;

use crate::capture::StreamEnding;
use crate::cli::inspect::record::{EndRecord, Millis, RecordContext, RecordType, close_body};
use crate::wire::decode::Resumption;
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::format::escape_controls;
use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
use crate::wire::handshake::{HttpExchange, ServerPolicy, ValidatedHead, begins_with_start_line};
use crate::wire::{AgreedExtensions, ByteLen, Decoder, Opcode, Side, Sides};

/// The maximum number of payload bytes kept of one frame or message: a header may claim 2^63 - 1.
const MAX_PAYLOAD_KEPT: usize = 1 << 20;

/// The code and the reason of a Close, if it has a code.
struct CloseContent(Option<(u16, String)>);

/// The state of an open connection.
pub(super) struct ConnectionState {
    pub(super) handshake: HandshakePair,
    /// Whether the body of the latest refusal was printed.
    pub(super) is_body_printed: bool,
    /// The assemblers of both directions; `None` until the 101.
    pub(super) assemblers: Option<Sides<FrameAssembler>>,
    byte_counts: Sides<ByteLen>,
    /// The number of complete frames of both directions.
    pub(super) frame_count: usize,
    /// The first Close of each side; a later one breaks a rule and changes nothing.
    first_closes: Sides<Option<CloseContent>>,
    /// When the last bytes arrived, since the start.
    pub(super) last_at: Duration,
}

/// Creates the assemblers of both directions, which begin with the first byte of a frame.
fn assemblers(agreed: AgreedExtensions) -> Sides<FrameAssembler> {
    Sides::each(|from| FrameAssembler::new(Decoder::new(from, agreed), MAX_PAYLOAD_KEPT))
}

/// Something that has become complete.
pub(super) enum Completed<'a> {
    /// A head: its bytes, and the result of its validation; `None` if it is cut off.
    Head(&'a [u8], Option<&'a ValidatedHead>),
    /// The body of a response that refused the handshake.
    Body(&'a [u8]),
    Exchange(HttpExchange),
    /// A frame, and the number of frames of both directions that were complete before it.
    Frame(AssembledFrame, usize),
}

impl ConnectionState {
    pub(super) fn new() -> Self {
        Self {
            handshake: HandshakePair::new(ServerPolicy::default()),
            is_body_printed: false,
            assemblers: None,
            byte_counts: Sides::default(),
            frame_count: 0,
            first_closes: Sides::default(),
            last_at: Duration::ZERO,
        }
    }

    /// Creates the state of a connection whose handshake was not seen: its first bytes are frames.
    pub(super) fn mid_connection(agreed: AgreedExtensions) -> Self {
        Self {
            handshake: HandshakePair::without_handshake(agreed),
            assemblers: Some(assemblers(agreed)),
            ..Self::new()
        }
    }

    /// Creates the state of a connection whose first bytes may be any of a message or of a frame. If
    /// there is no head, the extensions are `assumed`.
    pub(super) fn midway(assumed: AgreedExtensions) -> Self {
        Self { handshake: HandshakePair::midway(assumed), ..Self::new() }
    }

    /// Takes bytes and calls `emit` for each head and frame that they complete.
    pub(super) fn push(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut emit: impl FnMut(RecordContext, Completed<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.last_at = at;
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
                HandshakeEvent::Open(upgraded) => {
                    self.assemblers = Some(assemblers(upgraded.agreed));
                    // Frames that arrived before the 101 were held back until now.
                    self.push_frames(Side::Client, at, &upgraded.client_bytes, emit)?;
                    for side in [Side::Client, Side::Server] {
                        if let (true, Some(assemblers)) =
                            (upgraded.lacks_bytes[side], &mut self.assemblers)
                        {
                            assemblers[side].resume_after_gap();
                        }
                    }
                }
                HandshakeEvent::LateRequest(held) => {
                    // Without a head, nobody knows what was sent before.
                    if let (None, Some(assemblers)) =
                        (self.handshake.head(from), &mut self.assemblers)
                    {
                        assemblers[from].resume_after_gap();
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
        self.push_frames(from, at, &[], &mut emit)?;
        if let Some(assemblers) = &mut self.assemblers
            && skipped < missing
            && let Some(cut) = assemblers[from].resume_after_gap()
        {
            emit(context, Completed::Frame(cut, self.frame_count))?;
        }
        Ok(())
    }

    /// Counts `len` bytes that lie within messages or frames whose beginning was not captured.
    pub(super) fn push_unframed(&mut self, from: Side, at: Duration, len: ByteLen) {
        self.byte_counts[from] += len;
        self.last_at = at;
        if !self.handshake.sends_frames(from) {
            self.handshake.skip_unknown(from, len);
        } else if let Some(assemblers) = &mut self.assemblers {
            assemblers[from].resume_after_gap();
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
        let mut rest = bytes;
        while let Some(frame) = assemblers[from].next_frame(&mut rest) {
            let row = self.frame_count;
            self.frame_count = self.frame_count.saturating_add(1);
            if frame.start.is_some_and(|start| start.header.opcode == Opcode::Close) {
                closes.get_or_insert_with(|| CloseContent(close_body(&frame)));
            }
            emit(RecordContext { connection: 0, from, elapsed: at }, Completed::Frame(frame, row))?;
        }
        Ok(())
    }

    pub(super) fn end_record(
        &self,
        number: usize,
        ended: &Result<String, String>,
        ending: Option<StreamEnding>,
    ) -> EndRecord {
        let Sides { client: sent, server: received } = &self.first_closes;
        let code_and_reason =
            |close: &Option<CloseContent>| close.as_ref().and_then(|close| close.0.clone()).unzip();
        let (close_code, close_reason) = code_and_reason(received);
        let (close_code_sent, _) = code_and_reason(sent);
        let frames = |from: Side| {
            self.assemblers.as_ref().map_or(0, |assemblers| assemblers[from].frame_count())
        };
        EndRecord {
            bytes_received: self.byte_counts.server,
            bytes_sent: self.byte_counts.client,
            close_code,
            close_code_sent,
            close_reason,
            close_received: received.is_some(),
            close_sent: sent.is_some(),
            connection: number,
            ended_by: ending.map(|ending| ending.by),
            ended_with: ending.map(|ending| ending.name()),
            frames_received: frames(Side::Server),
            frames_sent: frames(Side::Client),
            ok: ended.is_ok(),
            silence: ending.map(|ending| Millis(ending.silence)),
            at: Millis(self.last_at),
            record_type: RecordType::End,
            why: escape_controls(ended.as_ref().unwrap_or_else(|reason| reason)),
        }
    }
}
