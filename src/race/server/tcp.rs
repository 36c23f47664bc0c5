//! The floor: four bytes of length (big endian) and the payload go back as they came.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::race::course::LARGEST;

/// Until the peer hangs up, or claims a length beyond the largest payload.
pub(super) async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin) {
    // nobody is left to be told
    let _ = echo(socket).await;
}

async fn echo(mut socket: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let whole = match buffer.first_chunk::<4>() {
            Some(length) => 4 + u32::from_be_bytes(*length) as usize,
            None => 4,
        };
        if whole > 4 + LARGEST {
            return Ok(());
        }
        if buffer.len() >= whole && buffer.len() >= 4 {
            socket.write_all(&buffer[..whole]).await?;
            socket.flush().await?;
            buffer.drain(..whole);
        } else if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        } else if buffer.capacity() - buffer.len() < 64 {
            // it grows by what has come, not by what is claimed
            buffer.reserve(buffer.len().max(4096));
        }
    }
}
