//! The bundled servers byte for byte: what a raw socket sends, and what it must receive.

mod access;
mod broken;
mod hostile;
mod hub;
mod proxy;
mod sloppy;
mod sockjs;
mod strict;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wiretalk::net::{Traffic, listen};
use wiretalk::scope::Scope;
use wiretalk::servers::{
    EventLog, Limits, Ports, ServerBundle, ServerError, ServerEvent, ServerOptions, ServerState,
    http, websocket,
};

/// The time after which a wait counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(1);

/// A timeout of a server for tests that wait until it expires.
const SHORT: Duration = Duration::from_secs(1);

/// The request of RFC 6455 section 1.3, whose response is known.
const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const SWITCHING: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
/// A masked "Hello" (RFC 6455 section 5.7).
const MASKED_HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO: &[u8] = b"\x81\x05Hello";

/// A running server and its events.
struct TestServer {
    address: SocketAddr,
    events: mpsc::Receiver<ServerEvent>,
    shutdown: CancellationToken,
    traffic: Arc<Traffic>,
    scope: Scope,
}

/// Returns options with a small size limit, and timeouts that no machine exceeds. A test that waits
/// for a timeout sets it to [`SHORT`].
fn options() -> (ServerOptions, mpsc::Receiver<ServerEvent>) {
    let (log, events) = EventLog::new(64);
    let limits = Limits {
        max_message: 1024,
        head_timeout: HUNG,
        body_timeout: HUNG,
        frame_timeout: HUNG,
        write_timeout: HUNG,
        max_backlog: 8,
        drain_timeout: HUNG,
        ..Limits::default()
    };
    let program = Some(env!("CARGO_BIN_EXE_wiretalk").into());
    (ServerOptions { log: Some(log), limits, program, ..ServerOptions::default() }, events)
}

async fn test_server<B, F>(bind: impl FnOnce(Scope, ServerOptions) -> B) -> TestServer
where
    B: Future<Output = io::Result<(SocketAddr, F)>>,
    F: Future<Output = ()> + Send + 'static,
{
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (options, events) = options();
    let (shutdown, traffic) = (options.shutdown.clone(), options.traffic.clone());
    let (address, server) = bind(scope.clone(), options).await.unwrap();
    scope.spawn("server", server);
    TestServer { address, events, shutdown, traffic, scope }
}

async fn http_server() -> TestServer {
    http_within(|limits| limits).await
}

async fn http_within(change: impl FnOnce(Limits) -> Limits) -> TestServer {
    let bind = async |scope, options: ServerOptions| {
        http::bind(&scope, ServerOptions { limits: change(options.limits), ..options })
    };
    test_server(bind).await
}

async fn websocket_server() -> TestServer {
    websocket_within(|limits| limits).await
}

async fn websocket_within(change: impl FnOnce(Limits) -> Limits) -> TestServer {
    let bind = async |scope, options: ServerOptions| {
        websocket::bind(&scope, ServerOptions { limits: change(options.limits), ..options })
    };
    test_server(bind).await
}

impl TestServer {
    async fn event(&mut self) -> ServerEvent {
        soon(self.events.recv()).await.unwrap()
    }

    /// Returns the code of the next close.
    async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let ServerEvent::Closed { code, .. } = self.event().await {
                return code;
            }
        }
    }

    async fn visit(&self) -> Peer {
        Peer(TcpStream::connect(self.address).await.unwrap())
    }

    /// Connects a peer and opens a WebSocket.
    async fn open(&self) -> Peer {
        let mut peer = self.visit().await;
        peer.send(UPGRADE).await;
        peer.expect(SWITCHING).await;
        peer
    }
}

struct Peer(TcpStream);

impl Peer {
    async fn send(&mut self, bytes: &[u8]) {
        soon(self.0.write_all(bytes)).await.unwrap();
    }

    async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut found = vec![0; count];
        soon(self.0.read_exact(&mut found)).await.expect("the stream ended too early");
        found
    }

    async fn expect(&mut self, bytes: &[u8]) {
        let mut found = vec![0; bytes.len()];
        let read = soon(self.0.read_exact(&mut found)).await;
        assert!(read.is_ok(), "the stream ended before {:?}", String::from_utf8_lossy(bytes));
        assert_eq!(found, bytes, "{:?}", String::from_utf8_lossy(&found));
    }

    /// Sends FIN.
    async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// Reads until the server closes, which must be an end of stream and not a reset.
    async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        soon(self.0.read_to_end(&mut rest)).await.unwrap();
        rest
    }

    async fn hung_up_on(&mut self) {
        let rest = self.rest().await;
        assert!(rest.is_empty(), "{rest:02x?}");
    }

    /// Reads a response with its body. The line with the date is left out, and lines end in `\n`.
    async fn answer(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.0.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        soon(self.0.read_exact(&mut body)).await.unwrap();
        let undated: Vec<_> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
        format!("{}\n{}", undated.join("\n"), String::from_utf8(body).unwrap())
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(HUNG, future).await.expect("it hung")
}

