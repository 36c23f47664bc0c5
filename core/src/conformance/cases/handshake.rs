//! The opening handshake as a server reads it (RFC 6455 section 4.2.1, RFC 9112).

use crate::conformance::case::Opening;
use crate::conformance::case_builder::{CaseBuilder, CaseDraft, case};
use crate::conformance::group::Group;
use crate::conformance::request::Request;

const RULE: &str = "RFC 6455 §4.2.1";
const HTTP: &str = "RFC 9112 §3, §5";

pub(super) fn add(builder: &mut CaseBuilder) {
    add_legal(builder);
    add_forms(builder);
    add_missing(builder);
    add_keys(builder);
    add_versions(builder);
    add_methods(builder);
    add_smuggling(builder);
    add_offers(builder);
}

fn handshake(name: &str, title: &str, rule: &'static str) -> CaseDraft {
    case(Group::Handshake, name, title, rule)
}

fn standard() -> Request {
    Request::standard()
}

/// Adds requests that a server must accept, because they mean the same as the standard one.
fn add_legal(builder: &mut CaseBuilder) {
    let tokens = "RFC 6455 §4.2.1, RFC 9110 §5.1, §7.8";
    let requests = [
        ("standard", "a standard request", RULE, standard()),
        ("upgrade-case", "Upgrade: WebSocket", tokens, standard().with("Upgrade", "WebSocket")),
        ("upgrade-upper", "Upgrade: WEBSOCKET", tokens, standard().with("Upgrade", "WEBSOCKET")),
        (
            "connection-lower",
            "Connection: upgrade",
            tokens,
            standard().with("Connection", "upgrade"),
        ),
        (
            "connection-list",
            "Connection: keep-alive, Upgrade, as Firefox sends it",
            tokens,
            standard().with("Connection", "keep-alive, Upgrade"),
        ),
        (
            "connection-two-lines",
            "Connection in two lines",
            "RFC 9110 §5.3",
            standard().with("Connection", "keep-alive").and("Connection", "Upgrade"),
        ),
        (
            "connection-empty-elements",
            "Connection: , Upgrade,",
            "RFC 9110 §5.6.1.2",
            standard().with("Connection", ", Upgrade,"),
        ),
        (
            "names-lower",
            "field names in lower case",
            "RFC 9110 §5.1",
            NAMES
                .into_iter()
                .fold(standard(), |request, name| request.renamed(name, &name.to_lowercase())),
        ),
        (
            "names-upper",
            "field names in upper case",
            "RFC 9110 §5.1",
            NAMES
                .into_iter()
                .fold(standard(), |request, name| request.renamed(name, &name.to_uppercase())),
        ),
        (
            "spaces-around-values",
            "spaces and tabs around the values",
            "RFC 9112 §5.1",
            standard().with("Upgrade", " \t websocket \t ").with("Sec-WebSocket-Version", "  13  "),
        ),
    ];
    for (name, title, rule, request) in requests {
        builder.add(handshake(name, title, rule).request(request));
    }
}

const NAMES: [&str; 5] =
    ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];

/// Adds requests of unusual size, in pieces, or with something after them.
fn add_forms(builder: &mut CaseBuilder) {
    let cookie = format!("session={}", "a".repeat(4_000));
    let many = (0..40).fold(standard(), |request, number| {
        request.and(&format!("X-Field-{number}"), "of no concern")
    });
    let requests = [
        ("query", "a target with a query", standard().target("{target}?a=b%20c&d=%C3%A9")),
        ("absolute-form", "a target in absolute form", standard().target("http://{host}{target}")),
        ("long-cookie", "a cookie of 4,000 bytes", standard().and("Cookie", &cookie)),
        ("many-fields", "40 more fields", many),
        ("non-ascii-value", "a field whose value is not ASCII", standard().and("X-Name", "Zoë")),
        ("empty-value", "a field without a value", standard().and("X-Empty", "")),
        ("two-pieces", "the request in two pieces", standard().in_pieces(2)),
        ("forty-pieces", "the request in forty pieces", standard().in_pieces(40)),
    ];
    for (name, title, request) in requests {
        builder.add(handshake(name, title, HTTP).request(request));
    }
    let early = builder.text(b"sent early");
    let rule = "RFC 6455 §4.1";
    builder.add(
        handshake("frame-with-request", "a frame in the same write as the request", rule)
            .request(standard().followed_by(&early))
            .refused_or_opened(&[400]),
    );
    let empty_line = standard().method("\r\nGET");
    builder.add(
        handshake("empty-line-first", "an empty line before the request", "RFC 9112 §2.2")
            .request(empty_line)
            .opening(Opening::Either {
                opened: "an empty line is ignored, as a robust server should",
                refused: "an empty line is not ignored",
                prefers_refusal: false,
            }),
    );
    let huge = standard().and("X-Huge", &"a".repeat(2 << 20));
    builder.add(
        handshake("huge-head", "a field of 2 MiB", "RFC 6585 §5, RFC 6455 §10.4")
            .request(huge)
            .refused_or_opened(&[400, 413, 431]),
    );
}

