//! The characters that are escaped on the way, because browsers or proxies change them.

use std::fmt::Write as _;

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, Transport};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, sockjs};
use crate::sockjs::escape::{ESCAPED_BY_CLIENT, ESCAPED_BY_SERVER};

const RULE: &str = "SockJS 0.3.3, JSONEncoding";

/// Returns the code points of a table from `from` on that are characters: no half of a surrogate pair.
fn code_points(ranges: &[(u16, u16)], from: u16) -> impl Iterator<Item = u16> {
    let all = ranges.iter().flat_map(|(first, last)| *first..=*last);
    all.filter(move |code| *code >= from && char::from_u32((*code).into()).is_some())
}

fn escapes(ranges: &[(u16, u16)], from: u16) -> String {
    code_points(ranges, from).fold(String::new(), |mut text, code| {
        // Writing to a string never fails.
        let _ = write!(text, "\\u{code:04x}");
        text
    })
}

fn characters(ranges: &[(u16, u16)], from: u16) -> String {
    code_points(ranges, from).filter_map(|code| char::from_u32(code.into())).collect()
}

fn case(name: &str, title: &str) -> ScriptDraft {
    sockjs(Group::Json, name, title, RULE).by(Transport::XhrPolling).echoes().opened()
}

impl ScriptDraft {
    /// Sends a message as it is in JSON and polls for its echo.
    fn echoed(self, json: &str, rule: BodyRule) -> Self {
        self.xhr_send(format!("[\"{json}\"]"))
            .post(&format!("{SESSION}/xhr"))
            .status(&[200])
            .body(rule)
    }
}

pub(super) fn add(cases: &mut Vec<Case>) {
    let (raw, escaped) = (characters(ESCAPED_BY_SERVER, 0x20), escapes(ESCAPED_BY_SERVER, 0x20));
    cases.push(
        case("server-escapes", "every character that a server escapes, sent as it is")
            .twin("JSONEncoding.test_xhr_server_encodes")
            .echoed(&raw, BodyRule::Escaped(escaped))
            .done(),
    );
    let (escaped, plain) = (escapes(ESCAPED_BY_CLIENT, 0), characters(ESCAPED_BY_CLIENT, 0));
    cases.push(
        case("server-decodes", "every character that a client escapes, escaped")
            .twin("JSONEncoding.test_xhr_server_decodes")
            .echoed(&escaped, BodyRule::Text(plain))
            .done(),
    );
    for (name, title, json, text) in [
        ("quotes", "quotes, a backslash and a slash", "\\\"\\\\\\/", "\"\\/"),
        ("controls", "all short escapes", "\\b\\f\\n\\r\\t", "\u{8}\u{c}\n\r\t"),
        ("plain", "letters beyond ASCII", "grüße, 世界", "grüße, 世界"),
        ("astral", "a character beyond the basic plane", "\u{1f310}", "\u{1f310}"),
        ("surrogate-pair", "a surrogate pair, escaped", "\\ud83c\\udf10", "\u{1f310}"),
        ("nothing", "an empty text", "", ""),
    ] {
        cases.push(case(name, title).echoed(json, BodyRule::Text(text.to_owned())).done());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_raw_is_what_must_come_back_escaped() {
        let escaped = escapes(ESCAPED_BY_SERVER, 0x20);
        assert_eq!(escaped.len(), 6 * (4 + 8 + 16 + 16));
        assert!(escaped.starts_with("\\u200c") && escaped.ends_with("\\uffff"));
        let decoded: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
        assert_eq!(decoded, characters(ESCAPED_BY_SERVER, 0x20));
        assert!(escapes(ESCAPED_BY_CLIENT, 0).starts_with("\\u0000\\u0001"));
    }
}
