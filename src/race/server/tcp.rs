//! The floor: four bytes of length (big endian) and the payload go back as they came.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::race::course::LARGEST;
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
        let length = bytes.first_chunk().map(|length| u32::from_be_bytes(*length) as usize);
        if length.is_some_and(|length| length > LARGEST) {
            return Ok(());
        }
        if let Some(message) = length.and_then(|length| bytes.get(..length.saturating_add(4))) {
            socket.write_all(message).await?;
            socket.flush().await?;
            let whole = message.len();
            inbox.take(whole);
        } else if !inbox.read(&mut socket).await? {
            return Ok(());
        }
    }
}
