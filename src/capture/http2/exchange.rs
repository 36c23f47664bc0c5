//! [`ExchangeStream`]: a stream of HTTP/2 that is an ordinary HTTP exchange.

use wiretalk_core::wire::sockjs::may_carry_sockjs;

use super::header_block::HeaderBlock;
use crate::wire::handshake::extended_connect::{Field, status, value_of};
use crate::wire::handshake::{Content, ContentFields, ContentPart, HttpExchange, RequestLine};
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
    /// Whether its content may be SockJS.
    wants_content: bool,
}

impl ExchangeStream {
    /// Creates the answer to a request of HTTP/1.1, whose bytes were not HTTP/2.
    pub(super) fn upgraded(request: RequestLine) -> Self {
        let ended = Sides { client: true, server: false };
        Self { request: Some(request), is_known: true, ended, ..Self::default() }
    }

    /// Takes a header block of a side: the request of the client, or what a server promises, and the
    /// responses of the server. Returns what it says of content that is wanted.
    pub(super) fn take_block(&mut self, from: Side, block: &HeaderBlock) -> Option<Content> {
        let by_client = from == Side::Client || block.is_promise;
        let side = if by_client { Side::Client } else { Side::Server };
        self.lens[side] += ByteLen::from_usize(block.len);
        let fields = block.fields.as_ref()?;
        self.is_known |= by_client;
        // A second block is an interim response, or trailers.
        if by_client && self.request.is_none() {
            self.request = request_line(fields);
            let line = self.request.as_ref().filter(|line| may_carry_sockjs(line))?;
            self.wants_content = true;
            let part = ContentPart::Request(line.clone(), content_fields(fields));
            return Some(content(block.stream, Side::Client, part));
        }
        if by_client {
            return None;
        }
        let status = status(fields)?;
        self.status = Some(status);
        let part = ContentPart::Response(Some(status), content_fields(fields));
        let is_final = status >= 200 && self.wants_content;
        is_final.then(|| content(block.stream, Side::Server, part))
    }

    /// Takes DATA. Returns it if it is wanted.
    pub(super) fn take_data(&mut self, stream: u32, from: Side, data: &[u8]) -> Option<Content> {
        self.is_known = true;
        self.lens[from] += ByteLen::of(data);
        self.wants_content.then(|| Content::bytes(stream.into(), from, data))
    }

    /// Returns what it says of wanted content that so many bytes of a side were not captured, or an
    /// unknown number.
    pub(super) fn gap(&self, stream: u32, from: Side, missing: Option<ByteLen>) -> Option<Content> {
        let is_open = self.wants_content && !self.ended[from];
        is_open.then(|| content(stream, from, ContentPart::Missing(missing)))
    }

    /// Returns the end of wanted content of a side.
    pub(super) fn content_end(
        &self,
        stream: u32,
        from: Side,
        is_complete: bool,
    ) -> Option<Content> {
        self.wants_content.then(|| Content::end(stream.into(), from, is_complete))
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

fn content(stream: u32, from: Side, part: ContentPart) -> Content {
    Content { exchange: stream.into(), from, part }
}

/// Returns the fields that say how to read content.
fn content_fields(fields: &[Field]) -> ContentFields {
    let [media_type, encoding] =
        ["content-type", "content-encoding"].map(|name| text_of(fields, name));
    ContentFields::new(media_type, encoding)
}

fn text_of(fields: &[Field], name: &str) -> Option<String> {
    value_of(fields, name).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Returns the method and the target of a request: a path, or the authority of a CONNECT.
fn request_line(fields: &[Field]) -> Option<RequestLine> {
    let text = |name| text_of(fields, name);
    let target = text(":path").or_else(|| text(":authority")).unwrap_or_default();
    Some(RequestLine { method: text(":method")?, target })
}
