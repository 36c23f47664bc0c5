//! The raw TCP server, the floor: four bytes of length (big endian) and the payload go back
//! unchanged.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::net::Timed;
use crate::race::config::race_config::MAX_PAYLOAD;
use crate::servers::Limits;
use crate::servers::connection::Inbox;

/// Serves messages until the peer hangs up or claims a length above the largest payload.
pub(super) async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, limits: Limits) {
    // The error is ignored: the connection is gone, and a lane's server reports nothing.
    let _ = echo(Timed::new(socket, limits), limits).await;
}

async fn echo(mut socket: impl AsyncRead + AsyncWrite + Unpin, limits: Limits) -> io::Result<()> {
    let mut inbox = Inbox::new(limits);
    loop {
        let bytes = inbox.bytes();
        let whole = match bytes.first_chunk::<4>() {
            Some(length) => (u32::from_be_bytes(*length) as usize).saturating_add(4),
            None => 4,
        };
        if whole > 4 + MAX_PAYLOAD {
            return Ok(());
        }
        if let Some(message) = bytes.get(..whole) {
            socket.write_all(message).await?;
            socket.flush().await?;
            inbox.take(whole);
        } else if !inbox.read(&mut socket).await? {
            return Ok(());
        }
    }
}
