//! WebSocket with tokio-tungstenite: one open connection, the same with pipelined messages, and a
//! new connection for each message.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{self, HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::{Message, Result as WebSocketResult, Utf8Bytes};

use super::reply::check_reply;
use super::setup::LaneSetup;
use crate::net::WebSocketLimits;
use crate::race::connector::Stream;
use crate::race::error::LaneError;
use crate::scope::Scope;

type Socket = WebSocketStream<Stream>;

async fn connect(setup: &LaneSetup) -> Result<Socket, LaneError> {
    let mut request = setup.connector.url("ws").into_client_request()?;
    for (name, value) in setup.headers.request_headers() {
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(origin) = &setup.websocket.origin {
        let origin = HeaderValue::from_str(origin).map_err(http::Error::from)?;
        request.headers_mut().insert(header::ORIGIN, origin);
    }
    // With the payload as limit, a reply that is too long is refused by its header alone.
    let limits = WebSocketLimits { message: setup.payload.len(), read_buffer: setup.read_buffer };
    Ok(limits.client(request, setup.connector.connect().await?).await?)
}

/// Returns the message to send. The payload is ASCII, so it can be text too.
fn message(setup: &LaneSetup) -> Message {
    let payload = setup.payload.clone();
    let text = setup.websocket.sends_text.then(|| Utf8Bytes::try_from(payload.clone()));
    match text {
        Some(Ok(text)) => Message::Text(text),
        _ => Message::Binary(payload),
    }
}

/// Receives the next message and compares it with `sent`: its kind and its payload.
async fn receive_reply(
    messages: &mut (impl futures_util::Stream<Item = WebSocketResult<Message>> + Unpin),
    sent: &Message,
) -> Result<(), LaneError> {
    loop {
        match (messages.next().await, sent) {
            (Some(Ok(Message::Binary(reply))), Message::Binary(payload)) => {
                return check_reply(&reply, payload);
            }
            (Some(Ok(Message::Text(reply))), Message::Text(text)) => {
                return check_reply(reply.as_bytes(), text.as_bytes());
            }
            // tungstenite answers pings by itself.
            (Some(Ok(Message::Ping(_) | Message::Pong(_))), _) => {}
            (Some(Ok(other)), _) => return Err(LaneError::UnexpectedMessage(other)),
            (Some(Err(error)), _) => return Err(error.into()),
            (None, _) => return Err(LaneError::Closed),
        }
    }
}

/// One open connection that awaits each reply.
pub(super) struct OpenWebSocket {
    socket: Socket,
    message: Message,
    setup: Arc<LaneSetup>,
}

impl OpenWebSocket {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let message = message(setup);
        Ok(Self { socket: connect(setup).await?, message, setup: setup.clone() })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.setup.messages {
            self.socket.send(self.message.clone()).await?;
            receive_reply(&mut self.socket, &self.message).await?;
        }
        Ok(())
    }
}

/// One open connection that sends all messages of an exchange while replies arrive.
pub(super) struct PipelinedWebSocket {
    sink: SplitSink<Socket, Message>,
    replies: SplitStream<Socket>,
    message: Message,
    setup: Arc<LaneSetup>,
}

impl PipelinedWebSocket {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let (sink, replies) = connect(setup).await?.split();
        Ok(Self { sink, replies, message: message(setup), setup: setup.clone() })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        let (message, messages) = (&self.message, self.setup.messages);
        let sending = async {
            // `feed` leaves flushing to the end, so that small messages share a write.
            for _ in 0..messages {
                self.sink.feed(message.clone()).await?;
            }
            self.sink.flush().await?;
            Ok(())
        };
        let receiving = async {
            for _ in 0..messages {
                receive_reply(&mut self.replies, message).await?;
            }
            Ok::<(), LaneError>(())
        };
        // Both run at once: with full socket buffers, sending everything before reading would
        // deadlock.
        tokio::try_join!(sending, receiving)?;
        Ok(())
    }
}

/// A connection and its opening handshake for every message. An exchange does not wait for the
/// closing handshake, whose cost still counts in the same slice.
pub(super) struct ReconnectingWebSocket {
    setup: Arc<LaneSetup>,
    closing: Scope,
}

impl ReconnectingWebSocket {
    pub(super) fn new(setup: &Arc<LaneSetup>) -> Self {
        Self { setup: setup.clone(), closing: setup.scope.child() }
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        let message = message(&self.setup);
        for _ in 0..self.setup.messages {
            let mut socket = connect(&self.setup).await?;
            socket.send(message.clone()).await?;
            receive_reply(&mut socket, &message).await?;
            self.closing.spawn("closing handshake", async move {
                // A server that never answers the Close must not hold up the slice.
                let _ = timeout(Duration::from_secs(5), close(socket)).await;
            });
        }
        Ok(())
    }

    pub(super) async fn wait_for_closes(&mut self) {
        let closing = std::mem::replace(&mut self.closing, self.setup.scope.child());
        closing.closed().await;
    }
}

/// Performs the closing handshake and waits for the end of the stream (RFC 6455 section 7.1.1).
async fn close(mut socket: Socket) {
    if WebSocketStream::close(&mut socket, None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}
