//! [`CapturedStream`]: one connection of a capture, or one WebSocket of an HTTP/2 connection.

use std::time::Duration;

use crate::capture::byte_store::ByteStore;
use crate::capture::error::InternalError;
use crate::capture::http2::{Http2ErrorCode, Http2WebSocket};
use crate::capture::plaintext::{Gap, ResumePoint};
use crate::capture::tls::TlsStatus;
use crate::net::AddressPair;
use crate::wire::{AgreedExtensions, Side};

/// The kind of unit that a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// A head, because the beginning was captured.
    Head,
    /// Frames: the first byte of each direction is that of a frame.
    Frames,
    /// Any byte of any frame, because the capture begins in the middle of the connection.
    Midway,
    /// Frames, because the handshake was the header fields of HTTP/2, which agreed on these
    /// extensions.
    Http2(AgreedExtensions),
}

/// What a stream is to an HTTP/2 connection.
#[derive(Clone, Debug)]
pub enum Http2Role {
    /// The connection itself: from some point on, its bytes are HTTP/2 and not in its trace. Its
    /// trace has the exchanges on its streams; its WebSockets are streams of their own.
    Connection,
    /// A WebSocket on one of its streams. Its bytes are the payloads of the DATA frames.
    WebSocket(Box<Http2WebSocket>),
}

/// How a stream ended: the first FIN or RST of a TCP connection, the first `END_STREAM` or `RST_STREAM`
/// of a stream of HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamEnding {
    /// The side that sent it.
    pub by: Side,
    /// Whether it was an RST or `RST_STREAM`.
    pub is_reset: bool,
    /// Whether an RST or `RST_STREAM` came after the regular end.
    pub is_reset_after: bool,
    /// The time since the last data before it.
    pub silence: Duration,
    /// The error code of an end of a stream of HTTP/2, which is `NO_ERROR` for `END_STREAM`; `None` if
    /// TCP ended.
    pub http2_code: Option<Http2ErrorCode>,
}

impl StreamEnding {
    /// Returns the name in records.
    pub fn name(&self) -> &'static str {
        match (self.http2_code, self.is_reset) {
            (None, false) => "fin",
            (None, true) => "rst",
            (Some(_), false) => "end_stream",
            (Some(_), true) => "rst_stream",
        }
    }

    /// Returns what the side did: `ended the connection (FIN)`.
    pub fn action(&self) -> String {
        match (self.http2_code, self.is_reset) {
            (None, false) => "ended the connection (FIN)".to_owned(),
            (None, true) => "reset the connection (RST)".to_owned(),
            (Some(_), false) => "ended the stream (END_STREAM)".to_owned(),
            (Some(code), true) => format!("reset the stream (RST_STREAM, {code})"),
        }
    }
}

/// One connection, or one WebSocket of an HTTP/2 connection.
#[derive(Debug)]
pub struct CapturedStream<S> {
    /// The addresses of both ends; `None` for hex text and recordings.
    pub addresses: Option<AddressPair>,
    /// When its first packet was captured, since 1970; zero for hex text and recordings.
    pub started_at: Duration,
    /// The kind of unit that the stream begins with.
    pub start: StreamStart,
    /// What it is to an HTTP/2 connection; `None` if there is no HTTP/2.
    pub http2: Option<Http2Role>,
    /// Whether it was encrypted, and whether that could be undone.
    pub tls: TlsStatus,
    /// The result of its bytes. Times in it count from `started_at`.
    pub trace: S,
    /// The places of its bytes, for reading them again.
    pub store: ByteStore,
    /// The gaps in it.
    pub gaps: Vec<Gap>,
    /// The places where reading resumes, of a side of which no frames were known before.
    pub resumptions: Vec<ResumePoint>,
    /// How it ended; `None` if it was open at the end of the capture, or if the file has no packets.
    pub ending: Option<StreamEnding>,
    /// The warnings about it.
    pub warnings: Vec<String>,
    /// Why it could not be read. Nothing else is known of it then; other connections are not
    /// affected.
    pub failed: Option<InternalError>,
}

impl<S> CapturedStream<S> {
    /// Returns the handshake if the stream is a WebSocket of an HTTP/2 connection.
    pub fn http2_websocket(&self) -> Option<&Http2WebSocket> {
        match &self.http2 {
            Some(Http2Role::WebSocket(websocket)) => Some(websocket),
            Some(Http2Role::Connection) | None => None,
        }
    }

    /// Whether the stream is a WebSocket over HTTP/2 that the server did not open: it refused, or its
    /// response is not in the capture.
    pub fn is_unopened_http2(&self) -> bool {
        self.http2_websocket().is_some_and(|websocket| !websocket.is_open)
    }

    /// Whether the stream is an HTTP/2 connection.
    pub fn is_http2_connection(&self) -> bool {
        matches!(self.http2, Some(Http2Role::Connection))
    }
}
