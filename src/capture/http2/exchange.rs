//! [`ExchangeStream`]: a stream of HTTP/2 that is an ordinary HTTP exchange.

use super::header_block::HeaderBlock;
use crate::wire::handshake::extended_connect::{Field, status, value_of};
use crate::wire::handshake::{HttpExchange, RequestLine};
use crate::wire::{ByteLen, Side, Sides};

/// An exchange whose end was not seen yet.
#[derive(Debug, Default)]
pub(super) struct ExchangeStream {
    request: Option<RequestLine>,
    status: Option<u16>,
    /// The bytes of header blocks and DATA, as on the wire.
    lens: Sides<ByteLen>,
    /// Whether any DATA was seen, or the request was decoded: it cannot be a WebSocket then.
    pub(super) is_known: bool,
    ended: Sides<bool>,
}

impl ExchangeStream {
    /// Creates the answer to a request of HTTP/1.1, whose bytes were not HTTP/2.
    pub(super) fn upgraded(request: RequestLine) -> Self {
        let ended = Sides { client: true, server: false };
        Self { request: Some(request), is_known: true, ended, ..Self::default() }
    }

    /// Takes a header block of a side: the request of the client, or what a server promises, and the
    /// responses of the server.
    pub(super) fn take_block(&mut self, from: Side, block: &HeaderBlock) {
        let by_client = from == Side::Client || block.is_promise;
        let side = if by_client { Side::Client } else { Side::Server };
        self.lens[side] += ByteLen::from_usize(block.len);
        let Some(fields) = &block.fields else { return };
        self.is_known |= by_client;
        // A second block is an interim response, or trailers.
        if by_client && self.request.is_none() {
            self.request = request_line(fields);
        } else if !by_client {
            self.status = status(fields).or(self.status);
        }
    }

    pub(super) fn take_data(&mut self, from: Side, len: usize) {
        self.is_known = true;
        self.lens[from] += ByteLen::from_usize(len);
    }

    /// Notes the end of a side. Returns whether both have ended.
    pub(super) fn end(&mut self, from: Side) -> bool {
        self.ended[from] = true;
        self.ended.client && self.ended.server
    }

    pub(super) fn into_exchange(self) -> HttpExchange {
        HttpExchange {
            request: self.request,
            status: self.status,
            request_len: self.lens.client,
            response_len: self.lens.server,
            is_complete: self.ended.server,
        }
    }
}

/// Returns the method and the target of a request: a path, or the authority of a CONNECT.
fn request_line(fields: &[Field]) -> Option<RequestLine> {
    let text = |name: &str| {
        value_of(fields, name).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let target = text(":path").or_else(|| text(":authority")).unwrap_or_default();
    Some(RequestLine { method: text(":method")?, target })
}
