//! WebSockets over HTTP/2: extended CONNECT on a connection that begins with the preface of HTTP/2
//! (RFC 8441, RFC 9113 section 3.3). Each stream is validated like a request of HTTP/1.1 with the same
//! fields, and what follows goes to the server's own function.

use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use h2::RecvStream;
use h2::ext::Protocol;
use h2::server::{Builder, SendResponse};
use hyper::{Method, Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::net::Http2Stream;
use crate::servers::connection::handshake::AcceptedHandshake;
use crate::servers::{Origins, ServerEvent, ServerOptions};
use crate::wire::Side;
use crate::wire::handshake::{
    DEFAULT_MAX_HEAD_LEN, HandshakeOutcome, HeadContext, HeadReader, ServerPolicy, ValidatedHead,
};

/// The first bytes of a connection (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The most streams of a connection at once.
const MAX_STREAMS: u32 = 100;

/// The most bytes of the fields of a request.
const MAX_FIELDS: u32 = 64 << 10;

/// A key for the rules of HTTP/1.1, of which HTTP/2 has none (RFC 8441 section 5).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The beginning of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::servers) enum Beginning {
    /// With the preface of HTTP/2.
    Http2,
    /// With anything else.
    Other,
    /// With nothing, for as long as a head may take.
    Nothing,
}

/// Looks at the first bytes of a connection without taking them.
pub(in crate::servers) async fn beginning(
    socket: &TcpStream,
    options: &ServerOptions,
) -> Beginning {
    let mut bytes = [0; PREFACE.len()];
    let peeked = async {
        loop {
            let Ok(count) = socket.peek(&mut bytes).await else { return Beginning::Other };
            let begun = bytes.get(..count).unwrap_or_default();
            if begun.is_empty() || !PREFACE.starts_with(begun) {
                return Beginning::Other;
            }
            if count == PREFACE.len() {
                return Beginning::Http2;
            }
            // What has come is reported again at once, so the rest is waited for.
            sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        peeked = timeout(options.limits.head_timeout, peeked) => {
            peeked.unwrap_or(Beginning::Nothing)
        }
        () = options.shutdown.cancelled() => Beginning::Other,
    }
}

/// Serves a connection until the client ends it, until it has had no stream for as long as a head may
/// take, or until the shutdown. `websocket` serves each WebSocket that is opened.
pub(in crate::servers) async fn serve_connection<F>(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: &ServerOptions,
    policy: ServerPolicy,
    websocket: impl Fn(Http2Stream, AcceptedHandshake) -> F,
) where
    F: Future<Output = ()>,
{
    let idle = options.limits.head_timeout;
    let mut builder = Builder::new();
    builder.enable_connect_protocol();
    builder.max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_FIELDS);
    let Ok(Ok(mut connection)) = timeout(idle, builder.handshake::<_, Bytes>(socket)).await else {
        return;
    };
    let mut streams = FuturesUnordered::new();
    let mut is_leaving = false;
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, response))) => {
                    let opened = answer(request, response, peer, options, &policy);
                    streams.extend(opened.map(|(stream, accepted)| websocket(stream, accepted)));
                }
                Some(Err(_)) | None => return,
            },
            Some(()) = streams.next(), if !streams.is_empty() => {}
            () = options.shutdown.cancelled(), if !is_leaving => {
                is_leaving = true;
                connection.graceful_shutdown();
            }
            () = sleep(idle), if streams.is_empty() && !is_leaving => {
                is_leaving = true;
                connection.graceful_shutdown();
            }
        }
    }
}

/// Answers a request. Returns the stream if it is a WebSocket now.
fn answer(
    request: Request<RecvStream>,
    mut response: SendResponse<Bytes>,
    peer: SocketAddr,
    options: &ServerOptions,
    policy: &ServerPolicy,
) -> Option<(Http2Stream, AcceptedHandshake)> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let validated = validate(&request, &path, policy);
    let status = status(&request, &validated, options);
    let mut head = Response::new(());
    *head.status_mut() = status;
    for (name, value) in &validated.validation.response_headers {
        let (name, value) = (name.to_ascii_lowercase(), value.as_str());
        // HTTP/2 has neither Connection nor an accept value.
        let belongs =
            ["sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-version"];
        if let (true, Ok(name), Ok(value)) = (
            belongs.contains(&name.as_str()),
            name.parse::<hyper::header::HeaderName>(),
            value.parse(),
        ) {
            head.headers_mut().insert(name, value);
        }
    }
    let is_open = status == StatusCode::OK;
    let send = response.send_response(head, !is_open).ok()?;
    if !is_open {
        options.record(ServerEvent::Refused { peer, reason: format!("HTTP/2: {status}") });
        return None;
    }
    let accepted =
        AcceptedHandshake { path, agreed: validated.validation.agreed, rest: Vec::new() };
    Some((Http2Stream::new(request.into_body(), send), accepted))
}

/// Validates a request as if it were one of HTTP/1.1 with the same fields: RFC 8441 section 5 gives
/// them the same meaning.
fn validate(request: &Request<RecvStream>, path: &str, policy: &ServerPolicy) -> ValidatedHead {
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: \
         Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
    )
    .into_bytes();
    for (name, value) in request.headers().iter().filter(|(name, _)| *name != "host") {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend_from_slice(b"\r\n");
    let mut reader = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
    reader.push(&head);
    ValidatedHead::new(&reader, &HeadContext::Request(policy.clone()))
}

fn status(
    request: &Request<RecvStream>,
    validated: &ValidatedHead,
    options: &ServerOptions,
) -> StatusCode {
    match request.extensions().get::<Protocol>().map(Protocol::as_str) {
        Some("websocket") => {}
        Some(_) => return StatusCode::NOT_IMPLEMENTED,
        None if request.method() == Method::CONNECT => return StatusCode::METHOD_NOT_ALLOWED,
        None => return StatusCode::BAD_REQUEST,
    }
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let code = if let Err(mismatch) = options.access.host(host.as_bytes()) {
        mismatch.status()
    } else if validated.validation.outcome != HandshakeOutcome::Accept {
        validated.validation.status.unwrap_or(400)
    } else if !is_origin_allowed(request, options) {
        403
    } else {
        200
    };
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Whether the page that asks may open a WebSocket. Without an Origin field it is no page.
fn is_origin_allowed(request: &Request<RecvStream>, options: &ServerOptions) -> bool {
    let origins = request.headers().get_all("origin");
    let allow = |allowed: &Origins| origins.iter().all(|value| allowed.allow(value.as_bytes()));
    options.access.origins.as_ref().is_none_or(allow)
}
