//! [`HttpExchange`]: an HTTP request and its response on a connection, before an opening handshake
//! or without one.

use crate::wire::handshake::head::Head;
use crate::wire::size::ByteLen;

/// The method and the target of a request, with U+FFFD for invalid UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// The method: `GET`.
    pub method: String,
    /// The target: `/chat`, or `example.com:443` after CONNECT.
    pub target: String,
}

impl RequestLine {
    /// Reads the request line of a head.
    pub(super) fn of(head: &Head) -> Self {
        let [_, target, _] = head.start_line_parts();
        let target = String::from_utf8_lossy(head.slice(&target)).into_owned();
        Self { method: head.method(), target }
    }
}

/// An exchange that opened no WebSocket and did not try to.
///
/// An interim response (a 1xx other than 101, RFC 9110 section 15.2) is an exchange of its own,
/// without request bytes: the final response to the same request follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpExchange {
    /// The request; `None` if none was seen.
    pub request: Option<RequestLine>,
    /// The status of the response; `None` if none was seen.
    pub status: Option<u16>,
    /// The number of bytes of the request, head and body.
    pub request_len: ByteLen,
    /// The number of bytes of the response, head and body.
    pub response_len: ByteLen,
    /// Whether the response was seen to its end.
    pub is_complete: bool,
}

/// Whether a head belongs to an attempt to open a WebSocket, however many rules it breaks.
pub(super) fn is_handshake(head: &Head) -> bool {
    let names_websocket = head
        .joined_value("Upgrade")
        .is_some_and(|protocols| protocols.to_ascii_lowercase().contains("websocket"));
    let prefix = b"sec-websocket-";
    names_websocket
        || head.fields().iter().any(|field| {
            let name = head.slice(&field.name).get(..prefix.len());
            name.is_some_and(|name| name.eq_ignore_ascii_case(prefix))
        })
}

/// Whether what follows a request depends on the response: another protocol, or a tunnel (RFC 9110
/// sections 7.8 and 9.3.6).
pub(crate) fn may_switch_protocols(request: &Head) -> bool {
    let [method, ..] = request.start_line_parts();
    request.fields_named("Upgrade").next().is_some()
        || request.slice(&method) == b"CONNECT"
        || is_handshake(request)
}

/// Whether bytes begin like an HTTP request; `None` if too few have arrived to tell. Line ends
/// before a request are ignored (RFC 9112 section 2.2). No legal frame of a client looks like that,
/// because the second byte of one has the MASK bit set.
pub(crate) fn looks_like_request(bytes: &[u8]) -> Option<bool> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    match bytes.get(start..).unwrap_or_default() {
        [first] if first.is_ascii_uppercase() => None,
        [first, second, ..] => Some(first.is_ascii_uppercase() && second.is_ascii_uppercase()),
        _ => Some(false),
    }
}

/// Whether bytes begin like an HTTP response; `None` if too few have arrived to tell.
pub(crate) fn looks_like_response(bytes: &[u8]) -> Option<bool> {
    let version = b"HTTP/1.";
    match bytes.get(..version.len()) {
        Some(start) => Some(start == version),
        None if version.starts_with(bytes) => None,
        None => Some(false),
    }
}
