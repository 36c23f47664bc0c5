//! The sloppy WebSocket echo: it accepts anything, and breaks one rule itself on each of its paths,
//! so that one can learn what such mistakes look like. `misbehaviors` lists them. Time and memory
//! are bounded all the same.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::net::{describe_io_error, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::handshake::{self, HandshakeError};
use crate::servers::connection::serve::{listen_on_loopback, serve_connections};
use crate::servers::connection::{ConnectionEnd, Timed};
use crate::servers::sloppy::handshake_response::HandshakeResponse;
use crate::servers::sloppy::misbehaviors::Misbehavior;
use crate::servers::sloppy::own_process;
use crate::servers::{ServerEvent, ServerOptions};
use crate::wire::decode::decoder::Decoder;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::handshake::{Head, ServerPolicy, request};
use crate::wire::{AgreedExtensions, Opcode, Side};

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
            let mut echo = SloppyEcho::new(&mut socket, misbehavior);
            // Sloppy to the end: at a shutdown it hangs up without a Close.
            let reason = tokio::select! {
                end = echo.run(rest, options.limits.max_message) => {
                    end.err().map(|error| describe_io_error(&error))
                }
                () = options.shutdown.cancelled() => Some(ConnectionEnd::GoingAway.to_string()),
            };
            let SloppyEcho { opened, received, sent, .. } = echo;
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
        let body =
            format!("each path breaks one rule; open a WebSocket on it\n\n{}", Misbehavior::list());
        return respond_with_list(socket, 200, &body).await;
    };
    let Some(misbehavior) = Misbehavior::for_path(&path) else {
        let body = format!("no such path; the paths are\n\n{}", Misbehavior::list());
        return respond_with_list(socket, 404, &body).await;
    };
    handshake::check_origin(socket, head, options).await?;
    let mut response = HandshakeResponse::new(&request::key_from_request(head).unwrap_or_default());
    (misbehavior.alter_response)(&mut response);
    socket
        .write_all(handshake::response_head(response.status, &response.headers).as_bytes())
        .await?;
    Ok((misbehavior, path, request.rest))
}

/// Whether the request has an Upgrade header, which is all that this server checks.
fn asks_for_websocket(head: &Head) -> bool {
    head.fields_named("Upgrade").next().is_some()
}

async fn respond_with_list<T>(
    socket: &mut (impl AsyncWrite + Unpin),
    status: u16,
    body: &str,
) -> Result<T, HandshakeError> {
    socket.write_all(handshake::text_response(status, &[], body.trim_end()).as_bytes()).await?;
    Err(HandshakeError::ListedPaths(status))
}

/// One WebSocket, from the handshake to its end.
struct SloppyEcho<'s, S> {
    socket: &'s mut Timed<S>,
    misbehavior: &'static Misbehavior,
    opened: Instant,
    received: u64,
    sent: u64,
}

/// A frame or message as it was sent, legal or not.
struct RawFrame {
    opcode: Opcode,
    fin: bool,
    data: Vec<u8>,
}

/// Assembles the peer's frames. Ignoring their faults is what makes this server sloppy.
struct MessageReader {
    frames: FrameAssembler,
    message: Option<RawFrame>,
}

impl MessageReader {
    /// Accepts frames with up to `limit` bytes of payload. Of longer ones it keeps one byte more,
    /// so that they are noticed.
    fn new(limit: usize) -> Self {
        let decoder = Decoder::new(Side::Client, AgreedExtensions::none());
        Self { frames: FrameAssembler::new(decoder, limit.saturating_add(1)), message: None }
    }

    /// Returns the next complete frame in `input`.
    fn next_frame(&mut self, input: &mut &[u8]) -> Option<RawFrame> {
        let frame = self.frames.next_frame(input)?;
        let header = frame.start?.header;
        Some(RawFrame { opcode: header.opcode, fin: header.fin, data: frame.payload })
    }

    /// Returns the number of bytes that are kept.
    fn buffered_bytes(&self) -> usize {
        let before = self.message.as_ref().map_or(0, |message| message.data.len());
        before.saturating_add(self.frames.payload_held())
    }
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> SloppyEcho<'s, S> {
    fn new(socket: &'s mut Timed<S>, misbehavior: &'static Misbehavior) -> Self {
        Self { socket, misbehavior, opened: Instant::now(), received: 0, sent: 0 }
    }

    /// Echoes until the peer closes, hangs up, or sends a message of more than `limit` bytes.
    async fn run(&mut self, rest: Vec<u8>, limit: usize) -> io::Result<()> {
        let mut reader = MessageReader::new(limit);
        let mut buffer = rest;
        loop {
            let mut input = buffer.as_slice();
            while let Some(frame) = reader.next_frame(&mut input) {
                if reader.buffered_bytes().saturating_add(frame.data.len()) > limit {
                    return Err(too_large(limit));
                }
                if self.answer(frame, &mut reader.message).await? {
                    return Ok(());
                }
            }
            // An unfinished frame counts too, so that it is refused before its end.
            if reader.buffered_bytes() > limit {
                return Err(too_large(limit));
            }
            buffer.resize(READ_BUFFER, 0);
            let count = self.socket.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            buffer.truncate(count);
        }
    }

    /// Answers one frame. Returns whether that was the last answer.
    async fn answer(
        &mut self,
        frame: RawFrame,
        message: &mut Option<RawFrame>,
    ) -> io::Result<bool> {
        match frame.opcode {
            Opcode::Close => {
                self.socket.write_all(&(self.misbehavior.close_reply)(&frame.data)).await?;
                Ok(true)
            }
            Opcode::Ping => {
                self.socket.write_all(&(self.misbehavior.ping_reply)(&frame.data)).await?;
                Ok(false)
            }
            Opcode::Pong => Ok(false),
            _ => {
                let fin = frame.fin;
                let whole = append_frame(message.take(), frame);
                if !fin {
                    *message = Some(whole);
                    return Ok(false);
                }
                self.received = self.received.saturating_add(1);
                self.socket
                    .write_all(&(self.misbehavior.data_reply)(whole.opcode, &whole.data))
                    .await?;
                self.sent = self.sent.saturating_add(1);
                Ok(self.misbehavior.hangs_up_after_reply)
            }
        }
    }
}

fn too_large(limit: usize) -> io::Error {
    io::Error::other(format!("a message is larger than {limit} bytes"))
}

/// Appends a frame to the open message. A message that does not begin as binary counts as text.
fn append_frame(message: Option<RawFrame>, frame: RawFrame) -> RawFrame {
    match message {
        Some(mut open) => {
            open.data.extend(frame.data);
            open
        }
        None if frame.opcode == Opcode::Binary => frame,
        None => RawFrame { opcode: Opcode::Text, ..frame },
    }
}
