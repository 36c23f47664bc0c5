//! Hostile peers for the tests of all servers, over a stream in memory and in paused time. The
//! tests count the bytes that a server takes from such a peer, and check that it is disconnected in
//! the end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

use crate::wire::frame::encode;
use crate::wire::{Header, Opcode};

/// The buffer size of each direction of the stream, similar to a socket's.
const PIPE: usize = 16 << 10;

/// The number of bytes that a lingering close discards
/// ([`lingering_close`](crate::net::lingering_close)).
const FORGOTTEN: usize = 4 << 20;

/// The number of bytes that a server may take from a peer that reads nothing, in addition to a
/// message that it is answering.
const BUFFERED: usize = FORGOTTEN + 4 * PIPE + (64 << 10);

/// No hostile peer may stay longer than this, in paused time.
const FOREVER: Duration = Duration::from_hours(24);

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const UPGRADE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A server that handles one connection.
pub(crate) type Serving = Pin<Box<dyn Future<Output = ()>>>;

/// The fate of a hostile peer.
#[derive(Debug)]
pub(crate) struct Met {
    /// The number of the peer's bytes that were taken, including those in the pipe.
    pub(crate) taken: usize,
    /// The bytes that the peer could read in the end, without the response to its handshake.
    pub(crate) answer: Vec<u8>,
    /// How long the connection lasted after the handshake.
    pub(crate) lasted: Duration,
}

impl Met {
    /// Returns the code of the Close frame at the end of the answer.
    pub(crate) fn close_code(&self) -> Option<u16> {
        let at = self.answer.iter().rposition(|byte| *byte == 0x88)?;
        Some(u16::from_be_bytes([*self.answer.get(at + 2)?, *self.answer.get(at + 3)?]))
    }
}

/// Runs a server against a peer until both have ended.
async fn meet<F>(
    serve: impl FnOnce(DuplexStream) -> Serving,
    peer: impl FnOnce(DuplexStream) -> F,
) -> Met
where
    F: Future<Output = Met>,
{
    let (server, client) = duplex(PIPE);
    let both = async { tokio::join!(serve(server), peer(client)).1 };
    timeout(FOREVER, both).await.expect("the hostile peer is never disconnected")
}

/// Opens a WebSocket and checks the response.
async fn opened(client: &mut DuplexStream) {
    client.write_all(UPGRADE).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
}

/// Sends `first`, then `bytes` again and again, and reads nothing until it is disconnected.
async fn flood(mut client: DuplexStream, first: &[u8], bytes: &[u8]) -> Met {
    let (began, mut taken) = (Instant::now(), 0);
    let all = || first.iter().chain(bytes.iter().cycle()).copied();
    let mut next: Vec<u8> = Vec::new();
    let mut rest = all();
    loop {
        next.extend(rest.by_ref().take(4096));
        let Ok(count) = client.write(&next).await else { break };
        next.drain(..count);
        taken += count;
        assert!(taken < 1 << 30, "the server takes any number of bytes");
    }
    let lasted = began.elapsed();
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer).await;
    Met { taken, answer, lasted }
}

