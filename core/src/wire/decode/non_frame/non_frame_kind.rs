//! [`NonFrame`]: bytes of another protocol where a frame should begin, and what they say of the
//! cause. Their first bytes break rules for frames ("RSV1 must be clear"), which says nothing of
//! it.

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
    /// A packet of Engine.IO, the transport of Socket.IO, as its other transports carry it.
    EngineIo,
    /// Server-sent events.
    EventStream,
    /// Text of no known form: a message of an error, a line of a log.
    Text,
    /// A TLS record (RFC 8446 section 5.1).
    TlsRecord,
    /// Data compressed by gzip (RFC 1952).
    Gzip,
    /// The header of the PROXY protocol, version 1 or 2.
    ProxyHeader,
    /// A client's greeting of SOCKS version 5 (RFC 1928 section 3).
    Socks5,
    /// A line break before a frame.
    LineBreak,
    /// A frame of the draft hixie-76. Only the handshake tells.
    Hixie76,
}

impl NonFrame {
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
            Self::EngineIo => {
                "this is a text packet of Engine.IO (Socket.IO) without a frame around it: the \
                 sender writes to the socket instead of sending a WebSocket message"
            }
            Self::EventStream => {
                "this is a stream of server-sent events, not a frame: a handler of \
                 text/event-stream writes into the open WebSocket"
            }
            Self::Text => {
                "this is text without a frame around it: the sender, often an error handler or a \
                 log, writes to the socket instead of sending a WebSocket message"
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
            Self::LineBreak => {
                "this is a line break where a frame should begin: the head before it has one too \
                 many, often the newline that a Base64 encoder adds to Sec-WebSocket-Accept, or the \
                 sender prints its frames as lines"
            }
            Self::Hixie76 => {
                "this isn't an RFC 6455 frame: the handshake is that of the draft hixie-76, whose \
                 texts are between the bytes 00 and ff, and which nothing speaks any more"
            }
        }
    }
}

impl NonFrame {
    /// Returns what further bytes are once the first are recognized, as a sentence without a full
    /// stop.
    pub fn continuation_hint(self) -> &'static str {
        match self {
            Self::HttpResponse => "this isn't a frame: it continues the HTTP response before it",
            Self::HttpRequest => "this isn't a frame: it continues the HTTP request before it",
            Self::Http2Preface => {
                "this isn't a frame: it continues the HTTP/2 connection before it"
            }
            Self::Chunk => "this isn't a frame: it continues the chunked data before it",
            Self::Html => "this isn't a frame: it continues the HTML page before it",
            Self::Xml => "this isn't a frame: it continues the XML document before it",
            Self::Json => "this isn't a frame: it continues the JSON text before it",
            Self::EngineIo => "this isn't a frame: it continues the text of Engine.IO before it",
            Self::EventStream => {
                "this isn't a frame: it continues the server-sent events before it"
            }
            Self::Text => "this isn't a frame: it continues the text before it",
            Self::TlsRecord => "this isn't a frame: it continues the TLS records before it",
            Self::Gzip => "this isn't a frame: it continues the gzip data before it",
            Self::ProxyHeader => "this isn't a frame: it follows a header of the PROXY protocol",
            Self::Socks5 => "this isn't a frame: it follows a SOCKS5 greeting",
            Self::LineBreak => {
                "this is not read: it follows a line break where a frame should begin"
            }
            Self::Hixie76 => self.hint(),
        }
    }
}
