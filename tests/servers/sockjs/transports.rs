//! Every transport, from its first frame to its close.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wiretalk::net::WebSocketLimits;

use super::{session, sockjs_server};
use crate::{TestServer, soon};

async fn server() -> TestServer {
    sockjs_server(|_, _| {}).await
}

#[tokio::test]
async fn polling_carries_a_session_from_open_to_close() {
    let server = server().await;
    let path = session("/echo");
    let opened = server.post(&format!("{path}/xhr"), "").await;
    assert_eq!((opened.status, &*opened.body), (200, "o\n"));
    assert_eq!(opened.field("content-type"), Some("application/javascript; charset=UTF-8"));
    assert_eq!(opened.field("access-control-allow-origin"), Some("*"));
    for text in ["a", "b"] {
        let sent = server.post(&format!("{path}/xhr_send"), &format!("[\"{text}\"]")).await;
        assert_eq!((sent.status, &*sent.body), (204, ""));
        assert_eq!(sent.field("content-type"), Some("text/plain; charset=UTF-8"));
    }
    // What was answered to both is there, in one frame.
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "a[\"a\",\"b\"]\n");
    let path = session("/close");
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "o\n");
    for _ in 0..3 {
        let closed = server.post(&format!("{path}/xhr"), "").await;
        assert_eq!(closed.body, "c[3000,\"Go away!\"]\n");
    }
}

#[tokio::test]
async fn jsonp_carries_a_session_in_scripts() {
    let server = server().await;
    let path = session("/cookie_needed_echo");
    let opened = server.get(&format!("{path}/jsonp?c=%63b"), &["Cookie: a=b; JSESSIONID=x"]).await;
    assert_eq!(opened.body, "/**/cb(\"o\");\r\n");
    assert_eq!(opened.field("set-cookie"), Some("JSESSIONID=x; path=/"));
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let sent = server.ask("POST", &format!("{path}/jsonp_send"), &form, "d=%5B%22x%22%5D").await;
    assert_eq!((sent.status, &*sent.body), (200, "ok"));
    assert_eq!(sent.field("set-cookie"), Some("JSESSIONID=dummy; path=/"));
    let received = server.get(&format!("{path}/jsonp?c=cb"), &[]).await;
    assert_eq!(received.body, "/**/cb(\"a[\\\"x\\\"]\");\r\n");
    for (query, sentence) in [("", "parameter required"), ("?c=a%28", "invalid \"callback\"")] {
        let refused = server.get(&format!("{path}/jsonp{query}"), &[]).await;
        assert!(refused.status == 500 && refused.body.contains(sentence), "{refused:?}");
    }
}

#[tokio::test]
async fn streams_begin_with_their_prelude_and_end_at_their_limit() {
    let server = server().await;
    for (method, last, opened, wrapped) in [
        ("POST", "xhr_streaming", "o\n", "a[\"x\"]\n"),
        ("GET", "eventsource", "data: o\r\n\r\n", "data: a[\"x\"]\r\n\r\n"),
        (
            "GET",
            "htmlfile?c=cb",
            "<script>\np(\"o\");\n</script>\r\n",
            "<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n",
        ),
    ] {
        let path = session("/echo");
        let mut stream =
            server.stream(method, &format!("{path}/{last}"), &["Origin: http://a.example"]).await;
        assert_eq!(stream.field("access-control-allow-origin"), Some("http://a.example"));
        assert_eq!(stream.field("access-control-allow-credentials"), Some("true"));
        assert!(stream.chunk().await.len() >= 2, "the prelude of {last}");
        assert_eq!(stream.chunk().await, opened);
        server.post(&format!("{path}/xhr_send"), "[\"x\"]").await;
        assert_eq!(stream.chunk().await, wrapped);
        server.post(&format!("{path}/xhr_send"), &format!("[\"{}\"]", "y".repeat(5000))).await;
        assert!(stream.chunk().await.len() > 5000, "{last}");
        assert_eq!(stream.chunk().await, "", "{last} ends after 4096 bytes");
        // The session goes on with the next request.
        server.post(&format!("{path}/xhr_send"), "[\"z\"]").await;
        assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "a[\"z\"]\n");
    }
}

