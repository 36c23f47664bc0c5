//! The page for an iframe.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, HeadRule, SockjsRequest};
use crate::conformance::sockjs_cases::builder::{ScriptDraft, sockjs};

const RULE: &str = "SockJS 0.3.3, IframePage";
const RULE_NOW: &str = "SockJS after 0.3.3, IframePage";

pub(super) fn add(cases: &mut Vec<Case>) {
    add_pages(cases);
    add_other_names(cases);
    add_caching(cases);
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
        cases.push(page(sockjs(Group::Iframe, name, title, RULE_NOW).twin(twin), path).done());
    }
    cases.push(
        page(
            sockjs(Group::Iframe, "query-plain", "a query without a version", RULE_NOW),
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
        let draft = sockjs(Group::Iframe, name, title, RULE).twin("IframePage.test_invalidUrl");
        let all = paths
            .iter()
            .fold(draft, |draft, path| draft.get(path).status(&[404]).body(BodyRule::Any));
        cases.push(all.done());
    }
}

fn add_caching(cases: &mut Vec<Case>) {
    let first = |name, title| {
        sockjs(Group::Iframe, name, title, RULE)
            .get("/iframe.html")
            .head(vec![HeadRule::Present("ETag")])
            .body(BodyRule::Any)
    };
    let asked = |etag: &str| SockjsRequest::get("/iframe.html").with("If-None-Match", etag);
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
        sockjs(Group::Iframe, "other-etag", "the page with If-None-Match of another ETag", RULE)
            .request(asked("\"wiretalk\""))
            .status(&[200])
            .body(BodyRule::IframePage)
            .done(),
    );
}
