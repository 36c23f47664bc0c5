//! The addresses below the prefix of a SockJS service, and the callback in their query.

use thiserror::Error;

use crate::sockjs::transport::{SendRequest, Transport};

/// The maximum length of a server or session part in bytes, decoded. A server keeps the latter as
/// long as the session lives.
pub const MAX_PART: usize = 256;

/// The maximum length of a callback's name in bytes.
pub const MAX_CALLBACK: usize = 128;

/// The meaning of an address below the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing or `/`: a line of text that says that SockJS is here.
    Greeting,
    /// `/info`: what the server can do.
    Info,
    /// `/iframe.html`, `/iframe-1.6.1.html`: the page for transports across domains.
    Iframe,
    /// `/websocket`: a WebSocket without frames of SockJS.
    RawWebSocket,
    /// `/000/abc/xhr`: a request of a session.
    Session {
        /// The part for a load balancer, which servers ignore; decoded.
        server: String,
        /// The session's name, decoded.
        session: String,
        /// The request of it.
        request: SessionRequest,
    },
}

/// The purpose of a session's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRequest {
    /// To receive, on this transport; a WebSocket sends too.
    Receive(Transport),
    /// To send messages.
    Send(SendRequest),
}

impl SessionRequest {
    /// Returns the last part of its path.
    pub fn path_part(self) -> &'static str {
        match self {
            Self::Receive(transport) => transport.path_part(),
            Self::Send(request) => request.path_part(),
        }
    }

    fn named(part: &str) -> Option<Self> {
        let transports = Transport::OF_SESSIONS.into_iter().map(Self::Receive);
        let sends = SendRequest::ALL.into_iter().map(Self::Send);
        transports.chain(sends).find(|request| request.path_part() == part)
    }
}

impl Target {
    /// Reads the path behind the prefix, without the query. `None` is 404: parts that are empty,
    /// too long or have a dot, too many or too few of them, an unknown last one.
    pub fn parse(path: &str) -> Option<Self> {
        let path = match path {
            "" | "/" => return Some(Self::Greeting),
            "/info" => return Some(Self::Info),
            "/websocket" => return Some(Self::RawWebSocket),
            path => path.strip_prefix('/')?,
        };
        let mut parts = path.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(page), None, None, None) => is_iframe(page).then_some(Self::Iframe),
            (Some(server), Some(session), Some(last), None) => Some(Self::Session {
                server: decode_part(server)?,
                session: decode_part(session)?,
                request: SessionRequest::named(last)?,
            }),
            _ => None,
        }
    }
}

/// Whether this is the name of the page, with or without a version: `iframe.html`,
/// `iframe-0.1.2.html`.
fn is_iframe(name: &str) -> bool {
    let legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.' | b'_');
    let version = name.strip_prefix("iframe").and_then(|rest| rest.strip_suffix(".html"));
    version.is_some_and(|version| version.bytes().all(legal))
}

/// Decodes a server or session part. Any value is valid but an empty one and one with a dot, written
/// as it is or as `%2E`: the two are the same in a URL (RFC 3986 section 6.2.2.2).
fn decode_part(part: &str) -> Option<String> {
    if has_stray_percent(part) {
        return None;
    }
    let part = String::from_utf8(percent_decode(part.as_bytes())).ok()?;
    let valid = !part.is_empty() && part.len() <= MAX_PART && !part.contains('.');
    valid.then_some(part)
}

fn has_stray_percent(text: &str) -> bool {
    text.split('%').skip(1).any(|rest| {
        let digits = rest.as_bytes().get(..2);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Decodes percent escapes (RFC 3986 section 2.1). A percent sign without two digits stays.
pub(super) fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let escape = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high << 4 | low).ok(),
            _ => None,
        };
        out.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    out
}

/// Why the callback in a query is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CallbackError {
    /// There is none, or it is empty.
    #[error("\"callback\" parameter required")]
    Missing,
    /// It has other characters than `a-z A-Z 0-9 - _ .`, or more than [`MAX_CALLBACK`].
    #[error("invalid \"callback\" parameter")]
    Invalid,
}

/// Reads the parameter `c` or `callback` of a query, which becomes code in a page: so only what can
/// be a name passes.
///
/// # Errors
/// If it is missing or not such a name.
pub fn read_callback(query: Option<&str>) -> Result<String, CallbackError> {
    let parameter = |wanted: &str| {
        let mut pairs =
            query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| percent_decode(value.as_bytes()))
    };
    let value = parameter("c").or_else(|| parameter("callback")).unwrap_or_default();
    if value.is_empty() {
        return Err(CallbackError::Missing);
    }
    let valid = value.len() <= MAX_CALLBACK && value.iter().all(|byte| is_callback_byte(*byte));
    match String::from_utf8(value) {
        Ok(callback) if valid => Ok(callback),
        _ => Err(CallbackError::Invalid),
    }
}

pub(super) fn is_callback_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_known() {
        for (path, target) in [
            ("", Target::Greeting),
            ("/", Target::Greeting),
            ("/info", Target::Info),
            ("/websocket", Target::RawWebSocket),
            ("/iframe.html", Target::Iframe),
            ("/iframe-.html", Target::Iframe),
            ("/iframe-0.1.2abc-dirty.2144.html", Target::Iframe),
        ] {
            assert_eq!(Target::parse(path), Some(target), "{path}");
        }
        for last in [
            "websocket",
            "xhr",
            "xhr_send",
            "xhr_streaming",
            "eventsource",
            "htmlfile",
            "jsonp",
            "jsonp_send",
        ] {
            let target = Target::parse(&format!("/a%20b/_%2F/{last}"));
            let Some(Target::Session { server, session, request }) = target else {
                panic!("{last}")
            };
            assert_eq!((&*server, &*session, request.path_part()), ("a b", "_/", last));
        }
    }

    #[test]
    fn what_is_no_address_is_nothing() {
        let long = format!("/a/{}/xhr", "x".repeat(MAX_PART + 1));
        for path in [
            "//",
            "///",
            "/a",
            "/a/",
            "/a/a",
            "/a/a/",
            "/a.html",
            "/a/a/a",
            "/a/a/xhr/",
            "/info/",
            "//a/xhr",
            "/a//xhr",
            "///xhr",
            "/a./a/xhr",
            "/a/a./xhr",
            "/./a/xhr",
            "/a/%2e/xhr",
            "/a/%zz/xhr",
            "/a/%2/xhr",
            "/a/%ff/xhr",
            "/a/a/XHR",
            "/iframe",
            "/iframe.htm",
            "/IFRAME.HTML",
            "/iframe.HTML",
            "/iframe.xml",
            "/iframe-/.html",
            "/iframe-A.html",
            "xhr",
            &long,
        ] {
            assert_eq!(Target::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_callback_is_a_name() {
        assert_eq!(read_callback(Some("c=%63allback")).unwrap(), "callback");
        assert_eq!(read_callback(Some("t=1&callback=_jp.a-1")).unwrap(), "_jp.a-1");
        for query in [None, Some(""), Some("c="), Some("x=y"), Some("c")] {
            assert_eq!(read_callback(query), Err(CallbackError::Missing), "{query:?}");
        }
        for query in ["c=%20", "c=*", "c=abc(", "c=abc%28", "c=%ff", "c=a%00"] {
            assert_eq!(read_callback(Some(query)), Err(CallbackError::Invalid), "{query}");
        }
        assert!(read_callback(Some(&format!("c={}", "x".repeat(MAX_CALLBACK + 1)))).is_err());
    }
}
