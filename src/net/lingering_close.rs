//! [`lingering_close`]: ends a connection so that the peer can still read what was sent last. A
//! protocol's own closing handshake comes before.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a peer may take to close its side before it is cut off.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// How many bytes a peer may still send before it is cut off.
const MAX_LINGER_BYTES: usize = 4 << 20;

/// Sends our end of stream, then reads and discards until the peer's, for at most 2 seconds and 4
/// MiB.
///
/// Closing a socket with unread bytes makes TCP send a reset, and the reset may make the peer lose
/// the answer that says what was wrong (RFC 9112 section 9.6).
pub async fn lingering_close(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let closing = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        // On the heap, because a buffer in the future would enlarge every connection that may come
        // here.
        let mut discarded = vec![0; 4096];
        let mut left = MAX_LINGER_BYTES;
        while let Ok(count @ 1..) = stream.read(&mut discarded).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    };
    // The result is ignored: after the timeout the socket is closed just the same.
    let _ = timeout(LINGER_TIMEOUT, closing).await;
}
