//! The server process of a lane: an echo on a port of its own. Its sockets are counted, may be
//! behind a modelled link, and may stall.
//!
//! HTTP/1.1 and WebSocket use the handlers of the bundled servers; the other protocols are here.

mod bare_http;
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

use crate::net::{self, DelayedStream, LinkConditions, Stall, Tap, Traffic};
use crate::race::error::LaneServerError;
use crate::race::process::ipc::{
    ResourceUsage, ServerCounters, WorkerRequest, WorkerResponse, read_message, write_message,
};
use crate::race::{HeaderProfile, Lane, LaneKind, RaceConfig};
use crate::scope::Scope;
use crate::servers::{Access, HostName, Limits, ServerOptions, http, websocket};

/// The timeout for an idle connection. It is long, because a lane is idle while the others run.
const LANE_TIMEOUT: Duration = Duration::from_hours(1);

/// Carries out the requests from `input` until it ends. Dropping the scope then ends everything
/// that was started. `pinned` is reported to the runner: whether this process runs on the CPU that
/// its placement assigns.
pub(crate) async fn run_server(
    scope: &Scope,
    pinned: bool,
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) {
    let mut input = BufReader::new(input);
    let (traffic, stall) = (Arc::new(Traffic::default()), Stall::default());
    while let Ok(Some(request)) = read_message::<WorkerRequest>(&mut input).await {
        let response = match request {
            WorkerRequest::Listen { lane, config, address } => {
                match start_listening(scope, lane, &config, address, &traffic, &stall) {
                    Ok((address, certificate)) => {
                        WorkerResponse::Listening { address, certificate, cpu_pinned: pinned }
                    }
                    Err(error) => WorkerResponse::Failed(error.to_string()),
                }
            }
            WorkerRequest::Count => {
                let snapshot = traffic.snapshot();
                WorkerResponse::Counted(ServerCounters {
                    received: snapshot.received,
                    sent: snapshot.sent,
                    usage: ResourceUsage::now(),
                })
            }
            WorkerRequest::Stall { duration } => {
                stall.begin(duration);
                continue;
            }
            WorkerRequest::Connect { .. } | WorkerRequest::Run { .. } => {
                WorkerResponse::Failed("this request is for a client".to_owned())
            }
        };
        if write_message(&mut output, &response).await.is_err() {
            return;
        }
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct LaneService {
    lane: Lane,
    options: ServerOptions,
    headers: HeaderProfile,
    read_buffer: usize,
    events: sse::EventStreams,
}

/// Returns the limits of a lane's server. Connections are idle while other lanes run, and a slow
/// modelled link must not look like a slow peer. A peer that does not read, or does not finish a
/// frame, gets as long as an exchange may take.
fn limits(config: &RaceConfig) -> Limits {
    let (exchange_timeout, own) = (config.exchange_timeout(), Limits::default());
    // A quarter of the bandwidth in bytes per second: bits / 8 / 4.
    let min_rate =
        config.link.bandwidth.map_or(own.min_rate, |bits| (bits / 32).clamp(1, own.min_rate));
    Limits {
        head_timeout: LANE_TIMEOUT,
        body_timeout: LANE_TIMEOUT,
        frame_timeout: exchange_timeout,
        min_rate,
        write_timeout: exchange_timeout,
        ..own
    }
}

fn start_listening(
    scope: &Scope,
    lane: Lane,
    config: &RaceConfig,
    ip: IpAddr,
    traffic: &Arc<Traffic>,
    stall: &Stall,
) -> Result<(SocketAddr, Option<Vec<u8>>), LaneServerError> {
    let listen = || {
        let listener = net::listen((ip, 0))?;
        Ok::<_, io::Error>((listener.local_addr()?, listener))
    };
    let (address, listener) = listen().map_err(|source| LaneServerError::Listen { ip, source })?;
    let secured = if lane.tls { Some(tls::acceptor(lane.kind == LaneKind::Http2)?) } else { None };
    let access = Access { hosts: [HostName::address(ip)].into(), origins: None };
    let options = ServerOptions {
        limits: limits(config),
        traffic: traffic.clone(),
        access,
        ..ServerOptions::default()
    };
    let service = LaneService::new(lane, config, options);
    let (acceptor, certificate) = secured.unzip();
    let accepting = AcceptLoop {
        scope: scope.child(),
        service,
        acceptor,
        link: if config.real_net { LinkConditions::default() } else { config.link },
        stall: stall.clone(),
        seed: config.seed,
    };
    scope.spawn("accepting", accepting.run(listener));
    Ok((address, certificate))
}

struct AcceptLoop {
    scope: Scope,
    service: LaneService,
    acceptor: Option<TlsAcceptor>,
    link: LinkConditions,
    stall: Stall,
    seed: u64,
}

impl AcceptLoop {
    async fn run(self, listener: TcpListener) {
        let limit = self.service.options.limits.max_connections;
        let mut number = 0_u64;
        let connection = |stream, peer| {
            let (accepted, seed) = (Instant::now(), self.seed.wrapping_add(number));
            number = number.wrapping_add(1);
            // The tap is at the socket itself, so bytes count when they arrive and not when the
            // modelled link delivers them.
            let tap = Tap::new(stream, self.service.options.traffic.count_connection());
            let socket = DelayedStream::new(tap, self.link, accepted, self.stall.clone(), seed);
            let (service, scope, acceptor) =
                (self.service.clone(), self.scope.child(), self.acceptor.clone());
            async move {
                // Without a timer the connection is dropped, which the client sees as closed.
                let Ok(socket) = socket else { return };
                serve(service, scope, acceptor, socket, peer).await;
            }
        };
        // The limit is never reached, because the clients are the race's own.
        net::serve("connection", &self.scope, &listener, limit, || {}, connection).await;
    }
}

async fn serve<S>(
    service: LaneService,
    scope: Scope,
    acceptor: Option<TlsAcceptor>,
    socket: S,
    peer: SocketAddr,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(acceptor) = acceptor else { return service.serve(scope, socket, peer).await };
    // The timeout drops a client that starts no handshake. One that speaks no TLS gets an alert
    // from rustls.
    if let Ok(Ok(socket)) =
        timeout(service.options.limits.write_timeout, acceptor.accept(socket)).await
    {
        service.serve(scope, socket, peer).await;
    }
}

impl LaneService {
    fn new(lane: Lane, config: &RaceConfig, options: ServerOptions) -> Self {
        let (headers, read_buffer) = (config.headers, config.read_buffer());
        Self { lane, options, headers, read_buffer, events: sse::EventStreams::default() }
    }

    async fn serve<S>(self, scope: Scope, socket: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.lane.kind {
            LaneKind::Tcp => tcp::serve(socket, self.options.limits).await,
            LaneKind::HttpBare => bare_http::serve(socket, self.headers, &self.options).await,
            LaneKind::HttpHyper | LaneKind::HttpReqwest | LaneKind::HttpNew => {
                let echo = http::echo_service(self.options.limits, self.headers.response_headers());
                http::serve_connection(socket, peer, echo, self.options).await;
            }
            LaneKind::Http2 => http2::serve(scope, socket, self.options, self.headers).await,
            LaneKind::SsePost => {
                let service = self.events.service(self.headers);
                http::serve_connection(socket, peer, service, self.options).await;
            }
            LaneKind::Ws | LaneKind::WsPipelined | LaneKind::WsNew => {
                websocket::serve_connection(socket, peer, self.options, self.read_buffer).await;
            }
        }
    }
}

/// A lane's service on pipes instead of sockets, for tests in paused time.
#[cfg(test)]
pub(super) mod piped {
    use super::*;

    /// A lane's service, with the scope of its connections.
    pub(in crate::race) struct Piped {
        service: LaneService,
        acceptor: Option<TlsAcceptor>,
        scope: Scope,
    }

    impl Piped {
        /// Creates the service and, for a lane with TLS, its certificate.
        pub(in crate::race) fn new(
            scope: &Scope,
            lane: Lane,
            config: &RaceConfig,
        ) -> (Self, Option<Vec<u8>>) {
            let secured = lane.tls.then(|| tls::acceptor(lane.kind == LaneKind::Http2).unwrap());
            let (acceptor, certificate) = secured.unzip();
            let options = ServerOptions { limits: limits(config), ..ServerOptions::default() };
            let service = LaneService::new(lane, config, options);
            (Self { service, acceptor, scope: scope.child() }, certificate)
        }

        pub(in crate::race) fn serve<S>(&self, socket: S)
        where
            S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        {
            let (service, scope) = (self.service.clone(), self.scope.child());
            let peer = ([127, 0, 0, 1], 9).into();
            self.scope
                .spawn("connection", serve(service, scope, self.acceptor.clone(), socket, peer));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::servers::hostile::{Serving, drips, floods, withstands_all};

    /// Serves a connection of that lane in a race with default settings.
    fn serving(lane: Lane) -> impl Fn(DuplexStream) -> Serving {
        let config = RaceConfig { lanes: vec![lane], ..RaceConfig::default() };
        let options = ServerOptions { limits: limits(&config), ..ServerOptions::default() };
        let service = LaneService::new(lane, &config, options);
        let scope = Scope::new(|panic| panic!("{panic}"));
        let acceptor = lane.tls.then(|| tls::acceptor(false).unwrap().0);
        move |stream| {
            let peer = "127.0.0.1:1".parse().unwrap();
            Box::pin(serve(service.clone(), scope.child(), acceptor.clone(), stream, peer))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hostile_websocket_is_disconnected() {
        withstands_all(1 << 20, Some(1008), serving(Lane::plain(LaneKind::Ws))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_reads_is_disconnected_on_every_lane() {
        let post = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
        let post = [&post[..], &[b'x'; 1000]].concat();
        let tcp = [&1000_u32.to_be_bytes()[..], &[b'x'; 1000]].concat();
        // RFC 9113: the preface, an empty SETTINGS frame, then PING frames.
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let ping = b"\0\0\x08\x06\0\0\0\0\0whatever";
        let lost =
            post.iter().map(|byte| if *byte == b'e' { b'E' } else { *byte }).collect::<Vec<_>>();
        for (kind, first, bytes) in [
            (LaneKind::Tcp, &b""[..], &tcp[..]),
            (LaneKind::HttpBare, b"", &post),
            (LaneKind::HttpHyper, b"", &post),
            (LaneKind::SsePost, b"", &lost),
            (LaneKind::Http2, preface, ping),
        ] {
            floods(first, bytes, serving(Lane::plain(kind))).await.was_given_up(1000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_finishes_is_disconnected() {
        for (kind, begun) in [
            (LaneKind::Tcp, &[0, 0x10, 0, 0][..]),
            (LaneKind::Tcp, &[0]),
            (
                LaneKind::HttpBare,
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
            ),
            (LaneKind::HttpBare, b"POST"),
        ] {
            let met = drips(begun, serving(Lane::plain(kind))).await;
            assert!(met.taken < begun.len() + 15, "{kind:?}: {}", met.taken);
        }
        let met =
            drips(b"\x16\x03\x01\x02\x00", serving(Lane { kind: LaneKind::Ws, tls: true })).await;
        assert!(met.taken < 20, "a TLS record that does not end: {}", met.taken);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_for_another_host_is_refused_on_every_lane() {
        for kind in [LaneKind::HttpBare, LaneKind::HttpHyper, LaneKind::SsePost, LaneKind::Ws] {
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
                assert!(
                    answer.starts_with(&format!("HTTP/1.1 {status}")),
                    "{kind:?}, {host:?}: {answer}"
                );
            }
        }
    }

    #[test]
    fn a_slow_distant_peer_is_not_disconnected() {
        let slow = LinkConditions {
            rtt: Duration::from_millis(500),
            bandwidth: Some(8_000),
            ..LinkConditions::default()
        };
        let config = RaceConfig { payload: 100_000, link: slow, ..RaceConfig::default() };
        let limits = limits(&config);
        assert_eq!(limits.min_rate, 250, "a quarter of 1,000 bytes a second");
        assert!(
            limits.frame_timeout > Duration::from_secs(200)
                && limits.write_timeout > Duration::from_secs(200)
        );
        assert_eq!(super::limits(&RaceConfig::default()).min_rate, Limits::default().min_rate);
    }
}
