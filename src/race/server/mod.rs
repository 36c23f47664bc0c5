//! The end of a lane that answers: an echo on a port of its own, whose sockets are counted, may be far away, and may
//! stand still.
//!
//! HTTP/1.1 and WebSocket are the bundled servers' own handlers; here are the others.

mod bare;
mod http2;
mod sse;
mod tcp;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::net::{self, Counted as CountedSocket, Distance, Line, Stall, Tap, Traffic};
use crate::race::order::{Answer, Counted, Order, Used, hear, tell};
use crate::race::{Course, Headers, Kind, Lane};
use crate::scope::Scope;
use crate::servers::{Access, HostName, Limits, Options, http, websocket};

/// A server's end of a connection: counted, and at the distance of the course.
type Socket = Line<Tap<TcpStream, CountedSocket>>;

/// Nothing is cut off while other lanes run.
const PATIENT: Duration = Duration::from_hours(1);

/// Does what the orders say, until they end; then all that was begun ends with the scope. `pinned` is told to the
/// referee: whether this process is where its placement puts it.
pub async fn server(
    scope: &Scope,
    pinned: bool,
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) {
    let mut input = BufReader::new(input);
    let (traffic, stall) = (Arc::new(Traffic::default()), Stall::default());
    while let Ok(Some(order)) = hear::<Order>(&mut input).await {
        let answer = match order {
            Order::Host { lane, course, on } => match host(scope, lane, &course, on, &traffic, &stall) {
                Ok((address, certificate)) => Answer::Hosting { address, certificate, pinned },
                Err(why) => Answer::Failed(why),
            },
            Order::Count => {
                let tally = traffic.tally();
                Answer::Counted(Counted { received: tally.received, sent: tally.sent, used: Used::now() })
            }
            Order::Stall { time } => {
                stall.begin(time);
                continue;
            }
            Order::Open { .. } | Order::Run { .. } => Answer::Failed("that is for a client".to_owned()),
        };
        if tell(&mut output, &answer).await.is_err() {
            return;
        }
    }
}

/// What each connection is served with.
#[derive(Clone)]
struct Service {
    lane: Lane,
    options: Options,
    headers: Headers,
    read_buffer: usize,
    events: sse::Events,
}

/// Connections are idle while other lanes run, and nothing may be cut off that is merely far away. Who does not read, or
/// leaves unfinished what it has begun, gets as much time as an exchange does.
fn limits(course: &Course) -> Limits {
    let (patience, own) = (course.patience(), Limits::default());
    // a quarter of what comes over the narrowest link
    let min_rate = course.distance.bandwidth.map_or(own.min_rate, |bits| (bits / 32).clamp(1, own.min_rate));
    Limits { head: PATIENT, body: PATIENT, frame: patience, min_rate, write: patience, ..own }
}

fn host(
    scope: &Scope,
    lane: Lane,
    course: &Course,
    on: IpAddr,
    traffic: &Arc<Traffic>,
    stall: &Stall,
) -> Result<(SocketAddr, Option<Vec<u8>>), String> {
    let listen = || {
        let listener = net::listen((on, 0))?;
        Ok::<_, io::Error>((listener.local_addr()?, listener))
    };
    let (address, listener) = listen().map_err(|error| format!("could not listen on {on}: {error}"))?;
    let secured = if lane.tls { Some(tls::acceptor(lane.kind == Kind::Http2)?) } else { None };
    let access = Access { hosts: [HostName::address(on)].into(), origins: None };
    let service = Service {
        lane,
        options: Options { limits: limits(course), traffic: traffic.clone(), access, ..Options::default() },
        headers: course.headers,
        read_buffer: course.read_buffer(),
        events: sse::Events::default(),
    };
    let (acceptor, certificate) = secured.unzip();
    let accepting = Accepting {
        scope: scope.child(),
        service,
        acceptor,
        distance: if course.real_net { Distance::default() } else { course.distance },
        stall: stall.clone(),
        seed: course.seed,
    };
    scope.spawn("accepting", accepting.run(listener));
    Ok((address, certificate))
}

struct Accepting {
    scope: Scope,
    service: Service,
    acceptor: Option<TlsAcceptor>,
    distance: Distance,
    stall: Stall,
    seed: u64,
}

impl Accepting {
    async fn run(self, listener: TcpListener) {
        let limit = self.service.options.limits.connections;
        let mut number = 0_u64;
        let connection = |stream, peer| {
            let (accepted, seed) = (Instant::now(), self.seed.wrapping_add(number));
            number += 1;
            // the tap stands at the socket itself: bytes count when they are there
            let tap = Tap::new(stream, self.service.options.traffic.connection());
            let socket = Line::new(tap, self.distance, accepted, self.stall.clone(), seed);
            let (service, scope, acceptor) =
                (self.service.clone(), self.scope.child(), self.acceptor.clone());
            async move {
                // out of timers: the client sees that the connection is closed
                let Ok(socket) = socket else { return };
                serve(service, scope, acceptor, socket, peer).await;
            }
        };
        // the clients are the race's own: there are never so many
        net::serve("connection", &self.scope, &listener, limit, || {}, connection).await;
    }
}

async fn serve(
    service: Service,
    scope: Scope,
    acceptor: Option<TlsAcceptor>,
    socket: Socket,
    peer: SocketAddr,
) {
    let Some(acceptor) = acceptor else { return service.serve(scope, socket, peer).await };
    // a client that speaks no TLS is told by the alert, and one that says nothing is not waited for
    if let Ok(Ok(socket)) = timeout(service.options.limits.write, acceptor.accept(socket)).await {
        service.serve(scope, socket, peer).await;
    }
}

impl Service {
    async fn serve<S>(self, scope: Scope, socket: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.lane.kind {
            Kind::Tcp => tcp::serve(socket, self.options.limits).await,
            Kind::HttpBare => bare::serve(socket, self.headers, &self.options).await,
            Kind::HttpHyper | Kind::HttpReqwest | Kind::HttpNew => {
                let echo = http::echo_with(self.options.limits, self.headers.of_replies());
                http::serve_connection(socket, peer, echo, self.options).await;
            }
            Kind::Http2 => http2::serve(scope, socket, self.options, self.headers).await,
            Kind::SsePost => {
                let service = self.events.service(self.headers);
                http::serve_connection(socket, peer, service, self.options).await;
            }
            Kind::Ws | Kind::WsPipelined | Kind::WsNew => {
                websocket::serve_connection(socket, peer, self.options, self.read_buffer).await;
            }
        }
    }
}
