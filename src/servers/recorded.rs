//! Both echoes with every byte of their sockets kept: the same handlers, with a tap that records.
//! It is meant for one exchange at a time; bytes beyond the limit are not kept.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;

use crate::net::{self, Observer, READ_BUFFER, Tap, Transfer, TransferredBytes};
use crate::scope::Scope;
use crate::servers::connection::serve::listen_on_loopback;
use crate::servers::{Limits, ServerOptions, http, production_response_headers, websocket};

/// The maximum number of bytes kept of each direction.
const MAX_RECORDED_BYTES: usize = 1 << 20;

/// The bytes of a server's sockets, as they gave and took them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedBytes {
    /// The bytes from client to server.
    pub up: Vec<u8>,
    /// The bytes from server to client.
    pub down: Vec<u8>,
}

/// A handle to the bytes of a recorded server.
#[derive(Clone, Debug, Default)]
pub struct TrafficRecording(Arc<Mutex<RecordedBytes>>);

impl TrafficRecording {
    /// Takes the bytes recorded since the last call.
    pub fn take(&self) -> RecordedBytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for TrafficRecording {
    fn observe(&mut self, transfer: Transfer, taken: TransferredBytes<'_>) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match transfer {
            Transfer::Received => &mut bytes.up,
            Transfer::Sent => &mut bytes.down,
        };
        for piece in taken.pieces() {
            let room = MAX_RECORDED_BYTES.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }
}

/// Starts the REST echo on a free port of 127.0.0.1; `with_headers` adds the headers of
/// [`production_response_headers`] to its responses.
///
/// # Errors
/// Fails if there is no free port.
pub fn http(
    scope: &Scope,
    record: TrafficRecording,
    with_headers: bool,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let echo = http::echo_service(
        Limits::default(),
        if with_headers { production_response_headers() } else { &[] },
    );
    let connection = move |stream, peer| {
        let socket = Tap::new(stream, record.clone());
        http::serve_connection(socket, peer, echo.clone(), ServerOptions::default())
    };
    serve("recorded http", scope, connection)
}

/// Starts the plain WebSocket echo on a free port of 127.0.0.1.
///
/// # Errors
/// Fails if there is no free port.
pub fn websocket(
    scope: &Scope,
    record: TrafficRecording,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let connection = move |stream, peer| {
        let socket = Tap::new(stream, record.clone());
        websocket::serve_connection(socket, peer, ServerOptions::default(), READ_BUFFER)
    };
    serve("recorded websocket", scope, connection)
}

/// Listens on a free port, and accepts connections while the returned future is polled.
fn serve<C, F>(
    name: &'static str,
    scope: &Scope,
    connection: C,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<C, F>)>
where
    C: Fn(TcpStream, SocketAddr) -> F + Send,
    F: Future<Output = ()> + Send + 'static,
{
    let (address, listener) = listen_on_loopback(0)?;
    let scope = scope.child();
    let serving = async move {
        // There is no log to report a full server to.
        net::serve(name, &scope, &listener, Limits::default().max_connections, || {}, connection)
            .await;
    };
    Ok((address, serving))
}
