//! The server of the feed: one listener for each transport, so that the bytes of each transport are
//! counted separately.
//!
//! `GET /price` responds at once, `GET /price?after=N` once there is an event newer than N, `GET
//! /events` never ends, and the WebSocket listener pushes. Each socket is behind a modelled link.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::feed::source::TickPublisher;
use crate::feed::{Tick, Transport};
use crate::net::{
    self, DelayedStream, LinkConditions, Stall, Tap, Timed, Traffic, WebSocketLimits,
    encode_event_with_id,
};
use crate::scope::Scope;
use crate::servers::connection::handshake::{self, OrdinaryHttp};
use crate::servers::{Limits, ServerOptions, http};
use crate::wire::handshake::ServerPolicy;

/// The maximum size of a client's message in bytes. Clients send nothing but control frames.
const MAX_MESSAGE_LEN: usize = 4096;
/// How long a long poll is held open. Usual proxies tolerate it (RFC 6202 section 5.5).
pub(super) const LONG_POLL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take for the head of a request, and how long it may be idle between
/// requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// One transport's listener on loopback, with the counters of its sockets.
pub(super) struct TransportListener {
    transport: Transport,
    link: LinkConditions,
    listener: TcpListener,
    traffic: Arc<Traffic>,
}

impl TransportListener {
    /// Listens on a free port of 127.0.0.1, behind a modelled link with this round trip.
    pub(super) fn bind(transport: Transport, rtt: Duration) -> io::Result<Self> {
        let listener = net::listen((Ipv4Addr::LOCALHOST, 0))?;
        let link = LinkConditions { rtt, ..LinkConditions::default() };
        Ok(Self { transport, link, listener, traffic: Arc::default() })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    /// Serves the ticks of `publisher` over this transport until it is dropped. Connections are
    /// tasks of `scope`.
    pub(super) async fn serve(self, publisher: TickPublisher, scope: Scope) {
        let options = options(self.traffic);
        let connection = |stream: TcpStream, peer| {
            // The tap is at the socket itself, so bytes count when they arrive and not when the
            // modelled link delivers them.
            let tap = Tap::new(stream, options.traffic.count_connection());
            let socket = DelayedStream::new(tap, self.link, Instant::now(), Stall::default(), 0);
            let (publisher, options) = (publisher.clone(), options.clone());
            async move {
                // Without a timer the connection is dropped, which the client sees as closed.
                let Ok(socket) = socket else { return };
                serve_connection(self.transport, socket, peer, publisher, options).await;
            }
        };
        // The limit is never reached, because the clients are the feed's own.
        let limit = options.limits.max_connections;
        net::serve("feed connection", &scope, &self.listener, limit, || {}, connection).await;
    }
}

/// Returns the options with which each connection is served.
pub(super) fn options(traffic: Arc<Traffic>) -> ServerOptions {
    let limits = Limits { head_timeout: HEAD_TIMEOUT, ..Limits::default() };
    ServerOptions { traffic, limits, ..ServerOptions::default() }
}

/// Serves the ticks of `publisher` on one connection, over a socket or a pipe.
pub(super) async fn serve_connection(
    transport: Transport,
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    publisher: TickPublisher,
    options: ServerOptions,
) {
    match transport {
        Transport::WebSocket => serve_websocket(socket, publisher, options).await,
        Transport::Poll | Transport::LongPoll | Transport::Sse => {
            http::serve_connection(
                socket,
                peer,
                TowerToHyperService::new(router(publisher)),
                options,
            )
            .await;
        }
    }
}

fn router(publisher: TickPublisher) -> Router {
    Router::new().route("/price", get(price)).route("/events", get(events)).with_state(publisher)
}

/// Returns the current price, or with `after=N`, waits until it is newer than event N.
async fn price(State(publisher): State<TickPublisher>, RawQuery(query): RawQuery) -> Response {
    let after =
        match query.as_deref().map(|query| query.strip_prefix("after=").map(str::parse::<u64>)) {
            None => None,
            Some(Some(Ok(seq))) => Some(seq),
            Some(_) => {
                return (StatusCode::BAD_REQUEST, "ask for /price or /price?after=NUMBER\n")
                    .into_response();
            }
        };
    let mut latest = publisher.latest();
    if let Some(seq) = after
        && timeout(LONG_POLL_TIMEOUT, latest.wait_for(|tick| tick.seq > seq)).await.is_err()
    {
        return StatusCode::NO_CONTENT.into_response();
    }
    let tick = *latest.borrow();
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], tick.to_json())
        .into_response()
}

