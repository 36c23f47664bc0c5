//! [`bind`]: the hub's listener and the life of each connection. `subscribers` distributes
//! messages.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::subscriber::{Subscriber, SubscriberReader};
use super::subscribers::{Hub, deliver_broadcasts};
use crate::net::{Tap, Timed, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::handshake::{self, HandshakeError, OrdinaryHttp};
use crate::servers::connection::serve::{CountedSocket, listen_on_loopback, serve_connections};
use crate::servers::{Origins, ServerEvent, ServerOptions};
use crate::wire::handshake::ServerPolicy;

/// The number of messages that wait to be delivered. A subscriber whose message finds the queue
/// full waits.
const BROADCAST_QUEUE_CAPACITY: usize = 16;

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`. Unless the options say otherwise, only pages of loopback origins are admitted.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    mut options: ServerOptions,
) -> io::Result<(SocketAddr, Hub, impl Future<Output = ()> + Send + use<>)> {
    options.access.origins.get_or_insert(Origins::Loopback);
    let (address, listener) = listen_on_loopback(options.port)?;
    let (connections, delivering) = (scope.child(), scope.child());
    let (broadcasts, waiting) = mpsc::channel(BROADCAST_QUEUE_CAPACITY);
    let hub = Hub { subscribers: Arc::default(), broadcasts };
    let (own, handle) = (options.clone(), hub.clone());
    let server = async move {
        delivering.spawn("hub", deliver_broadcasts(hub.subscribers.clone(), waiting));
        let connection =
            move |socket, peer| serve_connection(socket, peer, own.clone(), hub.clone());
        serve_connections("hub connection", connections, listener, options, connection).await;
        // No subscriber is left.
        delivering.cancel();
    };
    Ok((address, handle, server))
}

async fn serve_connection(
    mut socket: CountedSocket,
    peer: SocketAddr,
    options: ServerOptions,
    hub: Hub,
) {
    let opening = {
        let policy = ServerPolicy::default();
        let mut timed = Timed::new(&mut socket, options.limits);
        tokio::select! {
            opening = handshake::open(
                &mut timed,
                &policy,
                &options,
                OrdinaryHttp::UpgradeRequired,
            ) => opening,
            () = options.shutdown.cancelled() => return,
        }
    };
    match opening {
        Ok(opened) => {
            options.record(ServerEvent::Opened { peer, path: opened.path });
            socket = run_subscriber(socket, peer, &options, &hub, opened.rest).await;
        }
        Err(HandshakeError::HungUp) => return,
        Err(reason) => options.record(ServerEvent::Refused { peer, reason: reason.to_string() }),
    }
    lingering_close(socket).await;
}

/// Runs a subscriber from the handshake to its last bytes.
async fn run_subscriber(
    socket: CountedSocket,
    peer: SocketAddr,
    options: &ServerOptions,
    hub: &Hub,
    rest: Vec<u8>,
) -> CountedSocket {
    let (stream, counted) = socket.into_parts();
    let subscriber = Arc::new(Subscriber::new(stream, counted, options.limits));
    let registration = hub.subscribers.register(subscriber.clone());
    let mut reader = SubscriberReader::new(&subscriber, options.limits);
    let end = reader.run(rest, &hub.broadcasts, pin!(options.shutdown.cancelled())).await;
    // Nothing is broadcast to it from here on, so the last flush below comes to an end.
    drop(registration);
    // Recorded at once, because the last bytes for a slow reader may take a while.
    options.record(reader.closed(peer, end));
    // The error is ignored: the subscriber is about to be disconnected anyway.
    let _ = timeout(options.limits.write_timeout, subscriber.flush()).await;
    let subscriber = Arc::into_inner(subscriber)
        .expect("only the table shared it, and it was removed from there");
    let (stream, counted) = subscriber.into_parts();
    Tap::new(stream, counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::connection::serve;

    #[tokio::test]
    async fn an_idle_subscriber_has_no_buffers() {
        let (socket, peer) = serve::tests::socket().await;
        let hub = Hub {
            subscribers: Arc::default(),
            broadcasts: mpsc::channel(BROADCAST_QUEUE_CAPACITY).0,
        };
        let size = size_of_val(&serve_connection(socket, peer, ServerOptions::default(), hub));
        assert!(size + size_of::<Subscriber>() <= 3000, "{size} bytes");
    }
}
