//! The naive proxy in front of the plain echo: it is fooled by a masking key of zeros, and by no
//! other.

use wiretalk::servers::{ServerEvent, naive_proxy};

use crate::{SWITCHING, TestServer, UPGRADE, test_server, websocket_server};

const ASKED: &[u8] = b"GET /script.js HTTP/1.1\r\nHost: victim.example\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nalert('poisoned')";

async fn proxied() -> (TestServer, TestServer) {
    let echo = websocket_server().await;
    let upstream = echo.address;
    let proxy =
        test_server(async |scope, options| naive_proxy::bind(&scope, options, upstream)).await;
    (proxy, echo)
}

fn text(key: [u8; 4], plain: &[u8]) -> Vec<u8> {
    wiretalk::wire::frame::encode::single_frame(wiretalk::wire::Opcode::Text, plain, Some(key))
}

/// Sends both texts with this key, and waits until both are echoed.
async fn attack(proxy: &TestServer, key: [u8; 4]) {
    let mut peer = proxy.visit().await;
    peer.send(UPGRADE).await;
    peer.expect(SWITCHING).await;
    for plain in [ASKED, ANSWER] {
        peer.send(&text(key, plain)).await;
        peer.expect(&[&[0x81, plain.len() as u8], plain].concat()).await;
    }
}

#[tokio::test]
async fn a_key_of_zeros_poisons_the_cache() {
    let (mut proxy, echo) = proxied().await;
    attack(&proxy, [0; 4]).await;
    let ServerEvent::Parsed { host, path, .. } = proxy.event().await else { panic!() };
    assert_eq!((host.as_str(), path.as_str()), ("victim.example", "/script.js"));
    let ServerEvent::Cached { bytes, .. } = proxy.event().await else { panic!() };
    assert_eq!(bytes, ANSWER.len() as u64);
    let mut victim = proxy.visit().await;
    victim.send(ASKED).await;
    assert_eq!(victim.rest().await, ANSWER);
    assert!(matches!(proxy.event().await, ServerEvent::Served { .. }));
    assert_eq!(echo.traffic.snapshot().connections, 1, "the victim's request went nowhere");
}

#[tokio::test]
async fn with_any_other_key_the_proxy_finds_no_request() {
    let (mut proxy, _echo) = proxied().await;
    for key in [[0x37, 0xfa, 0x21, 0x3d], [0, 0, 0, 1], [0x20; 4]] {
        attack(&proxy, key).await;
    }
    let mut victim = proxy.visit().await;
    victim.send(ASKED).await;
    let answer = victim.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 421 "), "{:?}", String::from_utf8_lossy(&answer));
    proxy.shutdown.cancel();
    assert!(proxy.events.try_recv().is_err(), "it saw nothing");
}
