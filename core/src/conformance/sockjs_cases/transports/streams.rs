//! The transports whose response goes on: `xhr_streaming`, eventsource and htmlfile.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{
    BodyRule, HeadRule, SockJsRequest, SockJsStep, StreamRule, Transport,
};
use crate::conformance::sockjs_cases::builder::{
    SESSION, ScriptDraft, add_preflights, prelude, sockjs,
};

const XHR_RULE: &str = "SockJS 0.3.3, XhrStreaming";
const XHR_RULE_NOW: &str = "SockJS after 0.3.3, XhrStreaming";
const EVENT_RULE: &str = "SockJS 0.3.3, EventSource";
const EVENT_RULE_NOW: &str = "SockJS after 0.3.3, EventSource";
const HTML_RULE: &str = "SockJS 0.3.3, HtmlFile";
const HTML_RULE_NOW: &str = "SockJS after 0.3.3, HtmlFile";

/// The messages after which a response limit of 4,096 bytes is exceeded on `xhr_streaming`: each frame
/// has 133 bytes, and the open frame 2.
const MESSAGES_TO_LIMIT: usize = 31;

/// The callbacks that contain a character which none may have.
pub(super) const BAD_CALLBACKS: [(&str, &str); 4] =
    [("space", "%20"), ("asterisk", "*"), ("parenthesis", "abc("), ("encoded", "abc%28")];

pub(super) fn add(cases: &mut Vec<Case>) {
    let methods = (&["OPTIONS", "POST"][..], "OPTIONS, POST");
    let rule = (XHR_RULE_NOW, "XhrStreaming.test_options");
    add_preflights(cases, Group::Streaming, ("preflight", "/abc/abc/xhr_streaming"), methods, rule);
    add_streaming(cases);
    add_streaming_limit(cases);
    add_eventsource(cases);
    add_htmlfile(cases);
    add_callbacks(cases);
}

fn streaming(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Streaming, name, title, XHR_RULE)
        .by(Transport::XhrStreaming)
        .post(&format!("{SESSION}/xhr_streaming"))
        .status(&[200])
}

fn add_streaming(cases: &mut Vec<Case>) {
    let twin = "XhrStreaming.test_transport";
    let request =
        SockJsRequest::post(format!("{SESSION}/xhr_streaming"), "").with("Origin", "test");
    cases.push(
        sockjs(Group::Streaming, "headers", "a stream for another origin", XHR_RULE_NOW)
            .by(Transport::XhrStreaming)
            .twin(twin)
            .request(request)
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("application/javascript;charset=UTF-8"),
                HeadRule::Cors(Some("test")),
                HeadRule::NotCached,
            ])
            .done(),
    );
    cases.push(
        streaming("open", "the prelude and the open frame")
            .twin(twin)
            .streamed(prelude())
            .streamed("o\n")
            .done(),
    );
    cases.push(
        streaming("echo", "a message while a stream is open")
            .twin(twin)
            .echoes()
            .stream_opened("o\n")
            .xhr_send("[\"x\"]")
            .on(1)
            .streamed("a[\"x\"]\n")
            .done(),
    );
    cases.push(
        streaming("order", "three messages, one after the other")
            .echoes()
            .stream_opened("o\n")
            .xhr_send("[\"1\"]")
            .on(1)
            .streamed("a[\"1\"]\n")
            .xhr_send("[\"2\"]")
            .on(1)
            .streamed("a[\"2\"]\n")
            .xhr_send("[\"3\"]")
            .on(1)
            .streamed("a[\"3\"]\n")
            .done(),
    );
}

fn add_streaming_limit(cases: &mut Vec<Case>) {
    let message = "x".repeat(128);
    let filled = |mut draft: ScriptDraft| {
        for _ in 0..MESSAGES_TO_LIMIT {
            draft = draft
                .xhr_send(format!("[\"{message}\"]"))
                .on(1)
                .streamed(format!("a[\"{message}\"]\n"));
        }
        draft.stream_ended()
    };
    let opened = |name, title| streaming(name, title).echoes().stream_opened("o\n");
    cases.push(
        filled(opened("response-limit", "a stream of 4,096 bytes, the limit of the test server"))
            .twin("XhrStreaming.test_response_limit")
            .done(),
    );
    cases.push(
        filled(opened("after-limit", "a stream after one that reached its limit"))
            .post(&format!("{SESSION}/xhr_streaming"))
            .status(&[200])
            .streamed(prelude())
            .silent(100)
            .xhr_send("[\"later\"]")
            .on(MESSAGES_TO_LIMIT.saturating_add(2))
            .streamed("a[\"later\"]\n")
            .done(),
    );
}

