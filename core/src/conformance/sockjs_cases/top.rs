//! Paths outside of sessions: the greeting, the information document, the page for an iframe, and what is
//! not there.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, HeadRule, InfoRule, ServiceEndpoint, SockJsRequest};
use crate::conformance::sockjs_cases::builder::{ScriptDraft, add_preflights, preflight, sockjs};

const GREETING_RULE: &str = "SockJS 0.3.3, BaseUrlGreeting";
const IFRAME_RULE: &str = "SockJS 0.3.3, IframePage";
const IFRAME_RULE_NOW: &str = "SockJS after 0.3.3, IframePage";
const INFO_RULE: &str = "SockJS 0.3.3, InfoTest";
const INFO_RULE_NOW: &str = "SockJS after 0.3.3, InfoTest";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_greeting(cases);
    add_pages(cases);
    add_other_names(cases);
    add_caching(cases);
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
    let from_origin = || SockJsRequest::get("/info").with("Origin", "test");
    cases.push(
        sockjs(Group::Info, "fields", "the information document", INFO_RULE)
            .twin("InfoTest.test_basic")
            .request(from_origin())
            .status(&[200])
            .body(BodyRule::Info(vec![
                InfoRule::WebSocket(true),
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
        .at(ServiceEndpoint::DisabledWebSocketEcho)
        .get("/info")
        .status(&[200])
        .body(BodyRule::Info(vec![InfoRule::WebSocket(false)]))
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
        .request(SockJsRequest::get("/info").with("Origin", "null"))
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

fn page(draft: ScriptDraft, path: &str) -> ScriptDraft {
    draft
        .get(path)
        .head(vec![
            HeadRule::Status(&[200]),
            HeadRule::ContentType("text/html;charset=UTF-8"),
            HeadRule::Cacheable,
            HeadRule::Present("ETag"),
            HeadRule::Absent("Last-Modified"),
            HeadRule::Absent("Set-Cookie"),
        ])
        .body(BodyRule::IframePage)
}

fn add_pages(cases: &mut Vec<Case>) {
    let simple = "IframePage.test_simpleUrl";
    let versioned = "IframePage.test_versionedUrl";
    let queried = "IframePage.test_queriedUrl";
    for (name, title, path, twin) in [
        ("plain", "the page without a version", "/iframe.html", simple),
        ("version-letter", "a version of one letter", "/iframe-a.html", versioned),
        ("version-empty", "an empty version", "/iframe-.html", versioned),
        ("version-number", "a version of numbers", "/iframe-0.1.2.html", versioned),
        ("version-words", "a long version", "/iframe-0.1.2abc-dirty.2144.html", versioned),
        ("query-letter", "a query behind a letter", "/iframe-a.html?t=1234", queried),
        ("query-number", "a query behind numbers", "/iframe-0.1.2.html?t=123414", queried),
        (
            "query-words",
            "a query behind a long version",
            "/iframe-0.1.2abc-dirty.2144.html?t=qweqweq123",
            queried,
        ),
    ] {
        cases.push(
            page(sockjs(Group::Iframe, name, title, IFRAME_RULE_NOW).twin(twin), path).done(),
        );
    }
    cases.push(
        page(
            sockjs(Group::Iframe, "query-plain", "a query without a version", IFRAME_RULE_NOW),
            "/iframe.html?t=1",
        )
        .done(),
    );
}

fn add_other_names(cases: &mut Vec<Case>) {
    for (name, title, paths) in [
        (
            "other-extension",
            "the page with another extension or none",
            &["/iframe.htm", "/iframe", "/iframe.xml"][..],
        ),
        ("upper-case", "the page in capitals", &["/IFRAME.HTML", "/IFRAME", "/iframe.HTML"]),
        ("slash-in-version", "a version that is a slash", &["/iframe-/.html"]),
    ] {
        let draft =
            sockjs(Group::Iframe, name, title, IFRAME_RULE).twin("IframePage.test_invalidUrl");
        let all = paths
            .iter()
            .fold(draft, |draft, path| draft.get(path).status(&[404]).body(BodyRule::Any));
        cases.push(all.done());
    }
}

fn add_caching(cases: &mut Vec<Case>) {
    let first = |name, title| {
        sockjs(Group::Iframe, name, title, IFRAME_RULE)
            .get("/iframe.html")
            .head(vec![HeadRule::Present("ETag")])
            .body(BodyRule::Any)
    };
    let asked = |etag: &str| SockJsRequest::get("/iframe.html").with("If-None-Match", etag);
    cases.push(
        first("etag-stable", "the page twice")
            .twin("IframePage.test_cacheability")
            .get("/iframe.html")
            .head(vec![HeadRule::SameEtag])
            .body(BodyRule::Any)
            .done(),
    );
    cases.push(
        first("not-modified", "the page with If-None-Match of its ETag")
            .twin("IframePage.test_cacheability")
            .request(asked("{etag}"))
            .head(vec![HeadRule::Status(&[304]), HeadRule::Absent("Content-Type")])
            .body(BodyRule::Empty)
            .done(),
    );
    cases.push(
        sockjs(
            Group::Iframe,
            "other-etag",
            "the page with If-None-Match of another ETag",
            IFRAME_RULE,
        )
        .request(asked("\"wiretalk\""))
        .status(&[200])
        .body(BodyRule::IframePage)
        .done(),
    );
}
