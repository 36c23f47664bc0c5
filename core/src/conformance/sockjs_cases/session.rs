//! The paths of sessions, and their life: opened, used, closed, timed out.

use std::time::Duration;

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{
    BodyRule, ServiceEndpoint, SockJsRequest, SockJsStep, StreamRule, Transport,
};
use crate::conformance::sockjs_cases::builder::{SESSION, prelude, sockjs};

const PATH_RULE: &str = "SockJS 0.3.3, SessionURLs";
const RULE: &str = "SockJS 0.3.3, Protocol";

/// How a second receiver is refused.
pub(super) const STILL_OPEN: &str = "c[2010,\"Another connection still open\"]\n";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_paths(cases);
    add_ids(cases);
    add_life(cases);
    add_messages(cases);
    add_times(cases);
}

fn add_paths(cases: &mut Vec<Case>) {
    for (name, title, path) in [
        ("letters", "a server id that is a letter", "/a/a{session}"),
        ("underscores", "a server id that is an underscore", "/_/_{session}"),
        ("digit", "a server id of one digit", "/1/{session}"),
        ("encoded-space", "ids with an encoded space", "/abcdefgh_i-j%20/abcdefg_i-j%20{session}"),
    ] {
        cases.push(
            sockjs(Group::Urls, name, title, PATH_RULE)
                .twin("SessionURLs.test_anyValue")
                .by(Transport::XhrPolling)
                .post(&format!("{path}/xhr"))
                .status(&[200])
                .body_is("o\n")
                .done(),
        );
    }
    for (name, title, path) in [
        ("empty-ids", "two empty ids", "//"),
        ("dot-in-server", "a dot in the server id", "/a./a"),
        ("dot-in-session", "a dot in the session id", "/a/a."),
        ("dots", "dots alone as ids", "/./."),
        ("no-session", "a slash instead of the ids", "/"),
        ("empty-parts", "more slashes than ids", "///"),
    ] {
        let path = format!("{path}/xhr");
        cases.push(
            sockjs(Group::Urls, name, title, PATH_RULE)
                .twin("SessionURLs.test_invalidPaths")
                .get(&path)
                .status(&[404])
                .body(BodyRule::Any)
                .post(&path)
                .status(&[404])
                .body(BodyRule::Any)
                .done(),
        );
    }
}

