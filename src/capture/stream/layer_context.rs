//! [`LayerContext`]: what the layers of a stream need, and the receiver of what they carry.

use std::sync::Arc;

use super::captured_stream::StreamStart;
use super::detect::is_head;
use super::layer_output::LayerOutput;
use crate::capture::byte_store::BackingStore;
use crate::capture::http2::Http2Context;
use crate::capture::packets::packet_comment::Framing;
use crate::capture::plaintext::{Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::capture::tls::KeyLog;
use crate::wire::AgreedExtensions;

/// Makes the receiver of a WebSocket over HTTP/2 that agreed on these extensions; `None` if its
/// handshake was not captured.
type MakeHttp2Sink<'a, S> = &'a mut dyn FnMut(Option<AgreedExtensions>) -> S;

/// What the layers need while they read.
pub(super) struct LayerContext<'a, S, M> {
    pub(super) key_log: &'a KeyLog,
    pub(super) backing: &'a Arc<BackingStore>,
    pub(super) make_sink: &'a mut M,
    pub(super) output: &'a mut LayerOutput<S>,
    /// Whether the first bytes of the layer were captured.
    pub(super) is_whole: bool,
    /// What a stream begins with if not with a head.
    pub(super) without_head: StreamStart,
}

impl<S: StreamSink, M: FnMut(StreamStart) -> S> LayerContext<'_, S, M> {
    /// Gives bytes to the receiver of the stream.
    pub(super) fn push_plain(&mut self, piece: Piece<'_>) {
        if piece.bytes.is_empty() {
            return;
        }
        if self.output.has_sent[piece.from]
            && let Some(plaintext) = &mut self.output.plaintext
        {
            return plaintext.push(piece);
        }
        let begins_with_head = self.begins_with_head(piece);
        let start = if begins_with_head { StreamStart::Head } else { self.without_head };
        let is_first = !std::mem::replace(&mut self.output.has_sent[piece.from], true);
        let is_new = self.output.plaintext.is_none();
        let may_lack_head = self.without_head == StreamStart::Midway;
        let has_head = self.output.start == StreamStart::Head;
        let knows_frames = self.output.knows_frames;
        let plaintext = self.plaintext(start);
        // A copy says of a side that bytes are missing before its first ones, unless these show it.
        let lacks_head = match knows_frames {
            true => piece.framing == Some(Framing::Unframed) && !plaintext.is_lost(piece.from),
            false => !begins_with_head,
        };
        if is_new && start == StreamStart::Midway {
            plaintext.begin_midway();
        } else if is_first && may_lack_head && has_head && lacks_head {
            plaintext.begin_side_midway(piece.from, piece.at);
        }
        plaintext.push(piece);
    }

    /// Whether the first bytes of a side begin with a head, or with what should be one.
    pub(super) fn begins_with_head(&self, first: Piece<'_>) -> bool {
        let is_whole = self.is_whole && !self.output.lacks_beginning[first.from];
        match first.framing {
            Some(_) => false,
            None if self.output.knows_frames => {
                !matches!(self.without_head, StreamStart::Frames(_))
            }
            None => is_whole || is_head(first.bytes),
        }
    }

    /// Begins the stream with this, although no bytes have come.
    pub(super) fn begin(&mut self, start: StreamStart) {
        self.plaintext(start);
    }

    /// Gives bytes to the receiver of the stream: as frames, or as the body of a refusal.
    pub(super) fn push_plain_or_body(&mut self, piece: Piece<'_>, is_open: bool) {
        if is_open {
            self.push_plain(piece);
        } else {
            self.plaintext(StreamStart::Http2(AgreedExtensions::none())).pass_over(piece);
        }
    }

    fn plaintext(&mut self, start: StreamStart) -> &mut PlaintextSink<S> {
        let LayerOutput { start: kept, plaintext, knows_frames, .. } = &mut *self.output;
        plaintext.get_or_insert_with(|| {
            *kept = start;
            let mut plaintext = PlaintextSink::new((self.make_sink)(start), self.backing);
            if *knows_frames {
                plaintext.know_frames();
            }
            plaintext
        })
    }

    pub(super) fn with_http2<T>(
        &mut self,
        read: impl FnOnce(&mut Http2Context<'_, S, MakeHttp2Sink<'_, S>>) -> T,
    ) -> T {
        self.plaintext(StreamStart::Head);
        let LayerContext { backing, make_sink, output, .. } = self;
        let LayerOutput { plaintext, warnings, .. } = &mut **output;
        let connection = plaintext
            .get_or_insert_with(|| PlaintextSink::new((make_sink)(StreamStart::Head), backing));
        let mut make = |agreed: Option<AgreedExtensions>| {
            (make_sink)(agreed.map_or(StreamStart::Midway, StreamStart::Http2))
        };
        read(&mut Http2Context { backing, make_sink: &mut make, connection, warnings })
    }
}
