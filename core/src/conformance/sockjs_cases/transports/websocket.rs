//! WebSockets, with SockJS frames and without.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{
    BodyRule, FrameRule, HeadRule, ServiceEndpoint, SockJsRequest, SockJsStep, Transport,
};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, sockjs, upgrade};
use crate::wire::Opcode;
use crate::wire::frame::encode;

const RULE: &str = "SockJS 0.3.3, Websocket";
const ERROR_RULE: &str = "SockJS 0.3.3, WebsocketHttpErrors";
const OLD_RULE: &str = "SockJS 0.3.3, WebsocketHixie76 (obsolete since 2011)";
const RAW_RULE: &str = "SockJS 0.3.3, RawWebsocket";

/// The nonce of a hixie-76 handshake, and the answer to it for the keys below.
const NONCE: &[u8] = b"aaaaaaaa";
const NONCE_ANSWER: [u8; 16] = [
    0xca, 0x34, 0x00, 0xd8, 0xa5, 0x08, 0x47, 0x97, 0x2c, 0xd5, 0x71, 0x5a, 0xba, 0xbf, 0x43, 0x7b,
];

/// The masking key of the control frames that are sent.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(super) fn add(cases: &mut Vec<Case>) {
    add_refusals(cases);
    add_handshakes(cases);
    add_messages(cases);
    add_ends(cases);
    add_raw(cases);
}

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::WebSocket, name, title, RULE).by(Transport::WebSocket)
}

fn path() -> String {
    format!("{SESSION}/websocket")
}