fn add_eventsource(cases: &mut Vec<Case>) {
    let twin = "EventSource.test_transport";
    let begin = |name, title| {
        sockjs(Group::Eventsource, name, title, EVENT_RULE)
            .by(Transport::EventSource)
            .get(&format!("{SESSION}/eventsource"))
            .status(&[200])
    };
    cases.push(
        sockjs(Group::Eventsource, "headers", "an event stream", EVENT_RULE_NOW)
            .by(Transport::EventSource)
            .twin(twin)
            .get(&format!("{SESSION}/eventsource"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("text/event-stream"),
                HeadRule::NotCached,
            ])
            .done(),
    );
    cases.push(
        begin("open", "the prelude and the open frame")
            .twin(twin)
            .streamed("\r\n")
            .streamed("data: o\r\n\r\n")
            .done(),
    );
    let opened = |name, title| begin(name, title).echoes().stream_opened("data: o\r\n\r\n");
    for (name, title, body, event) in [
        ("echo", "a message while an event stream is open", "[\"x\"]", "data: a[\"x\"]\r\n\r\n"),
        (
            "controls",
            "a message with spaces, NUL and line ends",
            "[\"  \\u0000\\n\\r \"]",
            "data: a[\"  \\u0000\\n\\r \"]\r\n\r\n",
        ),
    ] {
        cases.push(opened(name, title).twin(twin).xhr_send(body).on(1).streamed(event).done());
    }
    let long = "x".repeat(4096);
    let filled = |draft: ScriptDraft| {
        draft
            .xhr_send(format!("[\"{long}\"]"))
            .on(1)
            .streamed(format!("data: a[\"{long}\"]\r\n\r\n"))
            .stream_ended()
    };
    cases.push(
        filled(opened("response-limit", "an event stream of 4,096 bytes"))
            .twin("EventSource.test_response_limit")
            .done(),
    );
    cases.push(
        filled(opened("after-limit", "an event stream after one that reached its limit"))
            .get(&format!("{SESSION}/eventsource"))
            .status(&[200])
            .streamed("\r\n")
            .silent(100)
            .xhr_send("[\"later\"]")
            .on(3)
            .streamed("data: a[\"later\"]\r\n\r\n")
            .done(),
    );
}

fn add_htmlfile(cases: &mut Vec<Case>) {
    let twin = "HtmlFile.test_transport";
    let path = |callback: &str| format!("{SESSION}/htmlfile?c={callback}");
    let begin = |name, title, callback| {
        sockjs(Group::Htmlfile, name, title, HTML_RULE)
            .by(Transport::HtmlFile)
            .get(&path(callback))
            .status(&[200])
    };
    cases.push(
        sockjs(Group::Htmlfile, "headers", "a page that goes on", HTML_RULE_NOW)
            .by(Transport::HtmlFile)
            .twin(twin)
            .get(&path("%63allback"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("text/html;charset=UTF-8"),
                HeadRule::NotCached,
            ])
            .done(),
    );
    for (name, title, encoded, callback) in [
        ("open", "the page and the open frame", "%63allback", "callback"),
        ("dotted-callback", "a callback as the client makes it, with a dot", "_jp.a1Z", "_jp.a1Z"),
        ("dashed-callback", "a callback with a dash", "a-1", "a-1"),
    ] {
        let draft = begin(name, title, encoded);
        let draft = if name == "open" { draft.twin(twin) } else { draft };
        cases.push(
            draft
                .step(SockJsStep::Stream(1, StreamRule::HtmlPage(callback)))
                .streamed("<script>\np(\"o\");\n</script>\r\n")
                .done(),
        );
    }
    let opened = |name, title| {
        begin(name, title, "callback").echoes().stream_opened("<script>\np(\"o\");\n</script>\r\n")
    };
    cases.push(
        opened("echo", "a message while a page is open")
            .twin(twin)
            .xhr_send("[\"x\"]")
            .on(1)
            .streamed("<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n")
            .done(),
    );
    let long = "x".repeat(4096);
    cases.push(
        opened("response-limit", "a page of 4,096 bytes")
            .twin("HtmlFile.test_response_limit")
            .xhr_send(format!("[\"{long}\"]"))
            .on(1)
            .streamed(format!("<script>\np(\"a[\\\"{long}\\\"]\");\n</script>\r\n"))
            .stream_ended()
            .done(),
    );
}

fn add_callbacks(cases: &mut Vec<Case>) {
    cases.push(
        sockjs(Group::Htmlfile, "no-callback", "a page without a callback", HTML_RULE)
            .by(Transport::HtmlFile)
            .twin("HtmlFile.test_no_callback")
            .violates()
            .get("/a/a/htmlfile")
            .status(&[500])
            .body(BodyRule::Contains("\"callback\" parameter required"))
            .done(),
    );
    for (name, callback) in BAD_CALLBACKS {
        let title = format!("a callback with a character that none may have: {callback}");
        cases.push(
            sockjs(Group::Htmlfile, &format!("callback-{name}"), &title, HTML_RULE_NOW)
                .by(Transport::HtmlFile)
                .twin("HtmlFile.test_invalid_callback")
                .violates()
                .get(&format!("/a/a/htmlfile?c={callback}"))
                .status(&[500])
                .body(BodyRule::Contains("invalid \"callback\" parameter"))
                .done(),
        );
    }
}
