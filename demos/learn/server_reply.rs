//! [`ServerReply`]: what the strict server did with the bytes of an answer.
//!
//! The bytes go over a socket of their own. After a frame, a Ping follows: once its Pong comes back,
//! the server has read all that stood before it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net::connect_tcp;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, Decoder, Header, Opcode, Side, format};

/// The longest that is waited for the server.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of a reply that are read.
const MAX_REPLY: usize = 64 << 10;
/// The payload of the Ping that follows a frame.
const LAST_PING: &[u8] = b"last";

/// The reply of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerReply {
    /// The status line of its response, where a request was sent.
    pub(super) status: Option<String>,
    /// Its frames as hex and in words, but for the Pong to the last Ping.
    pub(super) frames: Vec<(String, String)>,
    /// The code of its Close, if it closed.
    pub(super) close: Option<u16>,
    /// Whether it hung up before the last Ping was answered.
    pub(super) hung_up: bool,
    /// Whether the answer was a Close itself, so that a Close is what is due.
    pub(super) sent_close: bool,
}

impl ServerReply {
    /// Whether the server took the answer for legal.
    pub(super) fn is_accepted(&self) -> bool {
        if let Some(status) = &self.status {
            return status.split(' ').nth(1) == Some("101");
        }
        match self.close {
            Some(code) => self.sent_close && !matches!(code, 1002 | 1007),
            None => !self.hung_up,
        }
    }

    /// Returns what happened, in a sentence.
    pub(super) fn describe(&self) -> String {
        if let Some(status) = &self.status {
            return format!("The strict server's response: {status}");
        }
        match (self.close, self.hung_up, self.frames.is_empty()) {
            (Some(code), ..) => format!("The strict server sent a Close with {code}."),
            (None, true, _) => "The strict server hung up.".to_owned(),
            (None, false, true) => {
                "The strict server took it, and has nothing to reply.".to_owned()
            }
            (None, false, false) => "The strict server took it, and replied.".to_owned(),
        }
    }
}

/// Sends a request to a server and returns its response.
pub(super) async fn send_request(
    address: SocketAddr,
    request: &[u8],
) -> Result<ServerReply, String> {
    let exchange = async {
        let mut socket = connect_tcp(address).await?;
        socket.write_all(request).await?;
        read_head(&mut socket).await
    };
    let head = within(exchange).await?;
    let text = String::from_utf8_lossy(&head);
    let status = text.lines().next().unwrap_or_default().to_owned();
    Ok(ServerReply { status: Some(status), ..ServerReply::default() })
}

/// Opens a connection, sends the bytes of frames and returns what came back.
pub(super) async fn send_frames(address: SocketAddr, frames: &[u8]) -> Result<ServerReply, String> {
    let exchange = async {
        let mut socket = connect_tcp(address).await?;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        read_head(&mut socket).await?;
        socket.write_all(frames).await?;
        let header = Header {
            masking_key: Some([1, 2, 3, 4]),
            ..Header::new(Opcode::Ping, LAST_PING.len() as u64)
        };
        // The server may have hung up already; then its reply says why.
        let _ = socket.write_all(&encode::frame(&header, LAST_PING)).await;
        read_frames(&mut socket).await
    };
    let mut reply = within(exchange).await?;
    reply.sent_close = closes(frames);
    Ok(reply)
}

async fn within<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no reply within {} s", TIMEOUT.as_secs())),
    }
}

/// Reads a head, up to its blank line.
async fn read_head(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_REPLY {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

/// Reads frames until the Pong to the last Ping, a Close, or the end.
async fn read_frames(socket: &mut TcpStream) -> std::io::Result<ServerReply> {
    let mut reply = ServerReply::default();
    let mut frames =
        FrameAssembler::new(Decoder::new(Side::Server, AgreedExtensions::none()), MAX_REPLY);
    let (mut chunk, mut total) = ([0; 4096], 0);
    while total < MAX_REPLY {
        let len = match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => {
                reply.hung_up = true;
                break;
            }
            Ok(len) => len,
        };
        total += len;
        let mut input = &chunk[..len];
        while let Some(frame) = frames.next_frame(&mut input) {
            let payload = &frame.payload[..];
            let Some(opcode) = frame.start.map(|start| start.header.opcode) else { continue };
            if opcode == Opcode::Pong && payload == LAST_PING {
                return Ok(reply);
            }
            let mut bytes = frame.header_bytes();
            bytes.extend_from_slice(payload);
            reply.frames.push((format::hex(&bytes), in_words(opcode, payload)));
            if opcode == Opcode::Close {
                reply.close =
                    Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)));
                return Ok(reply);
            }
        }
    }
    Ok(reply)
}

fn in_words(opcode: Opcode, payload: &[u8]) -> String {
    match opcode {
        Opcode::Close => match payload.split_first_chunk() {
            Some((code, reason)) => {
                let reason = String::from_utf8_lossy(reason);
                format!("Close {} {reason}", u16::from_be_bytes(*code)).trim_end().to_owned()
            }
            None => "Close".to_owned(),
        },
        Opcode::Text => format!("text \"{}\"", String::from_utf8_lossy(payload)),
        other => format!("{other} with {} bytes", payload.len()),
    }
}

/// Whether bytes of a client end with a Close.
fn closes(bytes: &[u8]) -> bool {
    let mut frames =
        FrameAssembler::new(Decoder::new(Side::Client, AgreedExtensions::none()), MAX_REPLY);
    let (mut input, mut closes) = (bytes, false);
    while let Some(frame) = frames.next_frame(&mut input) {
        closes |= frame.is_close();
    }
    closes
}
