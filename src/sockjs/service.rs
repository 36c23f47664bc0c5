//! [`SockJs`]: a service below a prefix: it takes requests apart and hands them on.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, OriginalUri, Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};
use wiretalk_core::sockjs::session::{CloseCause, SessionClose, SessionMachine};
use wiretalk_core::sockjs::{SendRequest, SessionRequest, Target, Transport, read_callback};

use crate::scope::Scope;
use crate::sockjs::counters::{CounterValues, Counters};
use crate::sockjs::driver;
use crate::sockjs::handler::{AnyHandler, Handler};
use crate::sockjs::headers::{
    allow_origin, do_not_cache, method_not_allowed, preflight, refusal, set_cookie,
};
use crate::sockjs::options::Options;
use crate::sockjs::pages::{self, IframePage};
use crate::sockjs::receive::receive;
use crate::sockjs::registry::{Opened, Registry, RegistryLimits};
use crate::sockjs::send::{send, skip_body};
use crate::sockjs::session::Session;
use crate::sockjs::websocket;

/// A SockJS service. Clones are handles of the same one; when the last of them and of its routers is
/// dropped, its sessions end.
#[derive(Clone)]
pub struct SockJs {
    owner: Arc<Owner>,
}

struct Owner {
    service: Service,
    /// The tasks of the sessions. They hold no `Owner`, so that it can end them.
    scope: Scope,
}

struct Service {
    options: Options,
    handler: Arc<dyn AnyHandler>,
    registry: Arc<Registry>,
    counters: Arc<Counters>,
    iframe: IframePage,
    /// The transports that were taken away, a bit each.
    withdrawn: AtomicU8,
    /// The bytes of bodies that may still be held.
    held: Arc<Semaphore>,
}

/// A [`SockJs`] before it begins.
pub struct SockJsBuilder {
    handler: Arc<dyn AnyHandler>,
    options: Options,
    scope: Option<Scope>,
}

impl SockJsBuilder {
    /// Sets the options.
    #[must_use]
    pub fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// Sets the scope that the sessions' tasks belong to, and that is told when a handler panics.
    #[must_use]
    pub fn scope(self, scope: &Scope) -> Self {
        Self { scope: Some(scope.child()), ..self }
    }

    /// Makes the service.
    pub fn build(self) -> SockJs {
        let Self { handler, options, scope } = self;
        let counters = Arc::new(Counters::default());
        let limits = RegistryLimits {
            sessions: options.max_sessions,
            sessions_per_peer: options.max_sessions_per_peer,
            session: options.session,
        };
        let registry = Registry::new(limits, counters.clone());
        let iframe = IframePage::new(&options.client_url);
        let withdrawn = AtomicU8::new(if options.websocket {
            0
        } else {
            bit(Transport::WebSocket) | bit(Transport::RawWebSocket)
        });
        let held = Arc::new(Semaphore::new(options.max_held.min(Semaphore::MAX_PERMITS)));
        let service = Service { options, handler, registry, counters, iframe, withdrawn, held };
        let scope = scope.unwrap_or_else(|| Scope::new(|_| {}));
        SockJs { owner: Arc::new(Owner { service, scope }) }
    }
}

impl SockJs {
    /// Begins a service for this application.
    #[expect(clippy::new_ret_no_self, reason = "options come before the service begins")]
    pub fn new(handler: impl Handler) -> SockJsBuilder {
        let handler = Arc::new(handler);
        SockJsBuilder { handler, options: Options::default(), scope: None }
    }

