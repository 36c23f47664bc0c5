//! What a server sent in place of a response of HTTP/1.1.

use crate::wire::decode::NonFrame;

/// Beginnings of what other servers send first, or in answer to a request that they do not
/// understand.
const GREETINGS: &[(&[u8], &str)] = &[
    (b"SSH-", "this is an SSH banner, so an SSH server listens on this port"),
    (b"RFB ", "this is the greeting of a VNC server"),
    (b"220 ", "this is the greeting of an SMTP or FTP server"),
    (b"220-", "this is the greeting of an SMTP or FTP server"),
    (b"* OK", "this is the greeting of an IMAP server"),
    (b"+OK", "this is the greeting of a POP3 server"),
    (b"-ERR", "this is an error of a Redis or POP3 server"),
    (b"AMQP", "this is the header of AMQP, so a message broker listens on this port"),
];

/// Returns what bytes in place of a status line are, as a sentence without a full stop.
///
/// ```
/// use wiretalk_core::wire::explain::describe_non_http;
///
/// assert!(describe_non_http(b"SSH-2.0-OpenSSH_9.6\r\n").contains("an SSH banner"));
/// assert_eq!(describe_non_http(b"<html>"), "this is an HTML page without a status line");
/// ```
pub fn describe_non_http(bytes: &[u8]) -> &'static str {
    if let Some((_, what)) = GREETINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return what;
    }
    let is_text = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    match NonFrame::recognize(bytes) {
        Some(NonFrame::Html) => "this is an HTML page without a status line",
        Some(NonFrame::Xml) => "this is an XML document without a status line",
        Some(NonFrame::Json | NonFrame::EngineIo) => "this is JSON text without a status line",
        Some(NonFrame::EventStream) => "these are server-sent events without a status line",
        Some(NonFrame::TlsRecord) => "this is a TLS record, so the server expects TLS (wss://)",
        Some(NonFrame::HttpRequest) => "this is a request, so the sides may be swapped",
        _ if matches!(bytes, [0, _, _, 4 | 7, ..]) => "this is an HTTP/2 frame",
        _ if str::from_utf8(bytes).is_ok() && bytes.iter().all(is_text) => {
            "this is text without a status line"
        }
        _ => "these bytes belong to no protocol that is known here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_place_of_a_response_is_named() {
        for (bytes, word) in [
            (&b"220 mail.example.test ESMTP\r\n"[..], "SMTP"),
            (b"-ERR unknown command 'GET'\r\n", "Redis"),
            (b"Unauthorized", "text"),
            (b"{\"error\":1}", "JSON"),
            (b"\x15\x03\x03\0\x02\x02\x46", "TLS"),
            (b"\0\0\x06\x04\0\0\0\0\0", "HTTP/2"),
            (b"\x81\x05Hello\xff", "no protocol"),
        ] {
            assert!(describe_non_http(bytes).contains(word), "{word}");
        }
    }
}
