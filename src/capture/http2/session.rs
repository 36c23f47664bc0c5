//! [`Http2Session`]: one HTTP/2 connection: its settings, and its streams with what they are.

use std::time::Duration;

use super::error_code::Http2ErrorCode;
use super::frame::{ACK, END_STREAM, FrameHeader, FrameType};
use super::frame_reader::{FrameEvent, FrameReader};
use super::header_block::{HeaderBlock, HeaderBlocks};
use super::streams::{Http2Context, StreamTable};
use super::websocket::WebSocketStream;
use crate::capture::plaintext::Piece;
use crate::capture::sink::StreamSink;
use crate::wire::format;
use crate::wire::handshake::RequestLine;
use crate::wire::{AgreedExtensions, ByteLen, Side, Sides};

/// The numbers of settings (RFC 9113 section 6.5.2, RFC 8441 section 3).
const HEADER_TABLE_SIZE: u16 = 1;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// The maximum number of characters shown of a line of HTTP/1.1.
const MAX_LINE_SHOWN: usize = 60;

/// One direction.
#[derive(Debug)]
struct Http2Direction {
    frames: FrameReader,
    blocks: HeaderBlocks,
    /// Whether a warning has said that header fields are unknown.
    has_warned: bool,
    /// Whether a warning has said that nothing more can be read.
    has_ended: bool,
}

/// One HTTP/2 connection.
#[derive(Debug)]
pub(in crate::capture) struct Http2Session<S> {
    sides: Sides<Http2Direction>,
    streams: StreamTable<S>,
    /// Whether the connection's first bytes were captured.
    is_whole: bool,
    /// Whether the server has sent anything.
    has_server_sent: bool,
    /// Whether no SETTINGS frame of the server can be among the missing bytes.
    saw_all_settings: bool,
    /// Whether the server has announced extended CONNECT.
    connect_protocol_enabled: bool,
}

impl<S: StreamSink> Http2Session<S> {
    /// Creates a session; `is_whole` tells whether its first bytes were captured. `upgraded` is the
    /// request of HTTP/1.1 that led to it, which it answers on stream 1 (RFC 7540 section 3.2).
    pub(in crate::capture) fn new(is_whole: bool, upgraded: Option<RequestLine>) -> Self {
        let sides = Sides::each(|from| Http2Direction {
            frames: FrameReader::new(from, is_whole),
            blocks: HeaderBlocks::default(),
            has_warned: false,
            has_ended: false,
        });
        let mut session = Self {
            sides,
            streams: StreamTable::default(),
            is_whole,
            has_server_sent: false,
            saw_all_settings: is_whole,
            connect_protocol_enabled: false,
        };
        if let Some(request) = upgraded {
            session.streams.answer_upgraded(request);
        }
        if !is_whole {
            session.sides.client.blocks.lose();
            session.sides.server.blocks.lose();
        }
        session
    }

    /// Takes the next bytes of a side.
    pub(in crate::capture) fn push<M>(
        &mut self,
        piece: Piece<'_>,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        context.connection.pass_over(piece);
        if self.is_answered_by_http_1(piece) {
            self.sides.server.has_ended = true;
            let line = piece.bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
            let line = format::quote(line.unwrap_or_default(), MAX_LINE_SHOWN);
            context.warnings.warn(format!(
                "the client speaks HTTP/2, and the server answers with HTTP/1.1: {line}"
            ));
        }
        if !self.sides[piece.from].frames.is_searching() {
            return self.read(piece, context);
        }
        let found = self.sides[piece.from].frames.search(piece);
        for held in found.unwrap_or_default() {
            self.read(held.piece(), context);
        }
        self.warn_if_ended(piece.from, context);
    }

    /// Whether the first bytes of the server are a response of HTTP/1.1.
    fn is_answered_by_http_1(&mut self, piece: Piece<'_>) -> bool {
        let is_first = piece.from == Side::Server
            && self.is_whole
            && !std::mem::replace(&mut self.has_server_sent, true);
        is_first && piece.bytes.starts_with(b"HTTP/1.")
    }

