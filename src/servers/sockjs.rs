//! The SockJS server: four services, as the protocol's test wants them: an echo, one without
//! WebSockets, one that sets a cookie, and one that closes every session at once. Their responses
//! end after 4 KiB.
//!
//! [`crate::sockjs`] is the protocol; here are listening, limits of connections, and the log.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use crate::net::{Timed, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::serve::{CountedSocket, listen_on_loopback, serve_connections};
use crate::servers::http::{self, RouterService, judged};
use crate::servers::{Origins, ServerEvent, ServerOptions};
use crate::sockjs::{self, Handler, JsString, OriginPolicy, Session, SessionClose, SockJs};

/// The services and where they are.
const USAGE: &str = "\
SockJS is served here, below these prefixes:
/echo                      returns every message
/disabled_websocket_echo   returns every message, without WebSockets
/cookie_needed_echo        returns every message, with the cookie JSESSIONID
/close                     closes every session with 3000, \"Go away!\"
";

/// The number of bytes after which a streaming response ends: what the protocol's test wants, so
/// that it need not read 128 KiB.
const RESPONSE_LIMIT: usize = 4096;

/// The number of bytes that hyper keeps for a client that reads slowly; the rest waits in the
/// session's queue, which has limits of its own. A request's head must fit too.
const HTTP_BUFFER: usize = 16 << 10;

/// The size of the largest body in messages of the largest size: a client may send many messages at
/// once, with escapes of six bytes for one.
const BODY_FACTOR: usize = 8;

/// The options of the server beside those that all servers have.
#[derive(Clone, Debug)]
pub struct SockJsServerOptions {
    /// The port on 127.0.0.1; 0 stands for any free one.
    pub port: u16,
    /// The options of each service. The size of messages, the origins and the times for bodies and
    /// frames come from the options of all servers.
    pub service: sockjs::Options,
}