/// Returns a client's frame, masked with the key of the RFC's example.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0xfe);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

// ---- REST ----

const POST_HELLO: &[u8] =
    b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello";
const ECHOED_HELLO: &str = "HTTP/1.1 200 OK\ncontent-type: text/plain\nx-content-type-options: \
                            nosniff\ncontent-length: 5\n\nHello";

#[tokio::test]
async fn a_body_is_echoed_with_its_type_and_the_connection_is_kept() {
    let mut server = http_server().await;
    let mut peer = server.visit().await;
    for _ in 0..3 {
        peer.send(POST_HELLO).await;
        assert_eq!(peer.answer().await, ECHOED_HELLO);
        let ServerEvent::Request { method, path, status, bytes, .. } = server.event().await else {
            panic!()
        };
        assert_eq!((method.as_str(), path.as_str(), status, bytes), ("POST", "/echo", 200, 5));
    }
    let tally = server.traffic.snapshot();
    assert_eq!((tally.received, tally.connections), (3 * POST_HELLO.len() as u64, 1));
}

#[tokio::test]
async fn every_byte_of_a_response_is_counted() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    let last = String::from_utf8_lossy(POST_HELLO)
        .replace("Host: localhost", "Host: localhost\r\nConnection: close");
    peer.send(last.as_bytes()).await;
    let rest = peer.rest().await;
    assert!(rest.ends_with(b"\r\n\r\nHello"));
    assert_eq!(server.traffic.snapshot().sent, rest.len() as u64);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    let second = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nyo";
    peer.send(&[POST_HELLO, second, POST_HELLO].concat()).await;
    assert_eq!(peer.answer().await, ECHOED_HELLO);
    assert_eq!(
        peer.answer().await,
        "HTTP/1.1 200 OK\nx-content-type-options: nosniff\ncontent-length: 2\n\nyo"
    );
    assert_eq!(peer.answer().await, ECHOED_HELLO);
}

#[tokio::test]
async fn a_request_may_arrive_byte_by_byte() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    for byte in POST_HELLO {
        peer.send(&[*byte]).await;
    }
    assert_eq!(peer.answer().await, ECHOED_HELLO);
}

#[tokio::test]
async fn a_chunked_body_is_echoed_whole() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    peer.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    peer.send(b"3\r\nHel\r\n2;ext=1\r\nlo\r\n0\r\n\r\n").await;
    assert_eq!(
        peer.answer().await,
        "HTTP/1.1 200 OK\nx-content-type-options: nosniff\ncontent-length: 5\n\nHello"
    );
}

#[tokio::test]
async fn the_root_explains_and_other_paths_point_to_it() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    let line = "POST /echo returns your body with its content type\n";
    for (path, status) in [("/", "200 OK"), ("/nowhere", "404 Not Found")] {
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        let answer = peer.answer().await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\n")) && answer.ends_with(line),
            "{answer}"
        );
    }
    peer.send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = peer.answer().await;
    assert!(
        answer.starts_with("HTTP/1.1 405 Method Not Allowed\n")
            && answer.contains("\nallow: POST\n"),
        "{answer}"
    );
}

const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large\ncontent-type: text/plain; \
                         charset=utf-8\nconnection: close\nx-content-type-options: \
                         nosniff\ncontent-length: 35\n\nthe body is larger than 1024 bytes\n";

#[tokio::test]
async fn a_body_at_the_limit_is_accepted_and_one_byte_more_is_not() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    let post = |length: usize| {
        let head =
            format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; length]].concat()
    };
    peer.send(&post(1024)).await;
    assert!(peer.answer().await.ends_with(&"x".repeat(1024)));
    peer.send(&post(1025)).await;
    assert_eq!(peer.answer().await, TOO_LARGE);
    peer.hung_up_on().await;
}

