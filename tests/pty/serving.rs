//! `wiretalk serve`, tested with raw bytes over plain sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::DEADLINE;
use crate::pipe::Servers;

#[test]
fn both_servers_echo_and_ctrl_c_closes_them_with_1001() {
    let mut servers = Servers::start();

    let mut http = connect(&servers.http, "http://");
    let host = host(&servers.http, "http://").to_owned();
    let path = servers.http.strip_prefix(&format!("http://{host}")).unwrap();
    write!(http, "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nHello").unwrap();
    let head = read_head(&mut http);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(read(&mut http, 5), b"Hello");
    assert!(servers.line().contains(" POST /"), "one line a request");

    let mut websocket = upgraded(&servers.websocket);
    assert!(servers.line().ends_with(" 101 WebSocket opened"));
    // A masked and an unmasked "Hello" (RFC 6455 section 5.7).
    websocket.write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap();
    assert_eq!(read(&mut websocket, 7), b"\x81\x05Hello");

    servers.interrupt();
    let close = read(&mut websocket, 2);
    assert_eq!(close[0], 0x88);
    let reason = read(&mut websocket, close[1].into());
    assert_eq!(reason[..2], 1001_u16.to_be_bytes());
    websocket.write_all(b"\x88\x82\x00\x00\x00\x00\x03\xe9").unwrap();
    assert_eq!(websocket.read(&mut [0; 64]).unwrap(), 0, "nothing follows a Close but the end");

    let (status, rest) = servers.end();
    assert_eq!(status.code(), Some(0));
    assert!(rest.iter().any(|line| line.contains("WebSocket closed with 1001")), "{rest:?}");
}

#[test]
fn the_strict_server_names_the_fault_and_keeps_serving() {
    let mut servers = Servers::start_with(&[
        "--ws-server",
        "strict",
        "--ws-origin",
        "https://a.example",
        "--max-message",
        "9",
    ]);
    for (sent, code, reason) in [
        (&b"\x81\x05Hello"[..], 1002, "E_UNMASKED_CLIENT"),
        (b"\x82\x8a....", 1009, "the message is larger than 9"),
    ] {
        let mut websocket = upgraded(&servers.websocket);
        assert!(servers.line().ends_with(" 101 WebSocket opened"));
        websocket.write_all(sent).unwrap();
        let close = read(&mut websocket, 2);
        let body = read(&mut websocket, close[1].into());
        assert_eq!((close[0], &body[..2]), (0x88, &u16::to_be_bytes(code)[..]));
        assert!(body[2..].starts_with(reason.as_bytes()), "{:?}", String::from_utf8_lossy(&body));
        assert!(servers.line().contains(&format!("WebSocket closed with {code} ({reason}")));
    }
    servers.interrupt();
    assert_eq!(servers.end().0.code(), Some(0));
}

#[test]
fn the_hub_sends_each_message_to_all() {
    let mut servers = Servers::start_with(&["--ws-server", "hub"]);
    let mut clients = [0; 3].map(|_| {
        let client = upgraded(&servers.websocket);
        assert!(servers.line().ends_with(" 101 WebSocket opened"));
        client
    });
    clients[1].write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap();
    for client in &mut clients {
        assert_eq!(read(client, 7), b"\x81\x05Hello");
    }
    // An unmasked frame.
    clients[0].write_all(b"\x81\x05Hello").unwrap();
    assert_eq!(read(&mut clients[0], 4)[2..], 1002_u16.to_be_bytes());
    assert!(servers.line().contains(" WebSocket closed with 1002 (E_UNMASKED_CLIENT"));
    servers.interrupt();
    assert_eq!(servers.end().0.code(), Some(0));
}

#[test]
fn without_connections_ctrl_c_ends_the_servers_at_once() {
    let mut servers = Servers::start();
    servers.interrupt();
    let (status, rest) = servers.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, Vec::<String>::new());
}

/// Returns a socket after the opening handshake of RFC 6455 section 1.3.
fn upgraded(url: &str) -> TcpStream {
    let mut socket = connect(url, "ws://");
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: \
         Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: \
         13\r\n\r\n",
        host(url, "ws://")
    );
    socket.write_all(request.as_bytes()).unwrap();
    let head = read_head(&mut socket);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    socket
}

fn connect(url: &str, scheme: &str) -> TcpStream {
    let socket = TcpStream::connect(host(url, scheme)).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn host<'u>(url: &'u str, scheme: &str) -> &'u str {
    let rest =
        url.strip_prefix(scheme).unwrap_or_else(|| panic!("{url:?} does not begin with {scheme}"));
    rest.split('/').next().unwrap_or(rest)
}

fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read(socket, 1));
    }
    String::from_utf8(head).unwrap()
}

fn read(socket: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    socket.read_exact(&mut bytes).unwrap();
    bytes
}
