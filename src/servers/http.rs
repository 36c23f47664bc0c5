//! The REST echo: `POST /echo` returns the body with its content type, and `GET /` describes that
//! in one line. It speaks HTTP/1.1 without TLS and keeps nothing between requests.
//!
//! axum does the routing and hyper the protocol, as most people would write it. Only the accept
//! loop is our own, because `axum::serve` has no timeout for the head of a request.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream::{Stream, StreamExt as _};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::net::{Timed, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::serve::{listen_on_loopback, serve_connections};
use crate::servers::options::access::{Access, HostMismatch};
use crate::servers::{HttpHeader, Limits, ServerEvent, ServerOptions};

/// Stops browsers from guessing a body's type: they treat an echoed body only as the type that it
/// declares, even if a page lured them here.
const NOSNIFF: &[HttpHeader] = &[("x-content-type-options", "nosniff")];

const USAGE: &str = "POST /echo returns your body with its content type\n";

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let echo = echo_service(options.limits, NOSNIFF);
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, echo.clone(), own.clone());
    Ok((address, serve_connections("http connection", scope, listener, options, connection)))
}

/// Returns a response that is an event stream (WHATWG HTML section 9.2) of `events`, which
/// [`encode_event`](crate::net::encode_event) has encoded.
pub(crate) fn event_stream(events: impl Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(events.map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")], body).into_response()
}

/// Returns the echo as a service that adds `headers` to every response.
pub(crate) fn echo_service(limits: Limits, headers: &'static [HttpHeader]) -> RouterService {
    TowerToHyperService::new(with_headers(router(limits), headers))
}

/// Adds `headers` to every response of a router.
pub(crate) fn with_headers(router: Router, headers: &'static [HttpHeader]) -> Router {
    if headers.is_empty() {
        return router;
    }
    router.layer(axum::middleware::map_response(move |mut response: Response| async move {
        for (name, value) in headers {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        response
    }))
}

fn router(limits: Limits) -> Router {
    Router::new()
        .route("/", get(async || USAGE))
        .route("/echo", post(echo))
        .fallback(async || (StatusCode::NOT_FOUND, USAGE))
        .layer(DefaultBodyLimit::max(limits.max_message))
        .with_state(limits)
}

async fn echo(State(limits): State<Limits>, request: Request) -> Response {
    let content_type = request.headers().get(CONTENT_TYPE).cloned();
    // Checked before a byte of the body is read, so that a peer which sent Expect: 100-continue
    // need not send it (RFC 9110 section 10.1.1).
    if declared_length(request.headers()).is_some_and(|length| length > limits.max_message as u64) {
        return too_large(limits);
    }
    match timeout(limits.body_timeout, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => {
            let mut response = Response::new(Body::from(body));
            if let Some(content_type) = content_type {
                response.headers_mut().insert(CONTENT_TYPE, content_type);
            }
            response
        }
        Ok(Err(refused)) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(limits),
        Ok(Err(refused)) => refused.into_response(),
        Err(_) => {
            let text =
                format!("the body did not arrive within {} s\n", limits.body_timeout.as_secs_f32());
            closing_response(StatusCode::REQUEST_TIMEOUT, text)
        }
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limits: Limits) -> Response {
    closing_response(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is larger than {} bytes\n", limits.max_message),
    )
}

/// Returns a response that closes the connection, because the rest of the request is not read.
fn closing_response(status: StatusCode, text: String) -> Response {
    (status, [(CONNECTION, HeaderValue::from_static("close"))], text).into_response()
}

/// A router as hyper serves it.
pub(crate) type RouterService = TowerToHyperService<Router>;

/// Answers the requests on one connection, a socket or a pipe, until it ends or until the options'
/// shutdown.
pub(crate) async fn serve_connection(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    echo: RouterService,
    options: ServerOptions,
) {
    let mut socket = Timed::new(socket, options.limits);
    let service = service_fn(|request| respond(&echo, request, peer, &options));
    {
        let connection =
            pin!(builder(&options).serve_connection(TokioIo::new(&mut socket), service));
        drive(connection, http1::Connection::graceful_shutdown, peer, &options).await;
    }
    // hyper may have stopped in the middle of a request; its response must not be lost to a reset.
    lingering_close(socket).await;
}

/// Returns hyper's side of HTTP/1.1 with the limits of `options`.
pub(crate) fn builder(options: &ServerOptions) -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The same timeout covers an idle connection between two requests.
    builder.timer(TokioTimer::new()).header_read_timeout(options.limits.head_timeout);
    builder
}

/// Drives a connection of hyper to its end. Once the server shuts down, `finish` tells it to end after the
/// request in progress.
pub(crate) async fn drive<C: Future<Output = hyper::Result<()>>>(
    mut connection: Pin<&mut C>,
    finish: impl FnOnce(Pin<&mut C>),
    peer: SocketAddr,
    options: &ServerOptions,
) {
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = options.shutdown.cancelled() => {
            finish(connection.as_mut());
            connection.await
        }
    };
    // Only malformed bytes are refused. A peer that stayed silent or hung up has requested nothing.
    if let Err(err) = ended
        && err.is_parse()
    {
        options.record(ServerEvent::Refused { peer, reason: format!("not HTTP/1.1: {err}") });
    }
}

async fn respond(
    echo: &RouterService,
    request: Request<Incoming>,
    peer: SocketAddr,
    options: &ServerOptions,
) -> Result<Response, Infallible> {
    // Without a log, the strings for the event would be allocated for nothing.
    if options.log.is_none() {
        return judged(echo, request, &options.access).await;
    }
    let started = Instant::now();
    let method = request.method().to_string();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| request.uri().to_string(), ToString::to_string);
    let response = judged(echo, request, &options.access).await?;
    options.record(ServerEvent::Request {
        peer,
        method,
        path,
        status: response.status().as_u16(),
        bytes: response.body().size_hint().exact().unwrap_or(0),
        took: started.elapsed(),
    });
    Ok(response)
}

/// Returns the response, after checking that the request is for this server.
pub(crate) async fn judged(
    echo: &RouterService,
    request: Request<Incoming>,
    access: &Access,
) -> Result<Response, Infallible> {
    match for_us(access, &request) {
        Ok(()) => echo.call(request).await,
        Err(foreign) => {
            let status = StatusCode::from_u16(foreign.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Ok(closing_response(status, format!("{}\n", foreign.description())))
        }
    }
}

/// Checks whether a request is for this server: by its only Host header, and by its target if that
/// names a host (RFC 9112 section 3.2.2; in HTTP/2 it always does). HTTP/1.0 requires no Host.
fn for_us<B>(access: &Access, request: &Request<B>) -> Result<(), HostMismatch> {
    let hosts = request.headers().get_all(HOST);
    let authority = request.uri().authority();
    let may_lack = match request.version() {
        Version::HTTP_11 => false,
        Version::HTTP_2 => authority.is_some(),
        _ => true,
    };
    if !may_lack || request.headers().contains_key(HOST) {
        access.only_host(hosts.iter().map(HeaderValue::as_bytes))?;
    }
    authority.map_or(Ok(()), |authority| access.host(authority.as_str().as_bytes()))
}
