//! [`accept`]: the next connection of a listener, for whoever serves until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Out of file descriptors, say: others end meanwhile, and trying at once again would only burn the CPU.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// The next connection and who opened it, with `TCP_NODELAY`: without it a small answer may wait for the peer's delayed
/// acknowledgement. An error is waited out. Dropping the future loses no connection.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // it fails only on a socket that is already dead, which the first read will tell
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(_) => sleep(PAUSE_AFTER_ERROR).await,
        }
    }
}
