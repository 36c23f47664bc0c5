//! Recognizes bytes of another protocol where a frame should begin by how they begin.

use super::non_frame_kind::NonFrame;

/// The maximum number of bytes that are looked at.
pub(super) const MAX_LEN: usize = 32;

/// The maximum number of digits of a chunk's size that are read.
const MAX_CHUNK_DIGITS: usize = 8;

/// The minimum length of a line, without its end, that is taken for text.
const MIN_LINE_LEN: usize = 4;

/// Beginnings that tell a protocol. Letters of HTML and XML may have any case.
const BEGINNINGS: &[(&[u8], NonFrame)] = &[
    // Not longer, because a Close is judged by its first four bytes, and a response may be cut.
    (b"HTT", NonFrame::HttpResponse),
    (b"HEAD", NonFrame::HttpRequest),
    (b"GET ", NonFrame::HttpRequest),
    (b"POST ", NonFrame::HttpRequest),
    (b"PUT ", NonFrame::HttpRequest),
    (b"PATCH ", NonFrame::HttpRequest),
    (b"DELETE ", NonFrame::HttpRequest),
    (b"OPTIONS ", NonFrame::HttpRequest),
    (b"CONNECT ", NonFrame::HttpRequest),
    (b"PRI * HTTP/2", NonFrame::Http2Preface),
    (b"PROXY ", NonFrame::ProxyHeader),
    (b"\r\n\r\n\0\r\nQUIT\n", NonFrame::ProxyHeader),
    (b"\x1f\x8b\x08", NonFrame::Gzip),
    (b"event:", NonFrame::EventStream),
    (b"data:", NonFrame::EventStream),
    (b"retry:", NonFrame::EventStream),
    (b"2probe", NonFrame::EngineIo),
    (b"3probe", NonFrame::EngineIo),
];

/// Beginnings of documents, in lower case.
const DOCUMENTS: &[(&[u8], NonFrame)] = &[
    (b"<!doctype html", NonFrame::Html),
    (b"<html", NonFrame::Html),
    (b"<head", NonFrame::Html),
    (b"<body", NonFrame::Html),
    (b"<title", NonFrame::Html),
    (b"<center", NonFrame::Html),
    (b"<h1", NonFrame::Html),
    (b"<!--", NonFrame::Html),
    (b"<?xml", NonFrame::Xml),
];

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The result of looking at the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    Found(NonFrame),
    /// More bytes are needed.
    Undecided,
    /// No known protocol begins so.
    Unknown,
}

impl Recognition {
    /// Returns the better founded of two.
    fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Found(_) => self,
            Self::Undecided => match other() {
                Self::Unknown => Self::Undecided,
                better => better,
            },
            Self::Unknown => other(),
        }
    }

    /// Compares the first bytes with a beginning.
    fn of_beginning(bytes: &[u8], beginning: &[u8], non_frame: NonFrame) -> Self {
        if bytes.starts_with(beginning) {
            Self::Found(non_frame)
        } else if beginning.starts_with(bytes) {
            Self::Undecided
        } else {
            Self::Unknown
        }
    }

    pub(super) fn of(bytes: &[u8]) -> Self {
        if BYTE_ORDER_MARK.starts_with(bytes) {
            return Self::Undecided;
        }
        let text = without_leading_blanks(bytes);
        let known = BEGINNINGS.iter().fold(Self::Unknown, |found, (beginning, non_frame)| {
            found.or(|| Self::of_beginning(bytes, beginning, *non_frame))
        });
        known
            .or(|| of_tls_record(bytes))
            .or(|| of_socks5(bytes))
            .or(|| of_chunk_size(bytes.strip_prefix(b"\r\n").unwrap_or(bytes)))
            .or(|| of_line_break(bytes))
            .or(|| of_document(text))
            .or(|| of_json(text))
            .or(|| of_engine_io(bytes))
            .or(|| of_text(bytes))
    }
}

impl NonFrame {
    /// Recognizes bytes where a frame should begin, by what they begin with; `None` if they may be
    /// a frame, or are too few to tell. A frame that breaks no rule is never anything else, so call
    /// it only where one is broken.
    ///
    /// ```
    /// use wiretalk_core::wire::explain::NonFrame;
    ///
    /// assert_eq!(NonFrame::recognize(b"HTTP/1.1 502 Bad Gateway"), Some(NonFrame::HttpResponse));
    /// assert_eq!(NonFrame::recognize(b"\x81\x05Hello"), None);
    /// ```
    pub fn recognize(bytes: &[u8]) -> Option<Self> {
        match Recognition::of(bytes.get(..MAX_LEN).unwrap_or(bytes)) {
            Recognition::Found(non_frame) => Some(non_frame),
            Recognition::Undecided | Recognition::Unknown => None,
        }
    }
}

/// Returns the bytes after a byte order mark and blanks.
fn without_leading_blanks(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start()
}

fn of_tls_record(bytes: &[u8]) -> Recognition {
    let begins = |bytes: &[u8]| {
        matches!(bytes, [0x14..=0x17] | [0x14..=0x17, 3] | [0x14..=0x17, 3, 0..=4, ..])
    };
    match bytes {
        // A record has at most 2^14 + 2048 bytes (RFC 5246 section 6.2.3).
        [_, _, _, high, _, ..] if begins(bytes) && *high <= 0x48 => {
            Recognition::Found(NonFrame::TlsRecord)
        }
        [_, _, _, _, _, ..] => Recognition::Unknown,
        _ if begins(bytes) => Recognition::Undecided,
        _ => Recognition::Unknown,
    }
}

