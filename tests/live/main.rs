//! Live sources on real sockets: a session over TLS, the proxy between real peers and with a real
//! browser, the real binary headless, and the race.
//!
//! Tests that need neither a second process nor a certificate are in unit tests.

mod browser;
mod ends;
mod headless;
mod lab;
mod origins;
mod proxy;
mod race;
mod tls;

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

/// The time after which a wait counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(1);

/// Waits for a future, and fails the test if it hangs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(HUNG, future).await.expect("it hung")
}

/// The request of RFC 6455 section 1.3, whose response is known.
const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nOrigin: http://page.example\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const SWITCHING: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
