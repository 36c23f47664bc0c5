//! [`WriteStep`]: what the sending side of a session does next on its socket.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// What the sending side does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteStep {
    Write,
    Flush,
    Shutdown,
}

/// Does one step on the socket and returns the number of bytes of `bytes` that were written. It is
/// cancellation-safe.
pub(super) async fn write_step(
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