impl Default for SockJsServerOptions {
    fn default() -> Self {
        let service =
            sockjs::Options { response_limit: RESPONSE_LIMIT, ..sockjs::Options::default() };
        Self { port: 0, service }
    }
}

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`. At the shutdown all sessions are closed with 1001.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
    own: &SockJsServerOptions,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let services = services(&scope, &options, &own.service);
    let app = TowerToHyperService::new(router(&services));
    let (shared, shutdown) = (options.clone(), options.shutdown.clone());
    let connection =
        move |socket, peer| serve_connection(socket, peer, app.clone(), shared.clone());
    let serving = serve_connections("sockjs connection", scope, listener, options, connection);
    let draining = async move {
        shutdown.cancelled().await;
        let drains = services
            .iter()
            .map(|(_, service)| service.drain(1001, "The server shuts down", Duration::ZERO));
        futures_util::future::join_all(drains).await;
    };
    let server = async move {
        let mut draining = std::pin::pin!(draining);
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            () = &mut serving => {}
            () = &mut draining => serving.await,
        }
    };
    Ok((address, server))
}

type Services = Vec<(&'static str, SockJs)>;

fn services(scope: &Scope, options: &ServerOptions, base: &sockjs::Options) -> Services {
    let max_message = options.limits.max_message;
    let origins = options.access.origins.clone().unwrap_or(Origins::Any);
    let base = sockjs::Options {
        max_message,
        max_body: max_message.saturating_mul(BODY_FACTOR).saturating_add(BODY_FACTOR),
        body_timeout: options.limits.body_timeout,
        frame_timeout: options.limits.frame_timeout,
        min_rate: options.limits.min_rate,
        origins: OriginPolicy::new(move |origin| origins.allow(origin)),
        ..base.clone()
    };
    let service = |endpoint, answer, own| {
        let handler = Endpoint { path: endpoint, answer, options: options.clone() };
        (endpoint, SockJs::new(handler).options(own).scope(scope).build())
    };
    let no_websocket = sockjs::Options { websocket: false, ..base.clone() };
    let cookie = sockjs::Options { cookie_needed: true, ..base.clone() };
    vec![
        service("/echo", Answer::Echo, base.clone()),
        service("/disabled_websocket_echo", Answer::Echo, no_websocket),
        service("/cookie_needed_echo", Answer::Echo, cookie),
        service("/close", Answer::Close, base),
    ]
}

fn router(services: &Services) -> Router {
    let root = Router::new()
        .route("/", get(async || USAGE))
        .fallback(async || (StatusCode::NOT_FOUND, USAGE));
    services.iter().fold(root, |router, (endpoint, service)| service.mount(router, endpoint))
}

/// The behavior of an endpoint.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Echo,
    Close,
}

/// An endpoint that logs its sessions.
struct Endpoint {
    path: &'static str,
    answer: Answer,
    options: ServerOptions,
}

impl Handler for Endpoint {
    async fn open(&self, session: &Session) {
        if let Some(peer) = session.peer() {
            let (endpoint, transport) = (self.path, session.transport().name());
            self.options.record(ServerEvent::SessionOpened { peer, endpoint, transport });
        }
        if matches!(self.answer, Answer::Close) {
            session.close(3000, "Go away!");
        }
    }

    async fn message(&self, session: &Session, message: JsString) {
        // A session that was closed meanwhile has nobody to answer.
        let _ = session.send(message).await;
    }

    async fn close(&self, session: &Session, close: &SessionClose) {
        let Some(peer) = session.peer() else { return };
        let counts = session.counts();
        self.options.record(ServerEvent::SessionClosed {
            peer,
            endpoint: self.path,
            code: close.code,
            reason: close.reason.clone(),
            received: counts.received,
            sent: counts.sent,
            took: session.age(),
        });
    }
}

/// Answers the requests on one connection until it ends; a WebSocket takes it over.
async fn serve_connection(
    socket: CountedSocket,
    peer: SocketAddr,
    app: RouterService,
    options: ServerOptions,
) {
    let (socket, back) = Returned::new(Timed::new(socket, options.limits));
    {
        let service = service_fn(|request| respond(&app, request, peer, &options));
        let mut builder = http::builder(&options);
        builder.max_buf_size(HTTP_BUFFER);
        let connection = builder.serve_connection(TokioIo::new(socket), service);
        // On the heap, so that nothing is left of it while a WebSocket lasts.
        let mut connection = Box::pin(connection.with_upgrades());
        let finish = http1::UpgradeableConnection::graceful_shutdown;
        http::drive(connection.as_mut(), finish, peer, &options).await;
    }
    // Until then the connection has its place among those that the server allows.
    if let Ok(socket) = back.await {
        lingering_close(socket).await;
    }
}

async fn respond(
    app: &RouterService,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    options: &ServerOptions,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    if options.log.is_none() {
        return judged(app, request, &options.access).await;
    }
    let started = Instant::now();
    let method = request.method().to_string();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| request.uri().to_string(), ToString::to_string);
    let response = judged(app, request, &options.access).await?;
    options.record(match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => ServerEvent::Opened { peer, path },
        status => ServerEvent::Request {
            peer,
            method,
            path,
            status: status.as_u16(),
            bytes: response.body().size_hint().exact().unwrap_or(0),
            took: started.elapsed(),
        },
    });
    Ok(response)
}

/// A socket that comes back when whoever has it drops it, be that hyper or a WebSocket.
struct Returned<S: Send> {
    socket: Option<S>,
    back: Option<oneshot::Sender<S>>,
}

impl<S: Send> Returned<S> {
    fn new(socket: S) -> (Self, oneshot::Receiver<S>) {
        let (sender, back) = oneshot::channel();
        (Self { socket: Some(socket), back: Some(sender) }, back)
    }

    fn poll_with<T>(
        self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>>
    where
        S: Unpin,
    {
        match &mut self.get_mut().socket {
            Some(socket) => poll(Pin::new(socket)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<S: Send> Drop for Returned<S> {
    fn drop(&mut self) {
        if let (Some(socket), Some(back)) = (self.socket.take(), self.back.take()) {
            // If nobody waits for it, it is closed.
            let _ = back.send(socket);
        }
    }
}

impl<S: AsyncRead + Unpin + Send> AsyncRead for Returned<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_with(|socket| socket.poll_read(cx, buf))
    }
}

impl<S: AsyncWrite + Unpin + Send> AsyncWrite for Returned<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(|socket| socket.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(|socket| socket.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with(|socket| socket.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with(|socket| socket.poll_shutdown(cx))
    }
}