/// A greeting is the version, the number of methods, and the methods.
fn of_socks5(bytes: &[u8]) -> Recognition {
    match bytes {
        [5] | [5, 1..=4] => Recognition::Undecided,
        [5, count @ 1..=4, methods @ ..] => {
            let methods = methods.get(..usize::from(*count)).unwrap_or(methods);
            match methods.iter().all(|method| *method <= 3) {
                true if methods.len() == usize::from(*count) => {
                    Recognition::Found(NonFrame::Socks5)
                }
                true => Recognition::Undecided,
                false => Recognition::Unknown,
            }
        }
        _ => Recognition::Unknown,
    }
}

/// A line with a hexadecimal number, and perhaps an extension after a semicolon.
fn of_chunk_size(bytes: &[u8]) -> Recognition {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match bytes.get(digits..).unwrap_or_default() {
        _ if digits > MAX_CHUNK_DIGITS => Recognition::Unknown,
        [] => Recognition::Undecided,
        _ if digits == 0 => Recognition::Unknown,
        [b'\r', b'\n', ..] => Recognition::Found(NonFrame::Chunk),
        [b';', next, ..] if next.is_ascii_graphic() || *next == b' ' => {
            Recognition::Found(NonFrame::Chunk)
        }
        [b'\r' | b';'] => Recognition::Undecided,
        _ => Recognition::Unknown,
    }
}

/// A line break, and the first byte of a data frame or of a control frame behind it.
fn of_line_break(bytes: &[u8]) -> Recognition {
    match bytes {
        [b'\n' | b'\r'] | [b'\r', b'\n'] => Recognition::Undecided,
        // A fragmented pong, if it were a frame, and reserved opcodes.
        [b'\n', next, ..] | [b'\r', b'\n', next, ..]
            if matches!(next, 0x81 | 0x82 | 0xc1 | 0xc2 | 0x88..=0x8a) =>
        {
            Recognition::Found(NonFrame::LineBreak)
        }
        _ => Recognition::Unknown,
    }
}

fn of_document(text: &[u8]) -> Recognition {
    let lower = text.to_ascii_lowercase();
    DOCUMENTS.iter().fold(Recognition::Unknown, |found, (beginning, non_frame)| {
        found.or(|| Recognition::of_beginning(&lower, beginning, *non_frame))
    })
}

/// The beginning of an object or of an array.
fn of_json(text: &[u8]) -> Recognition {
    let Some((bracket, rest)) = text.split_first() else { return Recognition::Undecided };
    let is_value = |first: u8| match bracket {
        b'{' => matches!(first, b'"' | b'}'),
        b'[' => matches!(first, b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9'),
        _ => false,
    };
    match rest.trim_ascii_start().first() {
        _ if !matches!(bracket, b'{' | b'[') => Recognition::Unknown,
        None => Recognition::Undecided,
        Some(first) if is_value(*first) => Recognition::Found(NonFrame::Json),
        Some(_) => Recognition::Unknown,
    }
}

/// A packet of Engine.IO as text: its type from 0 to 6, then perhaps a type of Socket.IO and a
/// number, then JSON.
fn of_engine_io(bytes: &[u8]) -> Recognition {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let has_type = matches!(bytes.first(), Some(b'0'..=b'6')) && digits <= MAX_CHUNK_DIGITS;
    match bytes.get(digits..).unwrap_or_default() {
        _ if !has_type => Recognition::Unknown,
        [] => Recognition::Undecided,
        json => match of_json(json) {
            Recognition::Found(_) => Recognition::Found(NonFrame::EngineIo),
            other => other,
        },
    }
}

/// A line of text, or so much of one that nothing else looks like it by chance.
fn of_text(bytes: &[u8]) -> Recognition {
    if !is_text(bytes) {
        return Recognition::Unknown;
    }
    let line = bytes.iter().position(|byte| *byte == b'\n');
    // The data of a message may begin like a line if RSV1 marks an extension.
    let may_be_frame = matches!(bytes.first(), Some(0x41 | 0x42));
    let is_line = line.is_some_and(|len| len >= MIN_LINE_LEN) && !may_be_frame;
    if is_line || bytes.len() >= MAX_LEN {
        Recognition::Found(NonFrame::Text)
    } else {
        Recognition::Undecided
    }
}

/// Whether the bytes of a frame that has not ended are text as far as they have arrived, and enough
/// of it.
pub(super) fn may_be_text(bytes: &[u8]) -> bool {
    let min_len = if matches!(bytes.first(), Some(0x41 | 0x42)) { MAX_LEN } else { MIN_LINE_LEN };
    bytes.len() >= min_len && is_text(bytes)
}

/// Whether bytes begin with a visible character of ASCII, go on as UTF-8, and have no control
/// characters but tabs and line ends. The last character may be cut.
fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = match str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n');
    bytes.first().is_some_and(u8::is_ascii_graphic) && is_utf8 && !bytes.iter().any(is_control)
}
