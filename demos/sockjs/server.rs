//! Our SockJS server behind a filter, which answers 404 for a transport that was taken away, and ends
//! its connections: as a proxy does that does not let a transport through.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::state::{CLOSE_LINE, SockJsConfig};
use crate::net;
use crate::scope::Scope;
use crate::sockjs::{
    Handler, JsString, Options, Session, SessionLimits, SessionRequest, SockJs, Target, Transport,
};

/// The path of the service for the lanes.
pub(super) const PREFIX: &str = "/chat";

/// The path of the service for the fallback client. It is one of its own, so that the first has
/// one session a lane.
pub(super) const FALL_BACK_PREFIX: &str = "/fall-back";

/// The most connections at a time: more than all clients of the demo open.
const MAX_CONNECTIONS: usize = 128;

/// The code and reason of a session that the line `/close` has closed.
const GO_AWAY: (u16, &str) = (3000, "Go away!");

/// Sends every line back to whoever sent it.
struct Chat;

impl Handler for Chat {
    async fn message(&self, session: &Session, message: JsString) {
        if message == CLOSE_LINE {
            session.close(GO_AWAY.0, GO_AWAY.1);
        } else {
            // Fails only if the session is closed.
            let _ = session.send(message).await;
        }
    }
}

/// What is let through to the server.
#[derive(Clone, Default)]
pub(super) struct TransportFilter(Arc<Mutex<FilterState>>);

#[derive(Default)]
struct FilterState {
    taken_away: BTreeSet<Transport>,
    /// The connections that carry a transport, by a number of their own.
    carrying: HashMap<u64, (Transport, CancellationToken)>,
    last_number: u64,
}

/// A connection's place at the filter, which it leaves when it ends.
struct Place {
    filter: TransportFilter,
    number: u64,
    cut: CancellationToken,
}

impl TransportFilter {
    fn lock(&self) -> MutexGuard<'_, FilterState> {
        // Each change is whole, so the state is used even after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a transport or takes it away. Connections that carry it end.
    pub(super) fn set_offered(&self, transport: Transport, is_offered: bool) {
        let mut state = self.lock();
        if is_offered {
            state.taken_away.remove(&transport);
            return;
        }
        state.taken_away.insert(transport);
        state.carrying.retain(|_, (carried, cut)| {
            let stays = *carried != transport;
            if !stays {
                cut.cancel();
            }
            stays
        });
    }

    fn enter(&self) -> Place {
        let mut state = self.lock();
        state.last_number = state.last_number.wrapping_add(1);
        Place { filter: self.clone(), number: state.last_number, cut: CancellationToken::new() }
    }
}

impl Place {
    /// Whether a request may pass. The connection is noted as one of its transport.
    fn admits(&self, path: &str) -> bool {
        let Some(transport) = received_transport(path) else { return true };
        let mut state = self.filter.lock();
        if state.taken_away.contains(&transport) {
            return false;
        }
        state.carrying.insert(self.number, (transport, self.cut.clone()));
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.filter.lock().carrying.remove(&self.number);
    }
}

/// Returns the transport on which a request of that path would receive.
fn received_transport(path: &str) -> Option<Transport> {
    let rest = path.strip_prefix(PREFIX).or_else(|| path.strip_prefix(FALL_BACK_PREFIX))?;
    match Target::parse(rest)? {
        Target::Session { request: SessionRequest::Receive(transport), .. } => Some(transport),
        _ => None,
    }
}

/// A server that listens on a free port of loopback.
pub(super) struct BoundServer<F> {
    pub(super) address: SocketAddr,
    /// The service for the lanes.
    pub(super) service: SockJs,
    /// Serves while it is polled.
    pub(super) serving: F,
}

/// Listens on a free port of loopback. The tasks of the server are those of `scope`.
///
/// # Errors
/// Fails if there is no free port.
pub(super) fn bind(
    scope: &Scope,
    config: SockJsConfig,
    filter: TransportFilter,
) -> io::Result<BoundServer<impl Future<Output = ()> + Send + use<>>> {
    let listener = net::listen(([127, 0, 0, 1], 0))?;
    let address = listener.local_addr()?;
    let session = SessionLimits {
        heartbeat: config.heartbeat,
        disconnect: config.session_timeout,
        ..SessionLimits::default()
    };
    let options = Options { session, ..Options::default() };
    let service = SockJs::new(Chat).options(options.clone()).scope(scope).build();
    let other = SockJs::new(Chat).options(options).scope(scope).build();
    let router = other.mount(service.mount(Router::new(), PREFIX), FALL_BACK_PREFIX);
    let serving = accept(scope.child(), listener, router, filter);
    Ok(BoundServer { address, service, serving })
}

async fn accept(scope: Scope, listener: TcpListener, router: Router, filter: TransportFilter) {
    let connection = move |stream, peer| {
        serve_connection(stream, peer, TowerToHyperService::new(router.clone()), filter.enter())
    };
    net::serve("sockjs server", &scope, &listener, MAX_CONNECTIONS, || {}, connection).await;
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: TowerToHyperService<Router>,
    place: Place,
) {
    let cut = Box::pin(place.cut.clone().cancelled_owned());
    // A WebSocket takes its place along, out of the hands of hyper.
    let place = Arc::new(place);
    let stream = CutStream { stream, cut, _place: place.clone() };
    let service = service_fn(move |mut request: Request<Incoming>| {
        let admitted = place.admits(request.uri().path());
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = admitted.then(|| router.call(request));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => Ok::<_, Infallible>(refusal()),
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that ends badly is its client's to report.
    let _ = connection.with_upgrades().await;
}

fn refusal() -> Response {
    let mut response = Response::new(Body::from("this transport was taken away\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A stream that ends with an error once its connection is cut.
struct CutStream {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Kept as long as the stream is.
    _place: Arc<Place>,
}

impl CutStream {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_send_belong_to_no_transport() {
        assert_eq!(received_transport("/chat/000/a/xhr"), Some(Transport::XhrPolling));
        assert_eq!(received_transport("/chat/000/a/websocket"), Some(Transport::WebSocket));
        for path in ["/chat/000/a/xhr_send", "/chat/info", "/other/000/a/xhr", "/"] {
            assert_eq!(received_transport(path), None, "{path}");
        }
    }
}
