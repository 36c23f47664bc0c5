//! [`StreamBuilder`]: the stream of a connection while it is read. The order of its packets is
//! decided before they get here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::captured_stream::{CapturedStream, Http2Role, StreamEnding, StreamStart};
use super::layer::{Layer, LayerContext};
use super::layer_output::LayerOutput;
use crate::capture::byte_store::{BackingStore, Place};
use crate::capture::error::InternalError;
use crate::capture::http2::{
    Http2Ending, Http2ErrorCode, Http2Head, Http2WebSocket, WebSocketStream,
};
use crate::capture::plaintext::{Gap, Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::capture::tls::{KeyLog, Random, TlsStatus};
use crate::net::AddressPair;
use crate::scope;
use crate::wire::decode::Resumption;
use crate::wire::format::byte_count;
use crate::wire::handshake::extended_connect::{
    Field, status, validate_request, validate_response,
};
use crate::wire::{ByteLen, Offset, Side, Sides};

/// Reads a part of one connection. A panic costs this connection and no other: `fail` discards what
/// is known of it.
pub(in crate::capture) fn guarded<C>(
    connection: &mut C,
    fail: impl FnOnce(&mut C, InternalError),
    read: impl FnOnce(&mut C) -> io::Result<()>,
) -> io::Result<()> {
    match scope::catch_panic_sync(|| read(connection)) {
        Ok(done) => done,
        Err(panic) => {
            fail(connection, InternalError(panic));
            Ok(())
        }
    }
}

/// What the streams of one capture share while it is read.
#[derive(Debug)]
pub(in crate::capture) struct ReadContext<M> {
    pub(in crate::capture) key_log: KeyLog,
    pub(in crate::capture) backing: Arc<BackingStore>,
    pub(in crate::capture) make_sink: M,
}

/// A stream while it is read.
#[derive(Debug)]
pub(in crate::capture) struct StreamBuilder<S> {
    started_at: u64,
    /// Whether the SYN of each side was captured, so that its first byte is the connection's first.
    pub(in crate::capture) saw_syn: Sides<bool>,
    layer: Layer<S>,
    output: LayerOutput<S>,
    /// When the last bytes were captured, since `started_at`.
    last_at: Duration,
    /// The handshake, if the stream is recorded as a WebSocket over HTTP/2.
    http2: Option<Box<Http2WebSocket>>,
    failed: Option<InternalError>,
}

/// A head of HTTP/2 in a recording.
#[derive(Debug, PartialEq)]
pub(in crate::capture) struct RecordedHead {
    pub(in crate::capture) from: Side,
    pub(in crate::capture) at: Duration,
    pub(in crate::capture) stream_id: u32,
    pub(in crate::capture) fields: Vec<Field>,
    pub(in crate::capture) block_len: usize,
}

impl<S: StreamSink> StreamBuilder<S> {
    /// Creates a stream without bytes; `started_at` is the time of the first packet in nanoseconds
    /// since 1970.
    pub(in crate::capture) fn new(started_at: u64) -> Self {
        Self {
            started_at,
            saw_syn: Sides::default(),
            layer: Layer::new(),
            output: LayerOutput::default(),
            last_at: Duration::ZERO,
            http2: None,
            failed: None,
        }
    }

    /// Stops reading the stream and discards what was read.
    pub(in crate::capture) fn fail(&mut self, why: InternalError) {
        *self = Self { failed: Some(why), ..Self::new(self.started_at) };
    }

    pub(in crate::capture) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(in crate::capture) fn warn(&mut self, what: String) {
        self.output.warnings.warn(what);
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(in crate::capture) fn missing_secrets_for(&self) -> Option<Random> {
        self.layer.missing_secrets_for()
    }

    /// Takes the next bytes of a side, which are in the file from `file_offset` on.
    pub(in crate::capture) fn push<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        file_offset: Offset,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let at = self.time(captured_at);
        let piece = Piece { from, at, place: Place::File(file_offset), bytes };
        let Self { layer, output, saw_syn, .. } = self;
        let is_whole = begins_whole(*saw_syn, output);
        layer.push(piece, &mut shared.layers(output, is_whole, StreamStart::Midway))
    }

    /// Takes bytes that are in no file, and that nothing carries. Those of a connection that could
    /// not be read are ignored.
    pub(in crate::capture) fn push_and_spill<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if bytes.is_empty() || self.has_failed() {
            return Ok(());
        }
        let place = shared.backing.spill(bytes)?;
        guarded(self, Self::fail, |stream| {
            let is_open = stream.http2.as_ref().is_none_or(|websocket| websocket.is_open);
            let mut layers = shared.layers(&mut stream.output, false, StreamStart::Frames);
            layers.push_plain_or_body(Piece { from, at, place, bytes }, is_open);
            Ok(())
        })
    }

    /// Takes a head of a WebSocket over HTTP/2 that was recorded. The response decides what follows.
    pub(in crate::capture) fn take_http2_head<M: FnMut(StreamStart) -> S>(
        &mut self,
        head: RecordedHead,
        shared: &mut ReadContext<M>,
    ) {
        let RecordedHead { from, at, stream_id, fields, block_len } = head;
        let websocket = self.http2.get_or_insert_with(|| {
            let about = Http2WebSocket { stream_id, request: None, response: None, is_open: false };
            Box::new(about)
        });
        if from == Side::Client {
            let validation = validate_request(&fields, false);
            websocket.request = Some(Http2Head { at, fields, block_len, validation });
            return;
        }
        let request = websocket.request.as_ref().map(|head| head.fields.as_slice());
        let validation = validate_response(&fields, request, false);
        let agreed = validation.agreed;
        websocket.is_open = matches!(status(&fields), Some(200..=299));
        websocket.response = Some(Http2Head { at, fields, block_len, validation });
        let mut layers = shared.layers(&mut self.output, false, StreamStart::Frames);
        layers.begin(StreamStart::Http2(agreed));
    }

    /// Takes a gap in the bytes of a side.
    pub(in crate::capture) fn push_gap<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        missing: ByteLen,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let at = self.time(captured_at);
        let Self { layer, output, saw_syn, .. } = self;
        let is_whole = begins_whole(*saw_syn, output);
        let mut layers = shared.layers(output, is_whole, StreamStart::Midway);
        let end = layer.push_gap(from, at, missing, &mut layers)?;
        let (bytes, whose) = (byte_count(missing), from.name());
        let are = if missing.get() == 1 { "is" } else { "are" };
        let what = format!("{bytes} of the {whose} {are} missing in the capture{end}");
        self.output.warnings.warn(what);
        Ok(())
    }

    /// Returns the memory that bytes take which are held back.
    pub(in crate::capture) fn held_bytes(&self) -> usize {
        self.output.plaintext.as_ref().map_or(0, PlaintextSink::held_bytes)
    }

    /// Passes on what is held back, because nothing more comes or memory is short.
    pub(in crate::capture) fn pass_on_held(&mut self) {
        self.output.pass_on_held();
    }

    /// Returns the stream, and after it the WebSockets if it is an HTTP/2 connection; nothing if it
    /// carried no data.
    pub(in crate::capture) fn finish<M: FnMut(StreamStart) -> S>(
        self,
        addresses: Option<AddressPair>,
        shared: &mut ReadContext<M>,
    ) -> Vec<CapturedStream<S>> {
        let Self { started_at, saw_syn, layer, mut output, last_at, http2, failed } = self;
        let (tls, has_http2) = (layer.tls_status(), layer.has_http2());
        let is_whole = begins_whole(saw_syn, &mut output);
        let mut layers = shared.layers(&mut output, is_whole, StreamStart::Midway);
        let websockets = layer.finish(last_at, &mut layers);
        output.pass_on_held();
        output.warn_of_unframed();
        let LayerOutput { start, plaintext, warnings, .. } = output;
        let role = http2.map(Http2Role::WebSocket);
        let role = role.or_else(|| has_http2.then_some(Http2Role::Connection));
        let is_empty = plaintext.is_none() && role.is_none();
        if is_empty && tls == TlsStatus::Plaintext && failed.is_none() {
            return Vec::new();
        }
        let PlaintextSink { sink, store, gaps, resumptions, .. } = plaintext.unwrap_or_else(|| {
            PlaintextSink::new((shared.make_sink)(StreamStart::Head), &shared.backing)
        });
        // Behind bytes that belong to nothing known, the handshake may be there after all.
        let has_head = resumptions.iter().any(|place| place.unit == Resumption::Head);
        let start =
            if start == StreamStart::Midway && has_head { StreamStart::Head } else { start };
        let started_at = Duration::from_nanos(started_at);
        let warnings = warnings.into_messages();
        // What the connection lacks may belong to any of its WebSockets.
        let websockets: Vec<_> = websockets
            .into_iter()
            .filter_map(|websocket| captured_websocket(websocket, addresses, started_at, &tls))
            .map(|stream| {
                let all = warnings.iter().cloned().chain(stream.warnings);
                CapturedStream { warnings: all.collect(), ..stream }
            })
            .collect();
        let connection = CapturedStream {
            addresses,
            started_at,
            start,
            http2: role,
            tls,
            trace: sink,
            store,
            gaps,
            resumptions,
            ending: None,
            warnings,
            failed,
        };
        std::iter::once(connection).chain(websockets).collect()
    }

    /// Returns a time of the capture as time since the first packet.
    fn time(&mut self, captured_at: u64) -> Duration {
        let at = Duration::from_nanos(captured_at.saturating_sub(self.started_at));
        self.last_at = self.last_at.max(at);
        at
    }
}

