//! Both echoes with every byte of their sockets kept: the same handlers, and a tap that writes down
//! what passes. It is for one exchange at a time; what goes beyond the bound is not kept.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;

use crate::net::{self, Direction, Observer, READ_BUFFER, Tap, Transfer};
use crate::scope::Scope;
use crate::servers::connection::serve::listen_on_loopback;
use crate::servers::{Limits, ServerOptions, http, production_response_headers, websocket};

/// The bytes of each direction that are kept.
const MAX_RECORDED_BYTES: usize = 1 << 20;

/// What went over a server's sockets, as they gave it and took it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedBytes {
    /// From client to server.
    pub up: Vec<u8>,
    /// From server to client.
    pub down: Vec<u8>,
}

/// A handle on the bytes of a recorded server.
#[derive(Clone, Debug, Default)]
pub struct TrafficRecording(Arc<Mutex<RecordedBytes>>);

impl TrafficRecording {
    /// Takes what was kept since the last time.
    pub fn take(&self) -> RecordedBytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for TrafficRecording {
    fn observe(&mut self, direction: Direction, taken: Transfer<'_>) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match direction {
            Direction::Received => &mut bytes.up,
            Direction::Sent => &mut bytes.down,
        };
        for piece in taken.pieces() {
            let room = MAX_RECORDED_BYTES.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }
}

/// The REST echo on a free port of 127.0.0.1; `with_headers` adds the headers of
/// [`production_response_headers`] to its replies.
///
/// # Errors
/// If there is no free port.
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

/// The plain WebSocket echo on a free port of 127.0.0.1.
///
/// # Errors
/// If there is no free port.
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

/// Listens on a free port, and accepts for as long as what is returned is run.
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
        // nobody listens to a log here
        net::serve(name, &scope, &listener, Limits::default().max_connections, || {}, connection)
            .await;
    };
    Ok((address, serving))
}