    /// Adds the service to a router, below a prefix without a slash at its end.
    ///
    /// Limits for addresses hold if the router is served with
    /// [`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info) of
    /// [`SocketAddr`].
    pub fn mount<S: Clone + Send + Sync + 'static>(
        &self,
        router: Router<S>,
        prefix: &str,
    ) -> Router<S> {
        // Not `nest`, which knows no path that ends with a slash.
        router.nest_service(prefix, self.router())
    }

    /// Returns the service as a router, for paths without the prefix.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Takes a transport away, or offers it again; its requests are answered with 404 meanwhile.
    /// `/info` says that there are no WebSockets once both kinds of them are away.
    pub fn set_offered(&self, transport: Transport, offered: bool) {
        let withdrawn = &self.owner.service.withdrawn;
        if offered {
            withdrawn.fetch_and(!bit(transport), Relaxed);
        } else {
            withdrawn.fetch_or(bit(transport), Relaxed);
        }
    }

    /// Returns the sessions, the oldest first.
    pub fn sessions(&self) -> Vec<Session> {
        self.owner.service.registry.sessions()
    }

    /// Returns the counters.
    pub fn counters(&self) -> CounterValues {
        self.owner.service.counters.values()
    }

    /// Closes all sessions, spread over `window` so that their clients do not come back at one
    /// moment, and refuses new ones. It returns once all are gone, at the latest as long after the
    /// window as a close is repeated.
    pub async fn drain(&self, code: u16, reason: &str, window: Duration) {
        let service = &self.owner.service;
        let sessions = service.registry.drain();
        let (begun, count) = (Instant::now(), u32::try_from(sessions.len()).unwrap_or(u32::MAX));
        for (session, index) in sessions.iter().zip(0_u32..) {
            let share = window.saturating_mul(index).checked_div(count.max(1));
            if let Some(due) = begun.checked_add(share.unwrap_or_default()) {
                sleep_until(due).await;
            }
            session.close_for(SessionClose::new(CloseCause::Drained, code, reason));
        }
        let gone = async {
            for session in &sessions {
                session.until(SessionMachine::is_forgotten).await;
            }
        };
        let drain_timeout =
            service.options.session.disconnect.saturating_add(Duration::from_secs(1));
        let _ = timeout(drain_timeout, gone).await;
    }
}

impl fmt::Debug for SockJs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SockJs").field("counters", &self.counters()).finish_non_exhaustive()
    }
}

/// Answers a request, whose path begins behind the prefix.
async fn answer(State(sockjs): State<SockJs>, request: Request) -> Response {
    let service = &sockjs.owner.service;
    let target = Target::parse(request.uri().path()).filter(|target| service.offers(target));
    let Some(target) = target.filter(|_| !has_swallowed_part(&request)) else {
        return refusal(StatusCode::NOT_FOUND, "there's no SockJS endpoint at this address");
    };
    let allowed = allowed_methods(&target);
    let method = request.method();
    // HEAD is answered where GET has no effect; it opens no WebSocket (RFC 6455 section 4.1).
    let has_effect = matches!(target, Target::Session { .. } | Target::RawWebSocket);
    let head = *method == Method::HEAD && !has_effect;
    let asks = *method == Method::OPTIONS && allowed.starts_with("OPTIONS");
    if !head && !allowed.split(", ").any(|allowed| allowed == method.as_str()) {
        return method_not_allowed(allowed);
    }
    if let Err(refused) = service.check_origin(request.headers()) {
        return refused;
    }
    if asks {
        return preflight(request.headers(), allowed);
    }
    match target {
        Target::Greeting => pages::greeting(),
        Target::Iframe => service.iframe.answer(request.headers()),
        Target::Info => {
            let websocket = [Transport::WebSocket, Transport::RawWebSocket]
                .into_iter()
                .any(|transport| service.is_offered(transport));
            pages::info(request.headers(), websocket, service.options.cookie_needed)
        }
        Target::RawWebSocket => sockjs.open_websocket(Transport::RawWebSocket, request),
        Target::Session { request: SessionRequest::Receive(Transport::WebSocket), .. } => {
            sockjs.open_websocket(Transport::WebSocket, request)
        }
        Target::Session { session, request: wanted, .. } => {
            let headers = request.headers().clone();
            let mut response = sockjs.answer_session(&session, wanted, request).await;
            do_not_cache(&mut response);
            allow_origin(&headers, &mut response);
            if service.options.cookie_needed {
                set_cookie(&headers, &mut response);
            }
            response
        }
    }
}

/// Whether the path has an empty part behind the prefix, which axum takes for a part of the prefix:
/// of `/echo//info` it leaves `/info`.
fn has_swallowed_part(request: &Request) -> bool {
    let original = request.extensions().get::<OriginalUri>();
    let path = original.map_or("", |OriginalUri(uri)| uri.path());
    path.strip_suffix(request.uri().path()).is_some_and(|prefix| prefix.ends_with('/'))
}

/// Returns the methods that a target knows.
fn allowed_methods(target: &Target) -> &'static str {
    match target {
        Target::Greeting | Target::Iframe | Target::RawWebSocket => "GET",
        Target::Info => "OPTIONS, GET",
        Target::Session { request: SessionRequest::Send(_), .. } => "OPTIONS, POST",
        Target::Session { request: SessionRequest::Receive(transport), .. } => match transport {
            _ if transport.is_websocket() => "GET",
            _ if transport.method() == "POST" => "OPTIONS, POST",
            _ => "OPTIONS, GET",
        },
    }
}

impl Service {
    fn offers(&self, target: &Target) -> bool {
        match target {
            Target::RawWebSocket => self.is_offered(Transport::RawWebSocket),
            Target::Session { request: SessionRequest::Receive(transport), .. } => {
                self.is_offered(*transport)
            }
            _ => true,
        }
    }

