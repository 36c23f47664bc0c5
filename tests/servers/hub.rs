//! The hub: all clients receive the same messages in the same order, and a client that does not
//! read or breaks the protocol does not affect the others.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wiretalk::net::listen;
use wiretalk::scope::Scope;
use wiretalk::servers::hub::{self, Hub};
use wiretalk::servers::{BundleOptions, Limits, ServerBundle, ServerEvent};
use wiretalk::wire::frame::encode;
use wiretalk::wire::{AgreedExtensions, Opcode, Side, Transcript};

use crate::{
    HELLO, HUNG, MASKED_HELLO, Peer, SHORT, SWITCHING, TestServer, UPGRADE, masked, soon,
    test_server,
};

async fn hub_server() -> (TestServer, Hub) {
    hub_with(|limits| limits).await
}

async fn hub_with(change: impl FnOnce(Limits) -> Limits) -> (TestServer, Hub) {
    let handle = Mutex::default();
    let server = test_server(async |scope, mut options| {
        options.limits = change(options.limits);
        let (address, hub, server) = hub::bind(&scope, options)?;
        *handle.lock().unwrap() = Some(hub);
        Ok((address, server))
    })
    .await;
    let hub = handle.into_inner().unwrap().unwrap();
    (server, hub)
}

/// Waits until the hub has this number of subscribers. It adds a client after its response, which
/// the client may read earlier.
async fn until_there_are(hub: &Hub, count: usize) {
    let there = async {
        while hub.subscribers() != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon(there).await;
}

async fn crowd<const N: usize>(server: &TestServer, hub: &Hub) -> [Peer; N] {
    let mut peers = Vec::new();
    for _ in 0..N {
        peers.push(server.open().await);
    }
    until_there_are(hub, N).await;
    peers.try_into().unwrap_or_else(|_| unreachable!())
}

/// Connects a peer with a small receive buffer, so that unread messages soon fill it.
async fn narrow(address: SocketAddr) -> Peer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut peer = Peer(socket.connect(address).await.unwrap());
    peer.send(UPGRADE).await;
    peer.expect(SWITCHING).await;
    peer
}

#[tokio::test]
async fn a_message_reaches_all_clients_including_its_sender() {
    let (mut server, hub) = hub_server().await;
    let mut peers: [Peer; 5] = crowd(&server, &hub).await;
    peers[2].send(MASKED_HELLO).await;
    peers[4].send(&[masked(0x02, b"\xff"), masked(0x80, b"\0")].concat()).await;
    for peer in &mut peers {
        // Two clients send at once. The hub chooses the order, which is the same for all.
        let received = peer.read(HELLO.len() + 4).await;
        assert!(
            received == [HELLO, b"\x82\x02\xff\0"].concat()
                || received == [b"\x82\x02\xff\0", HELLO].concat()
        );
    }
    hub.publish("hear").await;
    hub.publish(&"7".repeat(200)).await;
    for peer in &mut peers {
        peer.expect(b"\x81\x04hear\x81\x7e\x00\xc8").await;
        peer.expect(&[b'7'; 200]).await;
    }
    let [mut first, ..] = peers;
    first.send(&masked(0x88, &[0x03, 0xe8])).await;
    first.expect(&[0x88, 2, 0x03, 0xe8]).await;
    first.hung_up_on().await;
    loop {
        if let ServerEvent::Closed { code, reason, received, sent, .. } = server.event().await {
            assert_eq!((code, reason, received, sent), (Some(1000), None, 0, 4));
            break;
        }
    }
    until_there_are(&hub, 4).await;
}

#[tokio::test]
async fn the_last_message_of_a_client_is_delivered() {
    let (server, hub) = hub_server().await;
    let [mut speaker, mut other] = crowd(&server, &hub).await;
    speaker.send(&[MASKED_HELLO, MASKED_HELLO, &masked(0x88, b"")].concat()).await;
    other.expect(&[HELLO, HELLO].concat()).await;
    until_there_are(&hub, 1).await;
}

