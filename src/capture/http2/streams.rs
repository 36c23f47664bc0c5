//! [`StreamTable`]: the streams of one HTTP/2 connection, and what each of them is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::error_code::Http2ErrorCode;
use super::exchange::ExchangeStream;
use super::header_block::HeaderBlock;
use super::websocket::{
    WebSocketStream, is_websocket_request, is_websocket_response, looks_like_websocket,
};
use crate::capture::byte_store::BackingStore;
use crate::capture::plaintext::{Piece, PlaintextSink};
use crate::capture::sink::StreamSink;
use crate::capture::warnings::Warnings;
use crate::wire::handshake::RequestLine;
use crate::wire::{AgreedExtensions, ByteLen, Side};

/// The maximum number of streams that are open at once.
const MAX_OPEN_STREAMS: usize = 4096;

/// The maximum number of WebSockets of a connection. Further ones are listed as exchanges.
const MAX_WEBSOCKETS: usize = 1024;

/// What a session needs while it reads.
pub(in crate::capture) struct Http2Context<'a, S, M> {
    pub(in crate::capture) backing: &'a Arc<BackingStore>,
    /// Makes the receiver of a WebSocket that agreed on these extensions, or whose handshake was not
    /// captured.
    pub(in crate::capture) make_sink: M,
    /// The receiver of the connection's own bytes and exchanges.
    pub(in crate::capture) connection: &'a mut PlaintextSink<S>,
    pub(in crate::capture) warnings: &'a mut Warnings,
}

/// An open stream: an ordinary exchange or a WebSocket.
#[derive(Debug)]
enum OpenStream {
    Exchange(ExchangeStream),
    /// The index among the WebSockets.
    WebSocket(usize),
}

/// The streams of a connection.
#[derive(Debug)]
pub(super) struct StreamTable<S> {
    open: BTreeMap<u32, OpenStream>,
    /// All WebSockets, also those that have ended.
    websockets: Vec<WebSocketStream<S>>,
}

impl<S> Default for StreamTable<S> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), websockets: Vec::new() }
    }
}

impl<S: StreamSink> StreamTable<S> {
    /// Returns all WebSockets, also those that have ended.
    pub(super) fn websockets(&mut self) -> &mut [WebSocketStream<S>] {
        &mut self.websockets
    }

    pub(super) fn into_websockets(self) -> Vec<WebSocketStream<S>> {
        self.websockets
    }

    /// Returns the WebSockets whose streams have not ended.
    pub(super) fn open_websockets(&mut self) -> impl Iterator<Item = &mut WebSocketStream<S>> {
        let open = &self.open;
        self.websockets.iter_mut().filter(|websocket| open.contains_key(&websocket.about.stream_id))
    }

    /// Returns the WebSocket that is open on a stream.
    pub(super) fn websocket(&mut self, stream: u32) -> Option<&mut WebSocketStream<S>> {
        match self.open.get(&stream)? {
            OpenStream::WebSocket(index) => self.websockets.get_mut(*index),
            OpenStream::Exchange(_) => None,
        }
    }

    /// Opens stream 1 for the answer to a request of HTTP/1.1, which is complete.
    pub(super) fn answer_upgraded(&mut self, request: RequestLine) {
        self.open.insert(1, OpenStream::Exchange(ExchangeStream::upgraded(request)));
    }

    /// Takes a header block of a side.
    pub(super) fn take_block<M>(
        &mut self,
        from: Side,
        at: Duration,
        block: HeaderBlock,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let stream = block.stream;
        let is_unknown = match self.open.get(&stream) {
            None => true,
            // The request could not be decoded, and the response tells what it was.
            Some(OpenStream::Exchange(exchange)) => {
                !exchange.is_known && from == Side::Server && is_websocket_response(&block)
            }
            Some(OpenStream::WebSocket(_)) => false,
        };
        if is_unknown {
            self.open(from, at, block, context);
        } else if let Some(websocket) = self.websocket(stream) {
            if from == Side::Server {
                let make_sink = |agreed| (context.make_sink)(Some(agreed));
                websocket.take_response(at, block, context.backing, make_sink);
            }
        } else if let Some(OpenStream::Exchange(exchange)) = self.open.get_mut(&stream)
            && let Some(content) = exchange.take_block(from, &block)
        {
            context.connection.sink.content(at, &content);
        }
    }

    fn open<M>(
        &mut self,
        from: Side,
        at: Duration,
        block: HeaderBlock,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let stream = block.stream;
        let is_websocket = match from {
            Side::Client => is_websocket_request(&block),
            // Its request is missing.
            Side::Server => is_websocket_response(&block),
        };
        if is_websocket && self.websockets.len() < MAX_WEBSOCKETS {
            let mut websocket = WebSocketStream::new(stream, at);
            if from == Side::Client {
                websocket.take_request(block);
            } else {
                let make_sink = |agreed| (context.make_sink)(Some(agreed));
                websocket.take_response(at, block, context.backing, make_sink);
            }
            self.add_websocket(stream, websocket, at, context);
            return;
        }
        if is_websocket {
            context.warnings.warn("more than 1,024 WebSockets: others are exchanges".to_owned());
        }
        let mut exchange = ExchangeStream::default();
        if let Some(content) = exchange.take_block(from, &block) {
            context.connection.sink.content(at, &content);
        }
        self.insert(stream, OpenStream::Exchange(exchange), at, context);
    }

    fn add_websocket<M>(
        &mut self,
        stream: u32,
        websocket: WebSocketStream<S>,
        at: Duration,
        context: &mut Http2Context<'_, S, M>,
    ) {
        let index = self.websockets.len();
        self.websockets.push(websocket);
        self.insert(stream, OpenStream::WebSocket(index), at, context);
    }

