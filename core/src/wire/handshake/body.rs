//! Reads past the body of an HTTP message: its length is given by the head (RFC 9112 section 6.3)
//! or by its chunks (section 7.1). The content itself is not interpreted.

use crate::wire::handshake::head::Head;
use crate::wire::size::ByteLen;

/// How the length of a body is given (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyLen {
    /// There is no body.
    Empty,
    /// `Content-Length`.
    Fixed(ByteLen),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The body of a response that ends with the connection.
    UntilClose,
}

impl BodyLen {
    fn of_request(head: &Head) -> Self {
        match (is_chunked(head), content_length(head)) {
            (Some(true), _) => Self::Chunked,
            // Rule 4: the length of such a request cannot be known, so a server rejects it.
            (Some(false), _) | (None, Err(InvalidLength)) => Self::UntilClose,
            (None, Ok(Some(len))) => Self::Fixed(len),
            (None, Ok(None)) => Self::Empty,
        }
    }

    fn of_response(head: &Head, method: &str) -> Self {
        // Rules 1 and 2: no body whatever the fields say.
        let is_bodiless = match head.status() {
            Some(100..=199 | 204 | 304) => true,
            Some(200..=299) => method == "CONNECT",
            _ => false,
        };
        if method == "HEAD" || is_bodiless {
            return Self::Empty;
        }
        match (is_chunked(head), content_length(head)) {
            (Some(true), _) => Self::Chunked,
            (Some(false), _) | (None, Ok(None) | Err(InvalidLength)) => Self::UntilClose,
            (None, Ok(Some(len))) => Self::Fixed(len),
        }
    }
}

/// Whether chunked is the final transfer coding; `None` without `Transfer-Encoding`.
fn is_chunked(head: &Head) -> Option<bool> {
    let codings = head.joined_value("Transfer-Encoding")?;
    Some(codings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked")))
}

/// A `Content-Length` that is no number, or several different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InvalidLength;

/// Returns the value of `Content-Length`; `None` if there is none. A list of equal values counts as
/// one (RFC 9112 section 6.3, rule 5).
fn content_length(head: &Head) -> Result<Option<ByteLen>, InvalidLength> {
    let Some(values) = head.joined_value("Content-Length") else { return Ok(None) };
    let mut lengths = values.split(',').map(|value| value.trim().parse::<u64>().ok());
    let first = lengths.next().flatten().ok_or(InvalidLength)?;
    let is_valid = !values.contains('+') && lengths.all(|other| other == Some(first));
    if is_valid { Ok(Some(ByteLen::new(first))) } else { Err(InvalidLength) }
}

/// The part of a body that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyPart {
    /// This many bytes of a body with a known length.
    Fixed(ByteLen),
    /// The size of a chunk; the digits so far and their number.
    ChunkSize(u64, u8),
    /// The rest of the line with the size of a chunk of this length.
    ChunkExtension(u64),
    /// This many bytes of a chunk.
    ChunkData(ByteLen),
    /// The line end after the data of a chunk.
    ChunkEnd,
    /// A line of the trailer section, and whether it is empty so far.
    Trailer(bool),
    /// Everything until the connection ends.
    UntilClose,
    /// Nothing.
    Done,
}

/// The maximum number of digits of a chunk's size: 64 bits.
const MAX_SIZE_DIGITS: u8 = 16;

/// Finds the end of a body in pieces of any size.
#[derive(Clone, Debug)]
pub(crate) struct BodyReader {
    part: BodyPart,
    /// Whether the framing of chunks is broken, so that what follows is no content.
    is_broken: bool,
}

impl BodyReader {
    /// Creates a reader for the body of a request.
    pub(crate) fn of_request(head: &Head) -> Self {
        Self::new(BodyLen::of_request(head))
    }

    /// Creates a reader for the body of a response to a request with this method.
    pub(crate) fn of_response(head: &Head, method: &str) -> Self {
        Self::new(BodyLen::of_response(head, method))
    }

    fn new(len: BodyLen) -> Self {
        let part = match len {
            BodyLen::Empty => BodyPart::Done,
            BodyLen::Fixed(len) => Self::fixed(len),
            BodyLen::Chunked => BodyPart::ChunkSize(0, 0),
            BodyLen::UntilClose => BodyPart::UntilClose,
        };
        Self { part, is_broken: false }
    }

    fn fixed(len: ByteLen) -> BodyPart {
        if len == ByteLen::ZERO { BodyPart::Done } else { BodyPart::Fixed(len) }
    }

