//! The head of an HTTP message: found in a stream of any chunking, and cut into lines and parts with their bytes.
//! What the lines say is judged in `request` and `response`; bodies are not read at all.

use std::ops::Range;

use crate::wire::extension::trimmed;
use crate::wire::frame::Side;

/// The limit that is taken where nobody names one: from the start line to the blank line.
pub const DEFAULT_LIMIT: usize = 65_536;

/// The first bytes of an HTTP/2 connection (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// What the bytes so far turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No blank line yet.
    NeedsMore,
    /// A head of this many bytes, the blank line included.
    Head(usize),
    /// No blank line within the limit.
    TooLarge,
    /// A TLS record of this type.
    Tls(u8),
    /// The client speaks HTTP/2.
    Http2Preface,
    /// The server speaks HTTP/2.
    Http2Frame,
}

/// Waits for the blank line that ends a head.
#[derive(Clone, Debug)]
pub struct HeadReader {
    from: Side,
    limit: usize,
    bytes: Vec<u8>,
    line_start: usize,
    scanned: usize,
    found: Found,
}

impl HeadReader {
    /// For the request of a client or the response of a server, `limit` bytes long at most.
    pub fn new(from: Side, limit: usize) -> Self {
        Self {
            from,
            limit,
            bytes: Vec::new(),
            line_start: 0,
            scanned: 0,
            found: Found::NeedsMore,
        }
    }

    /// Takes bytes up to the end of the head and says how many; the others belong to what follows.
    /// What is no head has no end: of that everything is taken, and no more is kept than the limit allows.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        if let Found::Head(_) = self.found {
            return 0;
        }
        let before = self.bytes.len();
        let room = self.limit.saturating_sub(before);
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.found == Found::NeedsMore {
            self.found = self.look();
        }
        let Found::Head(len) = self.found else {
            return bytes.len();
        };
        self.bytes.truncate(len);
        len - before
    }

    /// What the bytes so far turned out to be.
    pub fn found(&self) -> Found {
        self.found
    }

    /// The bytes taken so far; once the head is found, exactly the head.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn look(&mut self) -> Found {
        if let Some(found) = self.stranger() {
            return found;
        }
        while let Some(at) = self.bytes[self.scanned..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            let end = self.scanned + at;
            let line = &self.bytes[self.line_start..end];
            let blank = line.is_empty() || line == b"\r";
            // RFC 9112 section 2.2: a server ignores empty lines before the request line.
            let leading = self.from == Side::Client
                && self.bytes[..self.line_start]
                    .iter()
                    .all(u8::is_ascii_whitespace);
            (self.line_start, self.scanned) = (end + 1, end + 1);
            if blank && !leading {
                return Found::Head(end + 1);
            }
        }
        self.scanned = self.bytes.len();
        if self.bytes.len() >= self.limit {
            Found::TooLarge
        } else {
            Found::NeedsMore
        }
    }

    /// Something that is no HTTP/1 at all, told by its first bytes.
    fn stranger(&self) -> Option<Found> {
        match (self.from, self.bytes.as_slice()) {
            (_, [kind @ 0x14..=0x17, 0x03, ..]) => Some(Found::Tls(*kind)),
            (Side::Client, bytes) if bytes.starts_with(HTTP2_PREFACE) => Some(Found::Http2Preface),
            // SETTINGS (4) or GOAWAY (7) on stream 0, shorter than 64 KiB: what an HTTP/2 server says first.
            (Side::Server, [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..]) => Some(Found::Http2Frame),
            // Nine bytes are needed to tell; until then no line end may be believed, or the chunking would matter.
            (Side::Server, [0, ..]) if self.bytes.len() < 9 => Some(Found::NeedsMore),
            _ => None,
        }
    }
}

/// A header field with its place in the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine {
    /// Its name, without white space behind it.
    pub name: Range<usize>,
    /// Its value, without white space around it; of a folded line up to the end of the last continuation.
    pub value: Range<usize>,
    /// The whole line without its line end, continuations included.
    pub line: Range<usize>,
    /// The values of the physical lines: more than one when the line is folded (RFC 9112 section 5.2).
    pub pieces: Vec<Range<usize>>,
    /// White space stands between name and colon (RFC 9112 section 5.1).
    pub space_before_colon: bool,
}

impl FieldLine {
    /// The line is continued on the next one.
    pub fn is_folded(&self) -> bool {
        self.pieces.len() > 1
    }
}

