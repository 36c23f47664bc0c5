//! [`WriteStep`]: what a sender does next on its socket.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// What a sender does next on its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteStep {
    /// To write bytes.
    Write,
    /// To flush what the stream may still buffer (TLS does).
    Flush,
    /// To end the stream.
    Shutdown,
}

/// Does one step on the socket and returns the number of bytes of `bytes` that were written. It is
/// cancellation-safe, because a write counts only once it is done.
pub(crate) async fn write_step(
    writer: &mut (impl AsyncWrite + Unpin),
    step: Option<WriteStep>,
    bytes: &[u8],
) -> io::Result<usize> {
    match step {
        Some(WriteStep::Write) => writer.write(bytes).await,
        Some(WriteStep::Flush) => writer.flush().await.map(|()| 0),
        Some(WriteStep::Shutdown) => writer.shutdown().await.map(|()| 0),
        None => Ok(0),
    }
}
