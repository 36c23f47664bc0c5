//! The strict server: what it accepts, what it echoes, and how it closes.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wiretalk::scope::Scope;
use wiretalk::servers::{
    GUARDED_ORIGIN, Limits, Ports, ServerBundle, ServerEvent, ServerKind as Server, ServerOptions,
    ServerState, strict,
};
use wiretalk::wire::handshake::ServerPolicy;
use wiretalk::wire::{AgreedExtensions, Endpoint, MessageKind};

use crate::{
    HELLO, MASKED_HELLO, Peer, SHORT, SWITCHING, TestServer, UPGRADE, masked, soon, test_server,
};

pub(crate) async fn strict_server(policy: ServerPolicy) -> TestServer {
    strict_within(|limits| limits, policy).await
}

async fn strict_within(change: impl FnOnce(Limits) -> Limits, policy: ServerPolicy) -> TestServer {
    let bind = async |scope, options: ServerOptions| {
        strict::bind(&scope, ServerOptions { limits: change(options.limits), ..options }, policy)
    };
    test_server(bind).await
}

#[tokio::test]
async fn hello_is_echoed_and_the_close_is_answered_with_its_code() {
    let mut server = strict_server(ServerPolicy::default()).await;
    let mut peer = server.open().await;
    peer.send(MASKED_HELLO).await;
    peer.expect(HELLO).await;
    peer.send(&masked(0x82, &[0, 255])).await;
    peer.expect(&[0x82, 2, 0, 255]).await;
    peer.send(&masked(0x88, b"\x0f\xa1so long")).await;
    peer.expect(&[0x88, 2, 0x0f, 0xa1]).await;
    peer.hung_up_on().await;
    let ServerEvent::Opened { path, .. } = server.event().await else { panic!() };
    assert_eq!(path, "/chat");
    let ServerEvent::Closed { code, reason: why, received, sent, .. } = server.event().await else {
        panic!()
    };
    assert_eq!((code, why, received, sent), (Some(4001), None, 2, 2));
}

#[tokio::test]
async fn everything_may_arrive_byte_by_byte_or_at_once() {
    let server = strict_server(ServerPolicy::default()).await;
    let mut peer = server.visit().await;
    for byte in [UPGRADE, MASKED_HELLO].concat() {
        peer.send(&[byte]).await;
    }
    peer.expect(&[SWITCHING, HELLO].concat()).await;
    let mut peer = server.visit().await;
    let pong = masked(0x8a, b"nobody asked");
    let parts =
        [UPGRADE, &masked(0x01, b"Hel"), &masked(0x89, b"beat"), &pong, &masked(0x80, b"lo")];
    peer.send(&parts.concat()).await;
    peer.expect(&[SWITCHING, b"\x8a\x04beat", HELLO].concat()).await;
}

#[tokio::test]
async fn a_foreign_origin_is_accepted_by_one_policy_and_not_the_other() {
    let ask = |origin: &str| {
        let request = String::from_utf8_lossy(UPGRADE).into_owned();
        request
            .replace("Upgrade: websocket", &format!("Origin: {origin}\r\nUpgrade: websocket"))
            .into_bytes()
    };
    let open = strict_server(Server::Strict.policy()).await;
    let mut guarded = test_server(async |scope, mut options| {
        options.access.origins = Some(Server::Guarded.origins());
        strict::bind(&scope, options, Server::Guarded.policy())
    })
    .await;
    let mut peer = open.visit().await;
    peer.send(&ask("https://evil.example")).await;
    peer.expect(SWITCHING).await;
    let mut peer = guarded.visit().await;
    peer.send(&ask("https://evil.example")).await;
    let answer = String::from_utf8(peer.rest().await).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
    assert!(
        body.starts_with("H_ORIGIN (RFC 6455 §10.2): this Origin is not allowed here\n"),
        "{answer}"
    );
    assert!(
        matches!(guarded.event().await, ServerEvent::Refused { reason, .. } if reason.contains("Origin"))
    );
    let mut peer = guarded.visit().await;
    peer.send(&ask(GUARDED_ORIGIN)).await;
    peer.expect(SWITCHING).await;
}

/// "Hello" compressed, and again with the first one in the window (RFC 7692 section 7.2.3).
const DEFLATED: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const AGAIN: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];

#[tokio::test]
async fn compression_is_negotiated_as_offered_and_used_in_both_directions() {
    let server = strict_server(Server::Strict.policy()).await;
    let cases = [
        ("permessage-deflate; client_max_window_bits", "permessage-deflate", AGAIN),
        ("x-other, permessage-deflate; turbo, permessage-deflate", "permessage-deflate", AGAIN),
        (
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=9; \
             server_max_window_bits=8",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=9; \
             server_max_window_bits=8",
            DEFLATED,
        ),
    ];
    for (offer, accepted, second) in cases {
        let mut peer = server.visit().await;
        let header = |value: &str| format!("Sec-WebSocket-Extensions: {value}\r\n\r\n");
        peer.send(&[&UPGRADE[..UPGRADE.len() - 2], header(offer).as_bytes()].concat()).await;
        peer.expect(&[&SWITCHING[..SWITCHING.len() - 2], header(accepted).as_bytes()].concat())
            .await;
        peer.send(&[masked(0xc1, DEFLATED), masked(0x89, b""), masked(0x81, b"Hello")].concat())
            .await;
        peer.expect(&[&[0xc1, DEFLATED.len() as u8], DEFLATED, b"\x8a\x00"].concat()).await;
        peer.expect(&[&[0xc1, second.len() as u8], second].concat()).await;
        peer.send(&masked(0xc1, &[0x07])).await;
        let close = peer.rest().await;
        assert_eq!(close[2..4], 1007_u16.to_be_bytes(), "{}", String::from_utf8_lossy(&close));
    }
}

