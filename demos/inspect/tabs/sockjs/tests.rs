//! Tests of the tab: pictures of sessions, and what keys do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;

use crate::capture::{ConnectionEnd, PcapngWriter, ReadOptions};
use crate::demos::inspect::action::Tab;
use crate::demos::inspect::messages::Msg;
use crate::demos::inspect::state::Inspect;
use crate::demos::inspect::testing::{
    RESPONSE, assert_contains, inspector_after_handshake, opened, opened_file, press, render_text,
};
use crate::inspect::{InspectConfig, InspectSource};
use crate::net::{AddressPair, Target};
use crate::proxy::{ProxyEvent, ProxyEventKind, ProxyOptions};
use crate::stage::{Demo as _, DemoEvent};
use crate::wire::Side::{self, Client, Server};

const WEBSOCKET: &[u8] =
    b"GET /echo/000/k3x9q0aa/websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The text `["a"]`, masked.
const SENT: &[u8] = b"\x81\x85\x01\x01\x01\x01\x5a\x23\x60\x23\x5c";

/// What a side sends on a connection at a millisecond.
type Sent<'a> = (u64, Side, &'a str);

/// Writes a capture of these connections and opens it.
fn captured(connections: &[&[Sent<'_>]]) -> Inspect {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    let at = |ms: u64| Duration::from_secs(1_700_000_000) + Duration::from_millis(ms);
    for (port, sent) in (40_001..).zip(connections) {
        let [client, server]: [SocketAddr; 2] =
            [([10, 0, 0, 1], port).into(), ([192, 0, 2, 7], 8080).into()];
        let flow = writer.open_plain(AddressPair { client, server }, at(sent[0].0)).unwrap();
        for (ms, from, bytes) in *sent {
            writer.write_data(flow, *from, at(*ms), bytes.as_bytes()).unwrap();
        }
        writer.close(flow, ConnectionEnd::Closed(Side::Server), at(99)).unwrap();
    }
    std::fs::write(file.path(), writer.into_inner()).unwrap();
    opened_file(file, &ReadOptions::default())
}

const STREAM: &[Sent<'_>] = &[
    (0, Client, "POST /echo/000/k3x9q0aa/xhr_streaming HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    (1, Server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no\n\r\n"),
    (20, Server, "7\r\na[\"a\"]\n\r\n"),
    (40, Server, "13\r\nc[3000,\"Go away!\"]\n\r\n0\r\n\r\n"),
];

const SENDS: &[Sent<'_>] = &[
    (10, Client, "POST /echo/111/k3x9q0aa/xhr_send HTTP/1.1\r\nContent-Length: 5\r\n\r\n[\"a\"]"),
    (11, Server, "HTTP/1.1 204 No Content\r\n\r\n"),
    (30, Client, "POST /echo/000/k3x9q0aa/xhr HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    (
        31,
        Server,
        "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n\
      c[2010,\"Another connection still open\"]\n",
    ),
    (50, Client, "POST /echo/000/other/xhr_send HTTP/1.1\r\nContent-Length: 4\r\n\r\n[\"a\""),
    (51, Server, "HTTP/1.1 500 Error\r\nContent-Length: 21\r\n\r\nBroken JSON encoding."),
];

#[test]
fn a_session_over_several_connections_is_one_list_in_the_order_of_time() {
    let mut inspect = captured(&[STREAM, SENDS]);
    press(&mut inspect, KeyCode::Char('8'));
    assert_eq!(inspect.tab(), Tab::SockJs);
    let shown = render_text(&inspect, 110, 24);
    assert_contains(
        &shown,
        &[
            "SockJS over xhr_streaming, xhr_send and xhr, session k3x9q0aa · s: 1 session more",
            "1 message sent, 1 received; closed with 3000 Go away!; a second receiver was refused",
            "   1.000 ms  #1   S→C xhr_streaming  o open",
            "  10.000 ms  #2   C→S xhr_send       \"a\"",
            "  20.000 ms  #1   S→C xhr_streaming  \"a\"",
            "  31.000 ms  #2   S→C xhr            c close 2010 \"Another connection still open\"",
            "▶  40.000 ms  #1   S→C xhr_streaming  c close 3000 \"Go away!\"",
        ],
    );
    let order = ["o open", "C→S xhr_send", "20.000 ms", "close 2010", "c close 3000"];
    let places: Vec<_> = order.map(|text| shown.find(text).unwrap()).into();
    assert!(places.is_sorted(), "{shown}");
    // The next session: what it sent is broken.
    press(&mut inspect, KeyCode::Char('s'));
    press(&mut inspect, KeyCode::Home);
    assert_contains(
        &render_text(&inspect, 110, 24),
        &[
            "SockJS over xhr_send, session other",
            r#"✗ no frame of SockJS '["a"'"#,
            "answered 500",
            "✗ SockJS: byte 4: the text ends here, but the value is not complete",
        ],
    );
}

#[test]
fn connections_with_sockjs_over_http_are_listed_and_open_in_the_tab() {
    let mut inspect = captured(&[STREAM, SENDS]);
    press(&mut inspect, KeyCode::Char('7'));
    let shown = render_text(&inspect, 140, 24);
    assert_contains(&shown, &["/echo/000/k3x9q0aa/xhr_streaming", "SockJS k3x9q0aa"]);
    press(&mut inspect, KeyCode::Enter);
    assert_eq!(inspect.tab(), Tab::SockJs);
    press(&mut inspect, KeyCode::Enter);
    assert_eq!(inspect.tab(), Tab::Handshake, "where the exchanges are");
}

#[test]
fn messages_of_a_websocket_lead_to_their_frames() {
    let sent: &[(Side, &[u8])] = &[
        (Server, b"\x81\x01o"),
        (Client, SENT),
        (Server, b"\x81\x0aa[\"a\",\"b\"]"),
        (Server, b"\x81\x04a[1]"),
    ];
    let (mut inspect, _inbox) = inspector_after_handshake(WEBSOCKET, RESPONSE, sent);
    press(&mut inspect, KeyCode::Char('8'));
    let shown = render_text(&inspect, 100, 24);
    assert_contains(
        &shown,
        &[
            "8 SockJS",
            "SockJS over WebSocket, session k3x9q0aa",
            "1 message sent, 2 received; not closed; 1 fault",
            "C→S websocket      \"a\"",
            "S→C websocket      \"b\"",
            "✗ SockJS: byte 2: a string is expected here",
        ],
    );
    assert_eq!(inspect.session.fault_count(), 0, "nothing is wrong with the WebSocket");
    press(&mut inspect, KeyCode::Up);
    assert_contains(
        &render_text(&inspect, 100, 24),
        &["message 1 of its frame, bytes 6 to 9 (1 byte as text) in the message that ends with"],
    );
    press(&mut inspect, KeyCode::Enter);
    assert_eq!((inspect.tab(), inspect.session.current_row()), (Tab::Frames, Some(2)));
}

#[test]
fn without_sockjs_there_is_no_such_tab() {
    let (mut inspect, _inbox) = opened();
    assert!(!render_text(&inspect, 120, 24).contains("SockJS"));
    for _ in 0..7 {
        press(&mut inspect, KeyCode::Tab);
        assert_ne!(inspect.tab(), Tab::SockJs);
    }
    press(&mut inspect, KeyCode::Char('8'));
    assert_contains(&render_text(&inspect, 120, 24), &["No SockJS here"]);
}

#[test]
fn requests_that_pass_the_proxy_are_read_while_their_responses_go_on() {
    let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
    let options = ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
    let config = InspectConfig::new(InspectSource::Proxy(Box::new(options)));
    let mut inspect = Inspect::new(&config, Tab::SockJs);
    let mut pass = |number, kind| {
        let event = ProxyEvent::Connection(number, kind);
        inspect.update(DemoEvent::Msg(Msg::Proxy(event)));
    };
    for number in [1, 2] {
        pass(number, ProxyEventKind::Opened { peer: "127.0.0.1:1".parse().unwrap() });
    }
    let streamed = STREAM[..3].iter().map(|part| (1, part));
    let sent = SENDS[..2].iter().map(|part| (2, part));
    for (number, (_, from, bytes)) in streamed.chain(sent) {
        let (at, bytes) = (Instant::now(), bytes.as_bytes().to_vec());
        pass(number, ProxyEventKind::Bytes { from: *from, at, bytes });
    }
    assert_contains(
        &render_text(&inspect, 100, 24),
        &[
            "SockJS over xhr_streaming and xhr_send, session k3x9q0aa",
            "1 message sent, 1 received; not closed",
            "#1   S→C xhr_streaming  \"a\"",
            "#2   C→S xhr_send       \"a\"",
        ],
    );
}
