//! [`WebSocketStream`]: a stream of HTTP/2 that is a WebSocket, while it is read.

use std::sync::Arc;
use std::time::Duration;

use super::error_code::Http2ErrorCode;
use super::header_block::HeaderBlock;
use super::message_head::{Http2Head, Http2WebSocket};
use crate::capture::byte_store::BackingStore;
use crate::capture::plaintext::{HeldPiece, Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::capture::warnings::Warnings;
use crate::wire::decode::masking_of_frames;
use crate::wire::handshake::HandshakeOutcome;
use crate::wire::handshake::extended_connect::{
    self, status, unannounced, validate_request, validate_response, value_of,
};
use crate::wire::handshake::extension::PERMESSAGE_DEFLATE;
use crate::wire::{AgreedExtensions, ByteLen, Side, Sides};

/// The maximum number of bytes of the client that wait for the response.
const MAX_HELD_BYTES: usize = 1 << 18;

/// How a stream ended: the first `END_STREAM` or `RST_STREAM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct Http2Ending {
    pub(in crate::capture) by: Side,
    /// When it was captured, since the WebSocket began.
    pub(in crate::capture) at: Duration,
    /// The error code of the `RST_STREAM`; `None` for `END_STREAM`.
    pub(in crate::capture) reset: Option<Http2ErrorCode>,
    /// Whether `RST_STREAM` came after `END_STREAM`.
    pub(in crate::capture) is_reset_after: bool,
    /// The time since the last DATA before it.
    pub(in crate::capture) silence: Duration,
}

/// A WebSocket of a connection.
#[derive(Debug)]
pub(in crate::capture) struct WebSocketStream<S> {
    /// When the stream began, since the start of the connection.
    pub(in crate::capture) opened_at: Duration,
    pub(in crate::capture) about: Http2WebSocket,
    /// Whether the handshake was not captured, so that the first bytes are taken for frames.
    pub(in crate::capture) is_without_handshake: bool,
    /// The receiver of the DATA; `None` until the response.
    pub(in crate::capture) plaintext: Option<PlaintextSink<S>>,
    /// Bytes of the client that came before the response.
    held: Vec<HeldPiece>,
    held_bytes: usize,
    ended: Sides<bool>,
    /// Whether the next frame of a side is being searched, because DATA before it may be missing.
    is_searching: Sides<bool>,
    pub(in crate::capture) ending: Option<Http2Ending>,
    last_data_at: Duration,
    pub(in crate::capture) warnings: Warnings,
}

impl<S: StreamSink> WebSocketStream<S> {
    /// Creates a stream that begins at `opened_at`.
    pub(super) fn new(stream_id: u32, opened_at: Duration) -> Self {
        let about = Http2WebSocket { stream_id, request: None, response: None, is_open: true };
        Self {
            opened_at,
            about,
            is_without_handshake: false,
            plaintext: None,
            held: Vec::new(),
            held_bytes: 0,
            ended: Sides::default(),
            is_searching: Sides::default(),
            ending: None,
            last_data_at: opened_at,
            warnings: Warnings::default(),
        }
    }

    /// Whether the response is still to come.
    pub(super) fn is_waiting(&self) -> bool {
        self.plaintext.is_none()
    }

    /// Takes the request.
    pub(super) fn take_request(&mut self, block: HeaderBlock) {
        let Some(fields) = block.fields else { return };
        let validation = validate_request(&fields, block.ends_stream);
        let at = Duration::ZERO;
        self.about.request = Some(Http2Head { at, fields, block_len: block.len, validation });
    }

    /// Takes a header block of the server. `make_sink` makes the receiver of what follows.
    pub(super) fn take_response(
        &mut self,
        at: Duration,
        block: HeaderBlock,
        backing: &Arc<BackingStore>,
        make_sink: impl FnOnce(AgreedExtensions) -> S,
    ) {
        // Trailers, and interim responses (RFC 9110 section 15.2), open nothing. 101 is no interim
        // response here: HTTP/2 does not have it.
        let interim = block.fields.as_deref().and_then(status);
        if !self.is_waiting() || interim.is_some_and(|status| status < 200 && status != 101) {
            return;
        }
        // Of a response that cannot be decoded, the DATA tells what it was.
        let Some(fields) = block.fields else { return };
        let request = self.about.request.as_ref().map(|head| head.fields.as_slice());
        let validation = validate_response(&fields, request, block.ends_stream);
        let agreed = validation.agreed;
        self.about.is_open = matches!(status(&fields), Some(200..=299));
        let block_len = block.len;
        let since_opened = at.saturating_sub(self.opened_at);
        self.about.response = Some(Http2Head { at: since_opened, fields, block_len, validation });
        self.open(PlaintextSink::new(make_sink(agreed), backing), at);
    }

    /// Begins to read DATA although no response was decoded; `is_open` tells whether it is frames.
    pub(super) fn open_without_response(
        &mut self,
        at: Duration,
        is_open: bool,
        backing: &Arc<BackingStore>,
        make_sink: impl FnOnce(AgreedExtensions) -> S,
    ) {
        self.about.is_open = is_open;
        let agreed = if is_open { self.offered() } else { AgreedExtensions::none() };
        let mut text =
            "the response of the server is not in the capture, or cannot be decoded".to_owned();
        if is_open && agreed.deflate.is_some() {
            text += ": permessage-deflate, which the client offers, is assumed";
        }
        self.warnings.warn(text);
        self.open(PlaintextSink::new(make_sink(agreed), backing), at);
    }