    /// Adds an open stream. If there are too many, the oldest is taken for ended.
    fn insert<M>(
        &mut self,
        stream: u32,
        what: OpenStream,
        at: Duration,
        context: &mut Http2Context<'_, S, M>,
    ) {
        self.open.insert(stream, what);
        if self.open.len() > MAX_OPEN_STREAMS
            && let Some((_, OpenStream::Exchange(oldest))) = self.open.pop_first()
        {
            context.connection.sink.exchange(at, oldest.into_exchange());
        }
    }

    /// Takes the payload of DATA.
    pub(super) fn take_data<M>(
        &mut self,
        stream: u32,
        data: Piece<'_>,
        context: &mut Http2Context<'_, S, M>,
    ) where
        M: FnMut(Option<AgreedExtensions>) -> S,
    {
        let is_unknown = match self.open.get(&stream) {
            None => true,
            Some(OpenStream::Exchange(exchange)) => !exchange.is_known,
            Some(OpenStream::WebSocket(_)) => false,
        };
        if is_unknown && looks_like_websocket(data) && self.websockets.len() < MAX_WEBSOCKETS {
            let mut websocket = WebSocketStream::new(stream, data.at);
            websocket.is_without_handshake = true;
            // Nobody is blamed for an extension that the unknown handshake may have agreed on.
            let sink = (context.make_sink)(None);
            let mut plaintext = PlaintextSink::new(sink, context.backing);
            plaintext.begin_with_frames();
            websocket.open(plaintext, data.at);
            self.add_websocket(stream, websocket, data.at, context);
        } else if is_unknown && !self.open.contains_key(&stream) {
            let exchange = OpenStream::Exchange(ExchangeStream::default());
            self.insert(stream, exchange, data.at, context);
        }
        if let Some(websocket) = self.websocket(stream) {
            if websocket.is_waiting() && data.from == Side::Server {
                let is_open = looks_like_websocket(data);
                let make_sink = |agreed| (context.make_sink)(Some(agreed));
                websocket.open_without_response(data.at, is_open, context.backing, make_sink);
            }
            websocket.take_data(data);
        } else if let Some(OpenStream::Exchange(exchange)) = self.open.get_mut(&stream)
            && let Some(content) = exchange.take_data(stream, data.from, data.bytes)
        {
            context.connection.sink.content(data.at, &content);
        }
    }

    /// Takes a gap of exactly this length in the DATA of a side.
    pub(super) fn push_gap<M>(
        &mut self,
        stream: u32,
        from: Side,
        at: Duration,
        missing: ByteLen,
        context: &mut Http2Context<'_, S, M>,
    ) {
        if let Some(websocket) = self.websocket(stream) {
            websocket.push_gap(from, at, missing);
        } else if let Some(OpenStream::Exchange(exchange)) = self.open.get(&stream)
            && let Some(content) = exchange.gap(stream, from, Some(missing))
        {
            context.connection.sink.content(at, &content);
        }
    }

    /// Takes a gap in the connection in which frames of any stream may be missing.
    pub(super) fn lose_frames<M>(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        context: &mut Http2Context<'_, S, M>,
    ) {
        for websocket in &mut self.websockets {
            websocket.lose_frames(from, at, missing);
        }
        for (stream, open) in &self.open {
            if let OpenStream::Exchange(exchange) = open
                && let Some(content) = exchange.gap(*stream, from, None)
            {
                context.connection.sink.content(at, &content);
            }
        }
    }

    /// Notes `END_STREAM` of a side.
    pub(super) fn end<M>(
        &mut self,
        stream: u32,
        from: Side,
        at: Duration,
        context: &mut Http2Context<'_, S, M>,
    ) {
        let has_ended = match self.open.get_mut(&stream) {
            Some(OpenStream::Exchange(exchange)) => {
                if let Some(content) = exchange.content_end(stream, from, true) {
                    context.connection.sink.content(at, &content);
                }
                exchange.end(from)
            }
            Some(OpenStream::WebSocket(index)) => {
                let websocket = self.websockets.get_mut(*index);
                websocket.is_some_and(|websocket| websocket.end(from, at))
            }
            None => false,
        };
        if has_ended {
            self.close(stream, at, context);
        }
    }

    /// Notes `RST_STREAM`.
    pub(super) fn reset<M>(
        &mut self,
        stream: u32,
        from: Side,
        at: Duration,
        code: Http2ErrorCode,
        context: &mut Http2Context<'_, S, M>,
    ) {
        if let Some(websocket) = self.websocket(stream) {
            websocket.reset(from, at, code);
        } else if let Some(OpenStream::Exchange(exchange)) = self.open.get(&stream) {
            let ends =
                [Side::Client, Side::Server].map(|side| exchange.content_end(stream, side, false));
            ends.iter().flatten().for_each(|end| context.connection.sink.content(at, end));
        }
        self.close(stream, at, context);
    }

    fn close<M>(&mut self, stream: u32, at: Duration, context: &mut Http2Context<'_, S, M>) {
        if let Some(OpenStream::Exchange(exchange)) = self.open.remove(&stream) {
            context.connection.sink.exchange(at, exchange.into_exchange());
        }
    }

    /// Ends the exchanges, because nothing more comes.
    pub(super) fn end_all<M>(&mut self, at: Duration, context: &mut Http2Context<'_, S, M>) {
        for stream in std::mem::take(&mut self.open).into_values() {
            if let OpenStream::Exchange(exchange) = stream {
                context.connection.sink.exchange(at, exchange.into_exchange());
            }
        }
    }
}
