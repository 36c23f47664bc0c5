//! [`Frame`]: what a server sends, on every transport but the raw WebSocket. A letter says what it
//! is; JSON may follow.

use crate::sockjs::escape::{Escaping, push_json, push_json_str};
use crate::sockjs::js_string::JsString;
use crate::sockjs::json::{FrameError, FrameProblem, JsonReader};

/// A frame of the protocol, from server to client. In the other direction there are no frames, only
/// messages: [`payload`](crate::sockjs::payload).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// `o`: the session is open. The first frame of each.
    Open,
    /// `h`: nothing, so that no proxy ends a silent connection.
    Heartbeat,
    /// `a["..",..]`: messages, in order.
    Messages(Vec<JsString>),
    /// `m".."`: a single message. Clients take it; no server sends it.
    Message(JsString),
    /// `c[code,"reason"]`: the session is closed, and why.
    Close {
        /// The code, 3000 to 4999 for an application's own.
        code: u16,
        /// The reason for people.
        reason: String,
    },
}

impl Frame {
    /// Makes a frame of one message.
    pub fn message(text: impl Into<JsString>) -> Self {
        Self::Messages(vec![text.into()])
    }

    /// Makes a close frame.
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close { code, reason: reason.into() }
    }

    /// Returns the letter that it begins with.
    pub fn letter(&self) -> char {
        match self {
            Self::Open => 'o',
            Self::Heartbeat => 'h',
            Self::Messages(_) => 'a',
            Self::Message(_) => 'm',
            Self::Close { .. } => 'c',
        }
    }

    /// Returns the messages in it, none for most types.
    pub fn messages(&self) -> &[JsString] {
        match self {
            Self::Messages(messages) => messages,
            Self::Message(message) => std::slice::from_ref(message),
            Self::Open | Self::Heartbeat | Self::Close { .. } => &[],
        }
    }

    /// Reads a frame without what its transport puts around it. Whitespace is allowed where JSON
    /// allows it.
    ///
    /// # Errors
    /// Tells the first byte that is wrong. A close frame must have a code and a reason; U+FFFD stands
    /// for lone surrogates in a reason.
    pub fn parse(frame: impl AsRef<[u8]>) -> Result<Self, FrameError> {
        let bytes = frame.as_ref();
        let mut reader = JsonReader::new(bytes, 1)?;
        let problem = |problem| FrameError { at: 0, problem };
        let frame = match bytes.first() {
            None => return Err(problem(FrameProblem::Empty)),
            Some(b'o') => Self::Open,
            Some(b'h') => Self::Heartbeat,
            Some(b'a') => Self::Messages(reader.strings()?),
            Some(b'm') => Self::Message(reader.string()?),
            Some(b'c') => {
                reader.expect("[")?;
                let code = reader.code()?;
                reader.expect(",")?;
                let reason = reader.string()?.into_string_lossy();
                reader.expect("]")?;
                Self::Close { code, reason }
            }
            Some(byte) => return Err(problem(FrameProblem::UnknownType(*byte))),
        };
        reader.end()?;
        Ok(frame)
    }

    /// Returns the frame as a server writes it, without what its transport puts around it.
    pub fn encode(&self) -> String {
        let mut out = String::from(self.letter());
        match self {
            Self::Open | Self::Heartbeat => {}
            Self::Message(message) => push_json(&mut out, message, Escaping::Server),
            Self::Messages(messages) => push_array(&mut out, messages, Escaping::Server),
            Self::Close { code, reason } => {
                out.push('[');
                out.push_str(&code.to_string());
                out.push(',');
                push_json_str(&mut out, reason, Escaping::Server);
                out.push(']');
            }
        }
        out
    }
}

