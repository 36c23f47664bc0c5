//! [`StreamBuilder`]: the stream of a connection while it is read. The order of its packets is
//! decided before they get here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::captured_stream::{
    CapturedStream, Http2Role, OpenEnd, StreamEnding, StreamIdentity, StreamStart,
};
use super::detect::ProxyNote;
use super::layer::Layer;
use super::layer_context::LayerContext;
use super::layer_output::LayerOutput;
use crate::capture::byte_store::{BackingStore, Place};
use crate::capture::error::InternalError;
use crate::capture::http2::{Http2Ending, Http2ErrorCode, Http2WebSocket, WebSocketStream};
use crate::capture::packets::packet_comment::Framing;
use crate::capture::plaintext::{Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::capture::tls::{KeyLog, Random, TlsStatus};
use crate::net::AddressPair;
use crate::scope;
use crate::wire::decode::Resumption;
use crate::wire::format::{byte_count, group_thousands};
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
    /// Whether more may come behind what is there. Nothing is concluded from its end then, so that
    /// what is read is the beginning of what will be read later.
    pub(in crate::capture) may_grow: bool,
}

/// A stream while it is read.
#[derive(Debug)]
pub(in crate::capture) struct StreamBuilder<S> {
    pub(in crate::capture) started_at: u64,
    /// Whether the SYN of each side was captured, so that its first byte is the connection's first.
    pub(in crate::capture) saw_syn: Sides<bool>,
    /// What captured bytes begin with if not with a head.
    pub(in crate::capture) without_head: StreamStart,
    layer: Layer<S>,
    pub(super) output: LayerOutput<S>,
    /// When the last bytes were captured, since `started_at`.
    last_at: Duration,
    /// The handshake, if the stream is recorded as a WebSocket over HTTP/2.
    pub(super) http2: Option<Box<Http2WebSocket>>,
    failed: Option<InternalError>,
}

impl<S: StreamSink> StreamBuilder<S> {
    /// Creates a stream without bytes; `started_at` is the time of the first packet in nanoseconds
    /// since 1970.
    pub(in crate::capture) fn new(started_at: u64) -> Self {
        Self {
            started_at,
            saw_syn: Sides::default(),
            without_head: StreamStart::Midway,
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

    /// Takes a note that a copy has of the connection that it was made of.
    pub(in crate::capture) fn take_note(&mut self, text: String) {
        self.output.note_proxy(ProxyNote::recorded(text));
    }

    /// Takes the note of a copy that it says where frames begin, so that none is searched.
    pub(in crate::capture) fn know_frames(&mut self) {
        self.output.knows_frames = true;
    }

    /// Warns of a comment that says what cannot be.
    pub(in crate::capture) fn warn_of_comment(&mut self) {
        self.output.warn_of_comment();
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
        self.push_framed(from, captured_at, file_offset, bytes, None, shared)
    }

    /// Like [`Self::push`], with what a copy says of the bytes.
    pub(in crate::capture) fn push_framed<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        file_offset: Offset,
        bytes: &[u8],
        framing: Option<Framing>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let at = self.time(captured_at);
        let piece = Piece { from, at, place: Place::File(file_offset), bytes, framing };
        let Self { layer, output, saw_syn, without_head, .. } = self;
        let is_whole = begins_whole(*saw_syn, output);
        layer.push(piece, &mut shared.layers(output, is_whole, *without_head))
    }

    /// Takes a gap in the bytes of a side. If this is a copy, it lacks bytes that its source had, so
    /// what it says of frames is not all.
    pub(in crate::capture) fn push_gap<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        missing: ByteLen,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        self.output.search_frames();
        self.push_noted_gap(from, captured_at, missing, shared)
    }

