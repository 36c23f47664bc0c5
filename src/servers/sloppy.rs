//! The sloppy WebSocket echo: it takes whatever comes, and at each of its paths it breaks one rule itself.
//! It is for learning what mistakes look like; what they are stands in `blunders`. Time and memory stay bounded all the same.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::net::{in_words, linger};
use crate::scope::Scope;
use crate::servers::blunders::{Answer, Blunder};
use crate::servers::connection::Timed;
use crate::servers::connection::handshake::{self, NotOpened};
use crate::servers::connection::serve::{listen, serve};
use crate::servers::{Event, Options};
use crate::wire::decoder::{self, Decoder};
use crate::wire::handshake::{Head, ServerPolicy, request};
use crate::wire::{AgreedExtensions, Opcode, Side};

/// What one read takes at most.
const READ_BUFFER: usize = 16 << 10;

/// Listens on 127.0.0.1; the server lives as long as the future is run, and its panics go to `scope`.
///
/// # Errors
/// If the port is taken or may not be used.
pub fn bind(
    scope: &Scope,
    options: Options,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen(options.port)?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, own.clone());
    Ok((address, serve("sloppy websocket connection", scope, listener, options, connection)))
}

pub(super) async fn serve_connection(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    options: Options,
) {
    let mut socket = Timed::new(socket, options.limits);
    let opening = tokio::select! {
        opening = open(&mut socket, &options) => opening,
        () = options.shutdown.cancelled() => return,
    };
    match opening {
        Ok((blunder, path, rest)) => {
            options.tell(Event::Opened { peer, path });
            socket.frames_begin(&rest);
            let mut echo = Echo::new(&mut socket, blunder);
            // Sloppy to the end: at a shutdown it just hangs up.
            let why = tokio::select! {
                end = echo.run(rest, options.limits.max_message) => end.err().map(|err| in_words(&err)),
                () = options.shutdown.cancelled() => Some("the server is going away".to_owned()),
            };
            let Echo { opened, received, sent, .. } = echo;
            let took = opened.elapsed();
            options.tell(Event::Closed { peer, code: None, why, received, sent, took });
        }
        Err(NotOpened::HungUp) => return,
        Err(why) => options.tell(Event::Refused { peer, why: why.to_string() }),
    }
    linger(socket).await;
}

async fn open(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    options: &Options,
) -> Result<(&'static Blunder, String, Vec<u8>), NotOpened> {
    let request = Box::pin(handshake::read(socket, &ServerPolicy::default(), options)).await?;
    let path = request.path();
    let Some(head) = request.opening.head.as_ref().filter(|head| asks_for_websocket(head)) else {
        let words = format!("one rule broken at each path; open a WebSocket there\n\n{}", Blunder::list());
        return explain(socket, 200, &words).await;
    };
    let Some(blunder) = Blunder::at(&path) else {
        let words = format!("there is no such path; there are\n\n{}", Blunder::list());
        return explain(socket, 404, &words).await;
    };
    handshake::check_origin(socket, head, options).await?;
    let mut answer = Answer::new(&request::key_from_request(head).unwrap_or_default());
    (blunder.answer)(&mut answer);
    socket.write_all(handshake::response_head(answer.status, &answer.headers).as_bytes()).await?;
    Ok((blunder, path, request.rest))
}

/// All that it looks for in a request.
fn asks_for_websocket(head: &Head) -> bool {
    head.fields_named("Upgrade").next().is_some()
}

async fn explain<T>(
    socket: &mut (impl AsyncWrite + Unpin),
    status: u16,
    words: &str,
) -> Result<T, NotOpened> {
    socket.write_all(handshake::answer(status, &[], words.trim_end()).as_bytes()).await?;
    Err(NotOpened::Refused(format!("answered {status} with the list of its paths")))
}

/// One WebSocket, from the handshake to its end.
struct Echo<'s, S> {
    socket: &'s mut Timed<S>,
    blunder: &'static Blunder,
    opened: Instant,
    received: u64,
    sent: u64,
}