pub(super) fn push_array(out: &mut String, messages: &[JsString], escaping: Escaping) {
    out.push('[');
    for (index, message) in messages.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json(out, message, escaping);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_is_read_and_written() {
        for (text, frame) in [
            ("o", Frame::Open),
            ("h", Frame::Heartbeat),
            ("a[]", Frame::Messages(Vec::new())),
            (r#"a["x","\n"]"#, Frame::Messages(vec!["x".into(), "\n".into()])),
            (r#"m"x""#, Frame::Message("x".into())),
            (r#"c[3000,"Go away!"]"#, Frame::close(3000, "Go away!")),
        ] {
            assert_eq!(Frame::parse(text), Ok(frame.clone()), "{text}");
            assert_eq!(frame.encode(), text);
        }
        let spaced = Frame::parse("a [ \"x\" ,\r\n\t\"y\" ] ").unwrap();
        assert_eq!(spaced, Frame::Messages(vec!["x".into(), "y".into()]));
    }

    #[test]
    fn a_lone_surrogate_comes_back_as_it_was_sent() {
        let text = r#"a["x\ud800","\udc00\ud800","\ud83d\ude00"]"#;
        let frame = Frame::parse(text).unwrap();
        assert_eq!(frame.messages()[0], JsString::from_utf16(&[0x78, 0xD800]));
        assert_eq!(frame.messages()[2], "\u{1F600}");
        assert_eq!(frame.encode(), text);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        use FrameProblem::{
            BadCode, BadEscape, ControlCharacter, Empty, Expected, NotUtf8, Trailing, Unfinished,
            UnknownType,
        };
        for (text, at, problem) in [
            (&b""[..], 0, Empty),
            (b"x", 0, UnknownType(b'x')),
            (b"O", 0, UnknownType(b'O')),
            (b"oo", 1, Trailing),
            (b"a", 1, Unfinished),
            (b"a[\"x\"", 5, Unfinished),
            (b"a[\"x\" \"y\"]", 6, Expected(", or ]")),
            (b"a[1]", 2, Expected("a string")),
            (b"a[\"x\",]", 6, Expected("a string")),
            (b"a{}", 1, Expected("[")),
            (b"a[\"\n\"]", 3, ControlCharacter(10)),
            (b"a[\"\\x\"]", 3, BadEscape),
            (b"a[\"\\u12g4\"]", 3, BadEscape),
            (b"a[\"\\u12", 7, Unfinished),
            (b"a[\"\\", 4, Unfinished),
            (b"a[\"\xff\"]", 3, NotUtf8),
            (b"c[65536,\"\"]", 2, BadCode),
            (b"c[-1,\"\"]", 2, BadCode),
            (b"c[01,\"\"]", 2, BadCode),
            (b"c[3000]", 6, Expected(",")),
            (b"c[3000,\"\",1]", 9, Expected("]")),
        ] {
            let error = Frame::parse(text).unwrap_err();
            assert_eq!((error.at, error.problem), (at, problem), "{}", text.escape_ascii());
        }
    }

    fn any_string() -> impl Strategy<Value = JsString> {
        let unit = prop_oneof![any::<u16>(), 0xD700_u16..0xE100, 0_u16..0x80];
        proptest::collection::vec(unit, 0..12).prop_map(|units| JsString::from_utf16(&units))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            messages in proptest::collection::vec(any_string(), 0..5),
            code: u16,
            reason: String,
        ) {
            for frame in [Frame::Messages(messages), Frame::Close { code, reason }] {
                let text = frame.encode();
                prop_assert_eq!(Frame::parse(&text), Ok(frame));
                let server = |char| Escaping::Server.escapes(char) && !matches!(char, '"' | '\\');
                prop_assert!(!text.contains(server), "{text}");
            }
        }

        #[test]
        fn it_agrees_with_a_json_parser_on_what_is_json(text in "[\\[\\]\",\\\\ua0-9dD x]{0,24}") {
            let ours = Frame::parse(format!("a{text}"));
            let theirs = serde_json::from_str::<Vec<String>>(&text);
            match (ours, theirs) {
                (Ok(Frame::Messages(ours)), Ok(theirs)) => prop_assert_eq!(ours, theirs
                    .into_iter().map(JsString::from).collect::<Vec<_>>()),
                // serde_json has no place for a lone surrogate.
                (Ok(frame), Err(_)) => {
                    prop_assert!(frame.messages().iter().any(|text| !text.is_well_formed()));
                }
                (Err(error), Ok(_)) => prop_assert!(false, "{text}: {error}"),
                (Err(error), Err(_)) => prop_assert!(error.at <= text.len().saturating_add(1)),
                (Ok(frame), Ok(_)) => prop_assert!(false, "{frame:?}"),
            }
        }
    }
}