    /// Takes a gap of which a copy tells.
    pub(in crate::capture) fn push_noted_gap<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        captured_at: u64,
        missing: ByteLen,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let at = self.time(captured_at);
        let Self { layer, output, saw_syn, without_head, .. } = self;
        let is_whole = begins_whole(*saw_syn, output);
        let mut layers = shared.layers(output, is_whole, *without_head);
        // What stands among the gaps of the stream needs no words.
        let Some(end) = layer.push_gap(from, at, missing, &mut layers)? else { return Ok(()) };
        self.output.warn_missing(from, missing, &end);
        Ok(())
    }

    /// Takes a gap behind bytes that nothing carries, as [`Self::push_and_spill`] takes them.
    pub(in crate::capture) fn push_gap_of_text(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) {
        let Some(plaintext) = &mut self.output.plaintext else { return };
        let offset = plaintext.push_gap(from, at, missing);
        let (bytes, whose) = (byte_count(missing), from.name());
        let are = if missing.get() == 1 { "is" } else { "are" };
        let before = group_thousands(offset.get());
        self.output.warnings.warn(format!(
            "{bytes} of the {whose} {are} missing in the text after its first {before}"
        ));
    }

    /// Returns the memory that bytes take which are held back.
    pub(in crate::capture) fn held_bytes(&self) -> usize {
        self.output.plaintext.as_ref().map_or(0, PlaintextSink::held_bytes)
    }

    /// Passes on what is held back, because nothing more comes or memory is short.
    pub(in crate::capture) fn pass_on_held(&mut self) {
        self.output.pass_on_held();
    }

    /// Whether no byte waits for others.
    pub(in crate::capture) fn is_settled(&self) -> bool {
        self.layer.is_settled() && self.held_bytes() == 0
    }

    /// Returns the stream, and after it the WebSockets if it is an HTTP/2 connection; nothing if it
    /// carried no data. What waits for more is left out if the stream `may_grow`.
    pub(in crate::capture) fn finish<M: FnMut(StreamStart) -> S>(
        self,
        addresses: Option<AddressPair>,
        may_grow: bool,
        shared: &mut ReadContext<M>,
    ) -> Vec<CapturedStream<S>> {
        let Self { started_at, saw_syn, without_head, layer, mut output, last_at, http2, failed } =
            self;
        let (tls, has_http2) = (layer.tls_status(), layer.has_http2());
        let is_whole = begins_whole(saw_syn, &mut output);
        let mut layers = shared.layers(&mut output, is_whole, without_head);
        let websockets = layer.finish(last_at, may_grow, &mut layers);
        if !may_grow {
            let carries_nothing = tls == TlsStatus::Plaintext && !has_http2;
            let is_empty = carries_nothing && layers.output.plaintext.is_none();
            if is_empty && layers.output.missing_before != Sides::default() {
                layers.begin(StreamStart::Midway);
            }
            output.tell_missing_before(is_empty);
            output.pass_on_held();
        }
        if output.plaintext.as_ref().is_some_and(|plaintext| plaintext.has_wrong_framing) {
            output.warn_of_comment();
        }
        let LayerOutput { start, plaintext, tls_began, warnings, refusal, .. } = output;
        let role = http2.map(Http2Role::WebSocket);
        let role = role.or_else(|| has_http2.then_some(Http2Role::Connection));
        let is_empty = plaintext.is_none() && role.is_none();
        let is_silent = refusal.is_none() && failed.is_none();
        if is_empty && tls == TlsStatus::Plaintext && is_silent {
            return Vec::new();
        }
        let PlaintextSink { sink, store, gaps, began, resumptions, .. } =
            plaintext.unwrap_or_else(|| {
                PlaintextSink::new((shared.make_sink)(StreamStart::Head), &shared.backing)
            });
        // Behind bytes that belong to nothing known, the handshake may be there after all.
        let has_head = resumptions.iter().any(|place| place.unit == Resumption::Head);
        let start =
            if start == StreamStart::Midway && has_head { StreamStart::Head } else { start };
        let started_at = Duration::from_nanos(started_at);
        let warnings = warnings.into_messages();
        // What the connection lacks may belong to any of its WebSockets.
        let websockets: Vec<_> = (1..)
            .zip(websockets)
            .filter_map(|(part, websocket)| {
                let stream = captured_websocket(websocket, may_grow, addresses, started_at, &tls)?;
                let all = warnings.iter().cloned().chain(stream.warnings);
                let identity = StreamIdentity { part, ..stream.identity };
                Some(CapturedStream { identity, warnings: all.collect(), ..stream })
            })
            .collect();
        let began = tls_began.unwrap_or(began);
        let connection = CapturedStream {
            identity: StreamIdentity { connection: 0, part: 0, began },
            tcp_stream: None,
            is_over: !may_grow,
            addresses,
            started_at,
            start,
            is_whole: start != StreamStart::Midway
                && (is_whole || tls != TlsStatus::Plaintext || addresses.is_none()),
            http2: role,
            tls,
            trace: sink,
            store,
            gaps,
            resumptions,
            ending: None,
            recorded_end: None,
            refusal,
            open_end: OpenEnd::default(),
            stall: None,
            warnings,
            failed,
        };
        std::iter::once(connection).chain(websockets).collect()
    }

    /// Returns a time of the capture as time since the first packet. It never goes back: where the
    /// packets are not in the order of time, what depends on earlier bytes comes with them.
    fn time(&mut self, captured_at: u64) -> Duration {
        let at = Duration::from_nanos(captured_at.saturating_sub(self.started_at));
        self.last_at = self.last_at.max(at);
        self.last_at
    }
}

impl<M> ReadContext<M> {
    /// Returns what the layers of a stream need.
    pub(super) fn layers<'a, S>(
        &'a mut self,
        output: &'a mut LayerOutput<S>,
        is_whole: bool,
        without_head: StreamStart,
    ) -> LayerContext<'a, S, M> {
        let Self { key_log, backing, make_sink, .. } = self;
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
    may_grow: bool,
    addresses: Option<AddressPair>,
    connection_started_at: Duration,
    tls: &TlsStatus,
) -> Option<CapturedStream<S>> {
    let is_over = !may_grow || websocket.is_over();
    let WebSocketStream { opened_at, about, is_without_handshake, plaintext, ending, .. } =
        websocket;
    let warnings = websocket.warnings;
    let mut plaintext = plaintext?;
    if !may_grow {
        plaintext.pass_on_held();
    }
    let PlaintextSink { sink, store, gaps, began, resumptions, .. } = plaintext;
    let agreed = about.response.as_ref().map(|head| head.validation.agreed).unwrap_or_default();
    let start = if is_without_handshake { StreamStart::Midway } else { StreamStart::Http2(agreed) };
    Some(CapturedStream {
        identity: StreamIdentity { connection: 0, part: 0, began },
        tcp_stream: None,
        is_over,
        addresses,
        started_at: connection_started_at.saturating_add(opened_at),
        start,
        is_whole: !is_without_handshake,
        http2: Some(Http2Role::WebSocket(Box::new(about))),
        tls: tls.clone(),
        trace: sink,
        store,
        gaps,
        resumptions,
        ending: ending.filter(|_| is_over).map(stream_ending),
        recorded_end: None,
        refusal: None,
        open_end: OpenEnd::default(),
        stall: None,
        warnings: warnings.into_messages(),
        failed: None,
    })
}

fn stream_ending(ending: Http2Ending) -> StreamEnding {
    let Http2Ending { by, at, reset, is_reset_after, silence } = ending;
    StreamEnding {
        by,
        is_reset: reset.is_some(),
        is_reset_after,
        at,
        silence,
        http2_code: Some(reset.unwrap_or(Http2ErrorCode::NO_ERROR)),
    }
}
