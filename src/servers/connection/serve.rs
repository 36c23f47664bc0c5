//! [`serve_connections`]: a server's life: it accepts on loopback, and ends everything in good time.
//! It knows no protocol: each connection is handed to the server's own function.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::net::{self, CountedConnection, Tap};
use crate::scope::Scope;
use crate::servers::{ServerEvent, ServerOptions};

/// A server's end of a connection, counted.
pub(in crate::servers) type CountedSocket = Tap<TcpStream, CountedConnection>;

/// Listens on that port of 127.0.0.1.
pub(in crate::servers) fn listen_on_loopback(port: u16) -> io::Result<(SocketAddr, TcpListener)> {
    let listener = net::listen((Ipv4Addr::LOCALHOST, port))?;
    Ok((listener.local_addr()?, listener))
}

/// Accepts until `options.shutdown`, then gives the connections `options.limits.drain` to end, then
/// cuts them. Dropping the future cuts all at once. `scope` hears of panics; only their own
/// connection ends by them.
pub(in crate::servers) async fn serve_connections<F>(
    name: &'static str,
    scope: Scope,
    listener: TcpListener,
    options: ServerOptions,
    connection: impl Fn(CountedSocket, SocketAddr) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let limit = options.limits.max_connections;
    let full = || options.record(ServerEvent::Full { connections: limit });
    let counted =
        |stream, peer| connection(Tap::new(stream, options.traffic.count_connection()), peer);
    tokio::select! {
        biased;
        () = options.shutdown.cancelled() => {}
        () = net::serve(name, &scope, &listener, limit, full, counted) => {}
    }
    drop(listener);
    if timeout(options.limits.drain_timeout, scope.closed()).await.is_err() {
        scope.cancel();
        scope.closed().await;
    }
}

#[cfg(test)]
pub(in crate::servers) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::net::Traffic;

    /// A server's end of a connection that nobody holds at the other end.
    pub(in crate::servers) async fn socket() -> (CountedSocket, SocketAddr) {
        let (address, listener) = listen_on_loopback(0).unwrap();
        let (accepted, _) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let (stream, peer) = accepted.unwrap();
        (Tap::new(stream, Arc::new(Traffic::default()).count_connection()), peer)
    }
}
