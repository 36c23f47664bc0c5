//! Finds the head of an HTTP message in a stream with pieces of any size, and recognizes other
//! protocols by their first bytes.
//! `head` splits the head into lines. Bodies are not read at all.

use crate::wire::frame::Side;

/// The default limit for a head in bytes, from the start line to the blank line.
pub const DEFAULT_MAX_HEAD_LEN: usize = 65_536;

/// The first bytes of an HTTP/2 connection (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// The kind of data that the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadScan {
    /// A head without its blank line yet.
    Incomplete,
    /// A complete head of this many bytes, including the blank line.
    Complete(usize),
    /// A head without a blank line within the limit.
    TooLarge,
    /// A TLS record with this content type.
    Tls(u8),
    /// The preface of a client that speaks HTTP/2.
    Http2Preface,
    /// A frame of a server that speaks HTTP/2.
    Http2Frame,
}

/// Reads up to the blank line that ends a head.
#[derive(Clone, Debug)]
pub struct HeadReader {
    from: Side,
    max_len: usize,
    bytes: Vec<u8>,
    line_start: usize,
    scanned: usize,
    scan: HeadScan,
}

impl HeadReader {
    /// Creates a reader for the head that `from` sends, with at most `max_len` bytes.
    pub fn new(from: Side, max_len: usize) -> Self {
        Self {
            from,
            max_len,
            bytes: Vec::new(),
            line_start: 0,
            scanned: 0,
            scan: HeadScan::Incomplete,
        }
    }