    /// Whether the body is over.
    pub(crate) fn is_done(&self) -> bool {
        self.part == BodyPart::Done
    }

    /// Whether the body ends with the connection only.
    pub(crate) fn is_until_close(&self) -> bool {
        self.part == BodyPart::UntilClose
    }

    /// Takes the bytes of the body from the front of `input` and returns them as they came, with
    /// the framing of chunks.
    pub(crate) fn take<'i>(&mut self, input: &mut &'i [u8]) -> &'i [u8] {
        self.take_content(input, |_| {})
    }

    /// Does the same, and passes what is content to `push`, without the framing of chunks.
    pub(crate) fn take_content<'i>(
        &mut self,
        input: &mut &'i [u8],
        mut push: impl FnMut(&[u8]),
    ) -> &'i [u8] {
        let all = *input;
        while !input.is_empty() && !self.is_done() {
            let is_content = match self.part {
                BodyPart::Fixed(_) | BodyPart::ChunkData(_) => true,
                BodyPart::UntilClose => !self.is_broken,
                _ => false,
            };
            let taken = self.take_part(input);
            if is_content {
                push(input.get(..taken).unwrap_or_default());
            } else {
                self.is_broken |= self.is_until_close();
            }
            *input = input.get(taken..).unwrap_or_default();
        }
        all.get(..all.len().saturating_sub(input.len())).unwrap_or(all)
    }

    /// Takes the next part, or the beginning of it, and returns the number of its bytes.
    fn take_part(&mut self, input: &[u8]) -> usize {
        let Some(&byte) = input.first() else { return 0 };
        let (part, taken) = match self.part {
            BodyPart::Fixed(left) => {
                let taken = left.min(ByteLen::of(input));
                (Self::fixed(left - taken), taken.to_usize_saturating())
            }
            BodyPart::ChunkData(left) => {
                let taken = left.min(ByteLen::of(input));
                let left = left - taken;
                let is_over = left == ByteLen::ZERO;
                let part = if is_over { BodyPart::ChunkEnd } else { BodyPart::ChunkData(left) };
                (part, taken.to_usize_saturating())
            }
            BodyPart::UntilClose | BodyPart::Done => (self.part, input.len()),
            BodyPart::ChunkSize(size, digits) => (after_size_byte(size, digits, byte), 1),
            BodyPart::ChunkExtension(size) if byte == b'\n' => (after_size_line(size), 1),
            BodyPart::ChunkEnd if byte == b'\n' => (BodyPart::ChunkSize(0, 0), 1),
            BodyPart::ChunkEnd if byte != b'\r' => (BodyPart::UntilClose, 1),
            BodyPart::Trailer(true) if byte == b'\n' => (BodyPart::Done, 1),
            BodyPart::Trailer(empty) => {
                (BodyPart::Trailer(byte == b'\n' || empty && byte == b'\r'), 1)
            }
            BodyPart::ChunkExtension(_) | BodyPart::ChunkEnd => (self.part, 1),
        };
        self.part = part;
        taken
    }

    /// Skips `missing` bytes that were not captured. Returns `false` if it is unknown where the
    /// body goes on, or if more is missing than its rest.
    pub(super) fn skip(&mut self, missing: ByteLen) -> bool {
        match &mut self.part {
            BodyPart::Fixed(left) | BodyPart::ChunkData(left) if missing < *left => {
                *left -= missing;
                true
            }
            BodyPart::Fixed(left) if missing == *left => {
                self.part = BodyPart::Done;
                true
            }
            BodyPart::UntilClose => true,
            _ => false,
        }
    }
}

/// Returns what follows after a byte of a chunk's size (RFC 9112 section 7.1).
fn after_size_byte(size: u64, digits: u8, byte: u8) -> BodyPart {
    match char::from(byte).to_digit(16) {
        Some(digit) if digits < MAX_SIZE_DIGITS => {
            BodyPart::ChunkSize(size << 4 | u64::from(digit), digits.saturating_add(1))
        }
        // Without a size there is no chunk, and where the body ends is unknown.
        _ if digits == 0 => BodyPart::UntilClose,
        _ => match byte {
            b'\n' => after_size_line(size),
            b';' | b'\r' | b' ' | b'\t' => BodyPart::ChunkExtension(size),
            _ => BodyPart::UntilClose,
        },
    }
}

