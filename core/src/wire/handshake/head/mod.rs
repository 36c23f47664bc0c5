//! Splits the head of an HTTP message into lines and parts, each with its bytes.
//! `reader` finds the head; `request` and `response` validate its lines.

pub mod reader;

use std::ops::Range;

use crate::wire::frame::Side;
use crate::wire::handshake::extension::{Extension, parse_extensions, split_unquoted, trim_range};

/// A header field with its position in the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine {
    /// The name, without whitespace after it.
    pub name: Range<usize>,
    /// The value, without whitespace around it. The value of a folded line ends with its last
    /// continuation.
    pub value: Range<usize>,
    /// The whole line without its line ending, including continuations.
    pub line: Range<usize>,
    /// The values of the physical lines: more than one if the line is folded (RFC 9112 section
    /// 5.2).
    pub pieces: Vec<Range<usize>>,
    /// Whether there is whitespace between name and colon (RFC 9112 section 5.1).
    pub space_before_colon: bool,
}

impl FieldLine {
    /// Whether the field continues on the next line.
    pub fn is_folded(&self) -> bool {
        self.pieces.len() > 1
    }
}

/// The kind of a part of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadPartKind {
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
    /// The colon after the name.
    Colon,
    /// The value of a field.
    Value,
    /// Whitespace between other parts.
    Space,
    /// CR LF, or LF alone.
    LineEnd,
    /// A line without a colon, which isn't a field.
    Other,
}

impl HeadPartKind {
    /// Returns the kind for display: `method`, `field name`.
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
            Self::Space => "whitespace",
            Self::LineEnd => "line end",
            Self::Other => "not a header field",
        }
    }
}

/// A part of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadPart {
    /// The range of bytes in the head.
    pub bytes: Range<usize>,
    /// The kind of the part.
    pub kind: HeadPartKind,
    /// The index of its line in [`Head::lines`].
    pub line: usize,
}

/// A head, split into lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The sender: a client sends a request, a server a response.
    pub from: Side,
    raw: Vec<u8>,
    lines: Vec<HeadLine>,
    fields: Vec<FieldLine>,
}

/// A line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLine {
    /// The bytes of the line without its line ending.
    pub text: Range<usize>,
    /// The line ending: CR LF, or LF alone.
    pub line_end: Range<usize>,
    /// The kind of the line.
    pub kind: HeadLineKind,
}

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadLineKind {
    /// The request line or the status line.
    Start,
    /// A header field, by its index in [`Head::fields`].
    Field(usize),
    /// A continuation of the field with this index.
    Fold(usize),
    /// A line without a colon.
    Other,
    /// The blank line, or an empty line before the start line.
    Blank,
}

