//! One contestant with its open connection: it can do one exchange at a time.
//!
//! It takes no time itself; the course does.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::clients::dial;
use crate::race::{Course, Lane};

/// tungstenite's default of 128 KiB makes every connection 20 times as large, and slower.
const READ_BUFFER: usize = 4096;

/// A lane that is ready to exchange.
pub(super) enum Runner {
    Http { client: reqwest::Client, url: reqwest::Url, payload: Bytes },
    WebSocket { stream: Box<WebSocketStream<TcpStream>>, payload: Bytes },
}

impl Runner {
    /// Opens the lane's connection. For HTTP, the first exchange of the warm-up does.
    pub(super) async fn open(lane: Lane, course: &Course) -> Result<Self, String> {
        let payload = course.bytes();
        match lane {
            Lane::HttpReqwest => {
                let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().map_err(told)?;
                let url = reqwest::Url::parse(&course.http).map_err(told)?;
                Ok(Self::Http { client, url, payload })
            }
            Lane::WebSocket => {
                let stream = Box::new(open_websocket(&course.websocket).await?);
                Ok(Self::WebSocket { stream, payload })
            }
        }
    }

    /// Sends the payload and waits for the same bytes to come back.
    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        match self {
            Self::Http { client, url, payload } => {
                let request = client.post(url.clone()).body(payload.clone());
                let response = request.send().await.map_err(told)?;
                if !response.status().is_success() {
                    return Err(format!("the server answered {}, not 200", response.status()));
                }
                same(&response.bytes().await.map_err(told)?, payload)
            }
            Self::WebSocket { stream, payload } => {
                stream.send(Message::Binary(payload.clone())).await.map_err(told)?;
                loop {
                    match stream.next().await {
                        Some(Ok(Message::Binary(reply))) => return same(&reply, payload),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(other)) => {
                            return Err(format!("the server sent {other:?} instead of the message"));
                        }
                        Some(Err(error)) => return Err(told(error)),
                        None => return Err("the server closed the connection".to_owned()),
                    }
                }
            }
        }
    }

    /// Says goodbye; a server that is gone already needs none.
    pub(super) async fn close(self) {
        if let Self::WebSocket { mut stream, .. } = self
            && WebSocketStream::close(&mut stream, None).await.is_ok()
        {
            while let Some(Ok(_)) = stream.next().await {}
        }
    }
}

async fn open_websocket(url: &str) -> Result<WebSocketStream<TcpStream>, String> {
    let (request, stream) = dial(url).await?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let (stream, _) = client_async_with_config(request, stream, Some(config)).await.map_err(told)?;
    Ok(stream)
}

fn same(reply: &[u8], payload: &[u8]) -> Result<(), String> {
    if reply == payload {
        return Ok(());
    }
    Err(format!("the reply ({} bytes) is not what was sent ({} bytes)", reply.len(), payload.len()))
}

/// An error with its causes; reqwest tells what went wrong only in those.
fn told(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