#[tokio::test]
async fn all_clients_receive_the_same_messages_in_the_same_order() {
    let (server, hub) = hub_with(|limits| Limits { max_backlog: 1000, ..limits }).await;
    let [mut one, mut other, mut third] = crowd::<3>(&server, &hub).await;
    let numbered = |from: u8| -> Vec<u8> {
        (0..200).flat_map(|number| masked(0x82, &[from, number])).collect()
    };
    tokio::join!(async { one.send(&numbered(1)).await }, async { other.send(&numbered(2)).await });
    let received = third.read(400 * 4).await;
    assert_eq!(one.read(400 * 4).await, received);
    assert_eq!(other.read(400 * 4).await, received);
    for speaker in [1, 2] {
        let received: Vec<u8> =
            received.chunks(4).filter(|frame| frame[2] == speaker).map(|frame| frame[3]).collect();
        assert_eq!(received, (0..200).collect::<Vec<u8>>());
    }
}

/// Returns the server's event for a slow client that was disconnected.
async fn dropped(server: &mut TestServer) -> (SocketAddr, u64) {
    loop {
        if let ServerEvent::Closed { peer, code, reason, sent, .. } = server.event().await {
            assert_eq!(code, Some(1008));
            assert_eq!(reason.as_deref(), Some("the peer reads too slowly: 8 writes are queued"));
            return (peer, sent);
        }
    }
}

/// A message that a socket does not take many of.
fn large() -> String {
    "5".repeat(64 << 10)
}