#[tokio::test]
async fn a_small_message_that_inflates_too_far_is_closed_with_1009() {
    let mut server = strict_server(Server::Strict.policy()).await;
    let agreed = AgreedExtensions::parse("permessage-deflate").unwrap();
    let mut client = Endpoint::client(agreed, 1024, Box::new(|| [1, 2, 3, 4]));
    client.send(MessageKind::Binary, &vec![0; 50 << 20]);
    assert!(client.outbox().len() < 100_000);
    let mut peer = server.visit().await;
    peer.send(
        &[&UPGRADE[..UPGRADE.len() - 2], b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"]
            .concat(),
    )
    .await;
    peer.send(client.outbox()).await;
    peer.rest().await;
    assert_eq!(server.close_code().await, Some(1009));
}

#[tokio::test]
async fn a_stalled_frame_times_out_and_a_pause_between_frames_does_not() {
    let mut server =
        strict_within(|limits| Limits { frame_timeout: SHORT, ..limits }, ServerPolicy::default())
            .await;
    let mut slow_peer = server.open().await;
    let mut peer = server.open().await;
    peer.send(&MASKED_HELLO[..MASKED_HELLO.len() - 1]).await;
    let reason = b"\x03\xf0a frame stalled for 1 s, at least 1 bytes before its end";
    peer.expect(&[&[0x88, reason.len() as u8], &reason[..]].concat()).await;
    peer.hung_up_on().await;
    assert_eq!(server.close_code().await, Some(1008));
    slow_peer.send(MASKED_HELLO).await;
    slow_peer.expect(HELLO).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_gets_backpressure_and_is_then_disconnected() {
    let mut server =
        strict_within(|limits| Limits { write_timeout: SHORT, ..limits }, ServerPolicy::default())
            .await;
    let mut peer = server.open().await;
    let message = masked(0x82, &[0; 1000]);
    let flood = async { while peer.0.write_all(&message).await.is_ok() {} };
    let events = async {
        loop {
            if let ServerEvent::Closed { reason: why, .. } = server.event().await {
                return why.unwrap();
            }
        }
    };
    let (why, ()) = tokio::join!(events, soon(flood));
    assert_eq!(why, "the peer read nothing for 1 s");
    let mut next = server.open().await;
    next.send(MASKED_HELLO).await;
    next.expect(HELLO).await;
}

#[tokio::test]
async fn every_ping_of_a_flood_gets_its_pong() {
    let server = strict_server(ServerPolicy::default()).await;
    let peer = server.open().await;
    let (mut from, mut to) = peer.0.into_split();
    let flood = async { to.write_all(&masked(0x89, b"beat").repeat(50_000)).await.unwrap() };
    let pongs = async {
        let mut all = vec![0; 6 * 50_000];
        soon(tokio::io::AsyncReadExt::read_exact(&mut from, &mut all)).await.unwrap();
        assert!(all.chunks(6).all(|pong| pong == b"\x8a\x04beat"));
    };
    tokio::join!(flood, pongs);
}

#[tokio::test]
async fn shutdown_closes_with_1001_and_waits_for_the_close_of_the_peer() {
    let mut server = strict_server(ServerPolicy::default()).await;
    let mut peer = server.open().await;
    server.shutdown.cancel();
    peer.expect(b"\x88\x1a\x03\xe9the server is going away").await;
    // Frames that were on their way when the Close arrived are not a fault (RFC 6455 section
    // 5.5.1).
    peer.send(MASKED_HELLO).await;
    peer.send(&masked(0x88, &1001u16.to_be_bytes())).await;
    peer.hung_up_on().await;
    assert_eq!(server.close_code().await, Some(1001));
    soon(server.scope.closed()).await;
}

#[tokio::test]
async fn a_stalled_handshake_times_out() {
    let server =
        strict_within(|limits| Limits { head_timeout: SHORT, ..limits }, ServerPolicy::default())
            .await;
    let mut peer = server.visit().await;
    peer.send(&UPGRADE[..UPGRADE.len() - 1]).await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
}

#[tokio::test]
async fn a_bundle_starts_the_requested_servers() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let bundle = ServerBundle::start(&scope, Ports::default(), None);
    assert_eq!(
        bundle.server(Server::Plain).ready().await.unwrap(),
        bundle.websocket.ready().await.unwrap()
    );
    let strict = bundle.server(Server::Strict);
    let address = soon(strict.ready()).await.unwrap();
    assert_eq!(
        soon(bundle.server(Server::Strict).ready()).await.unwrap(),
        address,
        "it is started once"
    );
    assert_ne!(soon(bundle.server(Server::Sloppy).ready()).await.unwrap(), address);
    let mut peer = Peer(TcpStream::connect(address).await.unwrap());
    peer.send(&[UPGRADE, HELLO].concat()).await;
    peer.expect(SWITCHING).await;
    peer.expect(&[0x88]).await;
    bundle.shut_down();
    soon(bundle.closed()).await;
    assert!(matches!(strict.state(), ServerState::Ended));
    soon(scope.closed()).await;
    assert!(soon(bundle.server(Server::Guarded).ready()).await.is_err(), "too late");
}
