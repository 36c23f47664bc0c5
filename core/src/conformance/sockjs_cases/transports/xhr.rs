//! Polling by `XMLHttpRequest`.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, HeadRule, SockJsRequest, Transport};
use crate::conformance::sockjs_cases::builder::{
    SESSION, ScriptDraft, add_preflights, preflight, sockjs,
};

const RULE: &str = "SockJS 0.3.3, XhrPolling";
const RULE_NOW: &str = "SockJS after 0.3.3, XhrPolling";

/// Media types with which a body may come, all of the same content.
const CONTENT_TYPES: [&str; 8] = [
    "text/plain",
    "T",
    "application/json",
    "application/xml",
    "",
    "application/json; charset=utf-8",
    "text/xml; charset=utf-8",
    "text/xml",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    let methods = (&["OPTIONS", "POST"][..], "OPTIONS, POST");
    let rule = (RULE_NOW, "XhrPolling.test_options");
    add_preflights(cases, Group::Xhr, ("preflight", "/abc/abc/xhr"), methods, rule);
    add_preflights(cases, Group::Xhr, ("preflight-send", "/abc/abc/xhr_send"), methods, rule);
    add_request_headers(cases);
    add_transport(cases);
    add_bodies(cases);
    add_broken(cases);
}

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Xhr, name, title, RULE).by(Transport::XhrPolling)
}

fn add_request_headers(cases: &mut Vec<Case>) {
    const NAME: &str = "Access-Control-Allow-Headers";
    for (name, title, asked, rule) in [
        (
            "request-headers",
            "a preflight that asks for three header fields",
            Some("a, b, c"),
            HeadRule::Field(NAME, "a, b, c".to_owned()),
        ),
        (
            "request-headers-empty",
            "a preflight that asks for no header fields",
            Some(""),
            HeadRule::Absent(NAME),
        ),
        (
            "request-headers-absent",
            "a preflight that does not speak of header fields",
            None,
            HeadRule::Absent(NAME),
        ),
    ] {
        let mut request = preflight(&format!("{SESSION}/xhr"), "test", "POST");
        if let Some(asked) = asked {
            request = request.with("Access-Control-Request-Headers", asked);
        }
        cases.push(
            sockjs(Group::Xhr, name, title, RULE)
                .twin("XhrPolling.test_request_headers_cors")
                .request(request)
                .head(vec![HeadRule::Status(&[204, 200]), HeadRule::Cors(Some("test")), rule])
                .body(BodyRule::Any)
                .done(),
        );
    }
}

fn add_transport(cases: &mut Vec<Case>) {
    let twin = "XhrPolling.test_transport";
    cases.push(
        sockjs(Group::Xhr, "open", "the first poll of a session, from another origin", RULE_NOW)
            .by(Transport::XhrPolling)
            .twin(twin)
            .request(SockJsRequest::post(format!("{SESSION}/xhr"), "").with("Origin", "test"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("application/javascript;charset=UTF-8"),
                HeadRule::Cors(Some("test")),
                HeadRule::NotCached,
            ])
            .body_is("o\n")
            .done(),
    );
    let send = SockJsRequest::post(format!("{SESSION}/xhr_send"), "[\"x\"]").with("Origin", "test");
    cases.push(
        sockjs(Group::Xhr, "send", "a message from another origin", RULE_NOW)
            .by(Transport::XhrPolling)
            .twin(twin)
            .opened()
            .request(send)
            .head(vec![
                HeadRule::Status(&[204]),
                HeadRule::ContentType("text/plain;charset=UTF-8"),
                HeadRule::Cors(Some("test")),
                HeadRule::NotCached,
            ])
            .body(BodyRule::Empty)
            .done(),
    );
    cases.push(
        case("receive", "a poll for the echo of a message")
            .twin(twin)
            .echoes()
            .opened()
            .xhr_send("[\"x\"]")
            .polled("a[\"x\"]\n")
            .done(),
    );
    cases.push(
        case("no-origin", "the first poll of a client without an Origin")
            .post(&format!("{SESSION}/xhr"))
            .head(vec![HeadRule::Status(&[200]), HeadRule::Cors(None)])
            .body_is("o\n")
            .done(),
    );
}

fn add_bodies(cases: &mut Vec<Case>) {
    let mut draft = case("content-types", "messages with eight media types")
        .twin("XhrPolling.test_content_types")
        .echoes()
        .opened();
    for value in CONTENT_TYPES {
        let send = SockJsRequest::post(format!("{SESSION}/xhr_send"), "[\"a\"]");
        draft =
            draft.request(send.with("Content-Type", value)).status(&[204]).body(BodyRule::Empty);
    }
    cases.push(draft.polls(&["a"; CONTENT_TYPES.len()]).done());
    cases.push(
        case("empty-array", "an array without messages before another")
            .twin("XhrPolling.test_sending_empty_frame")
            .echoes()
            .opened()
            .xhr_send("[]")
            .xhr_send("[\"a\"]")
            .polled("a[\"a\"]\n")
            .done(),
    );
    let chunks = SockJsRequest::post(format!("{SESSION}/xhr_send"), "[\"a\"]").in_chunks();
    cases.push(
        case("chunked-body", "a message whose body comes in chunks")
            .echoes()
            .opened()
            .request(chunks)
            .status(&[204])
            .body(BodyRule::Empty)
            .polled("a[\"a\"]\n")
            .done(),
    );
    cases.push(
        case("query", "a poll with a query, as old clients send")
            .post(&format!("{SESSION}/xhr?t=1234"))
            .status(&[200])
            .body_is("o\n")
            .done(),
    );
}

fn add_broken(cases: &mut Vec<Case>) {
    let twin = "XhrPolling.test_invalid_json";
    let send = |body: &str| SockJsRequest::post(format!("{SESSION}/xhr_send"), body);
    cases.push(
        case("unknown-session", "a message to a session that does not exist")
            .twin("XhrPolling.test_invalid_session")
            .request(send("[\"x\"]"))
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
    for (name, title, body, answer) in [
        ("broken-json", "a body that is broken JSON", "[\"x", "Broken JSON encoding."),
        ("empty-body", "an empty body", "", "Payload expected."),
    ] {
        cases.push(
            case(name, title)
                .twin(twin)
                .violates()
                .opened()
                .request(send(body))
                .status(&[500])
                .body(BodyRule::Contains(answer))
                .done(),
        );
    }
    let broken = case("after-broken-json", "a message after broken JSON and an empty body")
        .twin(twin)
        .violates()
        .echoes()
        .opened();
    let broken = broken.request(send("[\"x")).body(BodyRule::Any);
    cases.push(
        broken
            .request(send(""))
            .body(BodyRule::Any)
            .xhr_send("[\"a\"]")
            .polled("a[\"a\"]\n")
            .done(),
    );
}
