//! [`ResponseReader`]: one HTTP response, read from bytes in pieces of any size.

use crate::wire::Side;
use crate::wire::handshake::{BodyReader, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};

/// The most bytes of a body that are kept.
const MAX_CONTENT: usize = 512 << 10;

/// The response to a request, as far as it has arrived.
#[derive(Clone, Debug)]
pub struct ResponseReader {
    method: &'static str,
    reader: HeadReader,
    head: Option<Head>,
    body: Option<BodyReader>,
    is_chunked: bool,
    content: Vec<u8>,
    /// The bytes of the content that were read already.
    read_len: usize,
    is_complete: bool,
    /// What the bytes break of HTTP itself, as a clause without a subject.
    fault: Option<&'static str>,
}

impl ResponseReader {
    /// Creates a reader for the response to a request with this method.
    pub fn new(method: &'static str) -> Self {
        Self {
            method,
            reader: HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN),
            head: None,
            body: None,
            is_chunked: false,
            content: Vec::new(),
            read_len: 0,
            is_complete: false,
            fault: None,
        }
    }

    /// Takes bytes from the front of `input`; what is left belongs to what follows the response.
    pub fn push(&mut self, input: &mut &[u8]) {
        while self.head.is_none() && self.fault.is_none() && !input.is_empty() {
            self.push_head(input);
        }
        let Some(body) = &mut self.body else { return };
        body.take_content(input, |content| {
            let room = MAX_CONTENT.saturating_sub(self.content.len());
            self.content.extend_from_slice(content.get(..room).unwrap_or(content));
            if content.len() > room {
                self.fault = Some("sent more than 512 KiB in one response");
            }
        });
        if body.is_done() {
            self.is_complete = true;
        } else if self.is_chunked && body.is_until_close() {
            self.fault = Some("sent chunks whose lengths aren't numbers (RFC 9112 section 7.1)");
        }
    }

    fn push_head(&mut self, input: &mut &[u8]) {
        let taken = self.reader.push(input);
        *input = input.get(taken..).unwrap_or_default();
        match self.reader.scan() {
            HeadScan::Incomplete => {}
            HeadScan::Complete(_) => {
                let head = Head::new(Side::Server, self.reader.bytes());
                self.reader = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
                match head.status() {
                    // Interim responses (RFC 9110 section 15.2).
                    Some(100 | 102..=199) => {}
                    Some(_) => self.begin_body(head),
                    None => self.fault = Some("sent something that isn't an HTTP/1.1 response"),
                }
            }
            HeadScan::TooLarge
            | HeadScan::Tls(_)
            | HeadScan::Http2Preface
            | HeadScan::Http2Frame => {
                self.fault = Some("sent something that isn't an HTTP/1.1 response");
            }
        }
    }

    fn begin_body(&mut self, head: Head) {
        self.is_chunked = head.joined_value("Transfer-Encoding").is_some();
        let has_length = self.is_chunked || head.joined_value("Content-Length").is_some();
        // Servers answer a preflight without a length although the connection goes on.
        let is_empty = self.method == "OPTIONS" && !has_length || head.status() == Some(101);
        if is_empty {
            self.is_complete = true;
        } else {
            let body = BodyReader::of_response(&head, self.method);
            self.is_complete = body.is_done();
            self.body = Some(body);
        }
        self.head = Some(head);
    }

    /// Takes the end of the connection. Only a body without a length is complete then.
    pub fn end(&mut self) {
        let ends_here = self.body.as_ref().is_some_and(BodyReader::is_until_close);
        if self.head.is_some() && ends_here && !self.is_chunked {
            self.is_complete = true;
        }
    }

    /// Returns the head, once it is complete.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Whether the response is complete.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns what the response breaks of HTTP, as a clause without a subject.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Returns the content so far, without the framing of chunks.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Returns the content that was not read yet.
    pub fn unread(&self) -> &[u8] {
        self.content.get(self.read_len..).unwrap_or_default()
    }

    /// Counts `len` more bytes of the content as read.
    pub(super) fn count_read(&mut self, len: usize) {
        self.read_len = self.read_len.saturating_add(len).min(self.content.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &'static str, bytes: &[u8], piece: usize) -> (ResponseReader, Vec<u8>) {
        let (mut reader, mut rest) = (ResponseReader::new(method), Vec::new());
        for mut input in bytes.chunks(piece) {
            reader.push(&mut input);
            rest.extend_from_slice(input);
        }
        (reader, rest)
    }

    #[test]
    fn responses_end_where_http_says() {
        for piece in [1, 3, 1000] {
            let chunked =
                b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                            2\r\no\n\r\n0\r\n\r\nmore";
            let (reader, rest) = read("POST", chunked, piece);
            assert_eq!((reader.content(), &*rest), (&b"o\n"[..], &b"more"[..]));
            assert!(reader.is_complete() && reader.fault().is_none());
            let (reader, rest) = read("GET", b"HTTP/1.1 101 X\r\n\r\n\x81\x01o", piece);
            assert_eq!((reader.is_complete(), &*rest), (true, &b"\x81\x01o"[..]));
            let (mut reader, _) = read("GET", b"HTTP/1.0 200 OK\r\n\r\nabc", piece);
            assert!(!reader.is_complete());
            reader.end();
            assert!(reader.is_complete());
            let (reader, _) = read("OPTIONS", b"HTTP/1.1 200 OK\r\n\r\n", piece);
            assert!(reader.is_complete());
        }
    }

    #[test]
    fn what_is_no_response_has_a_fault() {
        assert!(read("GET", b"SSH-2.0-OpenSSH\r\n\r\n", 100).0.fault().is_some());
        let broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
        assert!(read("GET", broken, 100).0.fault().is_some());
        let mut cut =
            read("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na", 9).0;
        cut.end();
        assert!(!cut.is_complete());
    }
}
