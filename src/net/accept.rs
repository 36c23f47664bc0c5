//! [`Acceptor`]: takes connections from a listener, no more at once than there are places; and [`serve`], the loop around it for
//! whoever serves until it is told to stop. They know no protocol: each connection is handed to the
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

/// Out of file descriptors, say: others end meanwhile, and trying at once again would only burn the
/// CPU.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// What an [`Acceptor`] gives next.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// A connection.
    Connection {
        /// Its stream, with `TCP_NODELAY`: without it a small answer may wait for the peer's
        /// delayed acknowledgement.
        stream: TcpStream,
        /// Who opened it.
        peer: SocketAddr,
        /// Its place among those that may be open at once; whoever serves the connection drops it
        /// at the end.
        place: OwnedSemaphorePermit,
    },
    /// No place is left: further connections wait in the kernel's backlog.
    Full,
    /// A place has become free, and no connection has waited for it.
    Room,
}

/// Takes connections from a listener, as many at once as there are places.
#[derive(Debug)]
pub(crate) struct Acceptor<'l> {
    listener: &'l TcpListener,
    places: Arc<Semaphore>,
    /// The place of the next connection.
    place: Option<OwnedSemaphorePermit>,
    /// [`Accepted::Full`] was given, and [`Accepted::Room`] not yet.
    full: bool,
}

impl<'l> Acceptor<'l> {
    /// At most `limit` connections are open at once, and at least one may be.
    pub(crate) fn new(listener: &'l TcpListener, limit: usize) -> Self {
        let places = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Self { listener, places, place: None, full: false }
    }

    /// The next connection, or that there is no place for one, or that there is one again. An error
    /// of the listener is waited out. Dropping the future loses no connection.
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
        // From here on the place waits here, because the future may be dropped.
        self.place = Some(place);
        let (stream, peer) = if self.full {
            // a connection that waits already takes it at once
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

    /// Places that neither a connection has nor the next one.
    fn free(&self) -> usize {
        self.places.available_permits()
    }
}

/// Accepts for as long as it is polled, and runs what `connection` makes of each stream as a task
/// of `scope`.
///
/// At most `limit` connections are served at once. `full` is called when no place is left, and not
/// again before an eighth of the places was free.
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
                // the one that has just come has a place, too
                report.room(acceptor.free().saturating_add(1));
                // by value it would take its size twice in the future around it
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

/// Whether it is to be said that no place is left: a server at its limit, where one connection ends
/// and another comes, would say so all the time.
struct FullReport {
    limit: usize,
    reported: bool,
}

impl FullReport {
    /// So many places are free.
    fn room(&mut self, free: usize) {
        self.reported &= free <= self.limit / 8;
    }

    /// No place is free; whether that is to be said.
    fn is_due(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }
}

/// The next connection and who opened it. Dropping the future loses no connection.
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
    use std::net::Ipv4Addr;

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

    #[test]
    fn fullness_is_told_once_until_there_was_room_again() {
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
    async fn who_waits_comes_before_the_news_that_there_is_room() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut acceptor = Acceptor::new(&listener, 1);
        let _first_peer = TcpStream::connect(address).await.unwrap();
        let first = place(&mut acceptor).await;
        assert!(matches!(acceptor.next().await, Accepted::Full));
        assert!(acceptor.next().now_or_never().is_none(), "it is said once");
        let _waiting_peer = TcpStream::connect(address).await.unwrap();
        drop(first);
        let second = place(&mut acceptor).await;
        assert!(acceptor.next().now_or_never().is_none(), "it is still full");
        drop(second);
        assert!(matches!(acceptor.next().await, Accepted::Room));
        // a future that is dropped while it waits keeps the place for the next
        assert!(acceptor.next().now_or_never().is_none());
        let _third_peer = TcpStream::connect(address).await.unwrap();
        drop(place(&mut acceptor).await);
    }
}
