//! The Origin header (RFC 6455 sections 4.2.2 and 10.2). The RFC leaves the decision to the server;
//! what is reported is which pages of other sites can open a connection.

use crate::conformance::case::Opening;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::conformance::request::Request;

const RULE: &str = "RFC 6455 §10.2";

/// Origins of other sites: a name, a title and the value.
const OTHER_ORIGINS: [(&str, &str, &str); 9] = [
    ("foreign", "the page of another site", "http://evil.example"),
    ("null", "a page without an origin, such as a sandboxed frame", "null"),
    ("suffix", "a site whose name begins with the server's", "http://{host}.evil.example"),
    ("prefix", "a site whose name ends with the server's", "http://evil-{host}"),
    ("userinfo", "the server's name in place of a user", "http://{host}@evil.example"),
    ("path", "the server's name in a path", "http://evil.example/{host}"),
    ("other-port", "another port of the same host", "http://127.0.0.1:1"),
    ("garbage", "a value that isn't an origin", "evil"),
    ("empty", "an empty value", ""),
];

pub(super) fn add(builder: &mut CaseBuilder) {
    builder.add(
        case(Group::Origin, "same", "the server's own page", RULE)
            .request(Request::standard().and("Origin", "http://{host}")),
    );
    builder.add(
        case(Group::Origin, "none", "no Origin: a client that isn't a browser", "RFC 6455 §4.1(8)")
            .opening(Opening::Either {
                opened: "clients that aren't browsers can connect",
                refused: "only browsers can connect",
                prefers_refusal: false,
            }),
    );
    for (name, title, value) in OTHER_ORIGINS {
        builder.add(
            case(Group::Origin, name, title, RULE)
                .request(Request::standard().and("Origin", value))
                .opening(Opening::Either {
                    opened: "a page of another site can open a connection with its visitor's cookies",
                    refused: "only its own pages can connect",
                    prefers_refusal: true,
                }),
        );
    }
}
