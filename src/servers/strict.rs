//! The strict WebSocket echo: `wire` validates the handshake and every frame, and each broken rule
//! is answered with its close code and an explanation. To a peer that breaks no rule it behaves
//! like the plain echo, but at the few paths of [`closing`](super::closing).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::WaitForCancellationFuture;

use crate::net::{Timed, Timeout, lingering_close};
use crate::scope::Scope;
use crate::servers::closing::ClosingPath;
use crate::servers::connection::ConnectionEnd;
use crate::servers::connection::handshake::{
    self, AcceptedHandshake, HandshakeError, OrdinaryHttp,
};
use crate::servers::connection::http2::{self, Beginning};
use crate::servers::connection::serve::{CountedSocket, listen_on_loopback, serve_connections};
use crate::servers::{ServerEvent, ServerOptions};
use crate::wire::handshake::ServerPolicy;
use crate::wire::{Endpoint, EndpointEvent};

/// The maximum number of bytes per read, which is also the piece in which the decoder unmasks.
const READ_BUFFER: usize = 16 << 10;

/// Answers are collected until the end of a read, but sent at once beyond this number of bytes.
const OUTBOX_FLUSH_SIZE: usize = 64 << 10;

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`. `policy` decides which handshakes are accepted, and whether messages may be
/// compressed.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
    policy: ServerPolicy,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| any_connection(socket, peer, own.clone(), policy.clone());
    Ok((
        address,
        serve_connections("strict websocket connection", scope, listener, options, connection),
    ))
}

/// Serves a connection in the version of HTTP that it begins with.
async fn any_connection(
    socket: CountedSocket,
    peer: SocketAddr,
    mut options: ServerOptions,
    policy: ServerPolicy,
) {
    match http2::beginning(socket.get_ref(), &options).await {
        Beginning::Http2 => {
            let websocket = |stream, accepted| {
                let options = options.clone();
                async move {
                    let mut socket = Timed::new(stream, options.limits);
                    serve_opened(&mut socket, accepted, peer, &options).await;
                    // The frames that are left are sent before END_STREAM.
                    let _ = socket.shutdown().await;
                }
            };
            Box::pin(http2::serve_connection(socket, peer, &options, policy, websocket)).await;
            return;
        }
        Beginning::Nothing => options.limits.head_timeout = Duration::ZERO,
        Beginning::Other => {}
    }
    serve_connection(socket, peer, options, policy).await;
}

pub(super) async fn serve_connection(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: ServerOptions,
    policy: ServerPolicy,
) {
    let mut socket = Timed::new(socket, options.limits);
    let result = tokio::select! {
        opening = handshake::open(&mut socket, &policy, &options, OrdinaryHttp::Judged) => opening,
        () = options.shutdown.cancelled() => return,
    };
    match result {
        Ok(opened) => serve_opened(&mut socket, opened, peer, &options).await,
        Err(HandshakeError::HungUp) => return,
        Err(reason) => options.record(ServerEvent::Refused { peer, reason: reason.to_string() }),
    }
    lingering_close(socket).await;
}

/// Serves a WebSocket whose handshake was accepted.
async fn serve_opened<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Timed<S>,
    opened: AcceptedHandshake,
    peer: SocketAddr,
    options: &ServerOptions,
) {
    let closing = ClosingPath::of(&opened.path);
    options.record(ServerEvent::Opened { peer, path: opened.path });
    if closing == Some(ClosingPath::HalfOpen) {
        return stay_silent(socket, options).await;
    }
    socket.frames_begin(&opened.rest);
    let limit = options.limits.max_message;
    let limit = closing.map_or(limit, |closing| closing.message_limit(limit));
    let endpoint = Endpoint::server(opened.agreed, limit);
    let mut echo = StrictEcho::new(socket, endpoint, closing);
    let end = echo.run(&opened.rest, pin!(options.shutdown.cancelled())).await;
    options.record(echo.closed(peer, end));
}

/// Reads whatever comes and sends nothing, until the peer gives up or the server shuts down.
async fn stay_silent<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Timed<S>,
    options: &ServerOptions,
) {
    let mut buffer = vec![0; READ_BUFFER];
    let all = async { while socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {} };
    tokio::select! {
        () = all => {}
        () = options.shutdown.cancelled() => {}
    }
}

/// One WebSocket, from the handshake to its end.
struct StrictEcho<'s, S> {
    socket: &'s mut Timed<S>,
    endpoint: Endpoint,
    closing: Option<ClosingPath>,
    opened: Instant,
    code: Option<u16>,
    received: u64,
    sent: u64,
}

/// The event that ended a wait.
enum ReadEvent {
    Read(usize),
    Late(Timeout),
    Shutdown,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> StrictEcho<'s, S> {
    fn new(socket: &'s mut Timed<S>, endpoint: Endpoint, closing: Option<ClosingPath>) -> Self {
        let opened = Instant::now();
        Self { socket, endpoint, closing, opened, code: None, received: 0, sent: 0 }
    }

    async fn run(
        &mut self,
        rest: &[u8],
        mut shutdown: Pin<&mut WaitForCancellationFuture<'_>>,
    ) -> Option<ConnectionEnd> {
        let mut leaving = false;
        let result = async {
            self.receive(rest).await?;
            let mut buffer = vec![0; READ_BUFFER];
            while !self.endpoint.is_finished() {
                match self.next_event(&mut buffer, shutdown.as_mut(), leaving).await? {
                    ReadEvent::Read(0) => return Err(ConnectionEnd::WithoutClose),
                    ReadEvent::Read(count) => {
                        self.receive(buffer.get(..count).unwrap_or_default()).await?;
                    }
                    ReadEvent::Late(timeout) => return self.late(timeout).await,
                    ReadEvent::Shutdown => {
                        leaving = true;
                        // The peer's Close is awaited next. Until then its messages are still read.
                        self.code.get_or_insert(1001);
                        self.endpoint.close(1001, &ConnectionEnd::GoingAway.to_string());
                        self.flush().await?;
                    }
                }
            }
            if leaving { Err(ConnectionEnd::GoingAway) } else { Ok(()) }
        };
        result.await.err()
    }

    /// Waits for the next bytes, a late frame, or the shutdown.
    async fn next_event(
        &mut self,
        buffer: &mut [u8],
        shutdown: Pin<&mut WaitForCancellationFuture<'_>>,
        leaving: bool,
    ) -> Result<ReadEvent, ConnectionEnd> {
        let read = tokio::select! {
            // The shutdown comes first, so that a busy peer cannot postpone it.
            biased;
            () = shutdown, if !leaving => return Ok(ReadEvent::Shutdown),
            read = self.socket.read(buffer) => read,
        };
        match read {
            Ok(count) => Ok(ReadEvent::Read(count)),
            Err(err) => Timeout::of(&err).map(ReadEvent::Late).ok_or(ConnectionEnd::Io(err)),
        }
    }

    async fn receive(&mut self, mut input: &[u8]) -> Result<(), ConnectionEnd> {
        while let Some(incoming) = self.endpoint.receive(&mut input) {
            match incoming {
                EndpointEvent::Message(kind, data) => {
                    self.received = self.received.saturating_add(1);
                    let number = self.received;
                    let objection =
                        self.closing.and_then(|path| path.objection(number, kind, &data));
                    if let Some((code, reason)) = objection {
                        self.code.get_or_insert(code);
                        self.endpoint.close(code, reason);
                        continue;
                    }
                    let sent = u64::from(self.endpoint.send(kind, &data));
                    self.sent = self.sent.saturating_add(sent);
                }
                EndpointEvent::Closed(code, _) => self.code = self.code.or(code),
                EndpointEvent::Failed(failure) => {
                    self.code.get_or_insert(failure.code);
                    self.flush().await?;
                    return Err(ConnectionEnd::Failed(failure.reason));
                }
                EndpointEvent::Ping(_) | EndpointEvent::Pong(_) => {}
            }
            if self.endpoint.outbox().len() > OUTBOX_FLUSH_SIZE {
                self.flush().await?;
            }
        }
        self.flush().await
    }

    async fn late(&mut self, timeout: Timeout) -> Result<(), ConnectionEnd> {
        let failure = self.endpoint.fail(1008, &timeout.to_string());
        self.code.get_or_insert(failure.code);
        self.flush().await?;
        Err(ConnectionEnd::Failed(failure.reason))
    }

    /// Sends the queued answers. A peer may read slowly, but must not stop reading.
    async fn flush(&mut self) -> Result<(), ConnectionEnd> {
        Ok(self.socket.write_all(&self.endpoint.take_outbox()).await?)
    }

    fn closed(self, peer: SocketAddr, end: Option<ConnectionEnd>) -> ServerEvent {
        let Self { code, received, sent, .. } = self;
        let reason = end.map(|reason| reason.to_string());
        ServerEvent::Closed { peer, code, reason, received, sent, took: self.opened.elapsed() }
    }
}
