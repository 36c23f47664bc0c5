//! What a hostile peer gets for an answer, while another session goes on.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use wiretalk::net::WebSocketLimits;
use wiretalk::servers::Origins;

use super::client::request;
use super::{session, sockjs_server};
use crate::{TestServer, soon};

/// A session beside the hostile one.
struct Other(String);

impl Other {
    async fn open(server: &TestServer) -> Self {
        let path = session("/echo");
        assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "o\n");
        Self(path)
    }

    /// Checks that it still works.
    async fn goes_on(&self, server: &TestServer) {
        let path = &self.0;
        assert_eq!(server.post(&format!("{path}/xhr_send"), "[\"still\"]").await.status, 204);
        assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "a[\"still\"]\n");
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_with_1008() {
    let server = sockjs_server(|options, limits| {
        options.session.stall = Duration::from_millis(300);
        // A closed session is remembered until it has been asked for.
        options.session.disconnect = Duration::from_secs(10);
        options.handled_wait = Duration::from_millis(10);
        options.response_limit = usize::MAX;
        options.body_timeout = Duration::from_secs(1);
        limits.body_timeout = Duration::from_secs(1);
    })
    .await;
    let other = Other::open(&server).await;
    let path = session("/echo");
    let deaf = server.stream("POST", &format!("{path}/xhr_streaming"), &[]).await;
    let large = format!("[\"{}\"]", "x".repeat(100_000));
    let mut statuses = Vec::new();
    // It ends with the first refusal: 503 while the queue is full, or 404 once it is closed.
    while statuses.last().is_none_or(|status| *status == 204) {
        assert!(statuses.len() < 1000, "it took 100 MB");
        statuses.push(server.post(&format!("{path}/xhr_send"), &large).await.status);
        if statuses.len() % 20 == 0 {
            other.goes_on(&server).await;
        }
    }
    assert!(matches!(statuses.last(), Some(503 | 404)), "{statuses:?}");
    // Its session is closed, whatever it sends and asks for.
    let answer = loop {
        let answer = server.post(&format!("{path}/xhr"), "").await;
        if !answer.body.starts_with("c[2010,") {
            break answer;
        }
        other.goes_on(&server).await;
    };
    assert!(answer.body.starts_with("c[1008,"), "{answer:?}");
    other.goes_on(&server).await;
    drop(deaf);
}

