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
use tokio_rustls::TlsAcceptor;

use crate::net::{Counted as CountedSocket, Distance, Line, Stall, Tap, Traffic, accept};
use crate::race::order::{Answer, Counted, Order, Used, hear, tell};
use crate::race::{Course, Headers, Kind, Lane};
use crate::scope::Scope;
use crate::servers::{Limits, Options, http, websocket};

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
            Order::Host { lane, course, on } => {
                match host(scope, lane, &course, on, &traffic, &stall).await {
                    Ok((address, certificate)) => Answer::Hosting { address, certificate, pinned },
                    Err(why) => Answer::Failed(why),
                }
            }
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

async fn host(
    scope: &Scope,
    lane: Lane,
    course: &Course,
    on: IpAddr,
    traffic: &Arc<Traffic>,
    stall: &Stall,
) -> Result<(SocketAddr, Option<Vec<u8>>), String> {
    let listen = async {
        let listener = TcpListener::bind((on, 0)).await?;
        Ok::<_, io::Error>((listener.local_addr()?, listener))
    };
    let (address, listener) = listen.await.map_err(|error| format!("could not listen on {on}: {error}"))?;
    let secured = if lane.tls { Some(tls::acceptor(lane.kind == Kind::Http2)?) } else { None };
    let limits = Limits { head: PATIENT, body: PATIENT, ..Limits::default() };
    let service = Service {
        lane,
        options: Options { limits, traffic: traffic.clone(), ..Options::default() },
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
        for number in 0_u64.. {
            let (stream, peer) = accept(&listener).await;
            let (accepted, seed) = (Instant::now(), self.seed.wrapping_add(number));
            // the tap stands at the socket itself: bytes count when they are there
            let tap = Tap::new(stream, self.service.options.traffic.connection());
            // out of timers: the client sees that the connection is closed
            let Ok(socket) = Line::new(tap, self.distance, accepted, self.stall.clone(), seed) else {
                continue;
            };
            self.serve(socket, peer);
        }
    }

    fn serve(&self, socket: Socket, peer: SocketAddr) {
        let (service, scope) = (self.service.clone(), self.scope.child());
        match self.acceptor.clone() {
            None => self.scope.spawn("connection", service.serve(scope, socket, peer)),
            Some(acceptor) => self.scope.spawn("connection", async move {
                // a client that speaks no TLS is told by the alert
                if let Ok(socket) = acceptor.accept(socket).await {
                    service.serve(scope, socket, peer).await;
                }
            }),
        }
    }
}

impl Service {
    async fn serve<S>(self, scope: Scope, socket: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.lane.kind {
            Kind::Tcp => tcp::serve(socket).await,
            Kind::HttpBare => bare::serve(socket, self.headers).await,
            Kind::HttpHyper | Kind::HttpReqwest | Kind::HttpNew => {
                let echo = http::echo_with(self.options.limits, self.headers.of_replies());
                http::serve_connection(socket, peer, echo, self.options).await;
            }
            Kind::Http2 => http2::serve(scope, socket, self.options.limits, self.headers).await,
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

/// A lane's service on pipes in place of sockets, for tests in a time that stands still.
#[cfg(test)]
pub(super) mod piped {
    use super::*;

    /// What serves a lane, and where.
    pub(in crate::race) struct Piped {
        service: Service,
        acceptor: Option<TlsAcceptor>,
        scope: Scope,
    }

    impl Piped {
        /// The service, and its certificate where the lane is within TLS.
        pub(in crate::race) fn new(scope: &Scope, lane: Lane, course: &Course) -> (Self, Option<Vec<u8>>) {
            let secured = lane.tls.then(|| tls::acceptor(lane.kind == Kind::Http2).unwrap());
            let (acceptor, certificate) = secured.unzip();
            let limits = Limits { head: PATIENT, body: PATIENT, ..Limits::default() };
            let service = Service {
                lane,
                options: Options { limits, ..Options::default() },
                headers: course.headers,
                read_buffer: course.read_buffer(),
                events: sse::Events::default(),
            };
            (Self { service, acceptor, scope: scope.child() }, certificate)
        }

        pub(in crate::race) fn serve<S>(&self, socket: S)
        where
            S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        {
            let (service, scope) = (self.service.clone(), self.scope.child());
            let peer = ([127, 0, 0, 1], 9).into();
            match self.acceptor.clone() {
                None => self.scope.spawn("connection", service.serve(scope, socket, peer)),
                Some(acceptor) => self.scope.spawn("connection", async move {
                    service.serve(scope, acceptor.accept(socket).await.unwrap(), peer).await;
                }),
            }
        }
    }
}
