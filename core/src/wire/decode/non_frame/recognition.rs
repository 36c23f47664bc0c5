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
    /// The preface of HTTP/2 (RFC 9113 section 3.4).
    Http2Preface,
    /// The size of a chunk (RFC 9112 section 7.1), usually with a frame within the chunk.
    Chunk,
    /// An HTML page.
    Html,
    /// An XML document.
    Xml,
    /// JSON text without a frame around it.
    Json,
    /// A TLS record (RFC 8446 section 5.1).
    TlsRecord,
    /// Data compressed by gzip (RFC 1952).
    Gzip,
    /// The header of the PROXY protocol, version 1 or 2.
    ProxyHeader,
    /// A client's greeting of SOCKS version 5 (RFC 1928 section 3).
    Socks5,
    /// A frame of the draft hixie-76. Only the handshake tells.
    Hixie76,
}

/// The maximum number of bytes that are looked at.
pub(super) const MAX_LEN: usize = 32;

/// The maximum number of digits of a chunk's size that are read.
const MAX_CHUNK_DIGITS: usize = 8;

/// Beginnings that tell a protocol. Letters of HTML and XML may have any case.
const BEGINNINGS: &[(&[u8], NonFrame)] = &[
    // Not longer, because a Close is judged by its first four bytes.
    (b"HTTP", NonFrame::HttpResponse),
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
            .or(|| of_document(text))
            .or(|| of_json(text))
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
            Self::Http2Preface => {
                "this is the preface of HTTP/2, not a frame: the client assumes that the server \
                 speaks HTTP/2 here"
            }
            Self::Chunk => {
                "this is the size of an HTTP chunk, not a frame: something wraps the frames in \
                 Transfer-Encoding: chunked"
            }
            Self::Html => {
                "this is an HTML page, not a frame: a handler writes a page into the open WebSocket"
            }
            Self::Xml => {
                "this is an XML document without a frame around it: the sender writes to the \
                 socket instead of sending a WebSocket message"
            }
            Self::Json => {
                "this is JSON text without a frame around it: the sender writes to the socket \
                 instead of sending a WebSocket message"
            }
            Self::TlsRecord => {
                "this is a TLS record, not a frame: one side speaks TLS and the other doesn't"
            }
            Self::Gzip => {
                "this is gzip data, not a frame: an HTTP handler or a proxy compresses what it \
                 sends, and permessage-deflate has no gzip header"
            }
            Self::ProxyHeader => {
                "this is a header of the PROXY protocol, not a frame: a load balancer sends it \
                 before the first byte of the client, and the server has to expect it"
            }
            Self::Socks5 => {
                "this is a SOCKS5 greeting, not a frame: the client takes the server for a SOCKS \
                 proxy"
            }
            Self::Hixie76 => {
                "this is no frame of RFC 6455: the handshake is that of the draft hixie-76, whose \
                 texts stand between the bytes 00 and ff, and which nothing speaks any more"
            }
        }
    }
}

impl NonFrame {
    /// Returns what further bytes are once the first are recognized, as a sentence without a full
    /// stop.
    pub fn continuation_hint(self) -> &'static str {
        match self {
            Self::HttpResponse => "this is no frame: it continues the HTTP response before it",
            Self::HttpRequest => "this is no frame: it continues the HTTP request before it",
            Self::Http2Preface => "this is no frame: it continues the HTTP/2 connection before it",
            Self::Chunk => "this is no frame: it continues the chunked data before it",
            Self::Html => "this is no frame: it continues the HTML page before it",
            Self::Xml => "this is no frame: it continues the XML document before it",
            Self::Json => "this is no frame: it continues the JSON text before it",
            Self::TlsRecord => "this is no frame: it continues the TLS records before it",
            Self::Gzip => "this is no frame: it continues the gzip data before it",
            Self::ProxyHeader => "this is no frame: it follows a header of the PROXY protocol",
            Self::Socks5 => "this is no frame: it follows a SOCKS5 greeting",
            Self::Hixie76 => self.hint(),
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
