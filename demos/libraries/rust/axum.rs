//! An echo on axum with its default options: whatever is received is sent back, as its documentation
//! has it.

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::{Router, response::Response, routing::any};

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn answer(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    axum::serve(listen::bind().await?, Router::new().route("/", any(answer))).await
}
