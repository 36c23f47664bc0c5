//! What a whole connection says in SockJS, as a [`Trace`] keeps it.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::sockjs::Transport;
use crate::wire::Side::{self, Client, Server};
use crate::wire::frame::encode;
use crate::wire::{ByteLen, Opcode, Trace};

/// Bytes of a side, or the number of bytes that a capture lacks.
type Sent = (Side, Result<Vec<u8>, u64>);

fn bytes(from: Side, bytes: impl AsRef<[u8]>) -> Sent {
    (from, Ok(bytes.as_ref().to_vec()))
}

fn post(path: &str, body: &str) -> Sent {
    let fields = format!("Host: a\r\nContent-Length: {}\r\n", body.len());
    bytes(Client, format!("POST {path} HTTP/1.1\r\n{fields}\r\n{body}"))
}

fn get(path: &str) -> Sent {
    bytes(Client, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
}

fn response(status: u16, body: &str) -> Sent {
    let len = body.len();
    bytes(Server, format!("HTTP/1.1 {status} X\r\nContent-Length: {len}\r\n\r\n{body}"))
}

fn chunked() -> Sent {
    bytes(Server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
}

fn chunk(text: &str) -> Sent {
    bytes(Server, format!("{:x}\r\n{text}\r\n", text.len()))
}

/// The opening of a WebSocket at this path.
fn opening(path: &str) -> [Sent; 2] {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\
                    \r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    [bytes(Client, request), bytes(Server, response)]
}

fn frame(from: Side, opcode: Opcode, payload: &[u8]) -> Sent {
    let key = (from == Client).then_some([1, 2, 3, payload.len() as u8]);
    bytes(from, encode::single_frame(opcode, payload, key))
}

fn text(from: Side, payload: &str) -> Sent {
    frame(from, Opcode::Text, payload.as_bytes())
}

/// Reads a connection in pieces of this size. The time is that of the part, in milliseconds.
fn trace(sent: &[Sent], piece: usize) -> Trace {
    let mut trace = Trace::new();
    for (number, (from, part)) in (1..).zip(sent) {
        let at = Duration::from_millis(number);
        match part {
            Ok(bytes) => bytes.chunks(piece).for_each(|bytes| trace.push(*from, at, bytes)),
            Err(missing) => {
                let limit = ByteLen::new(1 << 20);
                trace.push_gap(*from, at, ByteLen::new(*missing), limit);
            }
        }
    }
    trace
}

fn words(row: &SockJsRow) -> String {
    let arrow = if row.from == Client { '>' } else { '<' };
    let span = format!("{}..{}", row.span.start, row.span.end);
    let what = match &row.kind {
        RowKind::Message => format!("{} {:?} {span}", row.index, row.text),
        RowKind::Close(code) => format!("close {code} {:?}", row.text),
        RowKind::Fault(fault) => format!("fault: {fault}"),
        RowKind::Unread(why) => format!("unread: {why}"),
        RowKind::Answer(status) => format!("answer {status}"),
        other => other.name().to_owned(),
    };
    format!("{} {arrow} {} {what}", row.at.as_millis(), row.session.transport())
}

/// The rows of a connection in words, which are the same in pieces of any size.
fn rows(sent: &[Sent]) -> Vec<String> {
    let read =
        |piece| -> Vec<String> { trace(sent, piece).sockjs().rows().iter().map(words).collect() };
    let whole = read(usize::MAX);
    for piece in [1, 2, 7, 100] {
        assert_eq!(read(piece), whole, "in pieces of {piece}");
    }
    whole
}

#[test]
fn each_message_on_a_websocket_is_a_row_and_its_faults_are_none_of_the_websocket() {
    let sent = [
        &opening("/echo/000/k3x9q0aa/websocket")[..],
        &[
            text(Server, "o"),
            text(Client, r#"["a","b\"c"]"#),
            text(Server, r#"a["a","b\"c"]"#),
            text(Client, r#""x""#),
            text(Client, ""),
            text(Server, "h"),
            text(Server, "a[\"x\""),
            text(Client, "[1]"),
            frame(Server, Opcode::Binary, b"\x00"),
            text(Server, "x"),
            text(Server, r#"c[3000,"Go away!"]"#),
        ],
    ]
    .concat();
    assert_eq!(
        rows(&sent),
        [
            "3 < websocket open",
            "4 > websocket 0 \"a\" 1..4",
            "4 > websocket 1 \"b\\\"c\" 5..11",
            "5 < websocket 0 \"a\" 2..5",
            "5 < websocket 1 \"b\\\"c\" 6..12",
            "6 > websocket 0 \"x\" 0..3",
            "8 < websocket heartbeat",
            "9 < websocket fault: byte 5: the text ends here, but the value is not complete",
            "10 > websocket fault: byte 1: a string is expected here",
            "11 < websocket fault: a binary message; SockJS sends text only",
            "12 < websocket fault: byte 0: a frame begins with o, h, a, m or c, not with 0x78",
            "13 < websocket close 3000 \"Go away!\"",
        ]
    );
    let trace = trace(&sent, 5);
    assert_eq!(trace.faults(Server), []);
    assert_eq!(trace.faults(Client), []);
    assert_eq!(trace.sockjs().title().unwrap(), "SockJS over WebSocket, session k3x9q0aa");
}

#[test]
fn a_websocket_is_sockjs_only_if_its_path_and_its_first_message_say_so() {
    let answer = |path: &str, first: &str| {
        let sent = [&opening(path)[..], &[text(Client, "\"x\""), text(Server, first)]].concat();
        rows(&sent).len()
    };
    assert_eq!(answer("/echo/0/s/websocket", "o"), 2);
    assert_eq!(answer("/echo/0/s/websocket", r#"a["x"]"#), 0);
    assert_eq!(answer("/echo/0/s/websocket", "hello"), 0);
    assert_eq!(answer("/echo/websocket", "o"), 0);
    assert_eq!(answer("/echo/0/s/socket", "o"), 0);
}

#[test]
fn fragments_of_a_message_are_one_frame_of_sockjs() {
    let sent = [
        &opening("/0/s/websocket")[..],
        &[
            bytes(Server, b"\x81\x01o\x01\x03a[\"\x89\x01y\x80\x03x\"]"),
            bytes(Server, b"\x81\x01h"),
        ],
    ]
    .concat();
    assert_eq!(
        rows(&sent),
        ["3 < websocket open", "3 < websocket 0 \"x\" 2..5", "4 < websocket heartbeat"]
    );
    let trace = trace(&sent, 1);
    let places = trace.sockjs().rows().iter().map(|row| row.place);
    // Frame 2 is a Ping between the fragments.
    let numbers = [0, 3, 4].map(RowPlace::Frame);
    assert_eq!(places.collect::<Vec<_>>(), numbers);
}

#[test]
fn what_a_control_frame_between_fragments_lacks_is_not_the_messages() {
    let sent = [
        &opening("/0/s/websocket")[..],
        &[
            bytes(Server, b"\x81\x01o\x01\x03a[\"\x89\x03y"),
            (Server, Err(2)),
            bytes(Server, b"\x80\x03x\"]"),
        ],
    ]
    .concat();
    assert_eq!(rows(&sent), ["3 < websocket open", "5 < websocket 0 \"x\" 2..5"]);
}

#[test]
fn polling_and_sending_are_read_from_bodies_of_known_length() {
    let sent = [
        post("/echo/000/s/xhr", ""),
        response(200, "o\n"),
        post("/echo/000/s/xhr_send", r#"["a","b"]"#),
        response(204, ""),
        post("/echo/000/s/xhr", ""),
        response(200, "a[\"a\",\"b\"]\n"),
        post("/echo/000/s/xhr_send", r#"["a"#),
        response(500, "Broken JSON encoding."),
        post("/echo/000/s/xhr_send", ""),
        response(500, "Payload expected."),
        post("/echo/000/s/xhr", ""),
        response(200, "c[2010,\"Another connection still open\"]\n"),
    ];
    assert_eq!(
        rows(&sent),
        [
            "2 < xhr open",
            "3 > xhr_send 0 \"a\" 1..4",
            "3 > xhr_send 1 \"b\" 5..8",
            "6 < xhr 0 \"a\" 2..5",
            "6 < xhr 1 \"b\" 6..9",
            "7 > xhr_send fault: byte 3: the text ends here, but the value is not complete",
            "8 < xhr_send answer 500",
            "9 > xhr_send fault: an array of messages is expected here",
            "10 < xhr_send answer 500",
            "12 < xhr close 2010 \"Another connection still open\"",
        ]
    );
}

#[test]
fn streams_are_read_while_they_go_on() {
    let stream = |transport: Transport, request: Sent| {
        let mut sent = vec![request, chunked(), chunk(&transport.prelude("cb"))];
        for frame in ["o", r#"a["x","\u2028"]"#, "h", r#"c[3000,"Go away!"]"#] {
            sent.push(chunk(&transport.wrap(frame, "cb")));
        }
        let name = transport.path_part();
        let expected = [
            format!("4 < {name} open"),
            format!("5 < {name} 0 \"x\" 2..5"),
            format!("5 < {name} 1 \"\\u{{2028}}\" 6..14"),
            format!("6 < {name} heartbeat"),
            format!("7 < {name} close 3000 \"Go away!\""),
        ];
        assert_eq!(rows(&sent), expected);
    };
    stream(Transport::XhrStreaming, post("/echo/0/s/xhr_streaming", ""));
    stream(Transport::EventSource, get("/echo/0/s/eventsource"));
    stream(Transport::HtmlFile, get("/echo/0/s/htmlfile?c=cb"));
}

#[test]
fn percent_escapes_of_an_event_stream_are_undone_as_the_client_does() {
    let sent = [
        get("/echo/0/s/eventsource"),
        response(200, "\r\ndata: o\r\n\r\ndata: a[\"100%25\"]\r\n\r\ndata: a[\"%zz\"]\r\n\r\n"),
    ];
    let rows = rows(&sent);
    assert_eq!(rows[..2], ["2 < eventsource open", "2 < eventsource 0 \"100%\" 2..8"]);
    assert!(rows[2].contains("percent escape"), "{rows:?}");
}

#[test]
fn scripts_and_forms_are_read() {
    let poll = |frame| response(200, &Transport::JsonpPolling.wrap(frame, "_jp.a"));
    let form = "d=%5B%22a+b%22%2C%22%C3%A9%22%5D";
    let posted = format!(
        "POST /e/0/s/jsonp_send HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let sent = [
        get("/e/0/s/jsonp?c=_jp.a"),
        poll("o"),
        bytes(Client, posted),
        response(200, "ok"),
        post("/e/0/s/jsonp_send", r#"["raw"]"#),
        response(200, "ok"),
        get("/e/0/s/jsonp?c=_jp.a"),
        poll(r#"a["a b"]"#),
        get("/e/0/s/jsonp?c=_jp.a"),
        response(200, "_jp.a(a);\r\n"),
    ];
    assert_eq!(
        rows(&sent),
        [
            "2 < jsonp open",
            "3 > jsonp_send 0 \"a b\" 0..32",
            "3 > jsonp_send 1 \"é\" 0..32",
            "5 > jsonp_send 0 \"raw\" 1..6",
            "8 < jsonp 0 \"a b\" 2..7",
        ]
    );
}

#[test]
fn what_only_has_the_address_of_sockjs_is_left_alone() {
    let other = [
        get("/api/v1/eventsource"),
        response(200, "data: {\"price\":1}\r\n\r\ndata: o\r\n\r\n"),
        get("/a/b/jsonp?callback=f"),
        response(200, "f({});"),
        get("/a/b/htmlfile"),
        response(404, "p(\"o\");"),
        get("/a/b/xhr"),
        response(200, "o\n"),
    ];
    assert_eq!(rows(&other), [""; 0]);
    assert_eq!(trace(&other, 9).sockjs().title(), None);
}

#[test]
fn a_body_with_a_gap_gives_no_message_that_nobody_sent() {
    let part = |text: &str| bytes(Server, text);
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n";
    let within = [
        post("/echo/0/s/xhr_streaming", ""),
        part(&format!("{head}o\na[\"ab")),
        (Server, Err(10)),
        // The rest of the frame, then one that is whole.
        part("zz\"]\na[\"y\"]\nh\nh\nh\nh\nh\n"),
        post("/echo/0/s/xhr", ""),
        response(200, "h\n"),
    ];
    assert_eq!(
        rows(&within),
        [
            "2 < xhr_streaming open",
            "3 < xhr_streaming unread: 10 bytes not captured",
            "4 < xhr_streaming 0 \"y\" 2..5",
            "4 < xhr_streaming heartbeat",
            "4 < xhr_streaming heartbeat",
            "4 < xhr_streaming heartbeat",
            "4 < xhr_streaming heartbeat",
            "4 < xhr_streaming heartbeat",
            "6 < xhr heartbeat",
        ]
    );
    let head = "POST /e/0/s/xhr_send HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
    let request = [bytes(Client, format!("{head}[\"a")), (Client, Err(2)), bytes(Client, "\",\"]")];
    assert_eq!(rows(&request), ["3 > xhr_send unread: 2 bytes not captured"]);
    let at_the_end = [
        bytes(Client, format!("{head}[\"a\",\"b")),
        (Client, Err(2)),
        response(204, ""),
        post("/e/0/s/xhr_send", "[\"c\"]"),
    ];
    assert_eq!(
        rows(&at_the_end),
        ["2 > xhr_send unread: 2 bytes not captured", "4 > xhr_send 0 \"c\" 1..4"]
    );
}

#[test]
fn frames_that_were_not_captured_are_a_row_of_their_own() {
    let sent = [
        &opening("/0/s/websocket")[..],
        &[
            text(Server, "o"),
            bytes(Server, b"\x81\x08a[\"a"),
            (Server, Err(4)),
            text(Server, "h"),
            // More is missing than the frame has.
            bytes(Server, b"\x81\x08a[\"b"),
            (Server, Err(9)),
            text(Server, "h"),
        ],
    ]
    .concat();
    assert_eq!(
        rows(&sent),
        [
            "3 < websocket open",
            "5 < websocket unread: 4 bytes not captured",
            "6 < websocket heartbeat",
            "8 < websocket unread: 4 bytes not captured",
            "8 < websocket unread: bytes were not captured here",
            "9 < websocket heartbeat",
        ]
    );
}

#[test]
fn a_coded_body_says_why_it_is_not_read() {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
    let sent = [post("/echo/0/s/xhr", ""), bytes(Server, head)];
    assert_eq!(rows(&sent), ["2 < xhr unread: the body is coded with gzip"]);
}

#[test]
fn texts_and_rows_have_a_bound() {
    let long = format!("a[\"{}\"]\n", "é".repeat(1000));
    let many = format!("a[{}\"\"]\n", "\"\",".repeat(70_000));
    let sent =
        [post("/0/s/xhr", ""), response(200, &long), post("/0/s/xhr", ""), response(200, &many)];
    let trace = trace(&sent, 4096);
    let log = trace.sockjs();
    let first = &log.rows()[0];
    assert_eq!((first.text.len(), first.text_len.get(), first.is_cut()), (200, 2000, true));
    assert_eq!((log.rows().len(), log.dropped()), (1 << 16, 70_002 - (1 << 16)));
}

#[test]
fn the_requests_of_a_session_are_one_conversation() {
    let down = [
        post("/echo/000/s/xhr_streaming", ""),
        chunked(),
        chunk("o\n"),
        chunk("a[\"a\"]\n"),
        chunk("c[3000,\"Go away!\"]\n"),
    ];
    let up = [
        post("/echo/111/s/xhr_send", "[\"a\"]"),
        response(204, ""),
        post("/echo/111/s/xhr", ""),
        response(200, "c[2010,\"Another connection still open\"]\n"),
        post("/echo/111/t/xhr", ""),
        response(200, "o\n"),
    ];
    let mut conversations = Conversations::default();
    for (number, began, sent) in [(7, 0, &down[..]), (9, 2, &up)] {
        for row in trace(sent, 100).sockjs().rows() {
            conversations.add(number, Duration::from_millis(began) + row.at, row);
        }
    }
    let [first, second] = conversations.in_order()[..] else { panic!("{conversations:?}") };
    assert_eq!(first.title(), "SockJS over xhr_streaming, xhr_send and xhr, session s");
    assert_eq!(
        first.outcome(),
        "1 message sent, 1 received; closed with 3000 Go away!; a second receiver was refused 1 \
         time (2010)"
    );
    assert_eq!(first.connections, [7, 9]);
    assert_eq!(first.servers, ["000".into(), "111".into()]);
    assert_eq!(
        (&*second.session, second.outcome().as_str()),
        ("t", "0 messages sent, 0 received; not closed")
    );
}

#[test]
fn sessions_beyond_the_bound_are_only_counted() {
    let sent = [post("/echo/0/s/xhr", ""), response(200, "o\n")];
    let row = trace(&sent, 99).sockjs().rows()[0].clone();
    let mut conversations = Conversations::default();
    for number in 0..100_000 {
        let session = number.to_string().into();
        let session = Arc::new(SessionPath { session, ..(*row.session).clone() });
        conversations.add(1, row.at, &SockJsRow { session, ..row.clone() });
    }
    assert_eq!(conversations.in_order().len(), 1 << 16);
    assert_eq!(conversations.dropped_rows(), 100_000 - (1 << 16));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(
        content in proptest::collection::vec(
            prop_oneof![
                Just(b'\n'), Just(b'"'), Just(b'['), Just(b'a'), Just(b'o'), Just(b'p'), Just(b'('),
                Just(b'\\'), any::<u8>(),
            ], 0..200,
        ),
        gap in 0_u64..9,
        piece in 1_usize..40,
    ) {
        for path in ["xhr_streaming", "eventsource", "htmlfile", "jsonp", "websocket"] {
            let path = format!("/e/0/s/{path}");
            let mut sent = match &*path {
                "/e/0/s/websocket" => opening(&path).to_vec(),
                "/e/0/s/xhr_streaming" => vec![post(&path, "")],
                _ => vec![get(&path)],
            };
            if !path.ends_with("websocket") {
                sent.push(bytes(Server, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\no\n"));
            }
            sent.push(bytes(Server, &content));
            sent.push((Server, Err(gap)));
            sent.push(bytes(Server, &content));
            let (whole, pieces) = (trace(&sent, usize::MAX), trace(&sent, piece));
            prop_assert_eq!(pieces.sockjs().rows(), whole.sockjs().rows());
        }
    }

    #[test]
    fn any_pieces_give_the_same_rows(
        frames in proptest::collection::vec(
            prop_oneof![
                Just("o".to_owned()), Just("h".to_owned()), "a\\[\"[a-z\\\\\"]{0,9}\"\\]",
                "c\\[3000,\"[a-z]{0,5}\"\\]", "[ -~]{0,12}",
            ], 0..12,
        ),
        which in 0_usize..5,
        piece in 1_usize..40,
    ) {
        let transport = [
            Transport::XhrStreaming, Transport::EventSource, Transport::HtmlFile,
            Transport::JsonpPolling, Transport::WebSocket,
        ][which];
        let path = format!("/e/0/s/{}", transport.path_part());
        let mut sent = match transport {
            Transport::WebSocket => {
                let mut sent = opening(&path).to_vec();
                sent.push(text(Server, "o"));
                sent
            }
            Transport::XhrStreaming => vec![post(&path, ""), chunked()],
            _ => vec![get(&path), chunked()],
        };
        for frame in &frames {
            sent.push(match transport {
                Transport::WebSocket => text(Server, frame),
                other => chunk(&other.wrap(frame, "cb")),
            });
        }
        let (whole, pieces) = (trace(&sent, usize::MAX), trace(&sent, piece));
        prop_assert_eq!(pieces.sockjs().rows(), whole.sockjs().rows());
        prop_assert_eq!(pieces.rows(), whole.rows());
        for from in [Client, Server] {
            prop_assert_eq!(whole.faults(from), []);
        }
    }
}
