//! [`serve`]: the accept loop of all servers, for whoever serves until it is told to stop.
//! It knows no protocol: each connection is handed to the server's own function.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::scope::Scope;

/// Out of file descriptors, say: others end meanwhile, and trying at once again would only burn the CPU.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Accepts for as long as it is polled, and runs what `connection` makes of each stream as a task of `scope`. Streams have
/// `TCP_NODELAY`: without it a small answer may wait for the peer's delayed acknowledgement.
///
/// At most `limit` connections are served at once; others wait in the kernel's backlog until one ends. `full` is called
/// when no place is left, and not again before an eighth of the places was free.
pub async fn serve<F>(
    name: &str,
    scope: &Scope,
    listener: &TcpListener,
    limit: usize,
    full: impl Fn(),
    mut connection: impl FnMut(TcpStream, SocketAddr) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut places = ConnectionPermits::new(limit);
    loop {
        let place = places.take(&full).await;
        let (stream, peer) = accept(listener).await;
        // by value it would take its size twice in the future around it
        let serving = Box::pin(connection(stream, peer));
        scope.spawn(name, async move {
            serving.await;
            drop(place);
        });
    }
}

/// How many connections may still be served.
struct ConnectionPermits {
    free: Arc<Semaphore>,
    limit: usize,
    full_reported: bool,
}

impl ConnectionPermits {
    fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(limit)), limit, full_reported: false }
    }

    async fn take(&mut self, full: impl Fn()) -> OwnedSemaphorePermit {
        self.full_reported &= self.free.available_permits() <= self.limit / 8;
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return place;
        }
        if !self.full_reported {
            self.full_reported = true;
            full();
        }
        self.free.clone().acquire_owned().await.expect("nobody closes the semaphore")
    }
}

/// The next connection and who opened it. An error is waited out. Dropping the future loses no connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // it fails only on a socket that is already dead, which the first read will tell
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(_) => sleep(RETRY_DELAY).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::Ipv4Addr;

    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::net::listen;

    #[tokio::test]
    async fn beyond_the_limit_a_connection_waits_for_one_to_end() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let connections = scope.child();
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (full, mut notices) = tokio::sync::mpsc::channel(8);
        scope.spawn("serving", async move {
            let echo = |mut stream: TcpStream, _| async move {
                while let Ok(byte) = stream.read_u8().await {
                    stream.write_u8(byte).await.unwrap();
                }
            };
            serve("echo", &connections, &listener, 2, || full.try_send(()).unwrap(), echo).await;
        });
        let mut peers = Vec::new();
        for number in 0..3 {
            let mut peer = TcpStream::connect(address).await.unwrap();
            peer.write_u8(number).await.unwrap();
            peers.push(peer);
        }
        assert_eq!(peers[0].read_u8().await.unwrap(), 0);
        assert_eq!(peers[1].read_u8().await.unwrap(), 1);
        notices.recv().await.unwrap();
        let nothing = peers[2].try_read(&mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock, "it is not served yet");
        drop(peers.remove(0));
        assert_eq!(peers[1].read_u8().await.unwrap(), 2, "and now it is");
    }

    #[tokio::test]
    async fn fullness_is_told_once_until_there_was_room_again() {
        let (mut places, notices) = (ConnectionPermits::new(16), Cell::new(0));
        let full = || notices.set(notices.get() + 1);
        let mut taken = Vec::new();
        for _ in 0..16 {
            taken.push(places.take(full).await);
        }
        assert_eq!(notices.get(), 0);
        for expected in [1, 1, 1] {
            let mut next = Box::pin(places.take(full));
            assert!(next.as_mut().now_or_never().is_none());
            assert_eq!(notices.get(), expected);
            taken.pop();
            taken.push(next.await);
        }
        taken.truncate(8);
        for _ in 0..8 {
            taken.push(places.take(full).await);
        }
        let mut next = Box::pin(places.take(full));
        assert!(next.as_mut().now_or_never().is_none());
        assert_eq!(notices.get(), 2);
    }
}