impl Head {
    /// Splits a complete head, as found by [`HeadReader`](super::HeadReader), into lines. Every
    /// byte becomes part of a line, whatever it is.
    pub fn new(from: Side, raw: &[u8]) -> Self {
        let mut head = Self { from, raw: raw.to_vec(), lines: Vec::new(), fields: Vec::new() };
        let mut start = 0;
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            head.line(start, line);
            start = start.saturating_add(line.len());
        }
        head
    }

    /// Adds the line that begins at `start`, including its line ending.
    fn line(&mut self, start: usize, line: &[u8]) {
        let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
        let text = start..start.saturating_add(text.len());
        let end = start.saturating_add(line.len());
        let started = self.lines.iter().any(|line| line.kind == HeadLineKind::Start);
        let kind = if text.is_empty() {
            HeadLineKind::Blank
        } else if !started {
            HeadLineKind::Start
        } else {
            self.field(&text)
        };
        self.lines.push(HeadLine { line_end: text.end..end, text, kind });
    }

    fn field(&mut self, text: &Range<usize>) -> HeadLineKind {
        let number = self.fields.len();
        let bytes = self.slice(text);
        if matches!(bytes.first(), Some(b' ' | b'\t')) {
            let piece = trim_range(&self.raw, text.clone());
            // Before the first field there is nothing to continue (RFC 9112 section 2.2).
            let (Some(last), Some(field)) = (number.checked_sub(1), self.fields.last_mut()) else {
                return HeadLineKind::Other;
            };
            field.line.end = text.end;
            // A fold is whitespace, and whitespace around a value is not part of it.
            match (field.value.is_empty(), piece.is_empty()) {
                (_, true) => {}
                (true, false) => field.value = piece.clone(),
                (false, false) => field.value.end = piece.end,
            }
            field.pieces.push(piece);
            return HeadLineKind::Fold(last);
        }
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
            return HeadLineKind::Other;
        };
        let colon = text.start.saturating_add(colon);
        let name = trim_range(&self.raw, text.start..colon);
        let value = trim_range(&self.raw, colon.saturating_add(1)..text.end);
        let space_before_colon = name.end < colon;
        let pieces = vec![value.clone()];
        self.fields.push(FieldLine { name, value, line: text.clone(), pieces, space_before_colon });
        HeadLineKind::Field(number)
    }

    /// Returns the bytes of the head.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the bytes in a range; none if the range is out of bounds.
    pub(crate) fn slice(&self, place: &Range<usize>) -> &[u8] {
        self.raw.get(place.clone()).unwrap_or_default()
    }

    /// Returns the lines in order, including the blank one.
    pub fn lines(&self) -> &[HeadLine] {
        &self.lines
    }

    /// Returns the header fields in order.
    pub fn fields(&self) -> &[FieldLine] {
        &self.fields
    }

    /// Returns the fields with this name, compared case-insensitively (RFC 9110 section 5.1).
    pub fn fields_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldLine> {
        self.fields.iter().filter(move |field| self.is_named(field, name))
    }

    /// Whether the field has this name, compared case-insensitively.
    pub fn is_named(&self, field: &FieldLine, name: &str) -> bool {
        self.slice(&field.name).eq_ignore_ascii_case(name.as_bytes())
    }

    /// Returns the value of a field. A fold becomes one space (RFC 9112 section 5.2).
    pub fn field_value(&self, field: &FieldLine) -> Vec<u8> {
        let pieces = field.pieces.iter().filter(|piece| !piece.is_empty());
        let pieces: Vec<&[u8]> = pieces.map(|piece| self.slice(piece)).collect();
        pieces.join(&b' ')
    }

    /// Returns the value of a field with each byte of a fold replaced by a space, so that every
    /// byte keeps its offset.
    pub fn unfolded_value(&self, field: &FieldLine) -> Vec<u8> {
        let at = |place: usize| place.min(field.value.end).saturating_sub(field.value.start);
        let mut value = self.slice(&field.value).to_vec();
        for (piece, next) in field.pieces.iter().zip(field.pieces.iter().skip(1)) {
            if let Some(fold) = value.get_mut(at(piece.end)..at(next.start)) {
                fold.fill(b' ');
            }
        }
        value
    }

    /// Returns the elements of a comma-separated value (RFC 9110 section 5.6.1), whether they are
    /// tokens or not. Empty elements are left out.
    pub(crate) fn list_elements(&self, field: &FieldLine) -> Vec<String> {
        let value = self.field_value(field);
        let parts = split_unquoted(&value, 0..value.len(), b',')
            .into_iter()
            .filter(|part| !part.is_empty());
        parts
            .map(|part| String::from_utf8_lossy(value.get(part).unwrap_or_default()).into_owned())
            .collect()
    }

    /// Parses the value of a `Sec-WebSocket-Extensions` field, whether it is well formed or not.
    /// The spans of the extensions are ranges of the head.
    pub(crate) fn extensions(&self, field: &FieldLine) -> Vec<Extension> {
        parse_extensions(&self.unfolded_value(field), field.value.start)
    }

    /// Joins the values of all fields with this name to one list (RFC 9110 section 5.3); `None` if
    /// there is no such field.
    pub fn joined_value(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self
            .fields_named(name)
            .map(|field| String::from_utf8_lossy(&self.field_value(field)).into_owned())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Returns the range of the start line without its line ending.
    pub fn start_line(&self) -> Range<usize> {
        self.lines
            .iter()
            .find(|line| line.kind == HeadLineKind::Start)
            .map_or(0..0, |line| line.text.clone())
    }

    /// Returns the line ending of the blank line, after which something else begins; `None` if the
    /// head is incomplete.
    pub fn blank_line_end(&self) -> Option<Range<usize>> {
        self.lines
            .last()
            .filter(|line| line.kind == HeadLineKind::Blank)
            .map(|line| line.line_end.clone())
    }

    /// Returns the method of a request, with U+FFFD for invalid UTF-8.
    pub fn method(&self) -> String {
        let [method, ..] = self.start_line_parts();
        String::from_utf8_lossy(self.slice(&method)).into_owned()
    }

    /// Returns the target of a request, with U+FFFD for invalid UTF-8.
    pub fn target(&self) -> String {
        let [_, target, _] = self.start_line_parts();
        String::from_utf8_lossy(self.slice(&target)).into_owned()
    }

    /// Returns the status code of a response; `None` if the start line has none.
    pub fn status(&self) -> Option<u16> {
        let [_, status, _] = self.start_line_parts();
        str::from_utf8(self.raw.get(status)?).ok()?.parse().ok()
    }

    /// Returns the three parts of the start line: method, target and version of a request, or
    /// version, status and reason of a response. The parts are separated by one space (RFC 9112
    /// sections 3 and 4). Everything after the second space is the third part.
    pub fn start_line_parts(&self) -> [Range<usize>; 3] {
        let [first, rest] = self.cut_at_blank(self.start_line());
        let [second, third] = self.cut_at_blank(rest);
        [first, second, third]
    }

    /// Splits `range` at its first space.
    fn cut_at_blank(&self, range: Range<usize>) -> [Range<usize>; 2] {
        let end = range.end;
        match self.slice(&range).iter().position(|byte| *byte == b' ') {
            Some(at) => {
                let blank = range.start.saturating_add(at);
                [range.start..blank, blank.saturating_add(1)..end]
            }
            None => [range, end..end],
        }
    }

    /// Returns all parts of the head, in order and without gaps.
    pub fn parts(&self) -> Vec<HeadPart> {
        let mut parts = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let mut at = line.text.start;
            let mut add = |bytes: Range<usize>, role| {
                if at < bytes.start {
                    parts.push(HeadPart {
                        bytes: at..bytes.start,
                        kind: HeadPartKind::Space,
                        line: number,
                    });
                }
                at = bytes.end;
                if !bytes.is_empty() {
                    parts.push(HeadPart { bytes, kind: role, line: number });
                }
            };
            for (bytes, role) in self.line_parts(line) {
                add(bytes, role);
            }
            add(line.line_end.clone(), HeadPartKind::LineEnd);
        }
        parts
    }

    fn line_parts(&self, line: &HeadLine) -> Vec<(Range<usize>, HeadPartKind)> {
        match line.kind {
            HeadLineKind::Start => {
                let roles = match self.from {
                    Side::Client => {
                        [HeadPartKind::Method, HeadPartKind::Target, HeadPartKind::Version]
                    }
                    Side::Server => {
                        [HeadPartKind::Version, HeadPartKind::Status, HeadPartKind::Reason]
                    }
                };
                self.start_line_parts().into_iter().zip(roles).collect()
            }
            HeadLineKind::Field(index) => {
                let Some(field) = self.fields.get(index) else { return Vec::new() };
                let behind = self.slice(&(field.name.end..field.line.end));
                let colon = behind.iter().position(|byte| *byte == b':').unwrap_or_default();
                let colon = field.name.end.saturating_add(colon);
                let value = field.pieces.first().cloned().unwrap_or(field.value.clone());
                vec![
                    (field.name.clone(), HeadPartKind::Name),
                    (colon..colon.saturating_add(1), HeadPartKind::Colon),
                    (value, HeadPartKind::Value),
                ]
            }
            HeadLineKind::Fold(_) => {
                vec![(trim_range(&self.raw, line.text.clone()), HeadPartKind::Value)]
            }
            HeadLineKind::Other => vec![(line.text.clone(), HeadPartKind::Other)],
            HeadLineKind::Blank => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(from: Side, text: &str) -> Vec<String> {
        let head = Head::new(from, text.as_bytes());
        let row = |part: HeadPart| format!("{} {:?} {:?}", part.line, part.kind, &text[part.bytes]);
        head.parts().into_iter().map(row).collect()
    }

    #[test]
    fn every_byte_of_a_request_in_its_role() {
        let text = "GET /a HTTP/1.1\r\nHost : b \n c\r\nodd\r\n\r\n";
        assert_eq!(
            rows(Side::Client, text),
            [
                "0 Method \"GET\"",
                "0 Space \" \"",
                "0 Target \"/a\"",
                "0 Space \" \"",
                "0 Version \"HTTP/1.1\"",
                "0 LineEnd \"\\r\\n\"",
                "1 Name \"Host\"",
                "1 Space \" \"",
                "1 Colon \":\"",
                "1 Space \" \"",
                "1 Value \"b\"",
                "1 Space \" \"",
                "1 LineEnd \"\\n\"",
                "2 Space \" \"",
                "2 Value \"c\"",
                "2 LineEnd \"\\r\\n\"",
                "3 Other \"odd\"",
                "3 LineEnd \"\\r\\n\"",
                "4 LineEnd \"\\r\\n\"",
            ]
        );
    }

    #[test]
    fn a_status_line_may_lack_its_reason() {
        let rows = rows(Side::Server, "HTTP/1.1 101 \r\n\r\n");
        assert_eq!(rows[2..4], ["0 Status \"101\"", "0 Space \" \""]);
    }

    #[test]
    fn rfc_9112_section_5_2_a_fold_becomes_a_blank() {
        let head =
            Head::new(Side::Client, b"GET / HTTP/1.1\r\nA: one\r\n\t two\r\na: three\r\n\r\n");
        assert_eq!(head.joined_value("a").as_deref(), Some("one two, three"));
        assert_eq!(head.fields()[0].line, 16..29);
    }
}