#[tokio::test]
async fn a_large_content_length_is_refused_before_the_body_is_read() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    peer.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n").await;
    peer.send(b"Content-Length: 9223372036854775807\r\n\r\n").await;
    assert_eq!(peer.answer().await, TOO_LARGE);
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused_and_the_response_arrives_whole() {
    let server = http_server().await;
    let mut peer = server.visit().await;
    peer.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    // Far more than hyper reads ahead. Closing a socket with unread bytes sends a reset, and the
    // response would be lost.
    let chunk = [&b"400\r\n"[..], &[b'x'; 0x400], b"\r\n"].concat();
    for _ in 0..2000 {
        peer.send(&chunk).await;
    }
    assert_eq!(peer.answer().await, TOO_LARGE);
    peer.hung_up_on().await;
}

#[tokio::test]
async fn a_body_that_never_arrives_times_out() {
    let server = http_within(|limits| Limits { body_timeout: SHORT, ..limits }).await;
    let mut peer = server.visit().await;
    peer.send(&POST_HELLO[..POST_HELLO.len() - 1]).await;
    let answer = peer.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\n"), "{answer}");
    peer.hung_up_on().await;
}

#[tokio::test]
async fn a_head_that_never_arrives_times_out() {
    let server = http_within(|limits| Limits { head_timeout: SHORT, ..limits }).await;
    for head in [&b""[..], b"POST /echo HTT"] {
        let mut peer = server.visit().await;
        peer.send(head).await;
        peer.rest().await;
    }
}

#[tokio::test]
async fn garbage_gets_400_and_others_are_still_served() {
    let mut server = http_server().await;
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"HELO there\r\n\r\n", &[0xff; 5000]]
    {
        let mut peer = server.visit().await;
        peer.send(garbage).await;
        let answer = peer.rest().await;
        assert!(
            answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
        let ServerEvent::Refused { reason, .. } = server.event().await else { panic!() };
        assert!(reason.starts_with("not HTTP/1.1"), "{reason}");
    }
    let mut good = server.visit().await;
    good.send(POST_HELLO).await;
    assert_eq!(good.answer().await, ECHOED_HELLO);
}

#[tokio::test]
async fn shutdown_finishes_the_current_request_and_frees_the_port() {
    let server = http_server().await;
    let (mut idle, mut busy) = (server.visit().await, server.visit().await);
    idle.send(POST_HELLO).await;
    idle.answer().await;
    busy.send(&POST_HELLO[..POST_HELLO.len() - 1]).await;
    while server.traffic.snapshot().received < 2 * POST_HELLO.len() as u64 - 1 {
        tokio::task::yield_now().await;
    }
    server.shutdown.cancel();
    idle.hung_up_on().await;
    busy.send(b"o").await;
    let answer = busy.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\n") && answer.ends_with("Hello"), "{answer}");
    drop((idle, busy));
    soon(server.scope.closed()).await;
    listen(server.address).unwrap();
}

// ---- WebSocket ----

#[tokio::test]
async fn hello_is_echoed_unmasked() {
    let mut server = websocket_server().await;
    let mut peer = server.open().await;
    peer.send(MASKED_HELLO).await;
    peer.expect(HELLO).await;
    peer.send(&masked(0x82, &[0, 255])).await;
    peer.expect(&[0x82, 2, 0, 255]).await;
    peer.send(&masked(0x88, &[0x03, 0xe8])).await;
    peer.expect(&[0x88, 2, 0x03, 0xe8]).await;
    peer.hung_up_on().await;
    let ServerEvent::Opened { path, .. } = server.event().await else { panic!() };
    assert_eq!(path, "/chat");
    let ServerEvent::Closed { code, reason, received, sent, .. } = server.event().await else {
        panic!()
    };
    assert_eq!((code, reason, received, sent), (Some(1000), None, 2, 2));
    let tally = server.traffic.snapshot();
    assert_eq!(tally.received, (UPGRADE.len() + MASKED_HELLO.len() + 8 + 8) as u64);
    assert_eq!(tally.sent, (SWITCHING.len() + HELLO.len() + 4 + 4) as u64);
}

#[tokio::test]
async fn frames_may_arrive_together_with_the_handshake() {
    let server = websocket_server().await;
    let mut peer = server.visit().await;
    peer.send(&[UPGRADE, MASKED_HELLO, &MASKED_HELLO[..7]].concat()).await;
    peer.expect(&[SWITCHING, HELLO].concat()).await;
    peer.send(&MASKED_HELLO[7..]).await;
    peer.expect(HELLO).await;
}

#[tokio::test]
async fn everything_may_arrive_byte_by_byte() {
    let server = websocket_server().await;
    let mut peer = server.visit().await;
    for byte in [UPGRADE, MASKED_HELLO].concat() {
        peer.send(&[byte]).await;
    }
    peer.expect(&[SWITCHING, HELLO].concat()).await;
}

