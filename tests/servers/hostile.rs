//! Hostile peers on real sockets against every kind of server: they are disconnected in the end,
//! and others are served meanwhile.

#![expect(clippy::disallowed_methods, reason = "a flood of clients ends with its test")]

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wiretalk::scope::Scope;
use wiretalk::servers::{
    BundleOptions, EventLog, Limits, ServerBundle, ServerEvent, ServerKind, naive_proxy,
};

use crate::{
    HELLO, MASKED_HELLO, Peer, SWITCHING, TestServer, UPGRADE, masked, soon, test_server,
    websocket_server,
};

/// More bytes than the kernel buffers between two peers hold, and fewer than a flood that is read.
const MAX_WRITTEN: usize = 64 << 20;

/// A masked frame that claims 1 MiB, without its payload.
const CLAIM: &[u8] = &[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4];

/// Short timeouts, so that a hostile peer is disconnected soon. No good peer is that late.
fn limits() -> Limits {
    let short = Duration::from_millis(200);
    Limits {
        frame_timeout: short,
        write_timeout: short,
        head_timeout: short,
        body_timeout: short,
        drain_timeout: short,
        ..Limits::default()
    }
}

struct Bundled {
    _scope: Scope,
    address: std::net::SocketAddr,
    events: tokio::sync::mpsc::Receiver<ServerEvent>,
}

async fn bundled(kind: ServerKind) -> Bundled {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (log, events) = EventLog::new(256);
    let plan = BundleOptions { websocket: kind, limits: limits(), ..BundleOptions::default() };
    let server = ServerBundle::start_with(&scope, plan, Some(&log)).websocket;
    let address = soon(server.ready()).await.unwrap();
    Bundled { _scope: scope, address, events }
}

impl Bundled {
    async fn open(&self) -> Peer {
        let mut peer = Peer(TcpStream::connect(self.address).await.unwrap());
        // The sloppy server behaves on this path.
        let request = String::from_utf8_lossy(UPGRADE).replace("/chat", "/");
        peer.send(request.as_bytes()).await;
        peer.expect(SWITCHING).await;
        peer
    }

    /// Returns how the connection of a hostile peer ended: its close code and the reason.
    async fn ended(&mut self) -> (Option<u16>, String) {
        loop {
            if let ServerEvent::Closed { code, reason: Some(why), .. } =
                soon(self.events.recv()).await.unwrap()
            {
                return (code, why);
            }
        }
    }
}

/// Sends `bytes` repeatedly without reading until the server disconnects. Returns the number of
/// bytes sent.
async fn flood(mut peer: Peer, bytes: Vec<u8>) -> usize {
    let mut written = 0;
    while written < MAX_WRITTEN
        && let Ok(count @ 1..) = peer.0.write(&bytes[written % bytes.len()..]).await
    {
        written += count;
    }
    written
}

#[tokio::test]
async fn a_peer_that_never_reads_is_disconnected_and_others_are_served() {
    let message = masked(0x82, &vec![7; 60_000]);
    for kind in ServerKind::ALL {
        for bytes in [masked(0x89, &[7; 125]).repeat(30), message.clone()] {
            // The hub sends each message to all.
            if kind == ServerKind::Hub && bytes == message {
                continue;
            }
            let mut server = bundled(kind).await;
            let mut good = server.open().await;
            let hostile = server.open().await;
            let mut flooding = JoinSet::new();
            flooding.spawn(flood(hostile, bytes));
            let ended = loop {
                good.send(MASKED_HELLO).await;
                good.expect(HELLO).await;
                if let Ok(ServerEvent::Closed { reason: Some(why), .. }) = server.events.try_recv()
                {
                    break why;
                }
            };
            let slow = [
                "the peer read nothing for 0.2 s",
                "the peer reads too slowly: 64 writes are queued",
            ];
            assert!(slow.contains(&ended.as_str()), "{kind:?}: {ended}");
            let written = soon(flooding.join_next()).await.unwrap().unwrap();
            assert!(written < MAX_WRITTEN, "{kind:?}: all of it was taken");
        }
    }
}

#[tokio::test]
async fn a_hub_client_that_sends_but_never_reads_is_disconnected() {
    let mut server = bundled(ServerKind::Hub).await;
    let hostile = server.open().await;
    let flooded = flood(hostile, masked(0x82, &vec![7; 60_000]));
    let (written, (code, why)) = tokio::join!(flooded, server.ended());
    assert!(written < MAX_WRITTEN, "all of it was taken");
    assert!(
        why.starts_with("the peer reads too slowly: ") || why == "the peer read nothing for 0.2 s",
        "{code:?}: {why}"
    );
    let mut next = server.open().await;
    next.send(MASKED_HELLO).await;
    next.expect(HELLO).await;
}