fn add_missing(builder: &mut CaseBuilder) {
    let requests = [
        ("no-upgrade", "no Upgrade", standard().without("Upgrade"), &[400, 404, 405, 426][..]),
        ("no-connection", "no Connection", standard().without("Connection"), &[400, 404, 426]),
        ("no-key", "no Sec-WebSocket-Key", standard().without("Sec-WebSocket-Key"), &[400]),
        (
            "no-version",
            "no Sec-WebSocket-Version",
            standard().without("Sec-WebSocket-Version"),
            &[400, 426],
        ),
        ("no-host", "no Host", standard().without("Host"), &[400]),
        ("upgrade-other", "Upgrade: h2c", standard().with("Upgrade", "h2c"), &[400, 404, 405, 426]),
        (
            "upgrade-substring",
            "Upgrade: websockets",
            standard().with("Upgrade", "websockets"),
            &[400, 404, 405, 426],
        ),
        (
            "connection-other",
            "Connection: keep-alive",
            standard().with("Connection", "keep-alive"),
            &[400, 404, 426],
        ),
        (
            "connection-substring",
            "Connection: no-upgrade",
            standard().with("Connection", "no-upgrade"),
            &[400, 404, 426],
        ),
    ];
    for (name, title, request, statuses) in requests {
        builder.add(handshake(name, title, RULE).request(request).refused(statuses));
    }
    builder.add(
        handshake("upgrade-list", "Upgrade: h2c, websocket", "RFC 9110 §7.8")
            .request(standard().with("Upgrade", "h2c, websocket"))
            .opening(Opening::Either {
                opened: "websocket is taken from a list",
                refused: "Upgrade is read as a single value",
                prefers_refusal: false,
            }),
    );
}

