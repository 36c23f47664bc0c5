//! The floor: four bytes of length (big endian) and the payload go back as they came.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::race::config::race_config::MAX_PAYLOAD;
use crate::servers::Limits;
use crate::servers::connection::{Inbox, Timed};

/// Until the peer hangs up, or claims a length beyond the largest payload.
pub(super) async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, limits: Limits) {
    // nobody is left to be told
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