    /// Returns the extensions that the client offers, without their parameters. With them, no frame
    /// is blamed for what an unknown response may have allowed.
    fn offered(&self) -> AgreedExtensions {
        let request = self.about.request.as_ref();
        let offers = request.and_then(|head| head.value("sec-websocket-extensions"));
        let has_deflate = offers.is_some_and(|offers| offers.contains(PERMESSAGE_DEFLATE));
        if has_deflate { AgreedExtensions::assumed() } else { AgreedExtensions::none() }
    }

    /// Whether bytes of the client that wait for the response look like frames.
    pub(super) fn holds_frames(&self) -> bool {
        self.held.first().is_some_and(|held| looks_like_websocket(held.piece()))
    }

    /// Begins to read frames with this receiver.
    pub(super) fn open(&mut self, mut plaintext: PlaintextSink<S>, at: Duration) {
        let request = self.about.request.as_ref();
        if let Some(target) = request.and_then(|head| head.value(":path")) {
            plaintext.sink.set_target(&target);
        }
        self.plaintext = Some(plaintext);
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() && self.about.response.is_some() {
            let len = ByteLen::from_usize(self.held_bytes);
            self.warnings.warn(format!("the client sent {len} bytes before the response"));
        }
        for held in held {
            // The order of time is that of reading.
            self.take_data(Piece { at, ..held.piece() });
        }
    }

    /// Takes the payload of DATA.
    pub(super) fn take_data(&mut self, piece: Piece<'_>) {
        self.last_data_at = self.last_data_at.max(piece.at);
        let Some(plaintext) = &mut self.plaintext else {
            self.held_bytes = self.held_bytes.saturating_add(piece.bytes.len());
            if self.held_bytes <= MAX_HELD_BYTES {
                self.held.push(piece.hold());
            }
            return;
        };
        let piece = Piece { at: piece.at.saturating_sub(self.opened_at), ..piece };
        let is_searching = &mut self.is_searching[piece.from];
        // What follows lost DATA may be the middle of a frame, which would be read as others.
        *is_searching = *is_searching && !looks_like_websocket(piece);
        if *is_searching {
            plaintext.end_frame_at_gap(piece.from, piece.at, ByteLen::of(piece.bytes));
            return;
        }
        if self.about.is_open {
            plaintext.push(piece);
        } else {
            plaintext.pass_over(piece);
        }
    }

    /// Takes a gap of exactly this length in the DATA of a side.
    pub(super) fn push_gap(&mut self, from: Side, at: Duration, missing: ByteLen) {
        if let Some(plaintext) = &mut self.plaintext
            && self.about.is_open
        {
            plaintext.push_gap(from, at.saturating_sub(self.opened_at), missing);
        }
    }

    /// Takes a gap in the connection in which frames of this stream may be missing.
    pub(super) fn lose_frames(&mut self, from: Side, at: Duration, missing: ByteLen) {
        if let Some(plaintext) = &mut self.plaintext
            && self.about.is_open
            && !self.ended[from]
        {
            let at = at.saturating_sub(self.opened_at);
            plaintext.end_frame_at_gap(from, at, missing);
            self.is_searching[from] = true;
        }
    }

    /// Notes `END_STREAM`. Returns whether both sides have ended.
    pub(super) fn end(&mut self, from: Side, at: Duration) -> bool {
        self.ended[from] = true;
        self.note_ending(from, at, None);
        self.ended.client && self.ended.server
    }

    /// Whether nothing more can come: both sides have ended, or one has reset the stream.
    pub(in crate::capture) fn is_over(&self) -> bool {
        let is_reset =
            self.ending.is_some_and(|ending| ending.reset.is_some() || ending.is_reset_after);
        let held = self.plaintext.as_ref().map_or(0, PlaintextSink::held_bytes);
        held == 0 && (is_reset || self.ended.client && self.ended.server)
    }

    /// Notes `RST_STREAM`.
    pub(super) fn reset(&mut self, from: Side, at: Duration, code: Http2ErrorCode) {
        self.note_ending(from, at, Some(code));
    }

    fn note_ending(&mut self, by: Side, at: Duration, reset: Option<Http2ErrorCode>) {
        if let Some(ending) = &mut self.ending {
            ending.is_reset_after |= reset.is_some();
            return;
        }
        let silence = at.saturating_sub(self.last_data_at);
        let at = at.saturating_sub(self.opened_at);
        self.ending = Some(Http2Ending { by, at, reset, is_reset_after: false, silence });
    }

    /// Adds the problem of a server that never announced extended CONNECT.
    pub(super) fn report_unannounced(&mut self) {
        if let Some(Http2Head { validation, .. }) = &mut self.about.request {
            validation.problems.push(unannounced());
            validation.outcome = HandshakeOutcome::Reject;
        }
    }
}

/// Whether a block is a request for a WebSocket.
pub(super) fn is_websocket_request(block: &HeaderBlock) -> bool {
    block.fields.as_deref().is_some_and(extended_connect::is_websocket_request)
}

/// Whether a block is a response that opens a WebSocket, although its request is unknown.
pub(super) fn is_websocket_response(block: &HeaderBlock) -> bool {
    let names = ["sec-websocket-extensions", "sec-websocket-protocol"];
    block.fields.as_deref().is_some_and(|fields| {
        !block.is_promise
            && matches!(status(fields), Some(200..=299))
            && names.iter().any(|name| value_of(fields, name).is_some())
    })
}

/// Whether the DATA of a stream whose request is unknown begins like a WebSocket: with a frame of a
/// message or a control frame, masked if the client sends it.
pub(super) fn looks_like_websocket(data: Piece<'_>) -> bool {
    let begins_message = data.bytes.first().is_some_and(|byte| byte & 0x0f != 0);
    begins_message && masking_of_frames(data.bytes) == Some(data.from == Side::Client)
}
