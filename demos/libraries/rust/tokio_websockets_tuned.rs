//! The echo on tokio-websockets with a lower limit, and a flush after each message.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{Config, Error, Limits, ServerBuilder};

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let server = ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(16 << 20)))
        .config(Config::default().flush_threshold(4096));
    let (_request, mut socket) = server.accept(stream).await?;
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
