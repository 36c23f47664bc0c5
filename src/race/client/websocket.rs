//! WebSocket with tokio-tungstenite: one open connection, the same without waiting for replies, a new one each time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use super::way::{Opening, same};
use crate::net::{WebSocketLimits, with_causes};
use crate::race::dial::Stream;
use crate::scope::Scope;

type Socket = WebSocketStream<Stream>;

async fn connect(opening: &Opening) -> Result<Socket, String> {
    let mut request = opening.dial.url("ws").into_client_request().map_err(with_causes)?;
    for (name, value) in opening.headers.of_requests() {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    // a reply that is larger than what was sent is refused by its header
    let limits = WebSocketLimits { message: opening.payload.len(), read_buffer: opening.read_buffer };
    limits.client(request, opening.dial.open().await?).await.map_err(with_causes)
}

/// The next message, compared.
async fn reply(
    messages: &mut (impl futures_util::Stream<Item = tokio_tungstenite::tungstenite::Result<Message>> + Unpin),
    payload: &Bytes,
) -> Result<(), String> {
    loop {
        match messages.next().await {
            Some(Ok(Message::Binary(reply))) => return same(&reply, payload),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => return Err(format!("the server sent {other:?} instead of the message")),
            Some(Err(error)) => return Err(with_causes(error)),
            None => return Err("the server closed the connection".to_owned()),
        }
    }
}

/// One open connection; each reply is awaited.
pub(super) struct Open {
    socket: Socket,
    opening: Arc<Opening>,
}

impl Open {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        Ok(Self { socket: connect(opening).await?, opening: opening.clone() })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        let payload = &self.opening.payload;
        for _ in 0..self.opening.messages {
            self.socket.send(Message::Binary(payload.clone())).await.map_err(with_causes)?;
            reply(&mut self.socket, payload).await?;
        }
        Ok(())
    }
}

/// One open connection; all messages of an exchange are sent while replies come in.
pub(super) struct Pipelined {
    sink: SplitSink<Socket, Message>,
    replies: SplitStream<Socket>,
    opening: Arc<Opening>,
}

impl Pipelined {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let (sink, replies) = connect(opening).await?.split();
        Ok(Self { sink, replies, opening: opening.clone() })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        let (payload, messages) = (&self.opening.payload, self.opening.messages);
        let sending = async {
            for _ in 0..messages {
                self.sink.feed(Message::Binary(payload.clone())).await.map_err(with_causes)?;
            }
            self.sink.flush().await.map_err(with_causes)
        };
        let receiving = async {
            for _ in 0..messages {
                reply(&mut self.replies, payload).await?;
            }
            Ok::<(), String>(())
        };
        tokio::try_join!(sending, receiving)?;
        Ok(())
    }
}

/// A connection and its opening handshake for every message. The closing handshake is not waited for within an
/// exchange, but its cost falls into the same slice.
pub(super) struct OpenAnew {
    opening: Arc<Opening>,
    goodbyes: Scope,
}

impl OpenAnew {
    pub(super) fn new(opening: &Arc<Opening>) -> Self {
        Self { opening: opening.clone(), goodbyes: opening.scope.child() }
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        let payload = &self.opening.payload;
        for _ in 0..self.opening.messages {
            let mut socket = connect(&self.opening).await?;
            socket.send(Message::Binary(payload.clone())).await.map_err(with_causes)?;
            reply(&mut socket, payload).await?;
            self.goodbyes.spawn("goodbye", async move {
                // a server that does not say goodbye is not waited for
                let _ = timeout(Duration::from_secs(5), close(socket)).await;
            });
        }
        Ok(())
    }

    pub(super) async fn settle(&mut self) {
        let said = std::mem::replace(&mut self.goodbyes, self.opening.scope.child());
        said.closed().await;
    }
}

/// The closing handshake, and then the end of the stream (RFC 6455 section 7.1.1).
async fn close(mut socket: Socket) {
    if WebSocketStream::close(&mut socket, None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}
