//! The sloppy WebSocket echo: it breaks one rule on each of its paths, so that one can learn what such
//! mistakes look like, and whether a judge finds them. `misbehaviors` lists them. Time and memory
//! are bounded all the same.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::net::{Timed, describe_io_error, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::ConnectionEnd;
use crate::servers::connection::handshake::{self, HandshakeError};
use crate::servers::connection::serve::{listen_on_loopback, serve_connections};
use crate::servers::sloppy::own_process;
use crate::servers::{ServerEvent, ServerOptions};
use crate::sloppy::{Misbehavior, RequestAnswer, SloppyEndpoint, misbehaviors};
use crate::wire::handshake::{Head, ServerPolicy, request};

/// The maximum number of bytes per read.
const READ_BUFFER: usize = 16 << 10;

/// Listens on 127.0.0.1. The server runs while the returned future is polled; panics are reported
/// to `scope`.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, own.clone());
    Ok((
        address,
        serve_connections("sloppy websocket connection", scope, listener, options, connection),
    ))
}

pub(in crate::servers) async fn serve_connection(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: ServerOptions,
) {
    let mut socket = Timed::new(socket, options.limits);
    let result = tokio::select! {
        opening = accept_handshake(&mut socket, &options) => opening,
        () = options.shutdown.cancelled() => return,
    };
    match result {
        Ok((misbehavior, path, rest)) => {
            options.record(ServerEvent::Opened { peer, path });
            if misbehavior.has_own_process {
                return serve_in_process(socket, peer, rest, &options).await;
            }
            socket.frames_begin(&rest);
            let opened = Instant::now();
            let mut endpoint = SloppyEndpoint::new(misbehavior, options.limits.max_message);
            // Sloppy to the end: at a shutdown it hangs up without a Close.
            let reason = tokio::select! {
                end = serve_frames(&mut socket, &mut endpoint, rest) => {
                    end.err().map(|error| describe_io_error(&error))
                }
                () = options.shutdown.cancelled() => Some(ConnectionEnd::GoingAway.to_string()),
            };
            let SloppyEndpoint { received, sent, .. } = endpoint;
            let took = opened.elapsed();
            options.record(ServerEvent::Closed { peer, code: None, reason, received, sent, took });
        }
        Err(HandshakeError::HungUp) => return,
        Err(reason) => options.record(ServerEvent::Refused { peer, reason: reason.to_string() }),
    }
    lingering_close(socket).await;
}

/// Serves an open connection in a process of its own, which counts no messages.
async fn serve_in_process(
    mut socket: Timed<impl AsyncRead + AsyncWrite + Unpin>,
    peer: SocketAddr,
    rest: Vec<u8>,
    options: &ServerOptions,
) {
    let opened = Instant::now();
    let reason = tokio::select! {
        end = own_process::relay(&mut socket, &rest, options) => {
            end.err().map(|error| describe_io_error(&error))
        }
        () = options.shutdown.cancelled() => Some(ConnectionEnd::GoingAway.to_string()),
    };
    let (received, sent, took) = (0, 0, opened.elapsed());
    options.record(ServerEvent::Closed { peer, code: None, reason, received, sent, took });
    lingering_close(socket).await;
}

async fn accept_handshake(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    options: &ServerOptions,
) -> Result<(&'static Misbehavior, String, Vec<u8>), HandshakeError> {
    let request =
        Box::pin(handshake::read_request(socket, &ServerPolicy::default(), options)).await?;
    let path = request.path();
    let Some(head) = request.handshake.head.as_ref().filter(|head| asks_for_websocket(head)) else {
        let body = format!(
            "each path breaks one rule; open a WebSocket on it\n\n{}",
            misbehaviors::list()
        );
        return respond_with_list(socket, 200, &body).await;
    };
    let Some(misbehavior) = misbehaviors::at_path(&path) else {
        let body = format!("no such path; the paths are\n\n{}", misbehaviors::list());
        return respond_with_list(socket, 404, &body).await;
    };
    handshake::check_origin(socket, head, options).await?;
    let validation = &request.handshake.validation;
    match misbehavior.answer_to(head, validation) {
        RequestAnswer::Open => {}
        RequestAnswer::RefuseBroken => return handshake::refuse(socket, validation).await,
        RequestAnswer::RefuseValid => {
            let body = format!("/{} {}", misbehavior.name, misbehavior.summary);
            return respond_with_list(socket, 400, &body).await;
        }
    }
    let key = request::key_from_request(head).unwrap_or_default();
    socket.write_all(&misbehavior.response(&key).to_bytes()).await?;
    Ok((misbehavior, path, request.rest))
}

/// Whether a request may be meant to open a WebSocket.
fn asks_for_websocket(head: &Head) -> bool {
    ["Upgrade", "Sec-WebSocket-Key"].iter().any(|name| head.fields_named(name).next().is_some())
}

async fn respond_with_list<T>(
    socket: &mut (impl AsyncWrite + Unpin),
    status: u16,
    body: &str,
) -> Result<T, HandshakeError> {
    socket.write_all(handshake::text_response(status, &[], body.trim_end()).as_bytes()).await?;
    Err(HandshakeError::ListedPaths(status))
}

/// Echoes until the peer closes, hangs up, or is refused.
async fn serve_frames(
    socket: &mut Timed<impl AsyncRead + AsyncWrite + Unpin>,
    endpoint: &mut SloppyEndpoint,
    rest: Vec<u8>,
) -> io::Result<()> {
    let mut buffer = rest;
    loop {
        endpoint.receive(&buffer);
        socket.write_all(&endpoint.take_outbox()).await?;
        if endpoint.is_finished() {
            return Ok(());
        }
        buffer.resize(READ_BUFFER, 0);
        let count = socket.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        buffer.truncate(count);
    }
}