/// What a byte of the head belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `GET`.
    Method,
    /// `/chat`.
    Target,
    /// `HTTP/1.1`.
    Version,
    /// `101`.
    Status,
    /// `Switching Protocols`.
    Reason,
    /// The name of a field.
    Name,
    /// The colon behind it.
    Colon,
    /// The value of a field.
    Value,
    /// White space between the others.
    Space,
    /// CR LF, or LF alone.
    LineEnd,
    /// A line that is no field: it has no colon.
    Other,
}

impl Role {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Target => "target",
            Self::Version => "version",
            Self::Status => "status",
            Self::Reason => "reason",
            Self::Name => "field name",
            Self::Colon => "colon",
            Self::Value => "field value",
            Self::Space => "white space",
            Self::LineEnd => "line end",
            Self::Other => "no header field",
        }
    }
}

/// Bytes of the head that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which bytes.
    pub bytes: Range<usize>,
    /// What they are.
    pub role: Role,
    /// The number of their line in [`Head::lines`].
    pub line: usize,
}

/// A head cut into its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Who sent it: a client a request, a server a response.
    pub from: Side,
    raw: Vec<u8>,
    lines: Vec<Line>,
    fields: Vec<FieldLine>,
}

/// One line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its bytes without the line end.
    pub text: Range<usize>,
    /// Its line end: CR LF, or LF alone.
    pub end: Range<usize>,
    /// What kind of line.
    pub kind: LineKind,
}

/// What a line of a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The request line or the status line.
    Start,
    /// A header field: its number in [`Head::fields`].
    Field(usize),
    /// The continuation of that field.
    Fold(usize),
    /// A line without a colon.
    Other,
    /// The blank line, or an empty line before the start line.
    Blank,
}

impl Head {
    /// Cuts a whole head, as [`HeadReader`] found it, into lines. Whatever is in it, every byte gets its place.
    pub fn new(from: Side, raw: &[u8]) -> Self {
        let mut head = Self {
            from,
            raw: raw.to_vec(),
            lines: Vec::new(),
            fields: Vec::new(),
        };
        let mut start = 0;
        while start < raw.len() {
            let end = raw[start..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(raw.len(), |at| start + at + 1);
            head.line(start, end);
            start = end;
        }
        head
    }

    fn line(&mut self, start: usize, end: usize) {
        let line = &self.raw[start..end];
        let text = line
            .strip_suffix(b"\r\n")
            .or_else(|| line.strip_suffix(b"\n"))
            .unwrap_or(line);
        let text = start..start + text.len();
        let started = self.lines.iter().any(|line| line.kind == LineKind::Start);
        let kind = if text.is_empty() {
            LineKind::Blank
        } else if !started {
            LineKind::Start
        } else {
            self.field(&text)
        };
        self.lines.push(Line {
            end: text.end..end,
            text,
            kind,
        });
    }

    fn field(&mut self, text: &Range<usize>) -> LineKind {
        let bytes = &self.raw[text.clone()];
        if matches!(bytes[0], b' ' | b'\t') && !self.fields.is_empty() {
            let piece = trimmed(&self.raw, text.clone());
            let last = self.fields.len() - 1;
            let field = &mut self.fields[last];
            field.line.end = text.end;
            field.value.end = piece.end;
            field.pieces.push(piece);
            return LineKind::Fold(last);
        }
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
            return LineKind::Other;
        };
        let colon = text.start + colon;
        let name = trimmed(&self.raw, text.start..colon);
        let value = trimmed(&self.raw, colon + 1..text.end);
        let space_before_colon = name.end < colon;
        let pieces = vec![value.clone()];
        self.fields.push(FieldLine {
            name,
            value,
            line: text.clone(),
            pieces,
            space_before_colon,
        });
        LineKind::Field(self.fields.len() - 1)
    }

    /// The bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Its lines in order, the blank one included.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Its header fields in order.
    pub fn fields(&self) -> &[FieldLine] {
        &self.fields
    }

    /// The fields of this name, compared without case (RFC 9110 section 5.1).
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldLine> {
        self.fields
            .iter()
            .filter(move |field| self.is_named(field, name))
    }

