//! Polling by scripts, and the form that sends messages.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{
    BodyRule, HeadRule, ServiceEndpoint, SockJsRequest, SockJsStep, Transport,
};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, sockjs};
use crate::conformance::sockjs_cases::transports::streams::BAD_CALLBACKS;

const RULE: &str = "SockJS 0.3.3, JsonPolling";
const RULE_NOW: &str = "SockJS after 0.3.3, JsonPolling";

/// The media type of a form.
pub(in crate::conformance::sockjs_cases) const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_transport(cases);
    add_callbacks(cases);
    add_broken(cases);
    add_messages(cases);
}

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Jsonp, name, title, RULE).by(Transport::JsonpPolling)
}

/// Returns a `jsonp_send` of the session.
pub(in crate::conformance::sockjs_cases) fn send(body: &str, media_type: &str) -> SockJsRequest {
    SockJsRequest::post(format!("{SESSION}/jsonp_send"), body).with("Content-Type", media_type)
}

impl ScriptDraft {
    /// Polls the session by a script and expects this call of `x`.
    fn called(self, frame: &str) -> Self {
        self.get(&format!("{SESSION}/jsonp?c=x"))
            .status(&[200])
            .body_is(&format!("/**/x(\"{frame}\");\r\n"))
    }

    /// Sends the body of a `jsonp_send`, which is accepted.
    fn jsonp_send(self, body: &str, media_type: &str) -> Self {
        self.request(send(body, media_type)).status(&[200]).body_is("ok")
    }
}

fn add_transport(cases: &mut Vec<Case>) {
    let twin = "JsonPolling.test_transport";
    let now = |name, title| {
        sockjs(Group::Jsonp, name, title, RULE_NOW).by(Transport::JsonpPolling).twin(twin)
    };
    cases.push(
        now("open", "the first script of a session")
            .get(&format!("{SESSION}/jsonp?c=%63allback"))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("application/javascript;charset=UTF-8"),
                HeadRule::NotCached,
            ])
            .body_is("/**/callback(\"o\");\r\n")
            .done(),
    );
    cases.push(
        now("send", "a message in a form")
            .called("o")
            .request(send("d=%5B%22x%22%5D", FORM))
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("text/plain;charset=UTF-8"),
                HeadRule::NotCached,
            ])
            .body_is("ok")
            .done(),
    );
    cases.push(
        case("receive", "a script for the echo of a message")
            .twin(twin)
            .echoes()
            .called("o")
            .jsonp_send("d=%5B%22x%22%5D", FORM)
            .called("a[\\\"x\\\"]")
            .done(),
    );
    cases.push(
        case("closed", "a session that its server closes, asked twice more")
            .twin("JsonPolling.test_close")
            .at(ServiceEndpoint::Close)
            .called("o")
            .called("c[3000,\\\"Go away!\\\"]")
            .called("c[3000,\\\"Go away!\\\"]")
            .done(),
    );
}

fn add_callbacks(cases: &mut Vec<Case>) {
    cases.push(
        case("no-callback", "a script without a callback")
            .twin("JsonPolling.test_no_callback")
            .violates()
            .get("/a/a/jsonp")
            .status(&[500])
            .body(BodyRule::Contains("\"callback\" parameter required"))
            .done(),
    );
    for (name, callback) in BAD_CALLBACKS {
        let title = format!("a callback with a character that none may have: {callback}");
        cases.push(
            case(&format!("callback-{name}"), &title)
                .twin("JsonPolling.test_invalid_callback")
                .violates()
                .get(&format!("/a/a/jsonp?c={callback}"))
                .status(&[500])
                .body(BodyRule::Contains("invalid \"callback\" parameter"))
                .done(),
        );
    }
    for (name, title, callback) in [
        ("dotted-callback", "a callback as the client makes it, with a dot", "_jp.a1Z"),
        ("dashed-callback", "a callback with a dash", "a-1"),
    ] {
        cases.push(
            case(name, title)
                .get(&format!("{SESSION}/jsonp?c={callback}"))
                .status(&[200])
                .body_is(&format!("/**/{callback}(\"o\");\r\n"))
                .done(),
        );
    }
}

fn add_broken(cases: &mut Vec<Case>) {
    let twin = "JsonPolling.test_invalid_json";
    for (name, title, body, answer) in [
        ("broken-json", "a form with broken JSON", "d=%5B%22x", "Broken JSON encoding."),
        ("empty-body", "an empty form", "", "Payload expected."),
        ("empty-field", "a form whose d is empty", "d=", "Payload expected."),
        ("other-field", "a form without d", "p=p", "Payload expected."),
    ] {
        cases.push(
            case(name, title)
                .twin(twin)
                .violates()
                .called("o")
                .request(send(body, FORM))
                .status(&[500])
                .body(BodyRule::Contains(answer))
                .done(),
        );
    }
    cases.push(
        case("after-broken-json", "a message after broken JSON")
            .twin(twin)
            .violates()
            .echoes()
            .called("o")
            .request(send("d=%5B%22x", FORM))
            .body(BodyRule::Any)
            .jsonp_send("d=%5B%22b%22%5D", FORM)
            .called("a[\\\"b\\\"]")
            .done(),
    );
    cases.push(
        case("unknown-session", "a form for a session that does not exist")
            .request(send("d=%5B%22x%22%5D", FORM))
            .status(&[404])
            .body(BodyRule::Any)
            .done(),
    );
}

fn add_messages(cases: &mut Vec<Case>) {
    cases.push(
        case("content-types", "a message in a form, and one as plain text that looks encoded")
            .twin("JsonPolling.test_content_types")
            .echoes()
            .called("o")
            .jsonp_send("d=%5B%22abc%22%5D", FORM)
            .jsonp_send("[\"%61bc\"]", "text/plain")
            .step(SockJsStep::Poll(
                SockJsRequest::get(format!("{SESSION}/jsonp?c=x")),
                vec!["abc".to_owned(), "%61bc".to_owned()],
            ))
            .done(),
    );
    cases.push(
        case("empty-array", "an array without messages before another")
            .twin("JsonPolling.test_sending_empty_frame")
            .echoes()
            .called("o")
            .jsonp_send("d=%5B%5D", FORM)
            .jsonp_send("d=%5B%22x%22%5D", FORM)
            .called("a[\\\"x\\\"]")
            .done(),
    );
    cases.push(
        case("plus-is-space", "a form with a plus and an encoded plus")
            .echoes()
            .called("o")
            .jsonp_send("d=%5B%22a+b%2Bc%22%5D", FORM)
            .get(&format!("{SESSION}/jsonp?c=x"))
            .status(&[200])
            .body(BodyRule::ScriptText("x", "a b+c".to_owned()))
            .done(),
    );
    cases.push(
        case("quotes", "a message with quotes, a backslash and U+2028")
            .echoes()
            .called("o")
            .jsonp_send("d=%5B%22%5C%22%5C%5C%5Cu2028%22%5D", FORM)
            .get(&format!("{SESSION}/jsonp?c=x"))
            .status(&[200])
            .body(BodyRule::ScriptText("x", "\"\\\u{2028}".to_owned()))
            .done(),
    );
}
