//! An echo on yawc with its default options, behind hyper.

use futures_util::{SinkExt, StreamExt};
use hyper::{Request, body::Incoming};
use yawc::{OpCode, UpgradeFut, WebSocket, WebSocketError};

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
    let (response, upgraded) = WebSocket::upgrade(&mut request)?;
    tokio::spawn(echo(upgraded));
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve_http(answer).await
}
