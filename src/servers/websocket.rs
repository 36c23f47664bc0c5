//! The plain WebSocket echo: every text and binary message comes back unchanged, pings are
//! answered, and any path is accepted. It uses no TLS, no subprotocol and no extension, and sends
//! nothing unasked.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::net::{
    READ_BUFFER, Timed, Timeout, WebSocketLimits, close_code_for, describe_io_error,
    lingering_close,
};
use crate::scope::Scope;
use crate::servers::connection::ConnectionEnd;
use crate::servers::connection::handshake::{self, HandshakeError, OrdinaryHttp};
use crate::servers::connection::serve::{listen_on_loopback, serve_connections};
use crate::servers::{ServerEvent, ServerOptions};
use crate::wire::handshake::ServerPolicy;

/// How long a final Close frame may take to be sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, own.clone(), READ_BUFFER);
    Ok((address, serve_connections("websocket connection", scope, listener, options, connection)))
}

/// Echoes on one connection, a socket or a pipe, until it ends or until the options' shutdown.
/// `read_buffer` is the maximum number of bytes per read.
pub(crate) async fn serve_connection(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: ServerOptions,
    read_buffer: usize,
) {
    let mut socket = Timed::new(socket, options.limits);
    let result = {
        let policy = ServerPolicy::default();
        tokio::select! {
            opening = handshake::open(
                &mut socket,
                &policy,
                &options,
                OrdinaryHttp::UpgradeRequired,
            ) => opening,
            () = options.shutdown.cancelled() => return,
        }
    };
    match result {
        Ok(opened) => {
            options.record(ServerEvent::Opened { peer, path: opened.path });
            socket.frames_begin(&opened.rest);
            let limits = WebSocketLimits { message: options.limits.max_message, read_buffer };
            let mut echo = PlainEcho::new(limits.server(&mut socket, opened.rest).await);
            echo.run(&options).await;
            options.record(echo.closed(peer));
        }
        Err(HandshakeError::HungUp) => return,
        Err(reason) => options.record(ServerEvent::Refused { peer, reason: reason.to_string() }),
    }
    lingering_close(socket).await;
}

/// One WebSocket, from the handshake to its end.
struct PlainEcho<'s, S> {
    stream: WebSocketStream<&'s mut S>,
    opened: Instant,
    code: Option<u16>,
    reason: Option<String>,
    received: u64,
    sent: u64,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> PlainEcho<'s, S> {
    fn new(stream: WebSocketStream<&'s mut S>) -> Self {
        Self { stream, opened: Instant::now(), code: None, reason: None, received: 0, sent: 0 }
    }

    async fn run(&mut self, options: &ServerOptions) {
        if let Err(err) = self.echo(options).await {
            self.fail(err).await;
        }
    }

    /// Echoes until the stream ends. A Close does not end the loop: tungstenite sends the answering
    /// Close with the next read, and after our own Close the peer's is still to come.
    async fn echo(&mut self, options: &ServerOptions) -> Result<(), Error> {
        let mut leaving = false;
        let mut shutdown = pin!(options.shutdown.cancelled());
        loop {
            let message = tokio::select! {
                biased;
                message = self.stream.next() => message,
                () = &mut shutdown, if !leaving => {
                    leaving = true;
                    self.code.get_or_insert(CloseCode::Away.into());
                    let reason = ConnectionEnd::GoingAway.to_string();
                    self.close(CloseCode::Away, &reason).await?;
                    self.reason = Some(reason);
                    continue;
                }
            };
            match message.transpose()? {
                None => return Ok(()),
                Some(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.received = self.received.saturating_add(1);
                    // No message may follow our Close (RFC 6455 section 5.5.1).
                    if !leaving {
                        self.stream.send(message).await?;
                        self.sent = self.sent.saturating_add(1);
                    }
                }
                Some(Message::Close(Some(frame))) => {
                    self.code.get_or_insert(frame.code.into());
                }
                // The pong is flushed before anything more is read. Otherwise pongs would queue up
                // for a peer that only pings.
                Some(Message::Ping(_)) if !leaving => self.stream.flush().await?,
                Some(_) => {}
            }
        }
    }

    /// Ends the connection after an error, with a Close frame if the peer can still receive it (RFC
    /// 6455 section 7.1.7).
    async fn fail(&mut self, err: Error) {
        let late = match &err {
            Error::Io(err) => Timeout::of(err).filter(|timeout| timeout.is_late_frame()),
            _ => None,
        };
        let reason = match &err {
            Error::Io(err) => describe_io_error(err),
            err => err.to_string(),
        };
        if let Some(code) = close_code_for(&err).or(late.map(|_| CloseCode::Policy)) {
            self.code.get_or_insert(code.into());
            // The error is ignored: the connection is about to be dropped anyway.
            let _ = timeout(CLOSE_TIMEOUT, self.close(code, &reason)).await;
        }
        self.reason = Some(reason);
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        // A control frame has at most 125 bytes of payload, two of which are the code (RFC 6455
        // section 5.5).
        let reason = &reason[..reason.floor_char_boundary(123)];
        self.stream.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
    }

    fn closed(self, peer: SocketAddr) -> ServerEvent {
        let Self { code, reason, received, sent, .. } = self;
        ServerEvent::Closed { peer, code, reason, received, sent, took: self.opened.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::connection::serve::tests::socket;

    #[tokio::test]
    async fn an_idle_connection_takes_little_more_than_its_read_buffer() {
        let (socket, peer) = socket().await;
        let size =
            size_of_val(&serve_connection(socket, peer, ServerOptions::default(), READ_BUFFER));
        assert!(size <= 1750, "{size} bytes");
    }
}