/// Returns what follows after the line with a chunk's size; the last chunk has size 0.
fn after_size_line(size: u64) -> BodyPart {
    if size == 0 { BodyPart::Trailer(true) } else { BodyPart::ChunkData(ByteLen::new(size)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Side;
    use proptest::prelude::*;

    /// Returns the length of the body that `bytes` begin with; `None` if it goes on.
    fn body_len(mut reader: BodyReader, bytes: &[u8], piece: usize) -> Option<usize> {
        let mut len = 0;
        for mut input in bytes.chunks(piece) {
            len += reader.take(&mut input).len();
        }
        reader.is_done().then_some(len)
    }

    fn response(fields: &str, status: &str, method: &str) -> BodyReader {
        let head = format!("HTTP/1.1 {status} X\r\n{fields}\r\n");
        BodyReader::of_response(&Head::new(Side::Server, head.as_bytes()), method)
    }

    fn request(fields: &str) -> BodyReader {
        let head = format!("POST / HTTP/1.1\r\n{fields}\r\n");
        BodyReader::of_request(&Head::new(Side::Client, head.as_bytes()))
    }

    #[test]
    fn the_content_of_chunks_comes_without_their_framing() {
        let chunked = || response("Transfer-Encoding: chunked\r\n", "200", "GET");
        let bytes = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\nrest";
        for piece in [1, 2, 7, 1000] {
            let (mut reader, mut content, mut rest) = (chunked(), Vec::new(), Vec::new());
            for mut input in bytes.chunks(piece) {
                reader.take_content(&mut input, |next| content.extend_from_slice(next));
                rest.extend_from_slice(input);
            }
            assert_eq!((&*content, &*rest), (&b"abcde"[..], &b"rest"[..]), "{piece}");
        }
    }

    #[test]
    fn behind_broken_framing_there_is_no_content() {
        for piece in [1, 1000] {
            let mut reader = response("Transfer-Encoding: chunked\r\n", "200", "GET");
            let mut content = Vec::new();
            for mut input in b"3\r\nabc\r\n2\r\ndexy\r\nz".chunks(piece) {
                reader.take_content(&mut input, |next| content.extend_from_slice(next));
            }
            assert_eq!(content, b"abcde", "{piece}");
        }
    }

    #[test]
    fn rfc_9112_section_6_3_where_a_body_ends() {
        let bytes = b"5;x=y\r\nhello\r\n0\r\na: b\r\n\r\nHTTP/1.1 ";
        let cases = [
            (response("Content-Length: 5\r\n", "200", "GET"), Some(5)),
            (response("Content-Length: 5, 5\r\n", "200", "GET"), Some(5)),
            (response("Content-Length: 5, 6\r\n", "200", "GET"), None),
            (response("Content-Length: +5\r\n", "200", "GET"), None),
            (response("Content-Length: 5\r\n", "200", "HEAD"), Some(0)),
            (response("Content-Length: 5\r\n", "304", "GET"), Some(0)),
            (response("", "204", "GET"), Some(0)),
            (response("", "103", "GET"), Some(0)),
            (response("", "200", "CONNECT"), Some(0)),
            (response("", "200", "GET"), None),
            (response("Transfer-Encoding: gzip, chunked\r\n", "200", "GET"), Some(25)),
            (response("Transfer-Encoding: chunked, gzip\r\n", "200", "GET"), None),
            (response("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "200", ""), Some(25)),
            (request(""), Some(0)),
            (request("Content-Length: 7\r\n"), Some(7)),
            (request("Transfer-Encoding: chunked\r\n"), Some(25)),
        ];
        for (at, (reader, len)) in cases.into_iter().enumerate() {
            for piece in [1, 4, 100] {
                assert_eq!(body_len(reader.clone(), bytes, piece), len, "{at} in {piece}");
            }
        }
    }

    #[test]
    fn bytes_that_were_not_captured_are_skipped_where_the_length_is_known() {
        let mut body = response("Content-Length: 9\r\n", "200", "GET");
        assert!(body.skip(ByteLen::new(4)) && !body.is_done());
        assert!(!body.clone().skip(ByteLen::new(6)));
        assert!(body.skip(ByteLen::new(5)) && body.is_done());
        assert!(!response("Transfer-Encoding: chunked\r\n", "200", "").skip(ByteLen::new(1)));
        assert!(response("", "200", "").skip(ByteLen::new(u64::MAX)));
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same_end(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(b'0'), Just(b'1'), Just(b'f'), Just(b';'), any::<u8>(),
            ], 0..60),
            piece in 1_usize..20,
        ) {
            let chunked = || response("Transfer-Encoding: chunked\r\n", "200", "GET");
            prop_assert_eq!(body_len(chunked(), &bytes, piece), body_len(chunked(), &bytes, 1000));
        }
    }
}
