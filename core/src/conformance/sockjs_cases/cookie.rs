//! The cookie by which load balancers recognize a session.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{
    BodyRule, HeadRule, InfoRule, ServiceEndpoint, SockJsRequest, Transport,
};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, sockjs};
use crate::conformance::sockjs_cases::transports::jsonp;

const RULE: &str = "SockJS 0.3.3, JsessionidCookie";

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Cookie, name, title, RULE).at(ServiceEndpoint::CookieNeededEcho)
}

fn sets(value: &'static str) -> Vec<HeadRule> {
    vec![HeadRule::Status(&[200]), HeadRule::Cookie(value)]
}

pub(super) fn add(cases: &mut Vec<Case>) {
    cases.push(
        case("info", "the information document")
            .twin("JsessionidCookie.test_basic")
            .get("/info")
            .head(vec![HeadRule::Status(&[200]), HeadRule::Absent("Set-Cookie")])
            .body(BodyRule::Info(vec![InfoRule::CookieNeeded(Some(true))]))
            .done(),
    );
    add_polls(cases);
    add_streams(cases);
    cases.push(
        sockjs(Group::Cookie, "not-needed", "the first poll where no cookie is needed", RULE)
            .by(Transport::XhrPolling)
            .post(&format!("{SESSION}/xhr"))
            .head(vec![HeadRule::Status(&[200]), HeadRule::Absent("Set-Cookie")])
            .body_is("o\n")
            .done(),
    );
}

fn add_polls(cases: &mut Vec<Case>) {
    let poll = || SockJsRequest::post(format!("{SESSION}/xhr"), "");
    let xhr = "JsessionidCookie.test_xhr";
    cases.push(
        case("xhr", "the first poll of a client without the cookie")
            .by(Transport::XhrPolling)
            .twin(xhr)
            .request(poll())
            .head(sets("dummy"))
            .body_is("o\n")
            .done(),
    );
    cases.push(
        case("xhr-own", "the first poll of a client with the cookie")
            .by(Transport::XhrPolling)
            .twin(xhr)
            .request(poll().with("Cookie", "JSESSIONID=abcdef"))
            .head(sets("abcdef"))
            .body_is("o\n")
            .done(),
    );
    cases.push(
        case("xhr-among-others", "a client with the cookie among others")
            .by(Transport::XhrPolling)
            .request(poll().with("Cookie", "a=b; JSESSIONID=abcdef; c=d"))
            .head(sets("abcdef"))
            .body_is("o\n")
            .done(),
    );
    let jsonp = "JsessionidCookie.test_jsonp";
    let script = SockJsRequest::get(format!("{SESSION}/jsonp?c=%63allback"));
    let opened = |name, title| {
        case(name, title).by(Transport::JsonpPolling).twin(jsonp).request(script.clone())
    };
    cases.push(
        opened("jsonp", "the first script")
            .head(sets("dummy"))
            .body_is("/**/callback(\"o\");\r\n")
            .done(),
    );
    cases.push(
        opened("jsonp-send", "a message in a form")
            .status(&[200])
            .body(BodyRule::Any)
            .request(jsonp::send("d=%5B%22x%22%5D", jsonp::FORM))
            .head(sets("dummy"))
            .body_is("ok")
            .done(),
    );
}

fn add_streams(cases: &mut Vec<Case>) {
    let post = SockJsRequest::post(format!("{SESSION}/xhr_streaming"), "");
    let events = SockJsRequest::get(format!("{SESSION}/eventsource"));
    let page = SockJsRequest::get(format!("{SESSION}/htmlfile?c=%63allback"));
    for (name, title, transport, request, twin) in [
        (
            "streaming",
            "a stream",
            Transport::XhrStreaming,
            post,
            "JsessionidCookie.test_xhr_streaming",
        ),
        (
            "eventsource",
            "an event stream",
            Transport::EventSource,
            events,
            "JsessionidCookie.test_eventsource",
        ),
        (
            "htmlfile",
            "a page that goes on",
            Transport::HtmlFile,
            page,
            "JsessionidCookie.test_htmlfile",
        ),
    ] {
        cases.push(
            case(name, title)
                .by(transport)
                .twin(twin)
                .request(request.clone())
                .head(sets("dummy"))
                .done(),
        );
        let own = request.with("Cookie", "JSESSIONID=abcdef");
        cases.push(
            case(&format!("{name}-own"), &format!("{title} for a client with the cookie"))
                .by(transport)
                .request(own)
                .head(sets("abcdef"))
                .done(),
        );
    }
}