/// Streams the current price, then every event, each with its number as its id.
async fn events(State(publisher): State<TickPublisher>) -> Response {
    http::event_stream(
        tick_stream(&publisher).map(|tick| encode_event_with_id(tick.seq, &tick.to_json())),
    )
}

/// Returns the current price, then every event. A reader that lags too far skips to newer events.
fn tick_stream(publisher: &TickPublisher) -> impl Stream<Item = Tick> + Send + use<> {
    // Subscribing before reading the price means that no event can fall between the two.
    let each = publisher.subscribe();
    let now = *publisher.latest().borrow();
    let rest = stream::unfold(each, |mut each| async move {
        loop {
            match each.recv().await {
                Ok(tick) => return Some((tick, each)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    stream::once(async move { now }).chain(rest)
}

/// Serves a WebSocket that gets the current price, then every event.
async fn serve_websocket(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    publisher: TickPublisher,
    options: ServerOptions,
) {
    let mut socket = Timed::new(socket, options.limits);
    // If the peer does not open a WebSocket, it has been answered already or is gone.
    let policy = ServerPolicy::default();
    let opened =
        handshake::open(&mut socket, &policy, &options, OrdinaryHttp::UpgradeRequired).await;
    let Ok(opened) = opened else { return };
    socket.frames_begin(&opened.rest);
    let mut stream = WebSocketLimits::new(MAX_MESSAGE_LEN).server(socket, opened.rest).await;
    let mut ticks = std::pin::pin!(tick_stream(&publisher));
    loop {
        tokio::select! {
            tick = ticks.next() => {
                let Some(tick) = tick else { return };
                if stream.send(Message::text(tick.to_json())).await.is_err() {
                    return;
                }
            }
            // Reading makes tungstenite answer a Ping or a Close, and notices the end of the
            // connection.
            message = stream.next() => match message {
                // The pong is sent before anything more is read.
                Some(Ok(Message::Ping(_))) => if stream.flush().await.is_err() { return },
                Some(Ok(Message::Pong(_) | Message::Close(_))) => {}
                // Clients are not supposed to send messages.
                Some(Ok(_) | Err(_)) | None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::hostile::{Serving, claims, dribbles, drips, floods, messages, pings};

    fn options() -> ServerOptions {
        ServerOptions {
            limits: Limits { head_timeout: HEAD_TIMEOUT, ..Limits::default() },
            ..ServerOptions::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hostile_websocket_is_disconnected() {
        let serve = |stream| -> Serving {
            Box::pin(serve_websocket(stream, TickPublisher::new(), options()))
        };
        pings(serve).await.was_given_up(0);
        messages(1000, serve).await.was_given_up(0);
        for met in [claims(serve).await, dribbles(serve).await] {
            assert!(met.taken < 14 + 15 && met.lasted < Duration::from_secs(15), "{met:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hostile_http_client_is_disconnected() {
        let serve = |stream| -> Serving {
            let service = TowerToHyperService::new(router(TickPublisher::new()));
            Box::pin(http::serve_connection(
                stream,
                "127.0.0.1:1".parse().unwrap(),
                service,
                options(),
            ))
        };
        let ask = b"GET /price HTTP/1.1\r\nHost: localhost\r\n\r\n";
        floods(b"", ask, serve).await.was_given_up(0);
        let met = drips(b"GET /price", serve).await;
        assert!(met.taken <= 10 + HEAD_TIMEOUT.as_secs() as usize, "{}", met.taken);
    }
}
