//! The server of the HTTP/1.1 lane that is written by hand (RFC 9112).

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::net::Timed;
use crate::race::config::race_config::MAX_PAYLOAD;
use crate::race::{HeaderProfile, bare_http};
use crate::servers::connection::Inbox;
use crate::servers::{HostMismatch, ServerOptions};

const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const MISDIRECTED: &[u8] =
    b"HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const TOO_LARGE: &[u8] =
    b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves requests until the peer hangs up or sends something that isn't a request.
pub(super) async fn serve(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    headers: HeaderProfile,
    options: &ServerOptions,
) {
    // The error is ignored: the connection is gone, and a lane's server reports nothing.
    let _ = echo(Timed::new(socket, options.limits), headers, options).await;
}

async fn echo(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    headers: HeaderProfile,
    options: &ServerOptions,
) -> io::Result<()> {
    let (mut inbox, mut reply) = (Inbox::new(options.limits), Vec::with_capacity(4096));
    let mut extra = String::new();
    for (name, value) in headers.response_headers() {
        extra += &format!("{name}: {value}\r\n");
    }
    loop {
        // Bytes after a whole request are the next one (pipelining, RFC 9112 section 9.3.2).
        let request = inbox.bytes();
        let Ok(head) = bare_http::parse_head(request) else {
            return socket.write_all(BAD_REQUEST).await;
        };
        let foreign = head.and_then(|head| {
            options.access.only_host(bare_http::named(request.get(..head.len)?, b"host")).err()
        });
        match head {
            _ if foreign == Some(HostMismatch::Invalid) => {
                return socket.write_all(BAD_REQUEST).await;
            }
            _ if foreign == Some(HostMismatch::Other) => {
                return socket.write_all(MISDIRECTED).await;
            }
            Some(head) if head.body_len > MAX_PAYLOAD => return socket.write_all(TOO_LARGE).await,
            Some(head)
                if let Some(body) =
                    request.get(head.len..).and_then(|rest| rest.get(..head.body_len)) =>
            {
                reply.clear();
                io::Write::write_fmt(
                    &mut reply,
                    format_args!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{extra}\r\n",
                        head.body_len
                    ),
                )?;
                reply.extend_from_slice(body);
                socket.write_all(&reply).await?;
                socket.flush().await?;
                inbox.take(head.len.saturating_add(head.body_len));
            }
            _ => {
                if !inbox.read(&mut socket).await? {
                    return Ok(());
                }
            }
        }
    }
}
