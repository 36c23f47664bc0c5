//! Agreed extensions whose frames are not read, in the words of the command line and of the screen.

use crate::wire::format::escape_controls;
use crate::wire::handshake::extension::parse_extensions;
use crate::wire::{Side, Trace};

/// Returns the sentence about the extensions that were agreed on and are not read; `None` if there are
/// none, or if no head names them.
pub(crate) fn unread_extensions(trace: &Trace) -> Option<String> {
    let response = trace.head(Side::Server).filter(|_| trace.agreed().has_unread)?;
    let accepted = response.validation.extensions.iter();
    let accepted = accepted.flat_map(|text| parse_extensions(text.as_bytes(), 0));
    let names: Vec<String> = accepted
        .filter(|extension| !extension.is_deflate())
        .map(|extension| escape_controls(&extension.name))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "the agreed extension {} is not read: reserved bits and payloads, which it may change, \
             are not judged (RFC 6455 sections 5.2 and 9.1)",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn trace(extensions: &str) -> Trace {
        let mut trace = Trace::new();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Extensions: {extensions}\r\n\r\n"
        );
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Sec-WebSocket-Extensions: {extensions}\r\n\r\n"
        );
        trace.push(Side::Client, Duration::ZERO, request.as_bytes());
        trace.push(Side::Server, Duration::ZERO, response.as_bytes());
        // RSV2 in a text, RSV1 with bytes that are no UTF-8, and an RSV bit in a ping.
        trace.push(Side::Server, Duration::ZERO, b"\xa1\x01x\xc1\x02\xff\xfe\xd9\x00");
        trace
    }

    #[test]
    fn frames_of_an_extension_that_is_not_read_are_not_judged_and_it_is_named() {
        let trace_with = trace("x-foo; a=1, permessage-deflate, x-bar");
        let text = unread_extensions(&trace_with).unwrap();
        assert!(text.starts_with("the agreed extension x-foo, x-bar is not read"), "{text}");
        assert_eq!(trace("x-foo").faults(Side::Server), []);
        let known = trace("permessage-deflate");
        assert_eq!(unread_extensions(&known), None);
        assert!(!known.faults(Side::Server).is_empty());
    }
}
