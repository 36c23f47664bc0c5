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
use crate::wire::{AgreedExtensions, Decoder, Header, Opcode, Side};

/// The longest that is waited for the server.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that is waited where the last frame isn't complete.
const PARTIAL_TIMEOUT: Duration = Duration::from_secs(1);
/// The most bytes of a reply that are read.
const MAX_REPLY: usize = 64 << 10;
/// The bytes of a frame that are shown.
const MAX_HEX: usize = 24;
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
    /// Whether it waits for the rest of a frame.
    pub(super) waits: bool,
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
            None => !self.hung_up && !self.waits,
        }
    }

    /// Returns what happened, in a sentence.
    pub(super) fn describe(&self) -> String {
        if let Some(status) = &self.status {
            return format!("The strict server's response: {status}");
        }
        if self.waits {
            return "The strict server waits for the rest of the frame.".to_owned();
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
    let sent = SentFrames::of(frames);
    let exchange = async {
        let mut socket = connect_tcp(address).await?;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        read_head(&mut socket).await?;
        socket.write_all(frames).await?;
        if !sent.is_whole {
            // A Ping would become a part of the frame that isn't complete.
            return match timeout(PARTIAL_TIMEOUT, read_frames(&mut socket)).await {
                Ok(reply) => reply,
                Err(_) => Ok(ServerReply { waits: true, ..ServerReply::default() }),
            };
        }
        let header = Header {
            masking_key: Some([1, 2, 3, 4]),
            ..Header::new(Opcode::Ping, LAST_PING.len() as u64)
        };
        // The server may have hung up already; then its reply says why.
        let _ = socket.write_all(&encode::frame(&header, LAST_PING)).await;
        read_frames(&mut socket).await
    };
    let reply = within(exchange).await?;
    Ok(ServerReply { sent_close: sent.closes, ..reply })
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
            reply.frames.push((spaced_hex(&bytes), in_words(opcode, payload)));
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

/// Returns bytes as hex with blanks between, cut where they are many.
fn spaced_hex(bytes: &[u8]) -> String {
    let mut digits: Vec<String> =
        bytes.iter().take(MAX_HEX).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > MAX_HEX {
        digits.push("…".to_owned());
    }
    digits.join(" ")
}

/// The frames that were sent.
struct SentFrames {
    /// Whether one is a Close.
    closes: bool,
    /// Whether the last one is complete.
    is_whole: bool,
}

impl SentFrames {
    fn of(bytes: &[u8]) -> Self {
        let decoder = Decoder::new(Side::Client, AgreedExtensions::none());
        let mut frames = FrameAssembler::new(decoder, MAX_REPLY);
        let (mut input, mut closes) = (bytes, false);
        while let Some(frame) = frames.next_frame(&mut input) {
            closes |= frame.is_close();
        }
        Self { closes, is_whole: frames.is_between_frames() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scope::Scope;
    use crate::servers::{Ports, ServerBundle, ServerKind};

    /// Returns a strict server that lives as long as the scope.
    async fn strict(scope: &Scope) -> SocketAddr {
        let bundle = Arc::new(ServerBundle::start(scope, Ports::default(), None));
        let address = bundle.server(ServerKind::Strict).ready().await.unwrap();
        scope.spawn("server", async move {
            let _bundle = bundle;
            std::future::pending::<()>().await;
        });
        address
    }

    #[tokio::test]
    async fn the_strict_server_settles_frames_and_requests() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let address = strict(&scope).await;
        let hello = b"\x81\x82\x01\x02\x03\x04\x49\x6b";
        let reply = send_frames(address, hello).await.unwrap();
        assert!(reply.is_accepted(), "{reply:?}");
        assert_eq!(reply.frames, [("81 02 48 69".to_owned(), "text \"Hi\"".to_owned())]);
        let unmasked = send_frames(address, b"\x81\x02Hi").await.unwrap();
        assert_eq!((unmasked.close, unmasked.is_accepted()), (Some(1002), false));
        let closed = send_frames(address, b"\x88\x82\0\0\0\0\x03\xe9").await.unwrap();
        assert!(closed.close == Some(1001) && closed.is_accepted(), "{closed:?}");
        let partial = send_frames(address, &hello[..7]).await.unwrap();
        assert!(partial.waits && !partial.is_accepted(), "{partial:?}");
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        assert!(send_request(address, request.as_bytes()).await.unwrap().is_accepted());
        let broken = request.replace("Version: 13", "Version: 8");
        let reply = send_request(address, broken.as_bytes()).await.unwrap();
        assert!(!reply.is_accepted() && reply.describe().contains("426"), "{reply:?}");
    }
}