#[tokio::test]
async fn a_websocket_that_never_reads_is_closed_too() {
    let server = sockjs_server(|options, _| {
        options.session.stall = Duration::from_millis(300);
        options.session.disconnect = Duration::from_secs(2);
    })
    .await;
    let other = Other::open(&server).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let url = format!("ws://localhost{}/websocket", session("/echo"));
    let mut client = soon(WebSocketLimits::new(16 << 20).client(url, stream)).await.unwrap();
    let message = Message::text(format!("[\"{}\"]", "x".repeat(100_000)));
    // It is cut off: its socket takes no more, and then it is reset or ended.
    let flood = async { while client.send(message.clone()).await.is_ok() {} };
    let beside = async {
        loop {
            other.goes_on(&server).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let flooded = async {
        tokio::select! {
            () = flood => {}
            () = beside => {}
        }
    };
    soon(flooded).await;
    // Another one, because the one beside it may have been left between a message and its answer.
    Other::open(&server).await.goes_on(&server).await;
}

#[tokio::test]
async fn a_body_of_a_gigabyte_is_refused_before_it_is_read() {
    let server = sockjs_server(|_, limits| limits.max_message = 1000).await;
    let other = Other::open(&server).await;
    let path = session("/echo");
    server.post(&format!("{path}/xhr"), "").await;
    let mut peer = server.visit().await;
    let head = format!(
        "POST {path}/xhr_send HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
         Content-Length: 1000000000\r\n\r\n"
    );
    peer.send(head.as_bytes()).await;
    let answer = peer.answer().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.ends_with("the body is larger than 8008 bytes\n"), "{answer}");
    // Without a length it is counted.
    let mut peer = server.visit().await;
    let head = format!(
        "POST {path}/xhr_send HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    peer.send(head.as_bytes()).await;
    for _ in 0..9 {
        peer.send(format!("3e8\r\n{}\r\n", "x".repeat(1000)).as_bytes()).await;
    }
    let answer = peer.answer().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // A poll has no body at all.
    let long = "x".repeat(20_000);
    assert_eq!(server.post(&format!("{path}/xhr"), &long).await.status, 413);
    other.goes_on(&server).await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_closes_its_session_with_1009() {
    let server = sockjs_server(|_, limits| limits.max_message = 1000).await;
    let other = Other::open(&server).await;
    let path = session("/echo");
    server.post(&format!("{path}/xhr"), "").await;
    let large = format!("[\"a\",\"{}\"]", "x".repeat(1001));
    let refused = server.post(&format!("{path}/xhr_send"), &large).await;
    assert_eq!((refused.status, &*refused.body), (413, "A message is larger than 1000 bytes\n"));
    let closed = "c[1009,\"A message is larger than 1000 bytes\"]";
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, format!("{closed}\n"));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let url = format!("ws://localhost{}/websocket", session("/echo"));
    let mut client = soon(WebSocketLimits::new(16 << 20).client(url, stream)).await.unwrap();
    client.send(Message::text(large)).await.unwrap();
    let mut texts = Vec::new();
    let close = loop {
        match soon(client.next()).await.unwrap().unwrap() {
            Message::Text(text) => texts.push(text.as_str().to_owned()),
            Message::Close(frame) => break frame.unwrap(),
            _ => {}
        }
    };
    assert_eq!(texts, ["o", closed]);
    assert_eq!(u16::from(close.code), 1009);
    other.goes_on(&server).await;
}

#[tokio::test]
async fn one_address_cannot_take_all_sessions() {
    let server = sockjs_server(|options, _| {
        options.max_sessions_per_peer = 50;
        options.max_sessions = 60;
    })
    .await;
    let other = Other::open(&server).await;
    let mut refused = 0;
    for _ in 0..100 {
        let answer = server.post(&format!("{}/xhr", session("/echo")), "").await;
        if answer.status == 503 {
            assert_eq!(answer.body, "your address has its maximum of 50 sessions at this server\n");
            refused += 1;
        }
    }
    assert_eq!(refused, 51, "one of the 50 is the other's");
    let open = |path: String| request("POST", &path, &["Connection: close"], "");
    for _ in 0..10 {
        let path = format!("{}/xhr", session("/echo"));
        assert_eq!(server.ask_from([127, 0, 0, 2], &open(path)).await.body, "o\n");
    }
    let full = server.ask_from([127, 0, 0, 2], &open(format!("{}/xhr", session("/echo")))).await;
    assert!(full.status == 503 && full.body.contains("its maximum of 60 sessions"), "{full:?}");
    // A WebSocket is a session too, and is told before it is opened.
    let upgrade = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    assert_eq!(server.stream("GET", "/echo/websocket", &upgrade).await.head[9..12], *"503");
    other.goes_on(&server).await;
}

#[tokio::test]
async fn a_session_answers_only_to_the_address_that_opened_it() {
    let server = sockjs_server(|_, _| {}).await;
    let other = Other::open(&server).await;
    for (last, body) in [("xhr", ""), ("xhr_send", "[\"x\"]")] {
        let path = format!("{}/{last}", other.0);
        let stolen = request("POST", &path, &["Connection: close"], body);
        let answer = server.ask_from([127, 0, 0, 2], &stolen).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.body, "this session was opened from another address\n");
    }
    other.goes_on(&server).await;
}

#[tokio::test]
async fn foreign_pages_and_hosts_are_refused_with_a_sentence() {
    let server = sockjs_server(|_, _| {}).await;
    let elsewhere = request("GET", "/echo/info", &["Connection: close"], "")
        .replace("Host: localhost", "Host: evil.example");
    assert_eq!(server.ask_from([127, 0, 0, 1], &elsewhere).await.status, 421);
    let guarded = {
        let bind = async |scope, mut options: wiretalk::servers::ServerOptions| {
            let origin = "https://talk.example".parse().unwrap();
            options.access.origins = Some(Origins::only(origin));
            wiretalk::servers::sockjs::bind(
                &scope,
                options,
                &wiretalk::servers::sockjs::SockJsServerOptions::default(),
            )
        };
        crate::test_server(bind).await
    };
    for (origin, status) in [("https://talk.example", 200), ("https://evil.example", 403)] {
        let field = format!("Origin: {origin}");
        for path in ["/echo/info".to_owned(), session("/echo") + "/eventsource"] {
            let head = guarded.stream("GET", &path, &[&field]).await.head;
            assert_eq!(head[9..12], *status.to_string(), "{origin} {path}");
        }
        let foreign = guarded.get("/echo/info", &[&field]).await;
        let sentence = foreign.body.contains("pages of this origin are not admitted");
        assert_eq!(sentence, status == 403, "{foreign:?}");
    }
}

#[tokio::test]
async fn bodies_together_take_no_more_than_the_service_may_hold() {
    let server = sockjs_server(|options, _| options.max_held = 10_000).await;
    let other = Other::open(&server).await;
    let path = session("/echo");
    server.post(&format!("{path}/xhr"), "").await;
    let mut slow = server.visit().await;
    let head = format!(
        "POST {path}/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9900\r\n\r\n["
    );
    slow.send(head.as_bytes()).await;
    // What was announced but did not come takes nothing from the others.
    other.goes_on(&server).await;
    let large = format!("[\"{}\"]", "x".repeat(10_000));
    let refused = server.post(&format!("{path}/xhr_send"), &large).await;
    assert!(refused.status == 503 && refused.body.contains("holds as many bytes"), "{refused:?}");
    other.goes_on(&server).await;
}

#[tokio::test]
async fn a_request_that_drips_ends_in_time() {
    let server = sockjs_server(|_, limits| limits.body_timeout = Duration::from_millis(300)).await;
    let other = Other::open(&server).await;
    let mut peer = server.visit().await;
    let path = &other.0;
    let head =
        format!("POST {path}/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n[");
    peer.send(head.as_bytes()).await;
    let answer = peer.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    other.goes_on(&server).await;
}

#[tokio::test]
async fn a_shutdown_closes_every_session_with_1001() {
    let server = sockjs_server(|_, _| {}).await;
    let path = session("/echo");
    let mut stream = server.stream("POST", &format!("{path}/xhr_streaming"), &[]).await;
    stream.chunk().await;
    assert_eq!(stream.chunk().await, "o\n");
    server.shutdown.cancel();
    assert_eq!(stream.chunk().await, "c[1001,\"The server shuts down\"]\n");
    assert_eq!(stream.chunk().await, "");
    let mut rest = Vec::new();
    soon(stream.socket.read_to_end(&mut rest)).await.unwrap();
    let _ = stream.socket.shutdown().await;
    soon(server.scope.closed()).await;
}