#[tokio::test]
async fn a_ping_gets_its_pong_even_between_fragments() {
    let server = websocket_server().await;
    let mut peer = server.open().await;
    peer.send(&masked(0x01, b"Hel")).await;
    peer.send(&masked(0x89, b"beat")).await;
    peer.expect(b"\x8a\x04beat").await;
    peer.send(&masked(0x80, b"lo")).await;
    peer.expect(HELLO).await;
}

#[tokio::test]
async fn a_close_without_a_code_is_answered_by_one_without() {
    let server = websocket_server().await;
    let mut peer = server.open().await;
    peer.send(&masked(0x88, b"")).await;
    peer.expect(&[0x88, 0]).await;
    peer.hung_up_on().await;
}

#[tokio::test]
async fn a_broken_rule_is_closed_with_the_right_code() {
    let long_claim = vec![0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let cases: [(&str, Vec<u8>, u16); 8] = [
        ("an unmasked frame", HELLO.to_vec(), 1002),
        ("a length of 2^63", long_claim, 1009),
        ("a message over the limit", masked(0x82, &[0; 1025]), 1009),
        ("text that is not UTF-8", masked(0x81, &[0xc0, 0xaf]), 1007),
        ("a reserved bit", masked(0xc1, b"x"), 1002),
        ("a reserved opcode", masked(0x83, b"x"), 1002),
        ("a continuation of nothing", masked(0x80, b"x"), 1002),
        ("a fragmented ping", masked(0x09, b"x"), 1002),
    ];
    let mut server = websocket_server().await;
    for (what, bytes, code) in cases {
        let mut peer = server.open().await;
        peer.send(&bytes).await;
        let answer = peer.rest().await;
        assert_eq!(answer.first(), Some(&0x88), "{what}: {answer:02x?}");
        assert_eq!(answer[1] as usize, answer.len() - 2, "{what}: one frame");
        assert_eq!(answer[2..4], code.to_be_bytes(), "{what}");
        assert_eq!(server.close_code().await, Some(code), "{what}");
    }
}

#[tokio::test]
async fn fragments_count_together_against_the_limit() {
    let mut server = websocket_server().await;
    let mut peer = server.open().await;
    peer.send(&masked(0x02, &[0; 1000])).await;
    peer.send(&masked(0x80, &[0; 25])).await;
    assert_eq!(peer.rest().await[2..4], 1009u16.to_be_bytes());
    assert_eq!(server.close_code().await, Some(1009));
}

#[tokio::test]
async fn the_code_arrives_even_if_the_peer_is_still_sending() {
    let server = websocket_server().await;
    let mut peer = server.open().await;
    peer.send(HELLO).await;
    // Closing a socket with unread bytes sends a reset, and the Close frame would be lost.
    for _ in 0..200 {
        peer.send(&[0; 10_000]).await;
    }
    assert_eq!(peer.rest().await[2..4], 1002u16.to_be_bytes());
}

#[tokio::test]
async fn plain_http_and_garbage_are_refused_with_the_reason() {
    let mut server = websocket_server().await;
    let huge = [&b"GET / HTTP/1.1\r\nX: "[..], &vec![b'x'; 70_000]].concat();
    let old = String::from_utf8_lossy(UPGRADE).replace("Version: 13", "Version: 8").into_bytes();
    let upgrade = "426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n";
    let cases: [(Vec<u8>, String); 5] = [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), upgrade.to_owned()),
        (old, format!("{upgrade}Sec-WebSocket-Version: 13\r\n")),
        (huge, "431 Request Header Fields Too Large\r\nConnection: close\r\n".to_owned()),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            "400 Bad Request\r\nConnection: close\r\n".to_owned(),
        ),
        ([&[0xff; 64][..], b"\r\n\r\n"].concat(), "4".to_owned()),
    ];
    for (bytes, expected) in cases {
        let mut peer = server.visit().await;
        peer.send(&bytes).await;
        let answer = String::from_utf8(peer.rest().await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer}");
        assert!(matches!(server.event().await, ServerEvent::Refused { .. }));
    }
}

#[tokio::test]
async fn a_stalled_handshake_times_out() {
    let mut server = websocket_within(|limits| Limits { head_timeout: SHORT, ..limits }).await;
    let mut peer = server.visit().await;
    peer.send(&UPGRADE[..UPGRADE.len() - 1]).await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
    let ServerEvent::Refused { reason, .. } = server.event().await else { panic!() };
    assert!(reason.contains("within 1 s"), "{reason}");
}

