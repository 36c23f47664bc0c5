//! [`lingering_close`]: ends a connection so that the peer can still read what was sent last.
//! It is not a protocol's own close; that comes before.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a peer may take to hang up, and how much it may still send, before it is cut off.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_LINGER_BYTES: usize = 4 << 20;

/// Sends our end of stream, then reads and forgets until the peer's, for at most two seconds and 4
/// MiB.
///
/// Closing a socket with unread bytes in it makes TCP send a reset, and a reset may overtake the
/// answer that says what was wrong (RFC 9112 section 9.6).
pub async fn lingering_close(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let closing = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        // On the heap: in the future it would be part of every connection that may come to this.
        let mut discarded = vec![0; 4096];
        let mut left = MAX_LINGER_BYTES;
        while let Ok(count @ 1..) = stream.read(&mut discarded).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    };
    // Timed out or done, the socket is closed either way.
    let _ = timeout(LINGER_TIMEOUT, closing).await;
}