    fn read<M>(&mut self, piece: Piece<'_>, context: &mut Http2Context<'_, S, M>)
    where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let (from, at, mut rest) = (piece.from, piece.at, piece);
        while let Some(event) = self.sides[from].frames.next_event(&mut rest) {
            match event {
                FrameEvent::Frame(header, payload) => {
                    self.on_frame(from, at, header, payload.as_deref(), context);
                }
                FrameEvent::Data(header, data) => {
                    self.streams.take_data(header.stream, data, context);
                }
                FrameEvent::DataEnd(header) if header.has(END_STREAM) => {
                    self.streams.end(header.stream, from, at, context);
                }
                FrameEvent::DataEnd(_) => {}
            }
        }
        self.warn_if_ended(from, context);
    }

    /// Handles bytes of `from` that were not captured. Returns what it means for the connection, as
    /// the end of a sentence.
    pub(in crate::capture) fn push_gap<M>(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        context: &mut Http2Context<'_, S, M>,
    ) -> &'static str {
        context.connection.pass_over_gap(from, at, missing);
        let side = &mut self.sides[from];
        let lost = side.frames.push_gap(missing);
        if let Some((stream, missing)) = lost.data {
            self.streams.push_gap(stream, from, at, missing, context);
        }
        let side = &mut self.sides[from];
        if lost.damages_frame || lost.unknown > ByteLen::ZERO {
            side.blocks.lose();
            self.saw_all_settings &= from == Side::Client;
        }
        if lost.unknown == ByteLen::ZERO {
            return " within an HTTP/2 frame";
        }
        self.streams.lose_frames(from, at, lost.unknown, context);
        "; reading resumes at the next HTTP/2 frame, and header fields that refer to lost ones are \
         unknown"
    }

    /// Returns the WebSockets. Unless the capture `may_grow`, all streams end, because nothing more
    /// comes.
    pub(in crate::capture) fn finish<M>(
        mut self,
        at: Duration,
        may_grow: bool,
        context: &mut Http2Context<'_, S, M>,
    ) -> Vec<WebSocketStream<S>>
    where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        if !self.is_whole {
            context.warnings.warn(
                "the capture begins in the middle of this HTTP/2 connection: header fields that \
                 refer to earlier ones are unknown"
                    .to_owned(),
            );
        }
        if !may_grow {
            self.streams.end_all(at, context);
        }
        let is_unannounced = self.saw_all_settings && !self.connect_protocol_enabled;
        for websocket in self.streams.websockets() {
            if may_grow && websocket.is_waiting() {
                continue;
            }
            if is_unannounced {
                websocket.report_unannounced();
            }
            if websocket.is_waiting() {
                let is_open = websocket.holds_frames() && !self.saw_all_settings;
                let make_sink = |agreed| (context.make_sink)(Some(agreed));
                websocket.open_without_response(at, is_open, context.backing, make_sink);
            }
        }
        self.streams.into_websockets()
    }

    fn on_frame<M>(
        &mut self,
        from: Side,
        at: Duration,
        header: FrameHeader,
        payload: Option<&[u8]>,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let Some(payload) = payload else {
            // It was too long, or lost some of its bytes.
            if matches!(
                header.frame_type,
                FrameType::Headers | FrameType::PushPromise | FrameType::Continuation
            ) {
                self.sides[from].blocks.lose();
            }
            return;
        };
        match header.frame_type {
            FrameType::Headers | FrameType::PushPromise | FrameType::Continuation => {
                if let Some(block) = self.sides[from].blocks.take(header, payload) {
                    self.on_block(from, at, block, context);
                }
            }
            FrameType::Settings if !header.has(ACK) => self.on_settings(from, payload),
            FrameType::RstStream => {
                if let Some(code) = payload.first_chunk() {
                    let code = Http2ErrorCode(u32::from_be_bytes(*code));
                    self.streams.reset(header.stream, from, at, code, context);
                }
            }
            FrameType::GoAway => {
                let code = payload.get(4..).and_then(<[u8]>::first_chunk);
                if let Some(code) = code {
                    self.on_go_away(from, Http2ErrorCode(u32::from_be_bytes(*code)), context);
                }
            }
            _ => {}
        }
    }

    fn on_settings(&mut self, from: Side, payload: &[u8]) {
        for setting in payload.as_chunks::<6>().0 {
            let [high, low, value @ ..] = *setting;
            let value = u32::from_be_bytes(value);
            // A setting limits what the other side sends.
            let receiver = &mut self.sides[from.peer()];
            match u16::from_be_bytes([high, low]) {
                HEADER_TABLE_SIZE => receiver.blocks.decoder.allow_table_size(value),
                MAX_FRAME_SIZE => {
                    let len = usize::try_from(value).unwrap_or(usize::MAX);
                    receiver.frames.max_frame_len = len.clamp(1 << 14, (1 << 24) - 1);
                }
                ENABLE_CONNECT_PROTOCOL if from == Side::Server => {
                    self.connect_protocol_enabled |= value == 1;
                }
                _ => {}
            }
        }
    }

    fn on_go_away<M>(
        &mut self,
        from: Side,
        code: Http2ErrorCode,
        context: &mut Http2Context<'_, S, M>,
    ) {
        let text = format!("the {from} sent GOAWAY ({code}): it takes no new streams");
        for websocket in self.streams.open_websockets() {
            websocket.warnings.warn(text.clone());
        }
        context.warnings.warn(text);
    }

    fn on_block<M>(
        &mut self,
        from: Side,
        at: Duration,
        block: HeaderBlock,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let (stream, ends_stream) = (block.stream, block.ends_stream);
        let side = &mut self.sides[from];
        if block.fields.is_none() && !side.has_warned && self.is_whole {
            side.has_warned = true;
            context.warnings.warn(format!(
                "header fields of the {from} cannot be decoded: some before them are missing or \
                 damaged"
            ));
        }
        self.streams.take_block(from, at, block, context);
        if ends_stream {
            self.streams.end(stream, from, at, context);
        }
    }

    /// Says once that a direction can no longer be read.
    fn warn_if_ended<M>(&mut self, from: Side, context: &mut Http2Context<'_, S, M>) {
        let side = &mut self.sides[from];
        if side.frames.is_lost() && !side.has_ended {
            side.has_ended = true;
            let text = format!("the {from} sends no more HTTP/2 frames: the rest is not read");
            for websocket in self.streams.websockets() {
                websocket.warnings.warn(text.clone());
            }
            context.warnings.warn(text);
        }
    }
}