#[tokio::test]
async fn a_slow_reader_is_closed_with_a_reason_and_never_waited_for() {
    // A hub that waited for the slow client would wait longer than the test does.
    let (mut server, hub) = hub_with(|limits| Limits { write_timeout: 10 * HUNG, ..limits }).await;
    let mut slow = narrow(server.address).await;
    let (mut quick, mut second) = (server.open().await, server.open().await);
    until_there_are(&hub, 3).await;
    let frame = encode::single_frame(Opcode::Text, large().as_bytes(), None);
    let mut received = 0;
    while hub.subscribers() == 3 {
        hub.publish(&large()).await;
        quick.expect(&frame).await;
        second.expect(&frame).await;
        received += 1;
        assert!(received < 1000, "it is not dropped");
    }
    let (peer, sent) = dropped(&mut server).await;
    assert_eq!(peer, slow.0.local_addr().unwrap());
    assert!(sent + 8 <= received, "{sent} of {received}");
    // It receives what was sent in time, in whole frames, and then the reason.
    let mut received = Transcript::new(Side::Server, AgreedExtensions::none());
    received.push(&slow.rest().await);
    assert_eq!((received.faults(), received.needed()), (&[][..], None));
    let close = received.frames().last().unwrap();
    assert_eq!(
        close.payload(),
        [&[0x03, 0xf0][..], b"the peer reads too slowly: 8 writes are queued"].concat()
    );
    assert!(received.messages().len() as u64 <= sent + 1, "what waited behind is forgotten");
    // The hub goes on.
    quick.send(MASKED_HELLO).await;
    second.expect(HELLO).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_disconnected() {
    let (mut server, hub) = hub_with(|limits| Limits { write_timeout: SHORT, ..limits }).await;
    let _deaf = narrow(server.address).await;
    until_there_are(&hub, 1).await;
    for _ in 0..200 {
        hub.publish(&large()).await;
    }
    dropped(&mut server).await;
    // `Limits::write_timeout` for the last bytes, and two seconds to close.
    let gone = async {
        while server.traffic.snapshot().open > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(gone).await;
}

#[tokio::test]
async fn endless_pings_without_reading_the_pongs_end_in_a_close() {
    let (mut server, hub) = hub_server().await;
    let mut deaf = narrow(server.address).await;
    until_there_are(&hub, 1).await;
    let pings: Vec<u8> = (0..500).flat_map(|_| masked(0x89, &[b'p'; 125])).collect();
    let flood = async { while deaf.0.write_all(&pings).await.is_ok() {} };
    tokio::select! {
        () = flood => {}
        _ = dropped(&mut server) => {}
        () = tokio::time::sleep(HUNG) => panic!("its pongs wait without end"),
    }
}

#[tokio::test]
async fn a_broken_client_is_closed_with_the_right_code_and_others_go_on() {
    let (mut server, hub) = hub_server().await;
    let [mut one, mut other] = crowd(&server, &hub).await;
    let cases: [(&str, Vec<u8>, u16); 5] = [
        ("an unmasked frame", HELLO.to_vec(), 1002),
        ("noise", vec![0xff; 500], 1002),
        ("a message over the limit", masked(0x82, &[0; 1025]), 1009),
        ("text that is not UTF-8", masked(0x81, &[0xc0, 0xaf]), 1007),
        ("a continuation of nothing", masked(0x80, b"x"), 1002),
    ];
    for (what, bytes, code) in cases {
        let mut wrong = server.open().await;
        until_there_are(&hub, 3).await;
        wrong.send(&[MASKED_HELLO, &bytes].concat()).await;
        let answer = wrong.rest().await;
        let close = answer.strip_prefix(HELLO).unwrap_or(&answer);
        assert_eq!((close[0], &close[2..4]), (0x88, &code.to_be_bytes()[..]), "{what}");
        assert_eq!(server.close_code().await, Some(code), "{what}");
        until_there_are(&hub, 2).await;
        // What it sent before the fault is delivered, the broken message is not.
        one.send(MASKED_HELLO).await;
        for peer in [&mut one, &mut other] {
            peer.expect(&[HELLO, HELLO].concat()).await;
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_between_messages_of_others() {
    let (server, hub) = hub_server().await;
    let [mut one, mut other] = crowd(&server, &hub).await;
    other.send(MASKED_HELLO).await;
    one.expect(HELLO).await;
    one.send(&masked(0x89, b"beat")).await;
    one.expect(b"\x8a\x04beat").await;
    drop(one);
    until_there_are(&hub, 1).await;
    other.send(MASKED_HELLO).await;
    other.expect(&[HELLO, HELLO].concat()).await;
}

#[tokio::test]
async fn shutdown_closes_all_with_1001_and_frees_the_port() {
    let (mut server, hub) = hub_server().await;
    let [mut one, other] = crowd(&server, &hub).await;
    server.shutdown.cancel();
    one.expect(b"\x88\x1a\x03\xe9the server is going away").await;
    hub.publish("too late").await;
    one.send(&masked(0x88, &1001_u16.to_be_bytes())).await;
    one.hung_up_on().await;
    drop((one, other));
    assert_eq!(server.close_code().await, Some(1001));
    soon(server.scope.closed()).await;
    hub.publish("nobody is there").await;
    listen(server.address).unwrap();
}

#[tokio::test]
async fn a_cancelled_scope_closes_every_socket_although_the_hub_is_still_held() {
    let (server, hub) = hub_server().await;
    let [mut one] = crowd(&server, &hub).await;
    server.scope.cancel();
    soon(server.scope.closed()).await;
    assert_eq!(hub.subscribers(), 0);
    let mut rest = Vec::new();
    let _ = soon(one.0.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_bundle_starts_a_hub_by_name() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let plan = BundleOptions { websocket: "hub".parse().unwrap(), ..BundleOptions::default() };
    let bundle = ServerBundle::start_with(&scope, plan, None);
    let address = soon(bundle.websocket.ready()).await.unwrap();
    let mut peer = Peer(TcpStream::connect(address).await.unwrap());
    peer.send(&[UPGRADE, MASKED_HELLO].concat()).await;
    peer.expect(&[SWITCHING, HELLO].concat()).await;
}
