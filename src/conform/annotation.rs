//! [`AnnotatedSide`]: what one side sent in a case, as heads, frames and the bytes after them.

use crate::wire::handshake::response::{is_switching_protocols, validate};
use crate::wire::handshake::{ClientOffer, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};
use crate::wire::{AgreedExtensions, Side, Sides, Transcript};

use crate::conform::{ConnectionBytes, Exchange};

/// What one side sent, decoded. Of long exchanges it is the beginning, as far as it was kept.
#[derive(Clone, Debug)]
pub struct AnnotatedSide {
    /// The heads, each with its blank line: of the request, or of the responses, where all but the
    /// last are interim (RFC 9110 section 15.2).
    pub heads: Vec<Head>,
    /// The frames after the handshake.
    pub frames: Transcript,
    /// The bytes that are neither: the body of a refusal, or what the decoder left unread.
    pub rest: Vec<u8>,
}

impl ConnectionBytes {
    /// Returns what each side sent, decoded.
    pub fn annotated(&self) -> Sides<AnnotatedSide> {
        // Whoever was tested, the client's bytes begin with a request.
        let is_client_tested = self.received.starts_with(b"GET ");
        let (sent, received) = if is_client_tested {
            (&self.received, &self.sent)
        } else {
            (&self.sent, &self.received)
        };
        let (heads, after_request) = read_heads(Side::Client, sent);
        let offer = heads.first().map(ClientOffer::from_request);
        let (responses, after_response) = read_heads(Side::Server, received);
        let opened = responses.last().filter(|head| is_switching_protocols(head));
        let agreed = opened.map(|head| validate(head, offer.as_ref()).agreed);
        // What follows a request for a WebSocket is meant as frames, whatever the server made of it.
        let is_upgrade = heads.first().is_none_or(|head| head.method() == "GET");
        Sides {
            client: AnnotatedSide::new(
                Side::Client,
                heads,
                after_request,
                is_upgrade.then(|| agreed.unwrap_or_default()),
            ),
            server: AnnotatedSide::new(Side::Server, responses, after_response, agreed),
        }
    }
}

impl Exchange {
    /// Returns the code of the server's Close, if it sent one with a code.
    pub fn close_code(&self) -> Option<u16> {
        let server = self.first().annotated().server;
        server.frames.frames().iter().find_map(|frame| Some(frame.close_body()?.0))
    }
}

impl AnnotatedSide {
    /// Decodes `bytes` as frames if extensions were agreed.
    fn new(from: Side, heads: Vec<Head>, bytes: &[u8], agreed: Option<AgreedExtensions>) -> Self {
        let mut frames = Transcript::new(from, agreed.unwrap_or_default());
        if agreed.is_some() {
            frames.push(bytes);
        }
        let read = usize::try_from(frames.byte_count().get()).unwrap_or(usize::MAX);
        let rest = bytes.get(read..).unwrap_or_default().to_vec();
        Self { heads, frames, rest }
    }
}

/// Returns the heads at the beginning of `bytes`, and the bytes after the final one.
fn read_heads(from: Side, bytes: &[u8]) -> (Vec<Head>, &[u8]) {
    let (mut heads, mut rest) = (Vec::new(), bytes);
    loop {
        let mut reader = HeadReader::new(from, DEFAULT_MAX_HEAD_LEN);
        let taken = reader.push(rest);
        if !matches!(reader.scan(), HeadScan::Complete(_)) {
            return (heads, rest);
        }
        rest = rest.get(taken..).unwrap_or_default();
        let head = Head::new(from, reader.bytes());
        let is_interim = head.status().is_some_and(|status| status < 200 && status != 101);
        heads.push(head);
        if !is_interim {
            return (heads, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(sent: &[u8], received: &[u8]) -> ConnectionBytes {
        let mut connection = ConnectionBytes::default();
        connection.add(Side::Client, sent);
        connection.add(Side::Server, received);
        connection
    }

    #[test]
    fn heads_frames_and_bodies_are_told_apart() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80\x01\x02\x03\x04";
        let opened = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 OK\r\n\r\n\x8a\x00\x81";
        let sides = connection(request, opened).annotated();
        assert_eq!((sides.client.heads.len(), sides.client.frames.frames().len()), (1, 1));
        assert_eq!((sides.server.heads.len(), sides.server.frames.frames().len()), (2, 1));
        assert!(sides.server.frames.partial_header().is_some());

        let refused = connection(request, b"HTTP/1.1 400 No\r\n\r\n\x81\x00");
        let sides = refused.annotated();
        assert_eq!(
            (sides.server.frames.frames().len(), sides.server.rest.as_slice()),
            (0, &b"\x81\x00"[..])
        );
        let post = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]";
        let sides = connection(post, b"HTTP/1.1 204 No Content\r\n\r\n").annotated();
        assert_eq!((sides.client.frames.frames().len(), &*sides.client.rest), (0, &b"[]"[..]));
        let noise = connection(b"", b"\x00\x01").annotated();
        assert_eq!((noise.server.heads.len(), noise.server.rest.as_slice()), (0, &b"\x00\x01"[..]));
    }
}
