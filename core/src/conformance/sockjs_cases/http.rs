//! How responses end over HTTP/1.0 and HTTP/1.1.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{HeadRule, ServiceEndpoint, SockJsRequest, SockJsStep, Transport};
use crate::conformance::sockjs_cases::builder::{SESSION, prelude, sockjs};

const OLD_RULE: &str = "SockJS 0.3.3, Http10";
const RULE: &str = "SockJS 0.3.3, Http11";
const GREETING: &str = "Welcome to SockJS!\n";

pub(super) fn add(cases: &mut Vec<Case>) {
    let kept = |version| SockJsRequest::get("").version(version).with("Connection", "Keep-Alive");
    cases.push(
        sockjs(Group::Http, "old-greeting", "the greeting by HTTP/1.0", OLD_RULE)
            .twin("Http10.test_synchronous")
            .request(kept("HTTP/1.0"))
            .head(vec![HeadRule::Status(&[200]), HeadRule::LengthOrEnd(GREETING.len())])
            .body_is(GREETING)
            .step(SockJsStep::KeptOrEnded(1, kept("HTTP/1.0")))
            .done(),
    );
    let stream = |version| {
        SockJsRequest::post(format!("{SESSION}/xhr_streaming"), "")
            .version(version)
            .with("Connection", "Keep-Alive")
    };
    let closed = |name, title, rule| {
        sockjs(Group::Http, name, title, rule)
            .by(Transport::XhrStreaming)
            .at(ServiceEndpoint::Close)
    };
    cases.push(
        closed("old-stream", "a stream by HTTP/1.0", OLD_RULE)
            .twin("Http10.test_streaming")
            .request(stream("HTTP/1.0"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::Absent("Transfer-Encoding"),
                HeadRule::Absent("Content-Length"),
            ])
            .streamed(prelude())
            .streamed("o\nc[3000,\"Go away!\"]\n")
            .stream_ended()
            .ended()
            .done(),
    );
    cases.push(
        sockjs(Group::Http, "greeting", "the greeting twice on one connection", RULE)
            .twin("Http11.test_synchronous")
            .request(kept("HTTP/1.1"))
            .head(vec![HeadRule::Kept, HeadRule::LengthOrChunks(GREETING.len())])
            .body_is(GREETING)
            .request_again(kept("HTTP/1.1"))
            .status(&[200])
            .done(),
    );
    cases.push(
        closed("stream", "a stream by HTTP/1.1", RULE)
            .twin("Http11.test_streaming")
            .request(stream("HTTP/1.1"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::Chunked,
                HeadRule::Absent("Content-Length"),
            ])
            .streamed(prelude())
            .streamed("o\nc[3000,\"Go away!\"]\n")
            .stream_ended()
            .done(),
    );
    let poll = || SockJsRequest::post(format!("{SESSION}/xhr"), "");
    let send = || SockJsRequest::post(format!("{SESSION}/xhr_send"), "[\"a\"]");
    cases.push(
        sockjs(Group::Http, "session-on-one-connection", "a session on one connection", RULE)
            .by(Transport::XhrPolling)
            .echoes()
            .request(poll())
            .status(&[200])
            .body_is("o\n")
            .request_again(send())
            .status(&[204])
            .body_is("")
            .request_again(poll())
            .status(&[200])
            .body_is("a[\"a\"]\n")
            .done(),
    );
}
