//! The sloppy server: each of its paths breaks exactly the rule that the catalogue names.

use std::time::Duration;

use wiretalk::servers::{ServerEvent, sloppy};
use wiretalk::sloppy::{BrokenRule, misbehaviors};
use wiretalk::wire::{Side, Trace};

use crate::{HELLO, MASKED_HELLO, SWITCHING, TestServer, UPGRADE, masked, test_server};

async fn sloppy_server() -> TestServer {
    test_server(async |scope, options| sloppy::bind(&scope, options)).await
}

fn upgrade(path: &str) -> Vec<u8> {
    String::from_utf8_lossy(UPGRADE).replace("/chat", path).into_bytes()
}

/// Returns everything that is exchanged on a path after a Hello and a Close.
async fn seen(server: &TestServer, path: &str) -> (Trace, usize) {
    let mut peer = server.visit().await;
    let mut seen = Trace::new();
    for bytes in [upgrade(path), [MASKED_HELLO, &masked(0x88, &1000_u16.to_be_bytes())].concat()] {
        seen.push(Side::Client, Duration::ZERO, &bytes);
        peer.send(&bytes).await;
        if !seen.is_open() && seen.head_bytes(Side::Server).is_empty() {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.extend(peer.read(1).await);
            }
            seen.push(Side::Server, Duration::ZERO, &head);
        }
    }
    // One of the paths goes on after a Close.
    peer.end().await;
    let rest = peer.rest().await;
    seen.push(Side::Server, Duration::ZERO, &rest);
    (seen, rest.len())
}

#[tokio::test]
async fn each_path_breaks_the_rule_it_names_and_no_other() {
    let server = sloppy_server().await;
    for misbehavior in misbehaviors::all() {
        let (seen, _) = seen(&server, &format!("/{}", misbehavior.name)).await;
        let problems: Vec<_> = seen
            .head(Side::Server)
            .unwrap()
            .validation
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect();
        let faults: Vec<_> = seen.faults(Side::Server).iter().map(|fault| fault.code).collect();
        let (in_head, in_frames) = match misbehavior.broken_rule {
            BrokenRule::Handshake(code) => (vec![code], vec![]),
            BrokenRule::Frames(code) => (vec![], vec![code]),
            BrokenRule::Silence => (vec![], vec![]),
        };
        assert_eq!(problems, in_head, "{}", misbehavior.name);
        let mut once = faults.clone();
        once.dedup();
        assert_eq!(once, in_frames, "{}", misbehavior.name);
    }
}

#[tokio::test]
async fn missing_responses_are_noticed() {
    let server = sloppy_server().await;
    assert_eq!(seen(&server, "/").await.1, HELLO.len() + 4);
    assert_eq!(seen(&server, "/hangs-up").await.1, HELLO.len());
    assert_eq!(seen(&server, "/no-close").await.1, HELLO.len());
    assert_eq!(
        seen(&server, "/cut-short")
            .await
            .0
            .partial_frame(Side::Server)
            .unwrap()
            .needed
            .unwrap()
            .more,
        5
    );
    for (path, pong) in
        [("/", &b"\x8a\x04beat"[..]), ("/wrong-pong", b"\x8a\x04pong"), ("/no-pong", b"")]
    {
        let mut peer = server.visit().await;
        peer.send(&upgrade(path)).await;
        peer.expect(SWITCHING).await;
        peer.send(&[masked(0x89, b"beat"), MASKED_HELLO.to_vec()].concat()).await;
        peer.expect(&[pong, HELLO].concat()).await;
    }
}

#[tokio::test]
async fn the_sloppy_server_accepts_what_no_server_may_accept() {
    let server = sloppy_server().await;
    let mut peer = server.visit().await;
    peer.send(&upgrade("/")).await;
    peer.expect(SWITCHING).await;
    let unmasked = HELLO;
    let long = b"\x81\x7e\x00\x05Hello";
    for sloppy in
        [unmasked, long, &masked(0xf1, b"Hello"), &masked(0x83, b"Hello"), &masked(0x80, b"Hello")]
    {
        peer.send(sloppy).await;
        peer.expect(HELLO).await;
    }
    peer.send(&masked(0x81, &[0xff])).await;
    peer.expect(&[0x81, 1, 0xff]).await;
    peer.send(&masked(0x82, &[0; 1025])).await;
    // Memory is bounded all the same: 1009.
    assert_eq!(peer.rest().await, b"\x88\x02\x03\xf1");
}

#[tokio::test]
async fn a_browser_gets_the_list_and_a_wrong_path_too() {
    let mut server = sloppy_server().await;
    let mut peer = server.visit().await;
    peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let list = String::from_utf8(peer.rest().await).unwrap();
    assert!(list.starts_with("HTTP/1.1 200 OK\r\n"), "{list}");
    for misbehavior in misbehaviors::all() {
        assert!(
            list.contains(&format!("/{} ", misbehavior.name)) && list.contains(misbehavior.summary),
            "{}",
            misbehavior.name
        );
    }
    assert!(matches!(server.event().await, ServerEvent::Refused { .. }));
    let mut peer = server.visit().await;
    peer.send(&upgrade("/guid-forgoten")).await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 404 Not Found\r\n"));
}

/// The top bit of a length ends one process, which is neither the server nor that of the next
/// connection.
#[tokio::test]
async fn a_negative_length_kills_the_process_of_its_connection_alone() {
    let mut server = sloppy_server().await;
    let mut beside = server.visit().await;
    beside.send(&upgrade("/length-signed")).await;
    beside.expect(SWITCHING).await;
    let mut peer = server.visit().await;
    peer.send(&upgrade("/length-signed")).await;
    peer.expect(SWITCHING).await;
    peer.send(MASKED_HELLO).await;
    peer.expect(HELLO).await;
    peer.send(b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x05\x0a\x0b\x0c\x0d").await;
    assert_eq!(peer.rest().await, b"", "no Close");
    for _ in 0..2 {
        assert!(matches!(server.event().await, ServerEvent::Opened { .. }));
    }
    let ServerEvent::Closed { reason: Some(reason), .. } = server.event().await else {
        panic!("it did not say why");
    };
    assert!(reason.contains("its process died (exit status: 101)"), "{reason}");
    assert!(reason.contains("a length is not negative"), "{reason}");
    beside.send(MASKED_HELLO).await;
    beside.expect(HELLO).await;
}
