//! The greeting, the information document and what is not there.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, HeadRule, InfoRule, ServiceEndpoint, SockjsRequest};
use crate::conformance::sockjs_cases::builder::{ScriptDraft, add_preflights, preflight, sockjs};

const GREETING_RULE: &str = "SockJS 0.3.3, BaseUrlGreeting";
const INFO_RULE: &str = "SockJS 0.3.3, InfoTest";
const INFO_RULE_NOW: &str = "SockJS after 0.3.3, InfoTest";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_greeting(cases);
    add_info(cases);
    add_info_for_others(cases);
}

fn add_greeting(cases: &mut Vec<Case>) {
    for (name, path, title) in [
        ("without-slash", "", "the path of the endpoint"),
        ("with-slash", "/", "the path of the endpoint with a slash at its end"),
    ] {
        cases.push(
            sockjs(Group::Greeting, name, title, GREETING_RULE)
                .twin("BaseUrlGreeting.test_greeting")
                .get(path)
                .head(vec![
                    HeadRule::Status(&[200]),
                    HeadRule::ContentType("text/plain;charset=UTF-8"),
                    HeadRule::Absent("Set-Cookie"),
                ])
                .body_is("Welcome to SockJS!\n")
                .done(),
        );
    }
    for (name, title, paths) in [
        ("unknown-path", "paths of one part that are nothing", &["/a", "/a.html", "/a/"][..]),
        ("unknown-pair", "paths of two parts", &["/a/a", "/a/a/"]),
        ("slashes", "a path of slashes alone", &["//", "///"]),
    ] {
        let draft = sockjs(Group::Greeting, name, title, GREETING_RULE)
            .twin("BaseUrlGreeting.test_notFound");
        cases.push(not_found(draft, paths).done());
    }
    cases.push(
        sockjs(Group::Greeting, "query", "a query behind the path of the endpoint", GREETING_RULE)
            .get("/?a=b")
            .status(&[200])
            .body_is("Welcome to SockJS!\n")
            .done(),
    );
}

/// Expects 404 at each of these paths.
fn not_found(draft: ScriptDraft, paths: &[&str]) -> ScriptDraft {
    paths.iter().fold(draft, |draft, path| draft.get(path).status(&[404]).body(BodyRule::Any))
}

fn add_info(cases: &mut Vec<Case>) {
    let from_origin = || SockjsRequest::get("/info").with("Origin", "test");
    cases.push(
        sockjs(Group::Info, "fields", "the information document", INFO_RULE)
            .twin("InfoTest.test_basic")
            .request(from_origin())
            .status(&[200])
            .body(BodyRule::Info(vec![
                InfoRule::Websocket(true),
                InfoRule::CookieNeeded(None),
                InfoRule::Origins,
                InfoRule::Entropy,
            ]))
            .done(),
    );
    cases.push(
        sockjs(Group::Info, "headers", "the header of the information document", INFO_RULE_NOW)
            .twin("InfoTest.test_basic")
            .request(from_origin())
            .head(vec![
                HeadRule::Status(&[200]),
                HeadRule::ContentType("application/json;charset=UTF-8"),
                HeadRule::Absent("Set-Cookie"),
                HeadRule::NotCached,
                HeadRule::Cors(Some("test")),
            ])
            .body(BodyRule::Any)
            .done(),
    );
    cases.push(
        sockjs(Group::Info, "entropy-differs", "the information document twice", INFO_RULE)
            .twin("InfoTest.test_entropy")
            .get("/info")
            .body(BodyRule::Info(vec![InfoRule::Entropy]))
            .get("/info")
            .body(BodyRule::Info(vec![InfoRule::OtherEntropy]))
            .done(),
    );
    cases.push(
        sockjs(Group::Info, "entropy-range", "the information document", INFO_RULE)
            .get("/info")
            .status(&[200])
            .body(BodyRule::Info(vec![InfoRule::EntropyRange]))
            .done(),
    );
    cases.push(
        sockjs(
            Group::Info,
            "websocket-off",
            "the information document without WebSockets",
            INFO_RULE,
        )
        .twin("InfoTest.test_disabled_websocket")
        .at(ServiceEndpoint::DisabledWebsocketEcho)
        .get("/info")
        .status(&[200])
        .body(BodyRule::Info(vec![InfoRule::Websocket(false)]))
        .done(),
    );
}

fn add_info_for_others(cases: &mut Vec<Case>) {
    let methods = (&["OPTIONS", "GET"][..], "OPTIONS, GET");
    let rule = (INFO_RULE_NOW, "InfoTest.test_options");
    add_preflights(cases, Group::Info, ("preflight", "/info"), methods, rule);
    cases.push(
        sockjs(
            Group::Info,
            "preflight-null-post",
            "a preflight of a POST from null",
            INFO_RULE_NOW,
        )
        .twin("InfoTest.test_options_null_origin")
        .request(preflight("/info", "null", "POST"))
        .head(vec![
            HeadRule::Status(&[204, 200]),
            HeadRule::Field("Access-Control-Allow-Origin", "null".to_owned()),
        ])
        .body(BodyRule::Empty)
        .done(),
    );
    cases.push(
        sockjs(
            Group::Info,
            "null-origin",
            "the document for a page of the origin null",
            INFO_RULE_NOW,
        )
        .request(SockjsRequest::get("/info").with("Origin", "null"))
        .head(vec![HeadRule::Status(&[200]), HeadRule::Cors(Some("null"))])
        .body(BodyRule::Any)
        .done(),
    );
    cases.push(
        sockjs(
            Group::Info,
            "no-origin",
            "the document for a client without an Origin",
            INFO_RULE_NOW,
        )
        .get("/info")
        .head(vec![HeadRule::Status(&[200]), HeadRule::Cors(None)])
        .body(BodyRule::Any)
        .done(),
    );
}
