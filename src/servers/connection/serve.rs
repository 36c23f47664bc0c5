//! [`serve_connections`]: runs a server: it accepts connections on loopback until the shutdown,
//! then lets them end. It knows no protocol: each connection goes to the server's own function.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::net::{self, CountedConnection, Tap};
use crate::scope::Scope;
use crate::servers::{ServerEvent, ServerOptions};

/// The server's end of a connection, with its bytes counted.
pub(in crate::servers) type CountedSocket = Tap<TcpStream, CountedConnection>;

/// Listens on `port` of 127.0.0.1.
pub(in crate::servers) fn listen_on_loopback(port: u16) -> io::Result<(SocketAddr, TcpListener)> {
    let listener = net::listen((Ipv4Addr::LOCALHOST, port))?;
    Ok((listener.local_addr()?, listener))
}

/// Accepts connections until `options.shutdown`, then gives them `options.limits.drain_timeout` to
/// end, and drops those that are left. Dropping the future drops all of them at once. Panics are
/// reported to `scope`, and end only their own connection.
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
    // New clients are refused by the kernel while the old connections end.
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

    /// Whoever waits for a server's end may rely on it: no connection still has its socket then.
    #[tokio::test(start_paused = true)]
    async fn a_server_ends_after_the_connections_that_it_has_cut() {
        let (address, listener) = listen_on_loopback(0).unwrap();
        let options = ServerOptions::default();
        let shutdown = options.shutdown.clone();
        let held = Arc::new(());
        let (begun, mut begins) = tokio::sync::mpsc::channel(1);
        // a connection that does not end by itself
        let connection = |socket, _| {
            let (held, begun) = (held.clone(), begun.clone());
            async move {
                begun.send(()).await.unwrap();
                std::future::pending::<()>().await;
                drop((socket, held));
            }
        };
        let scope = Scope::new(|panic| panic!("{panic}"));
        let server = serve_connections("test", scope, listener, options, connection);
        let client = async {
            let stream = TcpStream::connect(address).await.unwrap();
            begins.recv().await.unwrap();
            shutdown.cancel();
            stream
        };
        let (_stream, ()) = tokio::join!(client, server);
        assert_eq!(Arc::strong_count(&held), 1, "a connection outlives its server");
    }

    /// Returns the server's end of a connection whose other end is dropped.
    pub(in crate::servers) async fn socket() -> (CountedSocket, SocketAddr) {
        let (address, listener) = listen_on_loopback(0).unwrap();
        let (accepted, _) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let (stream, peer) = accepted.unwrap();
        (Tap::new(stream, Arc::new(Traffic::default()).count_connection()), peer)
    }
}
