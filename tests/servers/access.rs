//! Access to the servers: by the Host of a request and by the Origin of a page.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use wiretalk::scope::Scope;
use wiretalk::servers::{Access, BundleOptions, GUARDED_ORIGIN, Origins, ServerBundle, ServerKind};

use crate::{Peer, UPGRADE, soon};

/// Returns the addresses of the REST echo and of a WebSocket server of this kind.
async fn bundle(scope: &Scope, kind: ServerKind, access: Access) -> (SocketAddr, SocketAddr) {
    let bundle = ServerBundle::start_with(
        scope,
        BundleOptions { websocket: kind, access, ..BundleOptions::default() },
        None,
    );
    let addresses = soon(bundle.ready()).await.unwrap();
    (addresses.http, addresses.websocket)
}

fn quiet() -> Scope {
    Scope::new(|panic| panic!("{panic}"))
}

/// Returns the status line of the response without its version.
async fn status(address: SocketAddr, request: &str) -> String {
    let mut peer = Peer(TcpStream::connect(address).await.unwrap());
    peer.send(request.as_bytes()).await;
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(peer.read(1).await);
    }
    String::from_utf8(line).unwrap().trim().trim_start_matches("HTTP/1.1 ").to_owned()
}

fn upgrade(change: impl FnOnce(String) -> String) -> String {
    // The sloppy server behaves on this path.
    change(String::from_utf8_lossy(UPGRADE).replace("/chat", "/"))
}

#[tokio::test]
async fn only_requests_for_this_server_are_answered() {
    let hosts = [
        ("Host: localhost\r\n", "ok"),
        ("Host: LocalHost:8080\r\n", "ok"),
        ("Host: talk.localhost\r\n", "ok"),
        ("Host: 127.0.0.1:80\r\n", "ok"),
        ("Host: [::1]\r\n", "ok"),
        ("Host: evil.example\r\n", "421 Misdirected Request"),
        ("Host: 127.0.0.1.evil.example\r\n", "421 Misdirected Request"),
        ("Host: 192.0.2.1\r\n", "421 Misdirected Request"),
        ("Host:\r\n", "421 Misdirected Request"),
        ("Host: local host\r\n", "400 Bad Request"),
        ("Host: localhost:http\r\n", "400 Bad Request"),
        ("", "400 Bad Request"),
        ("Host: localhost\r\nHost: localhost\r\n", "400 Bad Request"),
        ("Host: localhost\r\nHost: evil.example\r\n", "400 Bad Request"),
    ];
    for kind in ServerKind::ALL {
        let scope = quiet();
        let (http, websocket) = bundle(&scope, kind, Access::default()).await;
        for (host, expected) in hosts {
            let or = |ok: &str| if expected == "ok" { ok.to_owned() } else { expected.to_owned() };
            let request = upgrade(|request| request.replace("Host: localhost\r\n", host));
            assert_eq!(
                status(websocket, &request).await,
                or("101 Switching Protocols"),
                "{kind:?}: {host:?}"
            );
            let request = format!("GET / HTTP/1.1\r\n{host}\r\n");
            assert_eq!(status(http, &request).await, or("200 OK"), "http: {host:?}");
        }
        // In absolute form the host of the target counts (RFC 9112 section 3.2.2).
        let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(status(http, absolute).await, "421 Misdirected Request");
        let absolute = upgrade(|request| request.replace("GET /", "GET http://evil.example/"));
        assert_eq!(status(websocket, &absolute).await, "421 Misdirected Request", "{kind:?}");
        // HTTP/1.0 has no Host, and browsers do not use it.
        assert_eq!(
            status(http, "GET / HTTP/1.0\r\n\r\n").await.trim_start_matches("HTTP/1.0 "),
            "200 OK"
        );
    }
}

#[tokio::test]
async fn configured_names_are_accepted_as_host() {
    let scope = quiet();
    let access = Access { hosts: ["talk.example".parse().unwrap()].into(), ..Access::default() };
    let (http, websocket) = bundle(&scope, ServerKind::Plain, access).await;
    let get = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    assert_eq!(status(http, &get("Talk.Example:8080")).await, "200 OK");
    assert_eq!(status(http, &get("evil.example")).await, "421 Misdirected Request");
    let request = upgrade(|request| request.replace("localhost", "talk.example"));
    assert_eq!(status(websocket, &request).await, "101 Switching Protocols");
}

#[tokio::test]
async fn every_kind_of_server_checks_the_origin_of_a_page() {
    let from = |origin: &str| {
        upgrade(|request| {
            request
                .replace("Upgrade: websocket", &format!("Origin: {origin}\r\nUpgrade: websocket"))
        })
    };
    let only = Origins::only("https://talk.example:8443".parse().unwrap());
    for kind in ServerKind::ALL {
        let scope = quiet();
        let (_, by_default) = bundle(&scope, kind, Access::default()).await;
        let (_, address) =
            bundle(&scope, kind, Access { origins: Some(only.clone()), ..Access::default() }).await;
        for origin in ["http://evil.example", "http://localhost:3000", "null", GUARDED_ORIGIN] {
            let lets_in = match kind {
                ServerKind::Plain | ServerKind::Strict | ServerKind::Sloppy => true,
                ServerKind::Hub => origin.contains("localhost"),
                ServerKind::Guarded => origin == GUARDED_ORIGIN,
            };
            let expected = if lets_in { "101 Switching Protocols" } else { "403 Forbidden" };
            assert_eq!(status(by_default, &from(origin)).await, expected, "{kind:?}: {origin}");
            assert_eq!(status(address, &from(origin)).await, "403 Forbidden", "{kind:?}: {origin}");
        }
        assert_eq!(
            status(address, &from("https://talk.example:8443")).await,
            "101 Switching Protocols"
        );
        let no_page = upgrade(|request| request);
        assert_eq!(status(address, &no_page).await, "101 Switching Protocols", "{kind:?}: no page");
    }
}
