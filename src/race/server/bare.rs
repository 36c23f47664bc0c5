//! HTTP/1.1 by hand (RFC 9112), the answering side.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::race::course::LARGEST;
use crate::race::{Headers, bare};

/// Until the peer hangs up, or sends what is no request.
pub(super) async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, headers: Headers) {
    // nobody is left to be told
    let _ = echo(socket, headers).await;
}

async fn echo(mut socket: impl AsyncRead + AsyncWrite + Unpin, headers: Headers) -> io::Result<()> {
    let (mut request, mut reply) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    let mut extra = String::new();
    for (name, value) in headers.of_replies() {
        extra += &format!("{name}: {value}\r\n");
    }
    loop {
        let Ok(head) = bare::head(&request) else {
            return socket
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await;
        };
        if let Some(head) = head
            && head.body > LARGEST
        {
            return socket
                .write_all(
                    b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                )
                .await;
        }
        match head {
            Some(head) if request.len() >= head.end + head.body => {
                let end = head.end + head.body;
                reply.clear();
                io::Write::write_fmt(
                    &mut reply,
                    format_args!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{extra}\r\n", head.body),
                )?;
                reply.extend_from_slice(&request[head.end..end]);
                socket.write_all(&reply).await?;
                socket.flush().await?;
                request.drain(..end);
            }
            _ => {
                if socket.read_buf(&mut request).await? == 0 {
                    return Ok(());
                }
                if request.capacity() - request.len() < 64 {
                    request.reserve(request.len().max(4096));
                }
            }
        }
    }
}
