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
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::net::{self, Distance, Line, Stall, Tap, Traffic};
use crate::race::order::{Answer, Counted, Order, Used, hear, tell};
use crate::race::{Course, Headers, Kind, Lane};
use crate::scope::Scope;
use crate::servers::{Access, HostName, Limits, Options, http, websocket};

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
    Limits { head_timeout: PATIENT, body_timeout: PATIENT, frame_timeout: patience, min_rate, write_timeout: patience, ..own }
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
    let options = Options { limits: limits(course), traffic: traffic.clone(), access, ..Options::default() };
    let service = Service::new(lane, course, options);
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
        let limit = self.service.options.limits.max_connections;
        let mut number = 0_u64;
        let connection = |stream, peer| {
            let (accepted, seed) = (Instant::now(), self.seed.wrapping_add(number));
            number = number.wrapping_add(1);
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

async fn serve<S>(service: Service, scope: Scope, acceptor: Option<TlsAcceptor>, socket: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(acceptor) = acceptor else { return service.serve(scope, socket, peer).await };
    // a client that speaks no TLS is told by the alert, and one that says nothing is not waited for
    if let Ok(Ok(socket)) = timeout(service.options.limits.write_timeout, acceptor.accept(socket)).await {
        service.serve(scope, socket, peer).await;
    }
}

impl Service {
    fn new(lane: Lane, course: &Course, options: Options) -> Self {
        let (headers, read_buffer) = (course.headers, course.read_buffer());
        Self { lane, options, headers, read_buffer, events: sse::Events::default() }
    }

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
            let options = Options { limits: limits(course), ..Options::default() };
            let service = Service::new(lane, course, options);
            (Self { service, acceptor, scope: scope.child() }, certificate)
        }

        pub(in crate::race) fn serve<S>(&self, socket: S)
        where
            S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        {
            let (service, scope) = (self.service.clone(), self.scope.child());
            let peer = ([127, 0, 0, 1], 9).into();
            self.scope.spawn("connection", serve(service, scope, self.acceptor.clone(), socket, peer));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::servers::hostile::{Serving, drips, floods, withstands_all};

    /// What serves a connection of that lane in a race with default settings.
    fn serving(lane: Lane) -> impl Fn(DuplexStream) -> Serving {
        let course = Course { lanes: vec![lane], ..Course::default() };
        let options = Options { limits: limits(&course), ..Options::default() };
        let service = Service::new(lane, &course, options);
        let scope = Scope::new(|panic| panic!("{panic}"));
        let acceptor = lane.tls.then(|| tls::acceptor(false).unwrap().0);
        move |stream| {
            let peer = "127.0.0.1:1".parse().unwrap();
            Box::pin(serve(service.clone(), scope.child(), acceptor.clone(), stream, peer))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hostile_websocket_is_given_up() {
        withstands_all(1 << 20, Some(1008), serving(Lane::plain(Kind::Ws))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_reads_is_given_up_on_every_lane() {
        let post = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
        let post = [&post[..], &[b'x'; 1000]].concat();
        let tcp = [&1000_u32.to_be_bytes()[..], &[b'x'; 1000]].concat();
        // RFC 9113: the preface, an empty SETTINGS frame, and then PING frames
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let ping = b"\0\0\x08\x06\0\0\0\0\0whatever";
        let lost = post.iter().map(|byte| if *byte == b'e' { b'E' } else { *byte }).collect::<Vec<_>>();
        for (kind, first, bytes) in [
            (Kind::Tcp, &b""[..], &tcp[..]),
            (Kind::HttpBare, b"", &post),
            (Kind::HttpHyper, b"", &post),
            (Kind::SsePost, b"", &lost),
            (Kind::Http2, preface, ping),
        ] {
            floods(first, bytes, serving(Lane::plain(kind))).await.was_given_up(1000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_ends_what_it_has_begun_is_given_up() {
        for (kind, begun) in [
            (Kind::Tcp, &[0, 0x10, 0, 0][..]),
            (Kind::Tcp, &[0]),
            (Kind::HttpBare, b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"),
            (Kind::HttpBare, b"POST"),
        ] {
            let met = drips(begun, serving(Lane::plain(kind))).await;
            assert!(met.taken < begun.len() + 15, "{kind:?}: {}", met.taken);
        }
        let met = drips(b"\x16\x03\x01\x02\x00", serving(Lane { kind: Kind::Ws, tls: true })).await;
        assert!(met.taken < 20, "a TLS record that does not end: {}", met.taken);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_for_another_host_is_refused_on_every_lane() {
        for kind in [Kind::HttpBare, Kind::HttpHyper, Kind::SsePost, Kind::Ws] {
            for (host, status) in [
                ("Host: evil.example\r\n", "421 "),
                ("", "400 "),
                ("Host: localhost\r\nHost: localhost\r\n", "400 "),
            ] {
                let (mut peer, stream) = duplex(4096);
                let request = format!("GET / HTTP/1.1\r\n{host}\r\n");
                peer.write_all(request.as_bytes()).await.unwrap();
                let mut answer = String::new();
                let serving = serving(Lane::plain(kind))(stream);
                let ((), read) = tokio::join!(serving, peer.read_to_string(&mut answer));
                read.unwrap();
                assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{kind:?}, {host:?}: {answer}");
            }
        }
    }

    #[test]
    fn what_is_far_away_and_slow_is_not_cut_off() {
        let slow =
            Distance { rtt: Duration::from_millis(500), bandwidth: Some(8_000), ..Distance::default() };
        let course = Course { payload: 100_000, distance: slow, ..Course::default() };
        let limits = limits(&course);
        assert_eq!(limits.min_rate, 250, "a quarter of 1,000 bytes a second");
        assert!(limits.frame_timeout > Duration::from_secs(200) && limits.write_timeout > Duration::from_secs(200));
        assert_eq!(super::limits(&Course::default()).min_rate, Limits::default().min_rate);
    }
}
