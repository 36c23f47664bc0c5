//! [`ServerReply`]: what the strict server did with the bytes of an answer.
//!
//! The bytes go over a socket of their own. After a frame, a Ping follows: once its Pong comes back,
//! the server has read all that stood before it.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

use crate::clients::raw_client::{self, RawClient};
use crate::net::Target;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::{AgreedExtensions, Decoder, Opcode, Side};

/// The longest that is waited where the last frame isn't complete.
const PARTIAL_TIMEOUT: Duration = Duration::from_secs(1);
/// The most frames of a reply that are read.
const MAX_FRAMES: usize = 64;
/// The bytes of a frame that are shown.
const MAX_HEX: usize = 24;
/// The payload of the Ping that follows a frame.
const LAST_PING: &[u8] = b"last";

/// The reply of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demos::learn) struct ServerReply {
    /// The status of its response and the whole line, where a request was sent.
    pub(in crate::demos::learn) status: Option<(u16, String)>,
    /// Its frames as hex and in words, but for the Pong to the last Ping.
    pub(in crate::demos::learn) frames: Vec<(String, String)>,
    /// The code of its Close, if it closed.
    pub(in crate::demos::learn) close: Option<u16>,
    /// Whether it hung up before the last Ping was answered.
    pub(in crate::demos::learn) hung_up: bool,
    /// Whether it waits for the rest of a frame.
    pub(in crate::demos::learn) waits: bool,
    /// Whether the answer was a Close itself, so that a Close is what is due.
    pub(in crate::demos::learn) sent_close: bool,
}

impl ServerReply {
    /// Whether the server took the answer for legal.
    pub(super) fn is_accepted(&self) -> bool {
        if let Some((status, _)) = &self.status {
            return *status == 101;
        }
        match self.close {
            Some(code) => self.sent_close && !matches!(code, 1002 | 1007),
            None => !self.hung_up && !self.waits,
        }
    }

    /// Returns what happened, in a sentence.
    pub(super) fn describe(&self) -> String {
        if let Some((_, line)) = &self.status {
            return format!("The strict server's response: {line}");
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
pub(super) async fn send_request(target: &Target, request: &[u8]) -> io::Result<ServerReply> {
    let head = raw_client::send_request(target, request).await?;
    let line = head.raw().get(head.start_line()).unwrap_or_default();
    let status = (head.status().unwrap_or(0), String::from_utf8_lossy(line).into_owned());
    Ok(ServerReply { status: Some(status), ..ServerReply::default() })
}

/// Sends a request to a server and returns the accept value of its response, if it has one.
pub(super) async fn accept_value(target: &Target, request: &[u8]) -> io::Result<Option<String>> {
    let head = raw_client::send_request(target, request).await?;
    Ok(head.joined_value("Sec-WebSocket-Accept"))
}

/// Opens a connection, sends the bytes of frames and returns what came back.
pub(super) async fn send_frames(target: &Target, frames: &[u8]) -> io::Result<ServerReply> {
    let sent = SentFrames::of(frames);
    let mut client = raw_client::open(target).await?;
    client.write(frames).await?;
    let reply = if sent.is_whole {
        // The server may have hung up already; then its reply says why.
        let _ = client.send(Opcode::Ping, LAST_PING).await;
        read_frames(&mut client).await
    } else {
        // A Ping would become a part of the frame that isn't complete.
        let reply = timeout(PARTIAL_TIMEOUT, read_frames(&mut client)).await;
        reply.unwrap_or_else(|_| ServerReply { waits: true, ..ServerReply::default() })
    };
    Ok(ServerReply { sent_close: sent.closes, ..reply })
}

/// Reads frames until the Pong to the last Ping, a Close, or the end.
async fn read_frames(client: &mut RawClient) -> ServerReply {
    let mut reply = ServerReply::default();
    while reply.frames.len() < MAX_FRAMES {
        // A reset comes where the server closed before it had read all.
        let Ok(Some(frame)) = client.reader.next_frame().await else {
            reply.hung_up = true;
            break;
        };
        let Some(opcode) = frame.start.map(|start| start.header.opcode) else { continue };
        let payload = &frame.payload[..];
        if opcode == Opcode::Pong && payload == LAST_PING {
            break;
        }
        let mut bytes = frame.header_bytes();
        bytes.extend_from_slice(payload);
        reply.frames.push((spaced_hex(&bytes), in_words(opcode, payload)));
        if frame.is_close() {
            let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
            reply.close = Some(code);
            break;
        }
    }
    reply
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
        let mut frames = FrameAssembler::new(decoder, 0);
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
    use crate::conformance::{EXAMPLE_KEY, Request, ServerAddress};
    use crate::scope::Scope;
    use crate::servers::{Ports, ServerBundle, ServerKind};

    /// Returns a strict server that lives as long as the scope.
    async fn strict(scope: &Scope) -> Target {
        let bundle = Arc::new(ServerBundle::start(scope, Ports::default(), None));
        let address = bundle.server(ServerKind::Strict).ready().await.unwrap();
        scope.spawn("server", async move {
            let _bundle = bundle;
            std::future::pending::<()>().await;
        });
        Target::parse(&format!("ws://{address}/")).unwrap()
    }

    #[tokio::test]
    async fn the_strict_server_settles_frames_and_requests() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let target = &strict(&scope).await;
        let hello = b"\x81\x82\x01\x02\x03\x04\x49\x6b";
        let reply = send_frames(target, hello).await.unwrap();
        assert!(reply.is_accepted(), "{reply:?}");
        assert_eq!(reply.frames, [("81 02 48 69".to_owned(), "text \"Hi\"".to_owned())]);
        let unmasked = send_frames(target, b"\x81\x02Hi").await.unwrap();
        assert_eq!((unmasked.close, unmasked.is_accepted()), (Some(1002), false));
        let closed = send_frames(target, b"\x88\x82\0\0\0\0\x03\xe9").await.unwrap();
        assert!(closed.close == Some(1001) && closed.is_accepted(), "{closed:?}");
        let partial = send_frames(target, &hello[..7]).await.unwrap();
        assert!(partial.waits && !partial.is_accepted(), "{partial:?}");
        let server = ServerAddress {
            authority: format!("127.0.0.1:{}", target.port),
            target: "/".to_owned(),
        };
        let request = Request::standard().to_bytes(&server, EXAMPLE_KEY);
        let request = String::from_utf8(request).unwrap();
        assert!(send_request(target, request.as_bytes()).await.unwrap().is_accepted());
        let broken = request.replace("Version: 13", "Version: 8");
        let reply = send_request(target, broken.as_bytes()).await.unwrap();
        assert!(!reply.is_accepted() && reply.describe().contains("426"), "{reply:?}");
    }
}