/// A frame, or a message, as it was sent, whatever the rules say of it.
struct Raw {
    opcode: Opcode,
    fin: bool,
    data: Vec<u8>,
}

/// What has been heard of the peer.
struct Heard {
    decoder: Decoder,
    frame: Raw,
    message: Option<Raw>,
}

impl Heard {
    fn new() -> Self {
        let frame = Raw { opcode: Opcode::Text, fin: true, data: Vec::new() };
        Self { decoder: Decoder::new(Side::Client, AgreedExtensions::none()), frame, message: None }
    }

    /// The next whole frame in `input`. Its faults are passed over: that is what is sloppy here.
    fn frame(&mut self, input: &mut &[u8]) -> Option<Raw> {
        loop {
            match self.decoder.next_event(input)? {
                decoder::DecoderEvent::FrameStart(begun) => {
                    (self.frame.opcode, self.frame.fin) = (begun.header.opcode, begun.header.fin);
                }
                decoder::DecoderEvent::Payload(piece) => self.frame.data.extend_from_slice(piece),
                decoder::DecoderEvent::FrameEnd(_) => {
                    return Some(Raw { data: std::mem::take(&mut self.frame.data), ..self.frame });
                }
                decoder::DecoderEvent::Fault(_)
                | decoder::DecoderEvent::MessageEnd(_)
                | decoder::DecoderEvent::Inflated(_) => {}
            }
        }
    }

    /// Bytes that are kept.
    fn len(&self) -> usize {
        let before = self.message.as_ref().map_or(0, |message| message.data.len());
        before.saturating_add(self.frame.data.len())
    }
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Echo<'s, S> {
    fn new(socket: &'s mut Timed<S>, blunder: &'static Blunder) -> Self {
        Self { socket, blunder, opened: Instant::now(), received: 0, sent: 0 }
    }

    /// Echoes until the peer closes or hangs up, or says more than `limit` bytes in one message.
    async fn run(&mut self, rest: Vec<u8>, limit: usize) -> io::Result<()> {
        let mut heard = Heard::new();
        let mut buffer = rest;
        loop {
            let mut input = buffer.as_slice();
            while let Some(frame) = heard.frame(&mut input) {
                if heard.len().saturating_add(frame.data.len()) > limit {
                    return Err(too_large(limit));
                }
                if self.answer(frame, &mut heard.message).await? {
                    return Ok(());
                }
            }
            if heard.len() > limit {
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

    /// Answers one frame; true when that was the last answer.
    async fn answer(&mut self, frame: Raw, message: &mut Option<Raw>) -> io::Result<bool> {
        match frame.opcode {
            Opcode::Close => {
                self.socket.write_all(&(self.blunder.close)(&frame.data)).await?;
                Ok(true)
            }
            Opcode::Ping => {
                self.socket.write_all(&(self.blunder.pong)(&frame.data)).await?;
                Ok(false)
            }
            Opcode::Pong => Ok(false),
            _ => {
                let fin = frame.fin;
                let whole = joined(message.take(), frame);
                if !fin {
                    *message = Some(whole);
                    return Ok(false);
                }
                self.received = self.received.saturating_add(1);
                self.socket.write_all(&(self.blunder.reply)(whole.opcode, &whole.data)).await?;
                self.sent = self.sent.saturating_add(1);
                Ok(self.blunder.hangs_up)
            }
        }
    }
}

fn too_large(limit: usize) -> io::Error {
    io::Error::other(format!("a message is larger than {limit} bytes"))
}

/// A message with its next frame. What is neither binary nor anything else passes for text.
fn joined(message: Option<Raw>, frame: Raw) -> Raw {
    match message {
        Some(mut open) => {
            open.data.extend(frame.data);
            open
        }
        None if frame.opcode == Opcode::Binary => frame,
        None => Raw { opcode: Opcode::Text, ..frame },
    }
}