    /// Is this field of that name?
    pub fn is_named(&self, field: &FieldLine, name: &str) -> bool {
        self.raw[field.name.clone()].eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value of a field; a fold becomes one blank (RFC 9112 section 5.2).
    pub fn value(&self, field: &FieldLine) -> Vec<u8> {
        let pieces: Vec<&[u8]> = field
            .pieces
            .iter()
            .map(|piece| &self.raw[piece.clone()])
            .collect();
        pieces.join(&b' ')
    }

    /// The values of all fields of this name as one list (RFC 9110 section 5.3).
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self
            .named(name)
            .map(|field| String::from_utf8_lossy(&self.value(field)).into_owned())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The text of the start line, without its line end.
    pub fn start_line(&self) -> Range<usize> {
        self.lines
            .iter()
            .find(|line| line.kind == LineKind::Start)
            .map_or(0..0, |line| line.text.clone())
    }

    /// The three parts of the start line: method, target and version of a request; version, status and reason of a response.
    pub fn start_parts(&self) -> [Range<usize>; 3] {
        let line = self.start_line();
        let bytes = &self.raw[line.clone()];
        let blank = |byte: &u8| *byte == b' ';
        let first = bytes
            .iter()
            .position(blank)
            .map_or(line.end, |at| line.start + at);
        let rest = (first + 1).min(line.end)..line.end;
        let cut = match self.from {
            Side::Client => self.raw[rest.clone()].iter().rposition(blank),
            Side::Server => self.raw[rest.clone()].iter().position(blank),
        };
        let second = cut.map_or(rest.end, |at| rest.start + at);
        [
            line.start..first,
            rest.start..second,
            (second + 1).min(line.end)..line.end,
        ]
    }

    /// Every byte of the head with what it belongs to, without a gap and in order.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let mut at = line.text.start;
            let mut add = |bytes: Range<usize>, role| {
                if at < bytes.start {
                    parts.push(Part {
                        bytes: at..bytes.start,
                        role: Role::Space,
                        line: number,
                    });
                }
                at = bytes.end;
                if !bytes.is_empty() {
                    parts.push(Part {
                        bytes,
                        role,
                        line: number,
                    });
                }
            };
            for (bytes, role) in self.roles(line) {
                add(bytes, role);
            }
            add(line.end.clone(), Role::LineEnd);
        }
        parts
    }

    fn roles(&self, line: &Line) -> Vec<(Range<usize>, Role)> {
        match line.kind {
            LineKind::Start => {
                let roles = match self.from {
                    Side::Client => [Role::Method, Role::Target, Role::Version],
                    Side::Server => [Role::Version, Role::Status, Role::Reason],
                };
                self.start_parts().into_iter().zip(roles).collect()
            }
            LineKind::Field(index) => {
                let field = &self.fields[index];
                let colon = self.raw[field.name.end..]
                    .iter()
                    .position(|byte| *byte == b':');
                let colon = field.name.end + colon.unwrap_or_default();
                let value = (field.pieces[0].clone(), Role::Value);
                vec![
                    (field.name.clone(), Role::Name),
                    (colon..colon + 1, Role::Colon),
                    value,
                ]
            }
            LineKind::Fold(_) => vec![(trimmed(&self.raw, line.text.clone()), Role::Value)],
            LineKind::Other => vec![(line.text.clone(), Role::Other)],
            LineKind::Blank => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(from: Side, bytes: &[u8], chunk: usize) -> (Found, Vec<u8>, Vec<u8>) {
        let mut reader = HeadReader::new(from, 100);
        let mut left = Vec::new();
        for piece in bytes.chunks(chunk) {
            let taken = reader.push(piece);
            left.extend_from_slice(&piece[taken..]);
        }
        (reader.found(), reader.bytes().to_vec(), left)
    }

    #[test]
    fn the_bytes_behind_the_blank_line_are_left_over() {
        let (found, head, left) = read(
            Side::Server,
            b"HTTP/1.1 101 X\r\na: b\r\n\r\n\x81\x00",
            1000,
        );
        assert_eq!(
            (found, head.len(), left.as_slice()),
            (Found::Head(24), 24, &b"\x81\x00"[..])
        );
    }

    #[test]
    fn rfc_9112_section_2_2_line_ends() {
        assert_eq!(
            read(Side::Client, b"GET / HTTP/1.1\nHost: a\n\n", 9).0,
            Found::Head(24)
        );
        assert_eq!(
            read(Side::Client, b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 9).0,
            Found::Head(22),
            "leading empty lines"
        );
        assert_eq!(
            read(Side::Client, b"GET / HTTP/1.1\r\nHost: a\r\n", 9).0,
            Found::NeedsMore
        );
    }

    #[test]
    fn strangers_are_told_by_their_first_bytes() {
        assert_eq!(
            read(Side::Client, &[0x16, 3, 1, 0, 5], 1).0,
            Found::Tls(0x16)
        );
        assert_eq!(
            read(Side::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 3).0,
            Found::Http2Preface
        );
        assert_eq!(
            read(Side::Server, &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3], 2).0,
            Found::Http2Frame
        );
        assert_eq!(read(Side::Client, &[b'x'; 200], 7).0, Found::TooLarge);
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