/// Sends `bytes` once, then the bytes of `after`, one a second, and reads until it is disconnected.
async fn dribble(client: DuplexStream, bytes: &[u8], after: impl IntoIterator<Item = u8>) -> Met {
    let (mut from, mut to) = tokio::io::split(client);
    let (began, mut taken) = (Instant::now(), bytes.len());
    to.write_all(bytes).await.unwrap();
    let writing = async {
        for byte in after {
            sleep(Duration::from_secs(1)).await;
            if to.write_u8(byte).await.is_err() {
                break;
            }
            taken += 1;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        biased;
        _ = from.read_to_end(&mut answer) => {}
        () = writing => {}
    }
    Met { taken, answer, lasted: began.elapsed() }
}

/// Sends pings and reads nothing.
pub(crate) async fn pings(serve: impl FnOnce(DuplexStream) -> Serving) -> Met {
    let ping = encode::single_frame(Opcode::Ping, &[7; 125], Some(KEY));
    meet(serve, async |mut client| {
        opened(&mut client).await;
        flood(client, &[], &ping).await
    })
    .await
}

/// Sends messages of `size` bytes and reads nothing.
pub(crate) async fn messages(size: usize, serve: impl FnOnce(DuplexStream) -> Serving) -> Met {
    let message = encode::single_frame(Opcode::Binary, &vec![7; size], Some(KEY));
    meet(serve, async |mut client| {
        opened(&mut client).await;
        flood(client, &[], &message).await
    })
    .await
}

/// Claims a frame of 1 MiB and sends one byte of it.
pub(crate) async fn claims(serve: impl FnOnce(DuplexStream) -> Serving) -> Met {
    let claim =
        Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1 << 20) }.to_bytes();
    meet(serve, async |mut client| {
        opened(&mut client).await;
        dribble(client, &[&claim[..], &[7]].concat(), []).await
    })
    .await
}

/// Claims a frame of 1 MiB and sends one byte of it per second.
pub(crate) async fn dribbles(serve: impl FnOnce(DuplexStream) -> Serving) -> Met {
    let claim =
        Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1 << 20) }.to_bytes();
    meet(serve, async |mut client| {
        opened(&mut client).await;
        dribble(client, &claim, std::iter::repeat_n(7, 1 << 20)).await
    })
    .await
}

/// Sends `first`, then `bytes` again and again, over another protocol than WebSocket, and reads
/// nothing.
pub(crate) async fn floods(
    first: &[u8],
    bytes: &[u8],
    serve: impl FnOnce(DuplexStream) -> Serving,
) -> Met {
    meet(serve, async |client| flood(client, first, bytes).await).await
}

impl Met {
    /// Checks that a peer that read nothing was disconnected soon.
    pub(crate) fn was_given_up(&self, max_message: usize) {
        assert!(self.taken < 2 * max_message + BUFFERED, "{} bytes were taken", self.taken);
        assert!(self.lasted < Duration::from_secs(15), "it lasted {:?}", self.lasted);
    }
}

/// Sends `bytes` once over another protocol than WebSocket, then one byte per second.
pub(crate) async fn drips(bytes: &[u8], serve: impl FnOnce(DuplexStream) -> Serving) -> Met {
    meet(serve, async |client| dribble(client, bytes, std::iter::repeat_n(b'x', 1 << 20)).await)
        .await
}

/// Checks what a WebSocket server does with all of these peers; `max_message` is its largest
/// message.
pub(crate) async fn withstands_all<F>(max_message: usize, code: Option<u16>, serve: F)
where
    F: Fn(DuplexStream) -> Serving,
{
    // Time advances only when every task waits, so each connection lasts exactly as long as the
    // limits say.
    let seconds = |from: u64, to: u64| Duration::from_secs(from)..Duration::from_secs(to);
    let pings = pings(&serve).await;
    assert!(pings.taken < BUFFERED, "pings: {}", pings.taken);
    assert!(seconds(5, 15).contains(&pings.lasted), "pings: {:?}", pings.lasted);
    let messages = messages(max_message, &serve).await;
    assert!(messages.taken < 2 * max_message + BUFFERED, "messages: {}", messages.taken);
    assert!(seconds(5, 15).contains(&messages.lasted), "messages: {:?}", messages.lasted);
    let claims = claims(&serve).await;
    assert!(seconds(5, 15).contains(&claims.lasted), "a claim: {:?}", claims.lasted);
    assert_eq!(claims.close_code(), code, "a claim");
    let dribbles = dribbles(&serve).await;
    assert!(seconds(5, 15).contains(&dribbles.lasted), "a byte a second: {:?}", dribbles.lasted);
    assert!((14 + 4..14 + 15).contains(&dribbles.taken), "a byte a second: {}", dribbles.taken);
    assert_eq!(dribbles.close_code(), code, "a byte a second");
}

mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::net::READ_BUFFER;
    use crate::servers::{
        EventLog, Limits, ServerEvent, ServerOptions, http, sloppy, strict, websocket,
    };
    use crate::wire::handshake::ServerPolicy;

    fn peer() -> SocketAddr {
        "127.0.0.1:1".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn plain() {
        let serve = |stream| -> Serving {
            Box::pin(websocket::serve_connection(
                stream,
                peer(),
                ServerOptions::default(),
                READ_BUFFER,
            ))
        };
        withstands_all(1 << 20, Some(1008), serve).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_more_is_read_while_an_answer_is_unsent() {
        let (log, mut events) = EventLog::new(8);
        let options = ServerOptions { log: Some(log), ..ServerOptions::default() };
        let serve = |stream| -> Serving {
            Box::pin(websocket::serve_connection(stream, peer(), options.clone(), READ_BUFFER))
        };
        messages(1000, serve).await;
        let Some(ServerEvent::Opened { .. }) = events.recv().await else { panic!() };
        let Some(ServerEvent::Closed { received, sent, .. }) = events.recv().await else {
            panic!()
        };
        assert_eq!((received, sent), (PIPE as u64 / 1004 + 1, PIPE as u64 / 1004));
    }

    #[tokio::test(start_paused = true)]
    async fn strict() {
        let serve = |stream| -> Serving {
            Box::pin(strict::serve_connection(
                stream,
                peer(),
                ServerOptions::default(),
                ServerPolicy::default(),
            ))
        };
        withstands_all(1 << 20, Some(1008), serve).await;
    }

    #[tokio::test(start_paused = true)]
    async fn sloppy() {
        let serve = |stream| -> Serving {
            Box::pin(sloppy::serve_connection(stream, peer(), ServerOptions::default()))
        };
        withstands_all(1 << 20, None, serve).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_reason_is_reported() {
        let (log, mut events) = EventLog::new(8);
        let options = ServerOptions { log: Some(log), ..ServerOptions::default() };
        let serve = |stream| -> Serving {
            Box::pin(websocket::serve_connection(stream, peer(), options.clone(), READ_BUFFER))
        };
        pings(&serve).await;
        claims(&serve).await;
        dribbles(&serve).await;
        let mut why = Vec::new();
        while let Ok(event) = events.try_recv() {
            if let ServerEvent::Closed { reason: Some(events), code, .. } = event {
                why.push((code, events));
            }
        }
        let expected = [
            (None, "the peer read nothing for 10 s"),
            (Some(1008), "a frame stalled for 10 s, at least 1048575 bytes before its end"),
            (
                Some(1008),
                "a frame came at less than 4096 bytes a second, and at least 1048566 bytes are \
                 missing",
            ),
        ];
        assert_eq!(why, expected.map(|(code, events)| (code, events.to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn http() {
        let serve = |stream| -> Serving {
            let echo = http::echo_service(Limits::default(), &[]);
            Box::pin(http::serve_connection(stream, peer(), echo, ServerOptions::default()))
        };
        let head = format!(
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            1 << 20
        );
        let request = [head.as_bytes(), &vec![b'x'; 1 << 20]].concat();
        let flooded = floods(&[], &request, &serve).await;
        flooded.was_given_up(1 << 20);
        let dripped = drips(head.as_bytes(), &serve).await;
        assert!(
            dripped.answer.starts_with(b"HTTP/1.1 408 "),
            "{:?}",
            String::from_utf8_lossy(&dripped.answer)
        );
        assert!(dripped.taken < head.len() + 15, "{}", dripped.taken);
        let dripped = drips(b"GET /", &serve).await;
        assert!(dripped.taken < 20, "{}", dripped.taken);
    }
}