    /// Takes bytes up to the end of the head and returns their number; the others belong to what
    /// follows. If the bytes are not a head, all of them are taken, and no more is kept than the
    /// limit allows.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        if let HeadScan::Complete(_) = self.scan {
            return 0;
        }
        let before = self.bytes.len();
        let room = self.max_len.saturating_sub(before);
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if self.scan == HeadScan::Incomplete {
            self.scan = self.scan_bytes();
        }
        let HeadScan::Complete(len) = self.scan else {
            return bytes.len();
        };
        self.bytes.truncate(len);
        len.saturating_sub(before)
    }

    /// Returns what the bytes so far are.
    pub fn scan(&self) -> HeadScan {
        self.scan
    }

    /// Returns the bytes taken so far. Once the head is complete, these are exactly the head.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn scan_bytes(&mut self) -> HeadScan {
        if let Some(found) = self.detect_other_protocol() {
            return found;
        }
        // Nine bytes are needed to recognize an HTTP/2 frame, and no head begins with a zero byte.
        // Looking for line endings before that would make the result depend on the pieces.
        if self.from == Side::Server && self.bytes.first() == Some(&0) {
            self.scanned = self.bytes.len();
        }
        // Bytes before `scanned` contain no further line ending, so a head that arrives byte by
        // byte costs linear time.
        while let Some((before, rest)) = self.bytes.split_at_checked(self.line_start)
            && let Some(known) = self.scanned.checked_sub(self.line_start)
            && let Some(at) = rest.iter().skip(known).position(|byte| *byte == b'\n')
        {
            let len = known.saturating_add(at);
            let blank = matches!(rest.get(..len), Some([] | b"\r"));
            // RFC 9112 section 2.2: a server ignores empty lines before the request line. Clients
            // do so before a response, because some servers write a line end too many after a body.
            let leading = before.iter().all(u8::is_ascii_whitespace);
            let end = self.line_start.saturating_add(len).saturating_add(1);
            (self.line_start, self.scanned) = (end, end);
            if blank && !leading {
                return HeadScan::Complete(end);
            }
        }
        self.scanned = self.bytes.len();
        if self.bytes.len() >= self.max_len { HeadScan::TooLarge } else { HeadScan::Incomplete }
    }

    /// Recognizes other protocols than HTTP/1 by their first bytes.
    fn detect_other_protocol(&self) -> Option<HeadScan> {
        match (self.from, self.bytes.as_slice()) {
            // A TLS record: content type 20 to 23, then the major version 3 (RFC 8446 section 5.1).
            (_, [kind @ 0x14..=0x17, 0x03, ..]) => Some(HeadScan::Tls(*kind)),
            (Side::Client, bytes) if bytes.starts_with(HTTP2_PREFACE) => {
                Some(HeadScan::Http2Preface)
            }
            // SETTINGS (4) or GOAWAY (7) on stream 0, shorter than 64 KiB: the first frame of an
            // HTTP/2 server.
            (Side::Server, [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..]) => Some(HeadScan::Http2Frame),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::handshake::Head;
    use proptest::prelude::*;

    fn read(from: Side, bytes: &[u8], chunk: usize) -> (HeadScan, Vec<u8>, Vec<u8>) {
        let mut reader = HeadReader::new(from, 100);
        let mut left = Vec::new();
        for piece in bytes.chunks(chunk) {
            let taken = reader.push(piece);
            left.extend_from_slice(&piece[taken..]);
        }
        (reader.scan(), reader.bytes().to_vec(), left)
    }

    #[test]
    fn the_bytes_behind_the_blank_line_are_left_over() {
        let (found, head, left) =
            read(Side::Server, b"HTTP/1.1 101 X\r\na: b\r\n\r\n\x81\x00", 1000);
        assert_eq!(
            (found, head.len(), left.as_slice()),
            (HeadScan::Complete(24), 24, &b"\x81\x00"[..])
        );
    }

    #[test]
    fn rfc_9112_section_2_2_line_ends() {
        assert_eq!(read(Side::Client, b"GET / HTTP/1.1\nHost: a\n\n", 9).0, HeadScan::Complete(24));
        assert_eq!(
            read(Side::Client, b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 9).0,
            HeadScan::Complete(22),
            "leading empty lines"
        );
        assert_eq!(
            read(Side::Server, b"\r\nHTTP/1.1 101 X\r\n\r\n\x81\0", 1),
            (HeadScan::Complete(20), b"\r\nHTTP/1.1 101 X\r\n\r\n".to_vec(), b"\x81\0".to_vec())
        );
        assert_eq!(read(Side::Client, b"GET / HTTP/1.1\r\nHost: a\r\n", 9).0, HeadScan::Incomplete);
    }

    #[test]
    fn other_protocols_are_recognized_by_their_first_bytes() {
        assert_eq!(read(Side::Client, &[0x16, 3, 1, 0, 5], 1).0, HeadScan::Tls(0x16));
        assert_eq!(
            read(Side::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 3).0,
            HeadScan::Http2Preface
        );
        assert_eq!(
            read(Side::Server, &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3], 2).0,
            HeadScan::Http2Frame
        );
        assert_eq!(read(Side::Client, &[b'x'; 200], 7).0, HeadScan::TooLarge);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_and_every_byte_gets_its_place(
            lines in proptest::collection::vec("[ \t]?[a-c:\r]{0,6}(\r\n|\n)", 0..8),
            tail in proptest::collection::vec(any::<u8>(), 0..6),
            first in proptest::option::of(proptest::collection::vec(prop_oneof![Just(0_u8), Just(4), Just(b'\n'), Just(0x16), Just(3)], 0..9)),
            chunk in 1_usize..9,
            client: bool,
        ) {
            let from = if client { Side::Client } else { Side::Server };
            let bytes = [first.unwrap_or_default(), lines.concat().into_bytes(), tail].concat();
            let whole = read(from, &bytes, 1000);
            prop_assert_eq!(&read(from, &bytes, chunk), &whole);
            let head = Head::new(from, &whole.1);
            let mut at = 0;
            for part in head.parts() {
                prop_assert_eq!(part.bytes.start, at);
                prop_assert!(!part.bytes.is_empty());
                at = part.bytes.end;
            }
            prop_assert_eq!(at, head.raw().len());
        }
    }
}
