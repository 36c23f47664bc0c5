//! The server of the feed: one listener for each way, so that each way's bytes are counted apart.
//!
//! `GET /price` answers at once, `GET /price?after=N` when there is something newer than event N, `GET /events` never
//! ends, and the WebSocket listener pushes. Between socket and server lies a modelled distance.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::feed::source::News;
use crate::feed::{Tick, Way};
use crate::net::{Distance, Line, Stall, Tap, Traffic, accept};
use crate::scope::Scope;
use crate::servers::websocket::READ_BUFFER;

/// How long a long poll is held: safe with the proxies that there are (RFC 6202 section 5.5).
pub(super) const HOLD: Duration = Duration::from_secs(30);
/// How long a connection may take for its request's head, and idle between requests.
const HEAD: Duration = Duration::from_secs(30);

/// One way's listener on loopback, and the counters of its sockets.
pub(super) struct Door {
    way: Way,
    distance: Distance,
    listener: TcpListener,
    traffic: Arc<Traffic>,
}

impl Door {
    /// Listens on a free port of 127.0.0.1, as if it were `rtt` away.
    pub(super) async fn open(way: Way, rtt: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let distance = Distance { rtt, ..Distance::default() };
        Ok(Self { way, distance, listener, traffic: Arc::default() })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    /// Serves `news` on this way until it is dropped; connections are tasks of `scope`.
    pub(super) async fn serve(self, news: News, scope: Scope) {
        loop {
            let (stream, _) = accept(&self.listener).await;
            let accepted = Instant::now();
            // the tap stands at the socket itself: bytes count when they are there
            let tap = Tap::new(stream, self.traffic.connection());
            // out of timers: the client sees that the connection is closed
            let Ok(socket) = Line::new(tap, self.distance, accepted, Stall::default(), 0) else { continue };
            serve_connection(self.way, socket, &news, &scope);
        }
    }
}

/// Serves `news` on one connection, in a task of `scope`.
pub(super) fn serve_connection(
    way: Way,
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    news: &News,
    scope: &Scope,
) {
    match way {
        Way::WebSocket => scope.spawn("feed websocket", push(socket, news.clone())),
        Way::Poll | Way::LongPoll | Way::Sse => {
            scope.spawn("feed http", answer(socket, router(news.clone())));
        }
    }
}

async fn answer(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // a client that is gone needs no answer, and the client tells what it did not like
    let _ = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router)).await;
}

fn router(news: News) -> Router {
    Router::new().route("/price", get(price)).route("/events", get(events)).with_state(news)
}

/// The price as it is now; with `after=N`, as soon as it is newer than event N.
async fn price(State(news): State<News>, RawQuery(query): RawQuery) -> Response {
    let after = match query.as_deref().map(|query| query.strip_prefix("after=").map(str::parse::<u64>)) {
        None => None,
        Some(Some(Ok(seq))) => Some(seq),
        Some(_) => {
            return (StatusCode::BAD_REQUEST, "ask for /price or /price?after=NUMBER\n").into_response();
        }
    };
    let mut latest = news.latest();
    if let Some(seq) = after
        && timeout(HOLD, latest.wait_for(|tick| tick.seq > seq)).await.is_err()
    {
        return StatusCode::NO_CONTENT.into_response();
    }
    let tick = *latest.borrow();
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], tick.to_json()).into_response()
}

/// The price as it is now, then every event, each with its number as its id.
async fn events(State(news): State<News>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(ticks(&news).map(|tick| Ok(Event::default().id(tick.seq.to_string()).data(tick.to_json()))))
}

/// The price as it is now, then every event; who is far behind goes on with what is newer.
fn ticks(news: &News) -> impl Stream<Item = Tick> + Send + use<> {
    let each = news.each();
    let now = *news.latest().borrow();
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

/// A WebSocket that gets the price as it is now, then every event.
async fn push(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, news: News) {
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    // who does not open a WebSocket has been answered, or is gone
    let Ok(stream) = accept_async_with_config(socket, Some(config)).await else { return };
    let (mut sink, mut source) = stream.split();
    let sending = async {
        let mut ticks = std::pin::pin!(ticks(&news));
        while let Some(tick) = ticks.next().await {
            if sink.send(Message::text(tick.to_json())).await.is_err() {
                return;
            }
        }
    };
    // reading is what answers a Ping or a Close, and what notices the end
    let reading = async { while let Some(Ok(_)) = source.next().await {} };
    tokio::select! {
        () = sending => {}
        () = reading => {}
    }
}
