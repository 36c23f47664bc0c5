//! The characters that are escaped on the way, because browsers or proxies change them.

use crate::conformance::case::Case;
use crate::conformance::group::Group;
use crate::conformance::sockjs::{BodyRule, Transport};
use crate::conformance::sockjs_cases::builder::{SESSION, ScriptDraft, sockjs};

const RULE: &str = "SockJS 0.3.3, JSONEncoding";

/// What a server escapes, beside the control characters below U+0020.
const ESCAPED_BY_SERVER: [(u16, u16); 4] =
    [(0x200c, 0x200f), (0x2028, 0x202f), (0x2060, 0x206f), (0xfff0, 0xffff)];

/// What a client escapes, and a server therefore has to decode.
#[rustfmt::skip]
const ESCAPED_BY_CLIENT: [(u16, u16); 112] = [
    (0x0, 0x1f), (0x22, 0x22), (0x7f, 0x9f), (0xad, 0xad), (0x300, 0x333), (0x33d, 0x346),
    (0x34a, 0x34c), (0x350, 0x352), (0x357, 0x358), (0x35c, 0x362), (0x374, 0x374), (0x37e, 0x37e),
    (0x387, 0x387), (0x591, 0x5af), (0x5c4, 0x5c4), (0x600, 0x604), (0x610, 0x617), (0x653, 0x654),
    (0x657, 0x65b), (0x65d, 0x65e), (0x6df, 0x6e2), (0x6eb, 0x6ec), (0x70f, 0x70f), (0x730, 0x730),
    (0x732, 0x733), (0x735, 0x736), (0x73a, 0x73a), (0x73d, 0x73d), (0x73f, 0x741), (0x743, 0x743),
    (0x745, 0x745), (0x747, 0x747), (0x7eb, 0x7f1), (0x951, 0x951), (0x958, 0x95f), (0x9dc, 0x9dd),
    (0x9df, 0x9df), (0xa33, 0xa33), (0xa36, 0xa36), (0xa59, 0xa5b), (0xa5e, 0xa5e), (0xb5c, 0xb5d),
    (0xe38, 0xe39), (0xf43, 0xf43), (0xf4d, 0xf4d), (0xf52, 0xf52), (0xf57, 0xf57), (0xf5c, 0xf5c),
    (0xf69, 0xf69), (0xf72, 0xf76), (0xf78, 0xf78), (0xf80, 0xf83), (0xf93, 0xf93), (0xf9d, 0xf9d),
    (0xfa2, 0xfa2), (0xfa7, 0xfa7), (0xfac, 0xfac), (0xfb9, 0xfb9), (0x17b4, 0x17b5),
    (0x1939, 0x193a), (0x1a17, 0x1a17), (0x1b6b, 0x1b6b), (0x1cda, 0x1cdb), (0x1dc0, 0x1dcf),
    (0x1dfc, 0x1dfc), (0x1dfe, 0x1dfe), (0x1f71, 0x1f71), (0x1f73, 0x1f73), (0x1f75, 0x1f75),
    (0x1f77, 0x1f77), (0x1f79, 0x1f79), (0x1f7b, 0x1f7b), (0x1f7d, 0x1f7d), (0x1fbb, 0x1fbb),
    (0x1fbe, 0x1fbe), (0x1fc9, 0x1fc9), (0x1fcb, 0x1fcb), (0x1fd3, 0x1fd3), (0x1fdb, 0x1fdb),
    (0x1fe3, 0x1fe3), (0x1feb, 0x1feb), (0x1fee, 0x1fef), (0x1ff9, 0x1ff9), (0x1ffb, 0x1ffb),
    (0x1ffd, 0x1ffd), (0x2000, 0x20ff), (0x2126, 0x2126), (0x212a, 0x212b), (0x2329, 0x232a),
    (0x2adc, 0x2adc), (0x302b, 0x302c), (0xaab2, 0xaab3), (0xf900, 0xfa0d), (0xfa10, 0xfa10),
    (0xfa12, 0xfa12), (0xfa15, 0xfa1e), (0xfa20, 0xfa20), (0xfa22, 0xfa22), (0xfa25, 0xfa26),
    (0xfa2a, 0xfa2d), (0xfa30, 0xfa6d), (0xfa70, 0xfad9), (0xfb1d, 0xfb1d), (0xfb1f, 0xfb1f),
    (0xfb2a, 0xfb36), (0xfb38, 0xfb3c), (0xfb3e, 0xfb3e), (0xfb40, 0xfb41), (0xfb43, 0xfb44),
    (0xfb46, 0xfb4e), (0xfeff, 0xfeff), (0xfff0, 0xffff),
];

fn code_points(ranges: &[(u16, u16)]) -> impl Iterator<Item = u16> {
    ranges.iter().flat_map(|(first, last)| *first..=*last)
}

fn escapes(ranges: &[(u16, u16)]) -> String {
    code_points(ranges).map(|code| format!("\\u{code:04x}")).collect()
}

fn characters(ranges: &[(u16, u16)]) -> String {
    code_points(ranges).filter_map(|code| char::from_u32(code.into())).collect()
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
    let (raw, escaped) = (characters(&ESCAPED_BY_SERVER), escapes(&ESCAPED_BY_SERVER));
    cases.push(
        case("server-escapes", "every character that a server escapes, sent as it is")
            .twin("JSONEncoding.test_xhr_server_encodes")
            .echoed(&raw, BodyRule::Escaped(escaped))
            .done(),
    );
    let (escaped, plain) = (escapes(&ESCAPED_BY_CLIENT), characters(&ESCAPED_BY_CLIENT));
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
    fn the_tables_are_sorted_and_do_not_overlap() {
        for table in [&ESCAPED_BY_SERVER[..], &ESCAPED_BY_CLIENT] {
            assert!(table.iter().all(|(first, last)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
        assert_eq!(escapes(&ESCAPED_BY_SERVER).len(), 6 * (4 + 8 + 16 + 16));
        assert_eq!(
            code_points(&ESCAPED_BY_CLIENT).count(),
            characters(&ESCAPED_BY_CLIENT).chars().count()
        );
    }
}