fn add_refusals(cases: &mut Vec<Case>) {
    let refused = |name, title, request, statuses| {
        sockjs(Group::WebSocket, name, title, ERROR_RULE)
            .by(Transport::WebSocket)
            .request(request)
            .status(statuses)
            .body(BodyRule::Any)
    };
    let get = || SockJsRequest::get("/0/0/websocket");
    cases.push(
        refused("plain-get", "a GET without an upgrade", get(), &[400])
            .twin("WebsocketHttpErrors.test_httpMethod")
            .done(),
    );
    let closing = get().with("Upgrade", "WebSocket").with("Connection", "close");
    cases.push(
        refused("connection-close", "an upgrade with Connection: close", closing, &[400])
            .twin("WebsocketHttpErrors.test_invalidConnectionHeader")
            .done(),
    );
    let post = || SockJsRequest::post("/0/0/websocket", "");
    for (name, title, request) in [
        (
            "post-upgrade",
            "a POST with an upgrade",
            post().with("Upgrade", "WebSocket").with("Connection", "Upgrade"),
        ),
        ("post", "a POST", post()),
    ] {
        cases.push(
            sockjs(Group::WebSocket, name, title, ERROR_RULE)
                .twin("WebsocketHttpErrors.test_invalidMethod")
                .by(Transport::WebSocket)
                .request(request)
                .head(vec![
                    HeadRule::Status(&[405]),
                    HeadRule::Absent("Content-Type"),
                    HeadRule::Present("Allow"),
                ])
                .body(BodyRule::Empty)
                .done(),
        );
    }
    cases.push(
        sockjs(Group::WebSocket, "off", "an upgrade where WebSockets are off", ERROR_RULE)
            .at(ServiceEndpoint::DisabledWebSocketEcho)
            .request(upgrade(&path()))
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
}

fn add_handshakes(cases: &mut Vec<Case>) {
    let opened = || {
        vec![
            HeadRule::Status(&[101]),
            HeadRule::Accepted,
            HeadRule::Token("Connection", "upgrade"),
            HeadRule::Token("Upgrade", "websocket"),
            HeadRule::Absent("Content-Length"),
        ]
    };
    cases.push(
        case("headers", "the handshake of RFC 6455")
            .twin("Websocket.test_headersSanity")
            .request(SockJsRequest::upgrade(path()).with("Sec-WebSocket-Origin", "http://asd"))
            .head(opened())
            .done(),
    );
    let list = SockJsRequest::get(path())
        .with("Upgrade", "websocket")
        .with("Connection", "keep-alive, Upgrade")
        .with("Sec-WebSocket-Version", "13")
        .with("Sec-WebSocket-Key", "{key}");
    cases.push(
        case("connection-list", "an upgrade with Connection: keep-alive, Upgrade")
            .request(list)
            .head(opened())
            .receives("o")
            .done(),
    );
    let old = SockJsRequest::get(path())
        .with("Connection", "Upgrade")
        .with("Upgrade", "WebSocket")
        .with("Origin", "{http}://{host}")
        .with("Sec-WebSocket-Key1", "4 @1  46546xW%0l 1 5")
        .with("Sec-WebSocket-Key2", "12998 5 Y3 1  .P00");
    cases.push(
        sockjs(
            Group::WebSocket,
            "hixie-76",
            "the handshake of draft hixie-76, obsolete since 2011, its nonce after the response",
            OLD_RULE,
        )
        .twin("Websocket.test_haproxy")
        .by(Transport::WebSocket)
        .request(old)
        .head(vec![
            HeadRule::Status(&[101]),
            HeadRule::Token("Connection", "upgrade"),
            HeadRule::Token("Upgrade", "websocket"),
            HeadRule::Field(
                "Sec-WebSocket-Location",
                format!("{{ws}}://{{host}}{{base}}{}", path()),
            ),
            HeadRule::Field("Sec-WebSocket-Origin", "{http}://{host}".to_owned()),
            HeadRule::Absent("Content-Length"),
        ])
        .step(SockJsStep::Send(1, NONCE.to_vec()))
        .step(SockJsStep::RawBytes(1, NONCE_ANSWER.to_vec()))
        .done(),
    );
}

fn add_messages(cases: &mut Vec<Case>) {
    let echo = |name, title| case(name, title).echoes().websocket(&path()).receives("o");
    cases.push(
        echo("echo", "a message, and its echo")
            .twin("Websocket.test_transport")
            .message("[\"a\"]")
            .receives("a[\"a\"]")
            .done(),
    );
    for (name, title, empty) in [
        ("empty-message", "an empty message before another", ""),
        ("empty-array", "an array without messages before another", "[]"),
    ] {
        cases.push(
            echo(name, title)
                .twin("Websocket.test_empty_frame")
                .message(empty)
                .message("[\"a\"]")
                .receives("a[\"a\"]")
                .done(),
        );
    }
    cases.push(
        echo("two-messages", "two messages in one array")
            .message("[\"a\",\"b\"]")
            .frame(FrameRule::Messages(vec!["a".to_owned(), "b".to_owned()]))
            .done(),
    );
    cases.push(
        echo("code-points", "a message beyond the basic plane, with quotes and controls")
            .message("[\"\u{1f310} \\\"\\\\ \\u0000\\u2028\"]")
            .frame(FrameRule::Messages(vec!["\u{1f310} \"\\ \0\u{2028}".to_owned()]))
            .done(),
    );
    let long = "x".repeat(16 << 10);
    cases.push(
        echo("large-message", "a message of 16 KiB")
            .message(&format!("[\"{long}\"]"))
            .receives(&format!("a[\"{long}\"]"))
            .done(),
    );
    cases.push(
        echo("same-session-at-once", "two WebSockets with one session id at once")
            .twin("Websocket.test_reuseSessionId")
            .websocket(&path())
            .receives("o")
            .on(1)
            .message("[\"a\"]")
            .receives("a[\"a\"]")
            .on(2)
            .message("[\"b\"]")
            .receives("a[\"b\"]")
            .done(),
    );
    cases.push(
        echo("same-session-again", "a session id again after its WebSocket has ended")
            .twin("Websocket.test_reuseSessionId")
            .step(close_frame())
            .ended()
            .hang_up()
            .websocket(&path())
            .receives("o")
            .message("[\"a\"]")
            .receives("a[\"a\"]")
            .done(),
    );
    let ping = encode::single_frame(Opcode::Ping, b"?", Some(MASK));
    cases.push(
        case("ping", "a ping")
            .websocket(&path())
            .receives("o")
            .step(SockJsStep::Send(1, ping))
            .frame(FrameRule::Pong(b"?".to_vec()))
            .done(),
    );
}

fn close_frame() -> SockJsStep {
    SockJsStep::Send(1, encode::close_frame(1000, "", Some(MASK)))
}

fn add_ends(cases: &mut Vec<Case>) {
    cases.push(
        case("closed", "a session that its server closes")
            .twin("Websocket.test_close")
            .at(ServiceEndpoint::Close)
            .websocket(&path())
            .receives("o")
            .receives("c[3000,\"Go away!\"]")
            .ended()
            .done(),
    );
    cases.push(
        case("broken-json", "a message that is broken JSON")
            .twin("Websocket.test_broken_json")
            .violates()
            .websocket(&path())
            .receives("o")
            .message("[\"a")
            .ended()
            .done(),
    );
    cases.push(
        case("close-frame", "a Close of the client")
            .websocket(&path())
            .receives("o")
            .step(close_frame())
            .ended()
            .done(),
    );
}

fn add_raw(cases: &mut Vec<Case>) {
    let raw = |name, title| sockjs(Group::Raw, name, title, RAW_RULE).by(Transport::RawWebSocket);
    cases.push(
        raw("echo", "a text without SockJS frames, with U+FFFF")
            .twin("RawWebsocket.test_transport")
            .echoes()
            .websocket("/websocket")
            .message("Hello world!\u{ffff}")
            .receives("Hello world!\u{ffff}")
            .done(),
    );
    cases.push(
        raw("closed", "a connection that its server closes")
            .twin("RawWebsocket.test_close")
            .at(ServiceEndpoint::Close)
            .websocket("/websocket")
            .frame(FrameRule::Close("Go away!"))
            .done(),
    );
    cases.push(
        raw("no-open-frame", "a connection on which nobody has sent anything")
            .websocket("/websocket")
            .silent(300)
            .done(),
    );
    cases.push(
        raw("json-untouched", "a text that looks like an array of messages")
            .echoes()
            .websocket("/websocket")
            .message("[\"a\"]")
            .receives("[\"a\"]")
            .done(),
    );
    cases.push(
        raw("no-origin", "a program that isn't a browser, so without an Origin")
            .request(SockJsRequest::upgrade("/websocket"))
            .head(vec![HeadRule::Status(&[101]), HeadRule::Accepted])
            .done(),
    );
    cases.push(
        raw("plain-get", "a GET without an upgrade")
            .get("/websocket")
            .status(&[400, 404, 405, 426])
            .body(BodyRule::Any)
            .done(),
    );
}
