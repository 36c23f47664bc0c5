//! JSON strings as SockJS wants them: which code points each side writes as `\uXXXX`, although JSON
//! would allow them as they are. Browsers alter or drop some characters on some transports, so they
//! must not be on the wire.
//!
//! A server escapes few: control characters, and the format characters and specials that get lost on
//! the way down. A client escapes a longer list, because browsers normalize what they send. Both
//! sides escape whatever is beyond U+FFFF as a surrogate pair, and a lone surrogate by itself.

use crate::sockjs::js_string::{CodePoint, JsString};

/// The code points that a server writes as escapes, as inclusive ranges; surrogates besides.
pub const ESCAPED_BY_SERVER: &[(u16, u16)] = &[
    (0x0000, 0x001F),
    (0x200C, 0x200F),
    (0x2028, 0x202F),
    (0x2060, 0x206F),
    (0xD800, 0xDFFF),
    (0xFFF0, 0xFFFF),
];

/// The code points that a client writes as escapes, as inclusive ranges in order.
#[rustfmt::skip]
pub const ESCAPED_BY_CLIENT: &[(u16, u16)] = &[
    (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x0300, 0x0333), (0x033D, 0x0346),
    (0x034A, 0x034C), (0x0350, 0x0352), (0x0357, 0x0358), (0x035C, 0x0362), (0x0374, 0x0374),
    (0x037E, 0x037E), (0x0387, 0x0387), (0x0591, 0x05AF), (0x05C4, 0x05C4), (0x0600, 0x0604),
    (0x0610, 0x0617), (0x0653, 0x0654), (0x0657, 0x065B), (0x065D, 0x065E), (0x06DF, 0x06E2),
    (0x06EB, 0x06EC), (0x070F, 0x070F), (0x0730, 0x0730), (0x0732, 0x0733), (0x0735, 0x0736),
    (0x073A, 0x073A), (0x073D, 0x073D), (0x073F, 0x0741), (0x0743, 0x0743), (0x0745, 0x0745),
    (0x0747, 0x0747), (0x07EB, 0x07F1), (0x0951, 0x0951), (0x0958, 0x095F), (0x09DC, 0x09DD),
    (0x09DF, 0x09DF), (0x0A33, 0x0A33), (0x0A36, 0x0A36), (0x0A59, 0x0A5B), (0x0A5E, 0x0A5E),
    (0x0B5C, 0x0B5D), (0x0E38, 0x0E39), (0x0F43, 0x0F43), (0x0F4D, 0x0F4D), (0x0F52, 0x0F52),
    (0x0F57, 0x0F57), (0x0F5C, 0x0F5C), (0x0F69, 0x0F69), (0x0F72, 0x0F76), (0x0F78, 0x0F78),
    (0x0F80, 0x0F83), (0x0F93, 0x0F93), (0x0F9D, 0x0F9D), (0x0FA2, 0x0FA2), (0x0FA7, 0x0FA7),
    (0x0FAC, 0x0FAC), (0x0FB9, 0x0FB9), (0x17B4, 0x17B5), (0x1939, 0x193A), (0x1A17, 0x1A17),
    (0x1B6B, 0x1B6B), (0x1CDA, 0x1CDB), (0x1DC0, 0x1DCF), (0x1DFC, 0x1DFC), (0x1DFE, 0x1DFE),
    (0x1F71, 0x1F71), (0x1F73, 0x1F73), (0x1F75, 0x1F75), (0x1F77, 0x1F77), (0x1F79, 0x1F79),
    (0x1F7B, 0x1F7B), (0x1F7D, 0x1F7D), (0x1FBB, 0x1FBB), (0x1FBE, 0x1FBE), (0x1FC9, 0x1FC9),
    (0x1FCB, 0x1FCB), (0x1FD3, 0x1FD3), (0x1FDB, 0x1FDB), (0x1FE3, 0x1FE3), (0x1FEB, 0x1FEB),
    (0x1FEE, 0x1FEF), (0x1FF9, 0x1FF9), (0x1FFB, 0x1FFB), (0x1FFD, 0x1FFD), (0x2000, 0x20FF),
    (0x2126, 0x2126), (0x212A, 0x212B), (0x2329, 0x232A), (0x2ADC, 0x2ADC), (0x302B, 0x302C),
    (0xAAB2, 0xAAB3), (0xD800, 0xDFFF), (0xF900, 0xFA0D), (0xFA10, 0xFA10), (0xFA12, 0xFA12),
    (0xFA15, 0xFA1E), (0xFA20, 0xFA20), (0xFA22, 0xFA22), (0xFA25, 0xFA26), (0xFA2A, 0xFA2D),
    (0xFA30, 0xFA6D), (0xFA70, 0xFAD9), (0xFB1D, 0xFB1D), (0xFB1F, 0xFB1F), (0xFB2A, 0xFB36),
    (0xFB38, 0xFB3C), (0xFB3E, 0xFB3E), (0xFB40, 0xFB41), (0xFB43, 0xFB44), (0xFB46, 0xFB4E),
    (0xFEFF, 0xFEFF), (0xFFF0, 0xFFFF),
];