#[tokio::test]
async fn a_peer_that_never_completes_a_frame_is_disconnected() {
    for kind in ServerKind::ALL {
        let mut server = bundled(kind).await;
        let mut hostile = server.open().await;
        hostile.send(&[CLAIM, &[7]].concat()).await;
        let answer = hostile.rest().await;
        let why = "a frame stalled for 0.2 s, at least 1048575 bytes before its end";
        let close = [&[0x88, why.len() as u8 + 2, 0x03, 0xf0], why.as_bytes()].concat();
        let (code, reason) = server.ended().await;
        if kind == ServerKind::Sloppy {
            assert_eq!((answer.as_slice(), code), (&b""[..], None), "it just hangs up");
        } else {
            assert_eq!((&answer, code), (&close, Some(1008)), "{kind:?}");
        }
        assert_eq!(reason, why, "{kind:?}");
    }
}

#[tokio::test]
async fn a_peer_that_sends_a_frame_too_slowly_is_disconnected() {
    for kind in ServerKind::ALL {
        let mut server = bundled(kind).await;
        let mut hostile = server.open().await;
        hostile.send(CLAIM).await;
        let dribbling = async {
            while hostile.0.write_all(&[7]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let ((), (code, why)) = tokio::join!(dribbling, server.ended());
        // On a slow machine it may have stalled.
        let reason =
            why.starts_with("a frame came at less than 4096 bytes a second, and at least ");
        assert!(reason || why.starts_with("a frame stalled for 0.2 s"), "{kind:?}: {why}");
        assert_eq!(code, (kind != ServerKind::Sloppy).then_some(1008), "{kind:?}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_and_are_reported() {
    let mut server = test_server(async |scope, mut options| {
        options.limits.max_connections = 2;
        wiretalk::servers::websocket::bind(&scope, options)
    })
    .await;
    let (one, mut other) = (server.open().await, server.open().await);
    let mut third = server.visit().await;
    third.send(&[UPGRADE, MASKED_HELLO].concat()).await;
    loop {
        if let ServerEvent::Full { connections } = server.event().await {
            assert_eq!(connections, 2);
            break;
        }
    }
    other.send(MASKED_HELLO).await;
    other.expect(HELLO).await;
    let nothing = third.0.try_read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    drop(one);
    third.expect(&[SWITCHING, HELLO].concat()).await;
}

async fn short_proxy(echo: &TestServer) -> TestServer {
    let upstream = echo.address;
    test_server(async |scope, mut options| {
        options.limits = limits();
        naive_proxy::bind(&scope, options, upstream)
    })
    .await
}

async fn none_is_open(server: &TestServer) {
    let gone = async {
        while server.traffic.snapshot().open > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
}

#[tokio::test]
async fn the_naive_proxy_disconnects_a_client_that_never_reads() {
    let echo = websocket_server().await;
    let proxy = short_proxy(&echo).await;
    let mut hostile = proxy.visit().await;
    hostile.send(UPGRADE).await;
    hostile.expect(SWITCHING).await;
    let written = flood(hostile, masked(0x89, &[7; 125]).repeat(30)).await;
    assert!(written < MAX_WRITTEN, "all of it was taken");
    none_is_open(&proxy).await;
    none_is_open(&echo).await;
}

#[tokio::test]
async fn the_naive_proxy_disconnects_a_client_whose_server_has_ended() {
    let echo = websocket_server().await;
    let proxy = short_proxy(&echo).await;
    let mut stays = proxy.visit().await;
    stays.send(UPGRADE).await;
    stays.expect(SWITCHING).await;
    // The echo has closed, so there is nothing left to relay.
    stays.send(&[CLAIM, &[7]].concat()).await;
    stays.rest().await;
    none_is_open(&proxy).await;
}

#[tokio::test]
async fn the_http_server_disconnects_a_client_that_never_reads() {
    let server = test_server(async |scope, mut options| {
        options.limits = limits();
        wiretalk::servers::http::bind(&scope, options)
    })
    .await;
    let head =
        format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", 1 << 20);
    let request = [head.as_bytes(), &vec![b'x'; 1 << 20]].concat();
    let mut flooding = JoinSet::new();
    for _ in 0..5 {
        flooding.spawn(flood(server.visit().await, request.clone()));
    }
    while let Some(written) = soon(flooding.join_next()).await {
        assert!(written.unwrap() < MAX_WRITTEN, "all of it was taken");
    }
    none_is_open(&server).await;
    let mut good = server.visit().await;
    good.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(good.answer().await.starts_with("HTTP/1.1 200 OK\n"));
}