fn add_keys(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §4.2.1(5)";
    let keys = [
        ("empty", "an empty key", ""),
        ("10-bytes", "a key of 10 bytes", "MTIzNDU2Nzg5MA=="),
        ("15-bytes", "a key of 15 bytes", "MTIzNDU2Nzg5MDEyMzQ1"),
        ("17-bytes", "a key of 17 bytes", "MTIzNDU2Nzg5MDEyMzQ1Njc="),
        ("32-bytes", "a key of 32 bytes", "MTIzNDU2Nzg5MDEyMzQ1NjEyMzQ1Njc4OTAxMjM0NTY="),
        ("no-base64", "a key that is not base64", "not base64 at all!!!"),
        ("no-padding", "a key without its padding", "dGhlIHNhbXBsZSBub25jZQ"),
        ("base64url", "a key in the alphabet for URLs", "-_-_-_-_-_-_-_-_-_-_-Q=="),
        ("space-within", "a key with a space in it", "dGhlIHNhbXBs ZSBub25jZQ=="),
    ];
    for (name, title, key) in keys {
        builder.add(
            handshake(&format!("key-{name}"), title, rule)
                .request(standard().with("Sec-WebSocket-Key", key))
                .refused(&[400]),
        );
    }
    builder.add(
        handshake("key-padding-bits", "a key whose unused bits are not zero", "RFC 4648 §3.5")
            .request(standard().with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="))
            .refused_or_opened(&[400]),
    );
    builder.add(
        handshake("key-twice", "two keys", "RFC 6455 §11.3.1")
            .request(standard().and("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
            .refused(&[400]),
    );
}

fn add_versions(builder: &mut CaseBuilder) {
    let versions =
        ["0", "7", "8", "12", "14", "255", "256", "-13", "+13", "013", "13a", "abc", "", "8, 7"];
    for version in versions {
        let name = match version {
            "" => "empty".to_owned(),
            "8, 7" => "list".to_owned(),
            "-13" => "minus-13".to_owned(),
            "+13" => "plus-13".to_owned(),
            _ => version.to_owned(),
        };
        // Only a version that is well formed is one that the server could have spoken.
        let is_version = version.parse().is_ok_and(|number: u8| number.to_string() == version);
        let opening = Opening::Refused {
            statuses: if is_version { &[426, 400] } else { &[400, 426] },
            with_field: is_version.then_some("Sec-WebSocket-Version"),
            may_open: false,
            may_wait: false,
        };
        let title = format!("Sec-WebSocket-Version: {version}");
        builder.add(
            handshake(&format!("version-{name}"), title.trim_end(), "RFC 6455 §4.2.2, §4.4")
                .request(standard().with("Sec-WebSocket-Version", version))
                .opening(opening),
        );
    }
}

fn add_methods(builder: &mut CaseBuilder) {
    for (method, statuses) in [
        ("POST", &[400, 404, 405, 426][..]),
        ("PUT", &[400, 404, 405, 426]),
        ("OPTIONS", &[200, 204, 400, 404, 405, 426]),
        ("HEAD", &[200, 400, 404, 405, 426]),
        ("get", &[400, 404, 405, 501]),
    ] {
        let name = if method == "get" { "lower".to_owned() } else { method.to_lowercase() };
        builder.add(
            handshake(&format!("method-{name}"), &format!("the method {method}"), RULE)
                .request(standard().method(method))
                .refused(statuses),
        );
    }
    for (name, version) in [("1-0", "HTTP/1.0"), ("2-0", "HTTP/2.0"), ("0-9", "HTTP/0.9")] {
        builder.add(
            handshake(&format!("http-{name}"), &format!("the version {version}"), RULE)
                .request(standard().version(version))
                .refused(&[400, 404, 426, 505]),
        );
    }
}

/// Adds requests that two parsers may read differently, which is how requests are smuggled.
fn add_smuggling(builder: &mut CaseBuilder) {
    let space = standard().renamed("Upgrade", "Upgrade ");
    builder.add(
        handshake("space-before-colon", "a space before a colon", "RFC 9112 §5.1")
            .request(space)
            .refused(&[400]),
    );
    builder.add(
        handshake("host-twice", "two Hosts", "RFC 9112 §3.2")
            .request(standard().and("Host", "evil.example"))
            .refused(&[400]),
    );
    builder.add(
        handshake("host-invalid", "a Host with a space", "RFC 9112 §3.2")
            .request(standard().with("Host", "a b"))
            .refused(&[400]),
    );
    let doubtful = [
        ("name-with-space", "a space within a field name", standard().and("X Field", "1")),
        ("name-empty", "a field without a name", standard().and("", "1")),
        ("name-not-token", "a field name with a slash", standard().and("X/Field", "1")),
        ("nul-in-value", "a NUL in a value", standard().and("X-Nul", "a\0b")),
        ("cr-in-value", "a CR in a value", standard().and("X-Cr", "a\rb")),
        ("obs-fold", "a value that goes on in the next line", standard().and("X-Fold", "a\r\n b")),
        ("line-without-colon", "a line without a colon", standard().and("X-A", "1\r\nnonsense")),
        ("space-in-target", "a space in the target", standard().target("{target}?a b")),
        ("fragment-in-target", "a fragment in the target", standard().target("{target}#here")),
        ("two-spaces", "two spaces after the method", standard().target(" {target}")),
        (
            "content-length",
            "a body of 5 bytes, announced",
            standard().and("Content-Length", "5").followed_by(b"Hello"),
        ),
        (
            "transfer-encoding",
            "a chunked body",
            standard().and("Transfer-Encoding", "chunked").followed_by(b"0\r\n\r\n"),
        ),
    ];
    for (name, title, request) in doubtful {
        builder.add(handshake(name, title, HTTP).request(request).refused_or_opened(&[400]));
    }
    // A recipient may take LF for the end of a line (RFC 9112 section 2.2). To one that does not, the
    // head has no end yet.
    builder.add(
        handshake("bare-lf", "lines that end in LF alone", "RFC 9112 §2.2")
            .request(standard().line_end("\n"))
            .opening(Opening::Refused {
                statuses: &[400],
                with_field: None,
                may_open: true,
                may_wait: true,
            }),
    );
}

/// Adds offers that the server may decline, but must not choose wrongly from.
fn add_offers(builder: &mut CaseBuilder) {
    let (subprotocols, extensions) = ("RFC 6455 §4.2.2(5)", "RFC 6455 §9.1");
    let field = "Sec-WebSocket-Protocol";
    let offers = [
        ("subprotocol-one", "one subprotocol", subprotocols, standard().and(field, "chat")),
        (
            "subprotocol-list",
            "a list of them",
            subprotocols,
            standard().and(field, "chat, v2.chat"),
        ),
        (
            "subprotocol-two-lines",
            "subprotocols in two lines",
            "RFC 6455 §11.3.4",
            standard().and(field, "chat").and(field, "v2.chat"),
        ),
        (
            "extension-unknown",
            "an extension that nobody knows",
            extensions,
            standard().and("Sec-WebSocket-Extensions", "x-unknown"),
        ),
        (
            "extension-unknown-params",
            "an unknown extension with parameters",
            extensions,
            standard().and("Sec-WebSocket-Extensions", "x-unknown; a=1; b=\"2\""),
        ),
        (
            "extensions-two-lines",
            "extensions in two lines",
            "RFC 6455 §11.3.2",
            standard()
                .and("Sec-WebSocket-Extensions", "x-one")
                .and("Sec-WebSocket-Extensions", "x-two"),
        ),
    ];
    for (name, title, rule, request) in offers {
        builder.add(handshake(name, title, rule).request(request));
    }
    let invalid = [
        ("subprotocol-empty", "an empty list of subprotocols", standard().and(field, "")),
        ("subprotocol-space", "a subprotocol with a space", standard().and(field, "a b")),
        ("subprotocol-twice", "a subprotocol offered twice", standard().and(field, "chat, chat")),
        (
            "extension-malformed",
            "an extension that is not well formed",
            standard().and("Sec-WebSocket-Extensions", "a b; =c"),
        ),
    ];
    for (name, title, request) in invalid {
        builder.add(
            handshake(name, title, "RFC 6455 §4.1(10), §9.1")
                .request(request)
                .refused_or_opened(&[400]),
        );
    }
}
