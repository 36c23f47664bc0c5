//! [`Group`]: the subject of a case.

use crate::text::named_enum;

/// The subject of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The opening handshake.
    Handshake,
    /// The Origin header.
    Origin,
    /// Masking keys.
    Masking,
    /// The encoding of the payload length.
    Lengths,
    /// Opcodes and reserved bits.
    Opcodes,
    /// Fragmented messages, and control frames between the fragments.
    Fragments,
    /// Text that is UTF-8, or not.
    Utf8,
    /// Ping and pong.
    Ping,
    /// The closing handshake.
    Close,
    /// Frames that arrive slowly, or never.
    Timing,
    /// permessage-deflate.
    Deflate,
    /// The sizes up to which the server takes messages.
    Limits,
    /// The state of the server after all violations.
    Survival,
    /// Extended CONNECT.
    Http2,
    /// The greeting of a SockJS endpoint.
    Greeting,
    /// Its page for an iframe.
    Iframe,
    /// Its information document.
    Info,
    /// The paths of its sessions.
    Urls,
    /// The life of a session.
    Session,
    /// SockJS over a WebSocket.
    WebSocket,
    /// A WebSocket beside SockJS.
    Raw,
    /// Polling.
    Xhr,
    /// Streaming.
    Streaming,
    /// Event streams.
    Eventsource,
    /// Pages that go on.
    Htmlfile,
    /// Polling by scripts.
    Jsonp,
    /// The cookie for load balancers.
    Cookie,
    /// The escapes in messages.
    Json,
    /// The end of a session.
    Ending,
    /// The versions of HTTP.
    Http,
}

named_enum!(Group, "group":
    Handshake = "handshake",
    Origin = "origin",
    Masking = "masking",
    Lengths = "lengths",
    Opcodes = "opcodes",
    Fragments = "fragments",
    Utf8 = "utf8",
    Ping = "ping",
    Close = "close",
    Timing = "timing",
    Deflate = "deflate",
    Limits = "limits",
    Survival = "survival",
    Http2 = "http2",
    Greeting = "greeting",
    Iframe = "iframe",
    Info = "info",
    Urls = "urls",
    Session = "session",
    WebSocket = "websocket",
    Raw = "raw",
    Xhr = "xhr",
    Streaming = "streaming",
    Eventsource = "eventsource",
    Htmlfile = "htmlfile",
    Jsonp = "jsonp",
    Cookie = "cookie",
    Json = "json",
    Ending = "ending",
    Http = "http",
);
