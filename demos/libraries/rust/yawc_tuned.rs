//! The echo on yawc with compression, valid text, limits, and nobody from a foreign page.

use futures_util::{SinkExt, StreamExt};
use hyper::{Request, body::Incoming};
use yawc::{CompressionLevel, OpCode, Options, UpgradeFut, WebSocket, WebSocketError};

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = upgraded.await?;
    while let Some(frame) = socket.next().await {
        if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
            socket.send(frame).await?;
        }
    }
    Ok(())
}

async fn answer(mut request: Request<Incoming>) -> Result<listen::Response, WebSocketError> {
    if !listen::same_origin(request.headers()) {
        return Ok(listen::refuse(403));
    }
    let options = Options::default()
        .with_compression_level(CompressionLevel::fast())
        .with_limits(16 << 20, 16 << 20)
        .with_utf8();
    let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options)?;
    tokio::spawn(echo(upgraded));
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve_http(answer).await
}