    fn is_offered(&self, transport: Transport) -> bool {
        self.withdrawn.load(Relaxed) & bit(transport) == 0
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Response> {
        let allowed = headers
            .get_all(ORIGIN)
            .iter()
            .all(|origin| self.options.origins.admits(origin.as_bytes()));
        let sentence = "pages of this origin are not admitted here";
        if allowed { Ok(()) } else { Err(refusal(StatusCode::FORBIDDEN, sentence)) }
    }

    /// Checks that a session is used from the address that opened it.
    fn check_address(&self, session: &Session, peer: Option<SocketAddr>) -> Result<(), Response> {
        let same = match (session.peer(), peer) {
            (Some(first), Some(peer)) => first.ip().to_canonical() == peer.ip().to_canonical(),
            _ => true,
        };
        let sentence = "this session was opened from another address";
        if same || !self.options.bound_to_address {
            Ok(())
        } else {
            Err(refusal(StatusCode::FORBIDDEN, sentence))
        }
    }
}

impl SockJs {
    /// Answers a request of a session, without the header fields that all of them get.
    async fn answer_session(
        &self,
        name: &str,
        wanted: SessionRequest,
        request: Request,
    ) -> Response {
        let service = &self.owner.service;
        let peer = peer_of(&request);
        match wanted {
            SessionRequest::Send(kind) => self.answer_send(name, kind, request, peer).await,
            SessionRequest::Receive(transport) => {
                let callback = if transport.needs_callback() {
                    read_callback(request.uri().query())
                } else {
                    Ok(String::new())
                };
                let callback = match callback {
                    Ok(callback) => callback,
                    Err(error) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, error),
                };
                if let Err(refused) = skip_body(request.into_body(), &service.options).await {
                    return refused;
                }
                match self.find_or_open(name, transport, peer) {
                    Ok(session) => receive(session, transport, callback, &service.options).await,
                    Err(refused) => refused,
                }
            }
        }
    }

    async fn answer_send(
        &self,
        name: &str,
        kind: SendRequest,
        request: Request,
        peer: Option<SocketAddr>,
    ) -> Response {
        let service = &self.owner.service;
        let Some(session) = service.registry.find(name) else {
            return refusal(StatusCode::NOT_FOUND, "there's no session with this name");
        };
        if let Err(refused) = service.check_address(&session, peer) {
            return refused;
        }
        send(session, kind, request, &service.options, &service.held).await
    }

    fn find_or_open(
        &self,
        name: &str,
        transport: Transport,
        peer: Option<SocketAddr>,
    ) -> Result<Session, Response> {
        let Owner { service, scope } = &*self.owner;
        match service.registry.open(name, transport, peer) {
            Ok(Opened::Known(session)) => {
                service.check_address(&session, peer)?;
                Ok(session)
            }
            Ok(Opened::New(session, batches)) => {
                let handler = service.handler.clone();
                scope.spawn("sockjs session", driver::drive(session.clone(), batches, handler));
                Ok(session)
            }
            Err(full) => Err(refusal(StatusCode::SERVICE_UNAVAILABLE, full)),
        }
    }

    fn open_websocket(&self, transport: Transport, mut request: Request<Body>) -> Response {
        let Owner { service, scope } = &*self.owner;
        let (peer, upgrade) = (peer_of(&request), hyper::upgrade::on(&mut request));
        let (response, protocol) = match websocket::accept(&request) {
            Ok(accepted) => accepted,
            Err(refused) => return refused,
        };
        let session = match service.registry.open_websocket(transport, peer) {
            Ok(session) => session,
            Err(full) => return refusal(StatusCode::SERVICE_UNAVAILABLE, full),
        };
        let limits = websocket::SocketLimits {
            max_message: service.options.max_message,
            max_body: service.options.max_body,
            pace: service.options.pace(),
        };
        let handler = service.handler.clone();
        let serving = websocket::serve(session, upgrade, protocol, limits, handler);
        scope.spawn("sockjs websocket", serving);
        response
    }
}

fn bit(transport: Transport) -> u8 {
    match transport {
        Transport::WebSocket => 1,
        Transport::RawWebSocket => 1 << 1,
        Transport::XhrPolling => 1 << 2,
        Transport::XhrStreaming => 1 << 3,
        Transport::EventSource => 1 << 4,
        Transport::HtmlFile => 1 << 5,
        Transport::JsonpPolling => 1 << 6,
    }
}

/// Returns the address of the client, if the server was told to keep it.
fn peer_of(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer)
}
