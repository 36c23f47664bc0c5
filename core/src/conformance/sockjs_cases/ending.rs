//! What becomes of requests when a session ends, or breaks off.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{ServiceEndpoint, SockJsRequest, SockJsStep, Transport};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, prelude, sockjs};
use crate::conformance::sockjs_cases::session::STILL_OPEN;

const RULE: &str = "SockJS 0.3.3, HandlingClose";
const GO_AWAY: &str = "c[3000,\"Go away!\"]\n";

/// The answers to the first request after one that broke off: a new session, or the end of the old.
const AFTER_ABORT: &[&str] = &["o", "c[1002,\"Connection interrupted\"]"];

/// The beginning of the answer of a server that has not noticed yet.
const UNNOTICED: &str = "c[2010,";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_close(cases);
    add_second_receivers(cases);
    add_aborts(cases);
}

impl ScriptDraft {
    /// Opens a stream of the session.
    fn streaming(self) -> Self {
        self.post(&format!("{SESSION}/xhr_streaming")).status(&[200])
    }
}

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Ending, name, title, RULE).by(Transport::XhrStreaming)
}

fn add_close(cases: &mut Vec<Case>) {
    let twin = "HandlingClose.test_close_frame";
    let closed = |name, title| {
        case(name, title)
            .twin(twin)
            .at(ServiceEndpoint::Close)
            .streaming()
            .stream_opened("o\n")
            .streamed(GO_AWAY)
    };
    cases.push(
        closed("close-ends-stream", "a session that its server closes").stream_ended().done(),
    );
    cases.push(
        closed("close-again", "a stream after the session was closed")
            .streaming()
            .stream_opened(GO_AWAY)
            .stream_ended()
            .done(),
    );
}

fn add_second_receivers(cases: &mut Vec<Case>) {
    let refused = |name, title| {
        case(name, title)
            .streaming()
            .stream_opened("o\n")
            .streaming()
            .stream_opened(STILL_OPEN)
            .stream_ended()
    };
    cases.push(
        refused("second-receiver", "a second stream while the first is open")
            .twin("HandlingClose.test_close_request")
            .done(),
    );
    cases.push(
        case("second-poll", "a poll while a stream is open")
            .streaming()
            .stream_opened("o\n")
            .post(&format!("{SESSION}/xhr"))
            .status(&[200])
            .body_is(STILL_OPEN)
            .done(),
    );
    cases.push(
        sockjs(Group::Ending, "second-eventsource", "an event stream while a stream is open", RULE)
            .by(Transport::EventSource)
            .streaming()
            .stream_opened("o\n")
            .get(&format!("{SESSION}/eventsource"))
            .status(&[200])
            .streamed("\r\n")
            .streamed("data: c[2010,\"Another connection still open\"]\r\n\r\n")
            .stream_ended()
            .done(),
    );
    cases.push(
        refused("first-receiver-goes-on", "a message after a second stream was refused")
            .echoes()
            .xhr_send("[\"a\"]")
            .on(1)
            .streamed("a[\"a\"]\n")
            .done(),
    );
}

fn add_aborts(cases: &mut Vec<Case>) {
    let retry = |transport: &str| SockJsStep::Retry {
        request: SockJsRequest::post(format!("{SESSION}/{transport}"), ""),
        passing: UNNOTICED,
        accepted: AFTER_ABORT,
    };
    cases.push(
        case("abort-streaming", "a stream after the first has broken off")
            .twin("HandlingClose.test_abort_xhr_streaming")
            .streaming()
            .stream_opened("o\n")
            .streaming()
            .stream_opened(STILL_OPEN)
            .stream_ended()
            .on(1)
            .hang_up()
            .step(retry("xhr_streaming"))
            .done(),
    );
    cases.push(
        sockjs(Group::Ending, "abort-polling", "a poll after the first has broken off", RULE)
            .by(Transport::XhrPolling)
            .twin("HandlingClose.test_abort_xhr_polling")
            .opened()
            .post(&format!("{SESSION}/xhr"))
            .pause(250)
            .polled(STILL_OPEN)
            .on(2)
            .hang_up()
            .step(retry("xhr"))
            .done(),
    );
    cases.push(
        case("stream-after-poll", "a stream of a session that was opened by polling")
            .opened()
            .streaming()
            .streamed(prelude())
            .silent(100)
            .done(),
    );
}