fn add_ids(cases: &mut Vec<Case>) {
    let case = |name, title| sockjs(Group::Urls, name, title, PATH_RULE).by(Transport::XhrPolling);
    cases.push(
        case("server-id-ignored", "a session that is read with another server id")
            .twin("SessionURLs.test_ignoringServerId")
            .echoes()
            .opened()
            .xhr_send("[\"a\"]")
            .post("/999/{session}/xhr")
            .status(&[200])
            .body_is("a[\"a\"]\n")
            .done(),
    );
    cases.push(
        case("session-id-counts", "another session with the same server id")
            .opened()
            .post("/000/{session}2/xhr")
            .status(&[200])
            .body_is("o\n")
            .done(),
    );
    cases.push(
        case("long-session-id", "a session id of 100 characters more")
            .post(&format!("/000/{{session}}{}/xhr", "x".repeat(100)))
            .status(&[200])
            .body_is("o\n")
            .done(),
    );
    cases.push(
        case("unknown-transport", "a session with a transport that does not exist")
            .post("/000/{session}/telepathy")
            .status(&[404])
            .body(BodyRule::Any)
            .get("/000/{session}/telepathy")
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
    cases.push(
        case("extra-part", "a path with a part too many")
            .post("/000/{session}/more/xhr")
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
}

fn add_life(cases: &mut Vec<Case>) {
    let case = |name, title| sockjs(Group::Session, name, title, RULE).by(Transport::XhrPolling);
    cases.push(
        case("echo", "a message to a session, and its echo")
            .twin("Protocol.test_simpleSession")
            .echoes()
            .opened()
            .xhr_send("[\"a\"]")
            .polled("a[\"a\"]\n")
            .done(),
    );
    cases.push(
        case("unknown", "a message to a session that does not exist")
            .twin("Protocol.test_simpleSession")
            .request(SockJsRequest::post("/000/bad_session/xhr_send", "[\"a\"]"))
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
    cases.push(
        case("second-receiver", "a second poll while the first waits")
            .twin("Protocol.test_simpleSession")
            .opened()
            .post(&format!("{SESSION}/xhr"))
            .pause(250)
            .post(&format!("{SESSION}/xhr"))
            .status(&[200])
            .body_is(STILL_OPEN)
            .done(),
    );
    cases.push(
        case("closed", "a session that its server closes, polled twice more")
            .twin("Protocol.test_closeSession")
            .at(ServiceEndpoint::Close)
            .opened()
            .polled("c[3000,\"Go away!\"]\n")
            .polled("c[3000,\"Go away!\"]\n")
            .done(),
    );
    cases.push(
        sockjs(
            Group::Session,
            "closed-to-another",
            "a session that its server closed, by another transport",
            RULE,
        )
        .by(Transport::XhrStreaming)
        .at(ServiceEndpoint::Close)
        .opened()
        .polled("c[3000,\"Go away!\"]\n")
        .post(&format!("{SESSION}/xhr_streaming"))
        .status(&[200])
        .streamed(prelude())
        .streamed("c[3000,\"Go away!\"]\n")
        .stream_ended()
        .done(),
    );
}

fn add_messages(cases: &mut Vec<Case>) {
    let case =
        |name, title| sockjs(Group::Session, name, title, RULE).by(Transport::XhrPolling).echoes();
    cases.push(
        case("waiting-poll", "a message while a poll waits")
            .opened()
            .post(&format!("{SESSION}/xhr"))
            .silent(100)
            .xhr_send("[\"a\"]")
            .on(2)
            .status(&[200])
            .body_is("a[\"a\"]\n")
            .done(),
    );
    cases.push(
        case("two-messages", "two messages in one request")
            .opened()
            .xhr_send("[\"a\",\"b\"]")
            .polls(&["a", "b"])
            .done(),
    );
    cases.push(
        case("order", "three messages in three requests")
            .opened()
            .xhr_send("[\"1\"]")
            .xhr_send("[\"2\"]")
            .xhr_send("[\"3\"]")
            .polls(&["1", "2", "3"])
            .done(),
    );
    cases.push(
        sockjs(Group::Session, "two-transports", "a message that another transport receives", RULE)
            .by(Transport::XhrStreaming)
            .echoes()
            .opened()
            .xhr_send("[\"a\"]")
            .post(&format!("{SESSION}/xhr_streaming"))
            .status(&[200])
            .streamed(prelude())
            .streamed("a[\"a\"]\n")
            .done(),
    );
    let long = "x".repeat(16 << 10);
    cases.push(
        case("large-message", "a message of 16 KiB")
            .opened()
            .xhr_send(format!("[\"{long}\"]"))
            .polled(&format!("a[\"{long}\"]\n"))
            .done(),
    );
}

fn add_times(cases: &mut Vec<Case>) {
    let send = || SockJsRequest::post(format!("{SESSION}/xhr_send"), "[\"a\"]");
    cases.push(
        sockjs(Group::Session, "kept", "a session without a receiver for 3 s", RULE)
            .by(Transport::XhrPolling)
            .opened()
            .pause(3_000)
            .request(send())
            .status(&[204])
            .body(BodyRule::Empty)
            .done(),
    );
    cases.push(
        sockjs(Group::Session, "timeout", "a session without a receiver for 8 s", RULE)
            .by(Transport::XhrPolling)
            .opened()
            .pause(8_000)
            .request(send())
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
    cases.push(
        sockjs(Group::Session, "heartbeat", "a stream without messages for 27 s", RULE)
            .by(Transport::XhrStreaming)
            .post(&format!("{SESSION}/xhr_streaming"))
            .status(&[200])
            .stream_opened("o\n")
            .step(SockJsStep::SlowStream(
                1,
                StreamRule::Bytes(b"h\n".to_vec()),
                Duration::from_secs(27),
            ))
            .done(),
    );
}
