//! The WebSocket echo: every text and binary message comes back as it is, pings are answered, any path will do.
//! It speaks no TLS, no subprotocol and no extension, and nothing before it is spoken to.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::net::{fault_code, linger};
use crate::scope::Scope;
use crate::servers::accept;
use crate::servers::upgrade;
use crate::servers::{Event, Limits, Options};

/// The default of 128 KiB costs every idle connection that much, and 1.67 times the latency at 64 connections.
pub const READ_BUFFER: usize = 4096;

/// How long a last Close frame may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Listens on 127.0.0.1; the server lives as long as the future is run, and its panics go to `scope`.
///
/// # Errors
/// If the port is taken or may not be used.
pub async fn bind(
    scope: &Scope,
    options: Options,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = accept::listen(options.port).await?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, own.clone(), READ_BUFFER);
    Ok((address, accept::serve("websocket connection", scope, listener, options, connection)))
}

/// Echoes on one connection, whatever it runs over, until it ends or the options' shutdown. `read_buffer` is how much it
/// may read at once, in bytes.
pub(crate) async fn serve_connection(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: Options,
    read_buffer: usize,
) {
    let opening = tokio::select! {
        opening = upgrade::open(&mut socket, options.limits.head) => opening,
        () = options.shutdown.cancelled() => return,
    };
    match opening {
        Ok(opened) => {
            options.tell(Event::Opened { peer, path: opened.path });
            let config = Some(config(options.limits, read_buffer));
            let stream =
                WebSocketStream::from_partially_read(&mut socket, opened.rest, Role::Server, config).await;
            let mut echo = Echo::new(stream);
            echo.run(&options).await;
            options.tell(echo.closed(peer));
        }
        Err(upgrade::NotOpened::HungUp) => return,
        Err(why) => options.tell(Event::Refused { peer, why: why.to_string() }),
    }
    linger(socket).await;
}

fn config(limits: Limits, read_buffer: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(read_buffer)
        .max_message_size(Some(limits.message))
        .max_frame_size(Some(limits.message))
}

/// One WebSocket, from the handshake to its end.
struct Echo<'s, S> {
    stream: WebSocketStream<&'s mut S>,
    opened: Instant,
    code: Option<u16>,
    why: Option<String>,
    received: u64,
    sent: u64,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Echo<'s, S> {
    fn new(stream: WebSocketStream<&'s mut S>) -> Self {
        Self { stream, opened: Instant::now(), code: None, why: None, received: 0, sent: 0 }
    }

    async fn run(&mut self, options: &Options) {
        if let Err(err) = self.echo(options).await {
            self.fail(err).await;
        }
    }

    /// On a Close it keeps reading until the end of the stream: tungstenite sends the answering Close with the next
    /// read, and after our own Close the peer's has yet to come.
    async fn echo(&mut self, options: &Options) -> Result<(), Error> {
        let mut leaving = false;
        let mut shutdown = pin!(options.shutdown.cancelled());
        loop {
            let message = tokio::select! {
                biased;
                message = self.stream.next() => message,
                () = &mut shutdown, if !leaving => {
                    leaving = true;
                    self.code.get_or_insert(CloseCode::Away.into());
                    self.why = Some("the server is going away".to_owned());
                    self.close(CloseCode::Away, "the server is going away").await?;
                    continue;
                }
            };
            match message.transpose()? {
                None => return Ok(()),
                Some(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.received += 1;
                    if !leaving {
                        self.stream.send(message).await?;
                        self.sent += 1;
                    }
                }
                Some(Message::Close(Some(frame))) => {
                    self.code.get_or_insert(frame.code.into());
                }
                Some(_) => {}
            }
        }
    }

    /// What the peer did wrong is told in a Close frame, if it can still hear it (RFC 6455 section 7.1.7).
    async fn fail(&mut self, err: Error) {
        self.why = Some(err.to_string());
        let Some(code) = fault_code(&err) else { return };
        self.code.get_or_insert(code.into());
        // It may fail, or the peer may not read: there is nobody left to tell.
        let _ = timeout(LAST_WORDS, self.close(code, &err.to_string())).await;
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        // 125 bytes hold a control frame's payload, two of them the code (RFC 6455 section 5.5).
        let reason = &reason[..reason.floor_char_boundary(123)];
        self.stream.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
    }

    fn closed(self, peer: SocketAddr) -> Event {
        let Self { code, why, received, sent, .. } = self;
        Event::Closed { peer, code, why, received, sent, took: self.opened.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_idle_connection_is_little_more_than_its_read_buffer() {
        let (socket, peer) = accept::tests::socket().await;
        let size = size_of_val(&serve_connection(socket, peer, Options::default(), READ_BUFFER));
        assert!(size <= 1600, "{size} bytes");
    }
}