#[tokio::test]
async fn a_peer_that_disconnects_is_reported() {
    let mut server = websocket_server().await;
    drop(server.open().await);
    assert!(matches!(server.event().await, ServerEvent::Opened { .. }));
    let ServerEvent::Closed { code: None, reason: Some(reason), .. } = server.event().await else {
        panic!()
    };
    assert!(reason.contains("without closing handshake"), "{reason}");
}

#[tokio::test]
async fn shutdown_closes_with_1001_and_waits_for_the_close_of_the_peer() {
    let mut server = websocket_server().await;
    let mut peer = server.open().await;
    server.shutdown.cancel();
    peer.expect(b"\x88\x1a\x03\xe9the server is going away").await;
    // Frames that were on their way when the Close arrived are not a fault (RFC 6455 section
    // 5.5.1).
    peer.send(MASKED_HELLO).await;
    peer.send(&masked(0x88, &1001u16.to_be_bytes())).await;
    peer.hung_up_on().await;
    drop(peer);
    assert_eq!(server.close_code().await, Some(1001));
    soon(server.scope.closed()).await;
    listen(server.address).unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_forever_for_a_peer_that_does_not_answer() {
    let server = websocket_within(|limits| Limits { drain_timeout: SHORT, ..limits }).await;
    let _deaf = server.open().await;
    server.shutdown.cancel();
    soon(server.scope.closed()).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_gets_backpressure_and_can_be_disconnected() {
    let server = websocket_server().await;
    let mut peer = server.open().await;
    let message = masked(0x82, &[0; 1000]);
    let flood = async { while peer.0.write_all(&message).await.is_ok() {} };
    timeout(Duration::from_millis(500), flood)
        .await
        .expect_err("a server that cannot answer stops reading");
    let mut other = server.open().await;
    other.send(MASKED_HELLO).await;
    other.expect(HELLO).await;
    server.scope.cancel();
    soon(server.scope.closed()).await;
}

// ---- both ----

#[tokio::test]
async fn a_bundle_starts_and_shuts_down() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let bundle = ServerBundle::start(&scope, Ports::default(), None);
    let addresses = soon(bundle.ready()).await.unwrap();
    assert!(matches!(bundle.http.state(), ServerState::Up(address) if address == addresses.http));
    let mut peer = Peer(TcpStream::connect(addresses.websocket).await.unwrap());
    peer.send(&[UPGRADE, MASKED_HELLO].concat()).await;
    peer.expect(&[SWITCHING, HELLO].concat()).await;
    assert_eq!(bundle.websocket.traffic().snapshot().open, 1);
    assert_eq!(bundle.http.traffic().snapshot().received, 0);
    bundle.shut_down();
    peer.expect(&[0x88]).await;
    drop(peer);
    soon(bundle.closed()).await;
    for server in [&bundle.http, &bundle.websocket] {
        assert!(matches!(server.state(), ServerState::Ended));
    }
    soon(scope.closed()).await;
}

#[tokio::test]
async fn cancelling_the_scope_frees_a_bundles_ports() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let bundle = ServerBundle::start(&scope, Ports::default(), None);
    let addresses = soon(bundle.ready()).await.unwrap();
    let _peers = (
        TcpStream::connect(addresses.http).await.unwrap(),
        TcpStream::connect(addresses.websocket).await.unwrap(),
    );
    scope.cancel();
    soon(scope.closed()).await;
    assert!(matches!(bundle.http.state(), ServerState::Ended));
    for address in [addresses.http, addresses.websocket] {
        listen(address).unwrap();
    }
}

#[tokio::test]
async fn a_taken_port_fails_one_server_and_not_the_other() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let taken = listen(([127, 0, 0, 1], 0)).unwrap();
    let ports = Ports { http: taken.local_addr().unwrap().port(), websocket: 0 };
    let bundle = ServerBundle::start(&scope, ports, None);
    let error = soon(bundle.ready()).await.unwrap_err();
    let ServerError::Listen { port, source, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*port, source.kind()), (ports.http, std::io::ErrorKind::AddrInUse));
    let reason = error.to_string();
    assert!(reason.starts_with("http server: could not listen on 127.0.0.1:"), "{reason}");
    assert!(reason.contains("the port is taken"), "{reason}");
    let websocket = soon(bundle.websocket.ready()).await.unwrap();
    TcpStream::connect(websocket).await.unwrap();
}
