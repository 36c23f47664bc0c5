//! [`NonFrame`]: bytes of another protocol where a frame should begin, recognized by how they begin.
//! Their first bytes break rules for frames ("RSV1 must be clear"), which says nothing about the
//! cause.

/// What stands where a frame should begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFrame {
    /// An HTTP response.
    HttpResponse,
    /// An HTTP request.
    HttpRequest,
    /// The size of a chunk (RFC 9112 section 7.1), usually with a frame within the chunk.
    Chunk,
    /// An HTML page.
    Html,
    /// JSON text without a frame around it.
    Json,
    /// A TLS record (RFC 8446 section 5.1).
    TlsRecord,
}

/// The maximum length of a chunk's size line that is looked at.
const MAX_CHUNK_LINE: usize = 10;

impl NonFrame {
    /// Recognizes bytes where a frame should begin; `None` if they may be a frame.
    pub fn recognize(bytes: &[u8]) -> Option<Self> {
        let methods: [&[u8]; 7] =
            [b"GET /", b"POST /", b"HEAD /", b"PUT /", b"OPTIONS ", b"CONNECT ", b"PRI * HTTP/2"];
        let lower: Vec<u8> = bytes.iter().take(14).map(u8::to_ascii_lowercase).collect();
        if bytes.starts_with(b"HTTP/") {
            Some(Self::HttpResponse)
        } else if methods.iter().any(|method| bytes.starts_with(method)) {
            Some(Self::HttpRequest)
        } else if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
            Some(Self::Html)
        } else if matches!(bytes, [0x14..=0x17, 3, 0..=4, _, _, ..]) {
            Some(Self::TlsRecord)
        } else if is_chunk_size(bytes) {
            Some(Self::Chunk)
        } else if is_json(bytes) {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// Returns what the bytes are and the usual cause, as a sentence without a full stop.
    pub fn hint(self) -> &'static str {
        match self {
            Self::HttpResponse => {
                "this is an HTTP response, not a frame: a second handler, often a proxy's or the \
                 error handler of the server, writes HTTP into the open WebSocket"
            }
            Self::HttpRequest => {
                "this is an HTTP request, not a frame: the sender doesn't know that the connection \
                 has become a WebSocket"
            }
            Self::Chunk => {
                "this is the size of an HTTP chunk, not a frame: something wraps the frames in \
                 Transfer-Encoding: chunked"
            }
            Self::Html => {
                "this is an HTML page, not a frame: a handler writes a page into the open WebSocket"
            }
            Self::Json => {
                "this is JSON text without a frame around it: the sender writes to the socket \
                 instead of sending a WebSocket message"
            }
            Self::TlsRecord => {
                "this is a TLS record, not a frame: one side speaks TLS and the other doesn't"
            }
        }
    }
}

/// Whether the bytes begin with a line that holds only a hexadecimal number.
fn is_chunk_size(bytes: &[u8]) -> bool {
    let line = bytes.iter().take(MAX_CHUNK_LINE).position(|byte| *byte == b'\r');
    line.is_some_and(|end| {
        let digits = bytes.get(..end).unwrap_or_default();
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
        is_number && bytes.get(end.saturating_add(1)) == Some(&b'\n')
    })
}

/// Whether the bytes begin like a JSON object or array of text.
fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'"' | b'}', ..] | [b'[', b'"' | b'{' | b'[' | b']', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Opcode;
    use crate::wire::frame::encode;

    #[test]
    fn other_protocols_are_recognized_by_their_first_bytes() {
        for (bytes, expected) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], NonFrame::HttpResponse),
            (b"GET / HTTP/1.1\r\n", NonFrame::HttpRequest),
            (b"7\r\n\x81\x05Hello", NonFrame::Chunk),
            (b"1a\r\n", NonFrame::Chunk),
            (b"<!DOCTYPE html><p>", NonFrame::Html),
            (b"{\"a\":1}", NonFrame::Json),
            (b"[{\"a\":1}]", NonFrame::Json),
            (b"\x16\x03\x01\x02\x00", NonFrame::TlsRecord),
        ] {
            assert_eq!(NonFrame::recognize(bytes), Some(expected), "{bytes:?}");
        }
    }

    #[test]
    fn legal_frames_are_no_other_protocol() {
        for opcode in [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Ping] {
            for len in [0_usize, 1, 2, 125, 126, 65_536] {
                for key in [None, Some([1, 2, 3, 4])] {
                    let frame = encode::single_frame(opcode, &vec![b'a'; len.min(125)], key);
                    assert_eq!(NonFrame::recognize(&frame), None, "{frame:?}");
                }
            }
        }
    }
}