/// The writer of a string, who decides on its escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escaping {
    /// The server: [`ESCAPED_BY_SERVER`].
    Server,
    /// The client: [`ESCAPED_BY_CLIENT`].
    Client,
    /// A string within a page's script: as little as JSON demands, and `<`, so that no text can end
    /// the script.
    Script,
}

impl Escaping {
    /// Whether this character must be an escape.
    pub fn escapes(self, char: char) -> bool {
        let Ok(unit) = u16::try_from(u32::from(char)) else {
            // Beyond U+FFFF: a surrogate pair.
            return self != Self::Script;
        };
        let within = |ranges: &[(u16, u16)]| {
            let after = ranges.partition_point(|(first, _)| *first <= unit);
            after
                .checked_sub(1)
                .and_then(|at| ranges.get(at))
                .is_some_and(|(_, last)| unit <= *last)
        };
        match self {
            _ if matches!(char, '"' | '\\') => true,
            Self::Server => within(ESCAPED_BY_SERVER),
            Self::Client => within(ESCAPED_BY_CLIENT),
            Self::Script => unit < 0x20 || matches!(char, '<' | '\u{2028}' | '\u{2029}'),
        }
    }
}

/// Appends a string with its quotation marks.
pub fn push_json(out: &mut String, text: &JsString, escaping: Escaping) {
    if let Some(text) = text.as_str() {
        push_json_str(out, text, escaping);
        return;
    }
    out.push('"');
    for point in text.code_points() {
        match point {
            CodePoint::Char(char) if escaping.escapes(char) => push_escape(out, char),
            CodePoint::Char(char) => out.push(char),
            CodePoint::LoneSurrogate(unit) => push_unit(out, unit),
        }
    }
    out.push('"');
}

/// Appends a string without lone surrogates, with its quotation marks.
pub fn push_json_str(out: &mut String, text: &str, escaping: Escaping) {
    out.reserve(text.len().saturating_add(2));
    out.push('"');
    let mut plain = 0;
    for (at, char) in text.char_indices() {
        if escaping.escapes(char) {
            out.push_str(text.get(plain..at).unwrap_or_default());
            push_escape(out, char);
            plain = at.saturating_add(char.len_utf8());
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

fn push_escape(out: &mut String, char: char) {
    let short = match char {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{8}' => "\\b",
        '\u{C}' => "\\f",
        _ => {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                push_unit(out, *unit);
            }
            return;
        }
    };
    out.push_str(short);
}

fn push_unit(out: &mut String, unit: u16) {
    out.push_str("\\u");
    for shift in [12_u32, 8, 4, 0] {
        let digit = u32::from(unit >> shift) & 0xF;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: impl Into<JsString>, escaping: Escaping) -> String {
        let mut out = String::new();
        push_json(&mut out, &text.into(), escaping);
        out
    }

    #[test]
    fn a_server_escapes_what_gets_lost_on_the_way_down() {
        assert_eq!(json("a\"\\\n\u{0}é", Escaping::Server), r#""a\"\\\n\u0000é""#);
        for char in ['\u{1F}', '\u{200C}', '\u{2028}', '\u{206F}', '\u{FFF0}', '\u{FFFF}'] {
            let hex = format!("\"\\u{:04x}\"", u32::from(char));
            assert_eq!(json(&*char.to_string(), Escaping::Server), hex);
        }
        for char in ['\u{20}', '\u{7F}', '\u{200B}', '\u{2010}', '\u{2070}', '\u{FFEF}'] {
            assert_eq!(json(&*char.to_string(), Escaping::Server), format!("\"{char}\""));
        }
        assert_eq!(json("\u{1F600}", Escaping::Server), r#""\ud83d\ude00""#);
        assert_eq!(json(JsString::from_utf16(&[0xDC00]), Escaping::Server), r#""\udc00""#);
    }

    #[test]
    fn a_client_escapes_more_and_a_script_no_end_of_itself() {
        assert_eq!(json("\u{AD}\u{300}a", Escaping::Client), r#""\u00ad\u0300a""#);
        assert_eq!(json("</script>\u{2028}", Escaping::Script), r#""\u003c/script>\u2028""#);
        for (first, last) in ESCAPED_BY_SERVER.iter().skip(1) {
            let covered = ESCAPED_BY_CLIENT.iter().any(|(low, high)| low <= first && last <= high);
            assert!(covered, "{first:x}: whatever a server escapes, a client does too");
        }
    }

    #[test]
    fn the_ranges_are_in_order_and_apart() {
        for ranges in [ESCAPED_BY_SERVER, ESCAPED_BY_CLIENT] {
            assert!(ranges.iter().all(|(first, last)| first <= last));
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:x?}");
        }
    }
}
