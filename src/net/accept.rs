//! [`Acceptor`]: accepts connections up to a limit of concurrent ones. [`serve`] is the accept loop
//! around it, which runs until it is dropped. Neither knows a protocol: each connection goes to the
//! server's own function.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::scope::Scope;

/// The pause after a failed accept. With all file descriptors in use, for example, trying again at
/// once would only burn CPU until another connection ends.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// What [`Acceptor::next`] returns.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// A new connection.
    Connection {
        /// The stream, with `TCP_NODELAY` set. Without it a small answer may wait for the peer's
        /// delayed acknowledgement (Nagle's algorithm, RFC 1122 section 4.2.3.4).
        stream: TcpStream,
        /// The peer's address.
        peer: SocketAddr,
        /// The connection's place among the concurrent ones. Dropping it frees the place.
        place: OwnedSemaphorePermit,
    },
    /// The limit is reached. Further connections wait in the kernel's backlog.
    Full,
    /// A place has become free, and no connection was waiting for it.
    Room,
}

/// Accepts connections from a listener, up to a limit of concurrent ones.
#[derive(Debug)]
pub(crate) struct Acceptor<'l> {
    listener: &'l TcpListener,
    places: Arc<Semaphore>,
    /// The place that the next connection will take.
    place: Option<OwnedSemaphorePermit>,
    /// Whether [`Accepted::Full`] was returned and [`Accepted::Room`] not yet.
    full: bool,
}

impl<'l> Acceptor<'l> {
    /// Creates an acceptor for at most `limit` concurrent connections. At least one is always
    /// allowed.
    pub(crate) fn new(listener: &'l TcpListener, limit: usize) -> Self {
        let places = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Self { listener, places, place: None, full: false }
    }

    /// Waits for the next connection or a change between full and not full. Errors of the listener
    /// are retried. It is cancellation-safe: dropping the future loses no connection.
    pub(crate) async fn next(&mut self) -> Accepted {
        let place = match self.place.take().or_else(|| self.places.clone().try_acquire_owned().ok())
        {
            Some(place) => place,
            None if !self.full => {
                self.full = true;
                return Accepted::Full;
            }
            None => self.places.clone().acquire_owned().await.expect("nobody closes the semaphore"),
        };
        // The place is kept in `self` from here on, so that dropping the future does not lose it.
        self.place = Some(place);
        let (stream, peer) = if self.full {
            // A waiting connection takes the place at once, without a report of room in between.
            let Some(accepted) = accept(self.listener).now_or_never() else {
                self.full = false;
                return Accepted::Room;
            };
            accepted
        } else {
            accept(self.listener).await
        };
        let place = self.place.take().expect("it was put there above");
        Accepted::Connection { stream, peer, place }
    }

    /// Returns the number of places that are neither in use nor reserved for the next connection.
    fn free(&self) -> usize {
        self.places.available_permits()
    }
}

/// Accepts connections until it is dropped, and runs the future that `connection` returns for each
/// of them as a task of `scope`, named `name`.
///
/// At most `limit` connections are served at once. `full` is called when the limit is reached, and
/// not again before an eighth of the places has been free.
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
    let mut acceptor = Acceptor::new(listener, limit);
    let mut report = FullReport { limit, reported: false };
    loop {
        match acceptor.next().await {
            Accepted::Connection { stream, peer, place } => {
                // The new connection has its place already, so one more was free before it came.
                report.room(acceptor.free().saturating_add(1));
                // Boxed, because the future would take its size twice in the future around it.
                let serving = Box::pin(connection(stream, peer));
                scope.spawn(name, async move {
                    serving.await;
                    drop(place);
                });
            }
            Accepted::Full if report.is_due() => full(),
            Accepted::Full | Accepted::Room => {}
        }
    }
}

/// Decides whether to report that the limit is reached. A server at its limit, where one connection
/// ends and another comes, would report it all the time.
struct FullReport {
    limit: usize,
    reported: bool,
}

impl FullReport {
    /// Records that `free` places are free.
    fn room(&mut self, free: usize) {
        // An eighth is the hysteresis between two reports.
        self.reported &= free <= self.limit / 8;
    }

    /// Records that no place is free. Returns whether to report it.
    fn is_due(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }
}

/// Accepts the next connection. It is cancellation-safe: dropping the future loses no connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Setting the option fails only on a socket that is already dead. The first read
                // will report that.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(_) => sleep(RETRY_DELAY).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::net::listen;

    #[tokio::test]
    async fn beyond_the_limit_a_connection_waits_until_another_ends() {
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

    #[test]
    fn a_full_server_is_reported_once_until_there_was_room_again() {
        let mut report = FullReport { limit: 16, reported: false };
        report.room(1);
        assert!(report.is_due());
        for _ in 0..3 {
            report.room(1);
            report.room(2);
            assert!(!report.is_due());
        }
        report.room(3);
        assert!(report.is_due() && !report.is_due());
    }

    async fn place(acceptor: &mut Acceptor<'_>) -> OwnedSemaphorePermit {
        match acceptor.next().await {
            Accepted::Connection { place, .. } => place,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_waiting_connection_comes_before_the_report_of_room() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut acceptor = Acceptor::new(&listener, 1);
        let _first_peer = TcpStream::connect(address).await.unwrap();
        let first = place(&mut acceptor).await;
        assert!(matches!(acceptor.next().await, Accepted::Full));
        assert!(acceptor.next().now_or_never().is_none(), "it is reported once");
        let _waiting_peer = TcpStream::connect(address).await.unwrap();
        drop(first);
        let second = place(&mut acceptor).await;
        assert!(acceptor.next().now_or_never().is_none(), "it is still full");
        drop(second);
        assert!(matches!(acceptor.next().await, Accepted::Room));
        // A future that is dropped while it waits leaves its place to the next one.
        assert!(acceptor.next().now_or_never().is_none());
        let _third_peer = TcpStream::connect(address).await.unwrap();
        drop(place(&mut acceptor).await);
    }
}