#[tokio::test]
async fn a_second_receiver_is_refused_and_a_broken_one_ends_the_session() {
    let server = server().await;
    let path = session("/echo");
    let mut first = server.stream("POST", &format!("{path}/xhr_streaming"), &[]).await;
    first.chunk().await;
    assert_eq!(first.chunk().await, "o\n");
    let second = server.post(&format!("{path}/xhr"), "").await;
    assert_eq!(second.body, "c[2010,\"Another connection still open\"]\n");
    server.post(&format!("{path}/xhr_send"), "[\"x\"]").await;
    assert_eq!(first.chunk().await, "a[\"x\"]\n", "the first goes on");
    drop(first);
    let third = server.post(&format!("{path}/xhr"), "").await;
    assert_eq!(third.body, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test]
async fn a_poll_that_its_client_leaves_ends_the_session_too() {
    let server = server().await;
    let path = session("/echo");
    server.post(&format!("{path}/xhr"), "").await;
    let mut poll = TcpStream::connect(server.address).await.unwrap();
    let request = super::client::request("POST", &format!("{path}/xhr"), &[], "");
    poll.write_all(request.as_bytes()).await.unwrap();
    // The server's one thread takes connections in their order, so the poll before has arrived.
    let second = server.post(&format!("{path}/xhr"), "").await;
    assert!(second.body.starts_with("c[2010,"), "{second:?}");
    drop(poll);
    let third = server.post(&format!("{path}/xhr"), "").await;
    assert_eq!(third.body, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test]
async fn heartbeats_and_the_end_without_a_receiver_come_in_time() {
    let server = sockjs_server(|options, _| {
        options.session.heartbeat = Duration::from_millis(200);
        options.session.disconnect = Duration::from_millis(200);
    })
    .await;
    let path = session("/echo");
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "o\n");
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "h\n");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let lost = server.post(&format!("{path}/xhr_send"), "[\"x\"]").await;
    assert_eq!(lost.status, 404);
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "o\n", "a new session");
}

#[tokio::test]
async fn lone_surrogates_come_back_as_they_were_sent() {
    let server = server().await;
    let path = session("/echo");
    server.post(&format!("{path}/xhr"), "").await;
    let text = r#"["\ud800x","\udc00","\ud83d\ude00","\u0000"]"#;
    assert_eq!(server.post(&format!("{path}/xhr_send"), text).await.status, 204);
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, format!("a{text}\n"));
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn websocket(server: &TestServer, path: &str) -> Client {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let url = format!("ws://localhost{path}");
    soon(WebSocketLimits::new(16 << 20).client(url, MaybeTlsStream::Plain(stream))).await.unwrap()
}

