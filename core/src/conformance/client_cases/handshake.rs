//! The response to the handshake (RFC 6455 sections 4.1 and 4.2.2).

use crate::conformance::case::Expectation;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::conformance::response::Response;

const RULE: &str = "RFC 6455 §4.1";

pub(super) fn add(builder: &mut CaseBuilder) {
    add_legal(builder);
    add_rejected(builder);
    add_refusals(builder);
}

/// Adds responses that open the connection: the ping that follows is answered.
fn add_legal(builder: &mut CaseBuilder) {
    let standard = Response::standard;
    let legal = [
        ("standard", "a standard response, to a request that keeps all rules", standard()),
        (
            "names-lower-case",
            "names of fields in lower case",
            standard()
                .renamed("Upgrade", "upgrade")
                .renamed("Connection", "connection")
                .renamed("Sec-WebSocket-Accept", "sec-websocket-accept"),
        ),
        (
            "values-other-case",
            "the values WebSocket and upgrade, whose case has no meaning",
            standard().with("Upgrade", "WebSocket").with("Connection", "upgrade"),
        ),
        (
            "connection-list",
            "Upgrade as one of several options of Connection",
            standard().with("Connection", "keep-alive, Upgrade"),
        ),
        ("no-reason", "a status line without a reason", standard().status_line("HTTP/1.1 101 ")),
        (
            "other-reason",
            "another reason than Switching Protocols",
            standard().status_line("HTTP/1.1 101 Web Socket Protocol Handshake"),
        ),
        (
            "more-fields",
            "fields that mean nothing here",
            standard().and("Server", "x").and("X-A", ""),
        ),
        (
            "accept-with-spaces",
            "whitespace around the accept value",
            standard().with("Sec-WebSocket-Accept", "  {accept} \t"),
        ),
        ("in-pieces", "the response in ten pieces", standard().in_pieces(10)),
    ];
    for (name, title, response) in legal {
        let ping = builder.ping(b"open?");
        builder.add(
            case(Group::Handshake, name, title, RULE)
                .response(response)
                .send(ping)
                .ponged(b"open?"),
        );
    }
    let ping = builder.ping(b"early");
    builder.add(
        case(
            Group::Handshake,
            "frame-with-response",
            "a ping in the same write as the response",
            RULE,
        )
        .response(standard().followed_by(&ping))
        .ponged(b"early"),
    );
}

/// Adds responses with 101 that a client must not accept.
fn add_rejected(builder: &mut CaseBuilder) {
    let accept = "Sec-WebSocket-Accept";
    let standard = Response::standard;
    let rejected = [
        (
            "accept-wrong",
            "an accept value of another key",
            standard().with(accept, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ),
        ("accept-missing", "no accept value", standard().without(accept)),
        ("accept-empty", "an empty accept value", standard().with(accept, "")),
        (
            "accept-is-key",
            "the key itself in place of the accept value",
            standard().with(accept, "{key}"),
        ),
        (
            "accept-cut",
            "a right accept value with one more character",
            standard().with(accept, "{accept}="),
        ),
        ("upgrade-missing", "no Upgrade", standard().without("Upgrade")),
        ("upgrade-other", "an upgrade to another protocol", standard().with("Upgrade", "h2c")),
        ("connection-missing", "no Connection", standard().without("Connection")),
        ("connection-other", "Connection without Upgrade", standard().with("Connection", "close")),
        (
            "protocol-not-offered",
            "a subprotocol that was not offered",
            standard().and("Sec-WebSocket-Protocol", "wiretalk-was-not-offered"),
        ),
        (
            "extension-not-offered",
            "an extension that was not offered",
            standard().and("Sec-WebSocket-Extensions", "x-was-not-offered"),
        ),
        (
            "extension-unknown-parameter",
            "permessage-deflate with a parameter that does not exist",
            standard().and("Sec-WebSocket-Extensions", "permessage-deflate; x-unknown"),
        ),
        (
            "window-bits-16",
            "permessage-deflate with a window of 16 bits",
            standard()
                .and("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=16"),
        ),
        (
            "extension-twice",
            "permessage-deflate twice",
            standard().and("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate"),
        ),
    ];
    for (name, title, response) in rejected {
        add_rejection(builder, name, title, response);
    }
}

/// Adds responses with another status than 101.
fn add_refusals(builder: &mut CaseBuilder) {
    let standard = Response::standard;
    let bodyless = |line: &str| {
        let response = standard().status_line(line).with("Connection", "Upgrade, close");
        response.and("Content-Length", "0")
    };
    let refusals = [
        ("status-200", "status 200 with all fields of a 101", bodyless("HTTP/1.1 200 OK")),
        ("status-400", "status 400", bodyless("HTTP/1.1 400 Bad Request")),
        ("status-403", "status 403", bodyless("HTTP/1.1 403 Forbidden")),
        (
            "status-426",
            "status 426",
            bodyless("HTTP/1.1 426 Upgrade Required").and("Sec-WebSocket-Version", "13"),
        ),
        ("status-500", "status 500", bodyless("HTTP/1.1 500 Internal Server Error")),
        ("not-http", "bytes that are not HTTP", standard().status_line("SSH-2.0-OpenSSH_9.2")),
    ];
    for (name, title, response) in refusals {
        add_rejection(builder, name, title, response);
    }
}

fn add_rejection(builder: &mut CaseBuilder, name: &str, title: &str, response: Response) {
    builder.add(
        case(Group::Handshake, name, title, RULE).response(response).expect(Expectation::Rejection),
    );
}
