//! The echo on axum with a lower limit, smaller buffers, and nobody from a foreign page.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::any};

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let data = matches!(message, Message::Text(_) | Message::Binary(_));
        if data && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn answer(upgrade: WebSocketUpgrade, headers: HeaderMap) -> Response {
    if !listen::same_origin(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    upgrade
        .max_message_size(16 << 20)
        .read_buffer_size(4096)
        .write_buffer_size(4096)
        .on_upgrade(echo)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    axum::serve(listen::bind().await?, Router::new().route("/", any(answer))).await
}
