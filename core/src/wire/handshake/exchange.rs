//! [`HttpExchange`]: an HTTP request and its response on a connection, before an opening handshake
//! or without one.

use crate::wire::frame::Side;
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
        Self { method: head.method(), target: head.target() }
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

/// Whether bytes begin with the start line of an HTTP message of that side: a request line, or a
/// status line (RFC 9112 sections 3 and 4). Its end may be missing.
pub fn begins_with_start_line(from: Side, bytes: &[u8]) -> bool {
    let line_end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = bytes.get(..line_end.unwrap_or(bytes.len())).unwrap_or(bytes);
    match from {
        Side::Client => begins_with_request_line(line, line_end.is_some()),
        Side::Server => begins_with_status_line(line),
    }
}

/// The maximum length of a method that anything is known of, BASELINE-CONTROL.
const MAX_METHOD_LEN: usize = 16;

fn begins_with_request_line(line: &[u8], is_whole: bool) -> bool {
    let is_visible = |byte: &u8| matches!(byte, 0x21..=0x7e | 0x80..);
    let mut parts = line.split(|byte| *byte == b' ');
    let method = parts.next().unwrap_or_default();
    let is_method = (3..=MAX_METHOD_LEN).contains(&method.len())
        && method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-');
    let target = parts.next().unwrap_or_default();
    let version = parts.next();
    let is_version = |version: &[u8]| {
        if is_whole { is_http_1_version(version) } else { b"HTTP/1.1".starts_with(version) }
    };
    is_method
        && !target.is_empty()
        && target.iter().all(is_visible)
        && version.map_or(!is_whole, is_version)
        && parts.next().is_none()
}

fn begins_with_status_line(line: &[u8]) -> bool {
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let (version, status) = (parts.next(), parts.next());
    let is_status = |status: &[u8]| {
        matches!(status, [b'1'..=b'9', rest @ ..]
            if rest.len() == 2 && rest.iter().all(u8::is_ascii_digit))
    };
    version.is_some_and(is_http_1_version) && status.is_some_and(is_status)
}

fn is_http_1_version(version: &[u8]) -> bool {
    matches!(version, b"HTTP/1.0" | b"HTTP/1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9112_sections_3_and_4_start_lines() {
        for (from, line, is_start_line) in [
            (Side::Client, &b"GET / HTTP/1.1\r\nHost: a"[..], true),
            (Side::Client, b"CONNECT a:443 HTTP/1.0\r\n", true),
            (Side::Client, b"GET /a/long/target", true),
            (Side::Client, b"GET /a HTTP", true),
            (Side::Client, b"GET /a\r\n", false),
            (Side::Client, b"GET  HTTP/1.1\r\n", false),
            (Side::Client, b"get / HTTP/1.1\r\n", false),
            (Side::Client, b"EHLO a b c\r\n", false),
            (Side::Client, b"HTTP/1.1 101 X\r\n", false),
            (Side::Client, b"\x81\x85abcd", false),
            (Side::Server, b"HTTP/1.1 101 Switching Protocols\r\n", true),
            (Side::Server, b"HTTP/1.0 200", true),
            (Side::Server, b"HTTP/1.1 20", false),
            (Side::Server, b"HTTP/1.1 2000 X\r\n", false),
            (Side::Server, b"HTTP/1.1\r\n", false),
            (Side::Server, b"*1\r\n$4\r\nPING", false),
        ] {
            let text = String::from_utf8_lossy(line);
            assert_eq!(begins_with_start_line(from, line), is_start_line, "{from}: {text}");
        }
    }
}