async fn text(client: &mut Client) -> String {
    match soon(client.next()).await.unwrap().unwrap() {
        Message::Text(text) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Returns the code and the reason of the Close that comes next.
async fn closed(client: &mut Client) -> (u16, String) {
    match soon(client.next()).await.unwrap().unwrap() {
        Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn websockets_share_a_name_and_carry_frames() {
    let server = server().await;
    let path = session("/echo") + "/websocket";
    let (mut first, mut second) =
        (websocket(&server, &path).await, websocket(&server, &path).await);
    for client in [&mut first, &mut second] {
        assert_eq!(text(client).await, "o");
        for sent in ["", "[]", "[\"a\"]"] {
            client.send(Message::text(sent)).await.unwrap();
        }
        assert_eq!(text(client).await, "a[\"a\"]");
        client.send(Message::text("\"single\"")).await.unwrap();
        assert_eq!(text(client).await, "a[\"single\"]");
    }
    first.close(None).await.unwrap();
    assert!(soon(first.next()).await.unwrap().unwrap().is_close(), "our close is answered");
    let mut close = websocket(&server, &(session("/close") + "/websocket")).await;
    assert_eq!(text(&mut close).await, "o");
    assert_eq!(text(&mut close).await, "c[3000,\"Go away!\"]");
    assert_eq!(closed(&mut close).await, (3000, "Go away!".to_owned()));
    assert!(matches!(soon(close.next()).await, None | Some(Err(Error::ConnectionClosed))));
}

#[tokio::test]
async fn a_raw_websocket_has_no_frames_of_sockjs() {
    let server = server().await;
    let mut raw = websocket(&server, "/echo/websocket").await;
    raw.send(Message::text("[\"a\"]\u{FFFF}")).await.unwrap();
    assert_eq!(text(&mut raw).await, "[\"a\"]\u{FFFF}");
    let mut raw = websocket(&server, "/close/websocket").await;
    assert_eq!(closed(&mut raw).await, (3000, "Go away!".to_owned()));
}

#[tokio::test]
async fn broken_json_ends_a_websocket_at_once() {
    let server = server().await;
    let mut client = websocket(&server, &(session("/echo") + "/websocket")).await;
    assert_eq!(text(&mut client).await, "o");
    client.send(Message::text("[\"a")).await.unwrap();
    let (code, reason) = closed(&mut client).await;
    assert!(code == 1007 && reason.starts_with("Broken JSON encoding"), "{code} {reason}");
}

/// The header fields that open a WebSocket.
const RFC_6455: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// The header fields that open a WebSocket of hixie-76; the example of the draft.
const HIXIE_76: [&str; 5] = [
    "Connection: Upgrade",
    "Upgrade: WebSocket",
    "Origin: http://localhost",
    "Sec-WebSocket-Key1: 18x 6]8vM;54 *(5:  {   U1]8  z [  8",
    "Sec-WebSocket-Key2: 1_ tx7X d  <  nw  334J702) 7]o}` 0",
];

#[tokio::test]
async fn an_unfinished_frame_has_a_deadline_and_silence_has_none() {
    const SHORT: Duration = Duration::from_millis(200);
    let server = sockjs_server(|_, limits| limits.frame_timeout = SHORT).await;
    let sentence = "a frame stalled for 0.2 s, at least 3 bytes before its end";
    let mut stream = server.stream("GET", &(session("/echo") + "/websocket"), &RFC_6455).await;
    tokio::time::sleep(SHORT * 2).await;
    // A masked text of five bytes, of which two come, behind one that is whole.
    stream.socket.write_all(b"\x81\x83\0\0\0\0[ ]\x81\x85\0\0\0\0[\"").await.unwrap();
    let mut rest = Vec::new();
    soon(stream.socket.read_to_end(&mut rest)).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).contains(sentence), "{rest:?}");
    let mut stream = server.stream("GET", &(session("/echo") + "/websocket"), &HIXIE_76).await;
    stream.socket.write_all(b"Tm[K T2u\x00[\"a\"]\xFF").await.unwrap();
    tokio::time::sleep(SHORT * 2).await;
    stream.socket.write_all(b"\x00[\"b\"]\xFF\x00[\"").await.unwrap();
    let mut rest = Vec::new();
    soon(stream.socket.read_to_end(&mut rest)).await.unwrap();
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.contains("a[\"b\"]") && rest.contains("a frame stalled for 0.2 s"), "{rest}");
}

#[tokio::test]
async fn the_websocket_of_2010_carries_a_session() {
    let server = server().await;
    let path = session("/echo") + "/websocket";
    let mut stream = server.stream("GET", &path, &HIXIE_76).await;
    assert!(
        stream.head.starts_with("HTTP/1.1 101 WebSocket Protocol Handshake\r\n"),
        "{}",
        stream.head
    );
    let location = format!("ws://localhost{path}");
    assert_eq!(stream.field("sec-websocket-location"), Some(&*location));
    assert_eq!(stream.field("sec-websocket-origin"), Some("http://localhost"));
    stream.socket.write_all(b"Tm[K T2u\x00[\"a\"]\xFF\xFF\x00").await.unwrap();
    let mut rest = Vec::new();
    soon(stream.socket.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"fQJ,fN/4F4!~K~MH\x00o\xFF\x00a[\"a\"]\xFF\xFF\x00");
}

#[tokio::test]
async fn requests_that_are_no_websocket_are_told_what_they_lack() {
    let server = server().await;
    let path = session("/echo") + "/websocket";
    assert_eq!(server.get(&path, &[]).await.status, 400);
    let upgrade = ["Upgrade: websocket", "Connection: close"];
    assert_eq!(server.get(&path, &upgrade).await.status, 400);
    let posted = server.post(&path, "").await;
    assert_eq!((posted.status, posted.field("allow"), &*posted.body), (405, Some("GET"), ""));
    assert_eq!(posted.field("content-type"), None);
    for path in [&*path, "/echo/websocket"] {
        let asked = server.stream("HEAD", path, &RFC_6455).await;
        assert!(asked.head.starts_with("HTTP/1.1 405 "), "{path}: {}", asked.head);
    }
    let off = session("/disabled_websocket_echo") + "/websocket";
    assert_eq!(server.get(&off, &[]).await.status, 404);
}

#[tokio::test]
async fn pages_are_what_caches_and_browsers_need() {
    let server = server().await;
    for path in ["/echo", "/echo/"] {
        let greeting = server.get(path, &[]).await;
        assert_eq!((greeting.status, &*greeting.body), (200, "Welcome to SockJS!\n"));
    }
    for path in ["/echo//", "/echo///", "/echo//info", "/echo/a", "/echo//a/a/xhr", "/elsewhere"] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
    let page = server.get("/echo/iframe-1.6.1.html?t=1", &[]).await;
    let tag = page.field("etag").unwrap();
    assert!(page.status == 200 && page.body.contains("sockjs.min.js"), "{page:?}");
    assert!(page.field("expires").unwrap().ends_with(" GMT"), "{page:?}");
    let known = server.get("/echo/iframe.html", &[&format!("If-None-Match: \"x\", W/{tag}")]).await;
    assert_eq!((known.status, known.field("content-type"), &*known.body), (304, None, ""));
    let info = server.get("/echo/info", &["Origin: null"]).await;
    assert!(info.body.starts_with("{\"websocket\":true,\"origins\":[\"*:*\"],"), "{info:?}");
    assert_eq!(info.field("access-control-allow-origin"), Some("null"));
    let wanted = ["Origin: http://a", "Access-Control-Request-Headers: a, b"];
    let preflight = server.ask("OPTIONS", "/echo/0/0/xhr", &wanted, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.field("access-control-allow-headers"), Some("a, b"));
    assert_eq!(preflight.field("access-control-allow-methods"), Some("OPTIONS, POST"));
    assert!(server.get("/", &[]).await.body.contains("/cookie_needed_echo"));
}
