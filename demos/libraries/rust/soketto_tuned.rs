//! The echo on soketto with compression, buffers and a lower limit.

use soketto::extension::deflate::Deflate;
use soketto::handshake::{Server, server::Response};
use tokio::io::{BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

async fn echo(stream: TcpStream) -> Result<(), soketto::BoxedError> {
    let buffered = BufReader::new(BufWriter::new(stream));
    let mut server = Server::new(buffered.compat());
    server.add_extension(Box::new(Deflate::new(soketto::Mode::Server)));
    let key = server.receive_request().await?.key();
    server.send_response(&Response::Accept { key, protocol: None }).await?;
    let mut builder = server.into_builder();
    builder.set_max_message_size(16 << 20);
    let (mut sender, mut receiver) = builder.finish();
    let mut message = Vec::new();
    loop {
        message.clear();
        if receiver.receive_data(&mut message).await?.is_text() {
            sender.send_text(std::str::from_utf8(&message)?).await?;
        } else {
            sender.send_binary_mut(&mut message).await?;
        }
        sender.flush().await?;
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve(echo).await
}
