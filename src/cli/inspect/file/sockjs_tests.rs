//! What the command line says of SockJS in a capture: records, sessions and lists.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::Value;

use super::{print_capture, print_list};
use crate::capture::{Capture, ConnectionEnd, PcapngWriter, ReadOptions, open};
use crate::cli::inspect::args::ListArg;
use crate::cli::inspect::record_selection::RecordSelection;
use crate::net::AddressPair;
use crate::wire::ByteLen;
use crate::wire::Side::{self, Client, Server};

/// What a side sends at a millisecond, or a number of bytes that the capture lacks.
type Sent<'a> = (u64, Side, Result<&'a [u8], u64>);

const STREAM: &[Sent<'_>] = &[
    (0, Client, Ok(b"POST /echo/000/s/xhr_streaming HTTP/1.1\r\nContent-Length: 0\r\n\r\n")),
    (1, Server, Ok(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no\n\r\n")),
    (20, Server, Ok(b"b\r\na[\"a\",\"b\"]\n\r\n")),
    (40, Server, Ok(b"13\r\nc[3000,\"Go away!\"]\n\r\n0\r\n\r\n")),
];
const SENDS: &[Sent<'_>] = &[
    (10, Client, Ok(b"POST /echo/111/s/xhr_send HTTP/1.1\r\nContent-Length: 5\r\n\r\n[\"x\"]")),
    (11, Server, Ok(b"HTTP/1.1 204 No Content\r\n\r\n")),
];
const WEBSOCKET: &[Sent<'_>] = &[
    (
        5,
        Client,
        Ok(b"GET /echo/0/w/websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
          Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
          Sec-WebSocket-Version: 13\r\n\r\n"),
    ),
    (
        6,
        Server,
        Ok(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
    ),
    (7, Server, Ok(b"\x81\x01o\x81\x06a[\"y\"]\x81\x01x")),
];

fn capture(connections: &[&[Sent<'_>]]) -> Capture {
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    let at = |ms: u64| Duration::from_secs(1_700_000_000) + Duration::from_millis(ms);
    for (port, sent) in (40_001..).zip(connections) {
        let [client, server]: [SocketAddr; 2] =
            [([10, 0, 0, 1], port).into(), ([192, 0, 2, 7], 8080).into()];
        let flow = writer.open_plain(AddressPair { client, server }, at(sent[0].0)).unwrap();
        for (ms, from, part) in *sent {
            match part {
                Ok(bytes) => writer.write_data(flow, *from, at(*ms), bytes).unwrap(),
                Err(missing) => writer.skip_missing(flow, *from, ByteLen::new(*missing)),
            }
        }
        writer.close(flow, ConnectionEnd::Closed(Server), at(99)).unwrap();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), writer.into_inner()).unwrap();
    open(file.path(), &ReadOptions::default()).unwrap()
}

fn printed(capture: &Capture, only: Option<usize>, json: bool) -> String {
    let connection = only.and_then(NonZeroUsize::new);
    let selection = RecordSelection { connection, ..RecordSelection::default() };
    let mut out = Vec::new();
    print_capture(capture, selection, json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn records(capture: &Capture, kind: &str) -> Vec<Value> {
    let text = printed(capture, None, true);
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["type"] == kind).collect()
}

#[test]
fn each_message_has_a_record_whatever_carries_it() {
    let found = records(&capture(&[STREAM, SENDS, WEBSOCKET]), "sockjs");
    let words: Vec<String> = found
        .iter()
        .map(|record| {
            let text = record["text"].as_str().unwrap_or_default();
            format!(
                "{} {} {} {} {} {text}",
                record["connection"],
                record["t_ms"],
                record["session"],
                record["transport"],
                record["kind"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        words,
        [
            "1 1.0 s xhr_streaming open ",
            "2 2.0 w websocket open ",
            "2 2.0 w websocket message y",
            "2 2.0 w websocket fault x",
            "3 0.0 s xhr_send message x",
            "1 20.0 s xhr_streaming message a",
            "1 20.0 s xhr_streaming message b",
            "1 40.0 s xhr_streaming close Go away!",
        ]
    );
    assert_eq!(
        (&found[2]["offset"], &found[2]["len"], &found[2]["frame"]),
        (&2.into(), &3.into(), &1.into())
    );
    assert_eq!(found[7]["close_code"], 3000);
    for record in &found {
        let names: Vec<&String> = record.as_object().unwrap().keys().collect();
        assert!(names.is_sorted(), "{names:?}");
    }
    let frames = records(&capture(&[WEBSOCKET]), "frame");
    assert!(frames.iter().all(|frame| frame["violations"] == Value::Array(Vec::new())));
}

#[test]
fn the_requests_of_a_session_are_summed_up_at_the_end() {
    let capture = capture(&[STREAM, SENDS, WEBSOCKET]);
    let sessions = records(&capture, "sockjs_session");
    assert_eq!(sessions.len(), 2);
    let first = &sessions[0];
    assert_eq!(
        (&first["session"], &first["messages_sent"], &first["messages_received"]),
        (&"s".into(), &1.into(), &2.into())
    );
    assert_eq!(first["connections"], serde_json::json!([1, 3]));
    assert_eq!(first["transports"], serde_json::json!(["xhr_streaming", "xhr_send"]));
    assert_eq!((&first["close_code"], &first["t_ms"]), (&3000.into(), &1.0.into()));
    let text = printed(&capture, None, false);
    for line in [
        "SockJS over xhr_streaming and xhr_send, session s: 1 message sent, 2 received; closed with \
         3000 Go away! (#1, #3)",
        "SockJS over WebSocket, session w: 0 messages sent, 1 received; not closed; 1 fault (#2)",
        "   20.000 ms  #1 server  SockJS xhr_streaming s  message \"a\"",
        "    ✗ SockJS: byte 0: a frame begins with o, h, a, m or c, not with 0x78",
        "3 connections in the file; close code received: none",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let alone = printed(&capture, Some(2), false);
    assert!(alone.contains("\nSockJS over WebSocket, session w: 0 messages"), "{alone}");
}

#[test]
fn lists_have_connections_and_sessions_of_sockjs() {
    let capture = capture(&[STREAM, SENDS, WEBSOCKET]);
    let list = |json| {
        let mut out = Vec::new();
        print_list(&capture, ListArg::Websockets, json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = list(false);
    for part in [
        "SockJS 200  /echo/000/s/xhr_streaming  SockJS over xhr_streaming, session s",
        "SockJS 204  /echo/111/s/xhr_send",
        "WebSocket   /echo/0/w/websocket        SockJS over WebSocket, session w",
        "SockJS over xhr_streaming and xhr_send, session s: 1 message sent, 2 received",
        "3 connections in the file: 1 WebSocket, 2 with SockJS over HTTP (2 exchanges)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let first: Value = serde_json::from_str(list(true).lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["kind"], &first["sockjs"]),
        (&"SockJS".into(), &"SockJS over xhr_streaming, session s".into())
    );
}

#[test]
fn a_gap_in_a_body_is_said_and_no_message_is_made_up() {
    let cut: &[Sent<'_>] = &[
        STREAM[0],
        (1, Server, Ok(b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\no\na[\"a")),
        (2, Server, Err(9)),
        (3, Server, Ok(b"b\"]\nh\n")),
        (4, STREAM[0].1, STREAM[0].2),
        (5, Server, Ok(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh\n")),
    ];
    let found = records(&capture(&[cut]), "sockjs");
    let kinds: Vec<_> = found.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["open", "unread", "heartbeat", "heartbeat"]);
    assert_eq!(found[1]["why"], "9 bytes not captured");
}

#[test]
fn a_real_capture_of_sockjs_node_is_read_on_every_transport() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/sockjs-node.pcap");
    let capture = open(std::path::Path::new(file), &ReadOptions::default()).unwrap();
    let text = printed(&capture, None, false);
    for (line, connections) in [
        (
            "SockJS over xhr and xhr_send, session s1poll: 3 messages sent, 2 received; closed with \
             3000 Go away!; a second receiver was refused 1 time (2010); 2 faults",
            7,
        ),
        (
            "SockJS over xhr_streaming and xhr_send, session s2xhr_streaming: 2 messages sent, 1 \
             received; closed with 3000 Go away!",
            3,
        ),
        (
            "SockJS over eventsource and xhr_send, session s2eventsource: 2 messages sent, 1 \
             received; closed with 3000 Go away!",
            3,
        ),
        (
            "SockJS over htmlfile and xhr_send, session s2htmlfile: 2 messages sent, 1 received; \
             closed with 3000 Go away!",
            3,
        ),
        (
            "SockJS over jsonp and jsonp_send, session s3jsonp: 2 messages sent, 1 received; closed \
             with 3000 Go away!",
            5,
        ),
        (
            "SockJS over WebSocket, session s4socket: 3 messages sent, 2 received; closed with 3000 \
             Go away!",
            1,
        ),
    ] {
        let found = text.lines().find(|found| found.starts_with(&format!("{line} (")));
        let numbers = found.unwrap_or_else(|| panic!("{line}\n{text}")).matches('#').count();
        assert_eq!(numbers, connections, "{line}");
    }
    let texts = records(&capture, "sockjs");
    let texts: Vec<_> = texts.iter().filter_map(|record| record["text"].as_str()).collect();
    assert_eq!(texts.iter().filter(|text| **text == "b\u{2028}").count(), 2, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| **text == "jsonp é").count(), 2, "{texts:?}");
    let frames = records(&capture, "frame");
    assert!(frames.iter().all(|frame| frame["violations"] == Value::Array(Vec::new())));
}

/// Returns a frame of HTTP/2 (RFC 9113 section 4.1).
fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Returns HEADERS whose fields are literals without indexing (RFC 7541 section 6.2.2).
fn http2_headers(flags: u8, stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let literal = |(name, value): &(&str, &str)| [vec![0], text(name), text(value)].concat();
    let block: Vec<u8> = fields.iter().flat_map(literal).collect();
    http2_frame(1, 0x04 | flags, stream, &block)
}

#[test]
fn streams_of_http2_are_read_too() {
    const END: u8 = 1;
    let post = |stream, path, flags| {
        let fields = [(":method", "POST"), (":path", path), (":scheme", "http")];
        http2_headers(flags, stream, &fields)
    };
    let status = |stream, status, flags| http2_headers(flags, stream, &[(":status", status)]);
    let client = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        http2_frame(4, 0, 0, b""),
        post(1, "/echo/0/s/xhr_streaming", END),
        post(3, "/echo/0/s/xhr_send", 0),
        http2_frame(0, 0, 3, b"[\"x\""),
        http2_frame(0, END, 3, b",\"y\"]"),
    ]
    .concat();
    let server = [
        http2_frame(4, 0, 0, b""),
        status(1, "200", 0),
        http2_frame(0, 0, 1, b"o\na[\"x"),
        status(3, "204", END),
        http2_frame(0, 0, 1, b"\",\"y\"]\n"),
    ]
    .concat();
    let last = http2_frame(0, END, 1, b"c[3000,\"Go away!\"]\n");
    let sent: &[Sent<'_>] =
        &[(0, Client, Ok(&client)), (1, Server, Ok(&server)), (9, Server, Ok(&last))];
    let text = printed(&capture(&[sent]), None, false);
    let session = "SockJS over xhr_send and xhr_streaming, session s: 2 messages sent, 2 received; \
                   closed with 3000 Go away!";
    let lines = [
        "    0.000 ms  client  SockJS xhr_send s  message \"x\"",
        "    1.000 ms  server  SockJS xhr_streaming s  open",
        "    1.000 ms  server  SockJS xhr_streaming s  message \"y\"",
        "    9.000 ms  server  SockJS xhr_streaming s  close 3000 \"Go away!\"",
        session,
    ];
    for line in lines {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    // DATA of the stream that was not captured.
    let end = server.len() - 3;
    let cut: &[Sent<'_>] = &[
        (0, Client, Ok(&client)),
        (1, Server, Ok(&server[..end])),
        (2, Server, Err(3)),
        (9, Server, Ok(&last)),
    ];
    let text = printed(&capture(&[cut]), None, false);
    let unread = "SockJS xhr_streaming s  unread: 3 bytes not captured";
    assert!(text.contains(unread), "{text}");
    // What follows may be the end of the frame that lacks bytes.
    let session = "2 messages sent, 0 received; not closed; 1 place not read";
    assert!(text.contains(session), "{text}");
}
