//! The echo on tokio-tungstenite with a lower limit, smaller buffers, and nobody from a foreign page.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::{Error, protocol::WebSocketConfig};

fn check(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    if listen::same_origin(request.headers()) {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = StatusCode::FORBIDDEN;
    Err(refusal)
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(16 << 20))
        .read_buffer_size(4096)
        .write_buffer_size(4096);
    let mut socket = accept_hdr_async_with_config(stream, check, Some(limits)).await?;
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve(echo).await
}