impl<M> ReadContext<M> {
    /// Returns what the layers of a stream need.
    fn layers<'a, S>(
        &'a mut self,
        output: &'a mut LayerOutput<S>,
        is_whole: bool,
        without_head: StreamStart,
    ) -> LayerContext<'a, S, M> {
        let Self { key_log, backing, make_sink } = self;
        LayerContext { key_log, backing, make_sink, output, is_whole, without_head }
    }
}

/// Whether the first bytes of a stream were captured, as far as the SYNs tell. Of a side whose SYN was
/// not, the beginning may be missing.
fn begins_whole<S>(saw_syn: Sides<bool>, output: &mut LayerOutput<S>) -> bool {
    let is_whole = saw_syn.client || saw_syn.server;
    for side in [Side::Client, Side::Server] {
        output.lacks_beginning[side] |= is_whole && !saw_syn[side];
    }
    is_whole
}

/// Returns a WebSocket of an HTTP/2 connection as a stream of its own.
fn captured_websocket<S: StreamSink>(
    websocket: WebSocketStream<S>,
    addresses: Option<AddressPair>,
    connection_started_at: Duration,
    tls: &TlsStatus,
) -> Option<CapturedStream<S>> {
    let WebSocketStream { opened_at, about, is_without_handshake, plaintext, ending, .. } =
        websocket;
    let mut warnings = websocket.warnings;
    let mut plaintext = plaintext?;
    plaintext.pass_on_held();
    let PlaintextSink { sink, store, gaps, resumptions, .. } = plaintext;
    for text in gaps.iter().filter_map(Gap::describe_unframed) {
        warnings.warn(text);
    }
    let agreed = about.response.as_ref().map(|head| head.validation.agreed).unwrap_or_default();
    let start = if is_without_handshake { StreamStart::Midway } else { StreamStart::Http2(agreed) };
    Some(CapturedStream {
        addresses,
        started_at: connection_started_at.saturating_add(opened_at),
        start,
        http2: Some(Http2Role::WebSocket(Box::new(about))),
        tls: tls.clone(),
        trace: sink,
        store,
        gaps,
        resumptions,
        ending: ending.map(stream_ending),
        warnings: warnings.into_messages(),
        failed: None,
    })
}

fn stream_ending(ending: Http2Ending) -> StreamEnding {
    let Http2Ending { by, reset, is_reset_after, silence } = ending;
    StreamEnding {
        by,
        is_reset: reset.is_some(),
        is_reset_after,
        silence,
        http2_code: Some(reset.unwrap_or(Http2ErrorCode::NO_ERROR)),
    }
}
