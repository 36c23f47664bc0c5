//! [`CapturedStream`]: one connection of a capture, or one WebSocket of an HTTP/2 connection.

use std::time::Duration;

use crate::capture::byte_store::ByteStore;
use crate::capture::error::InternalError;
use crate::capture::http2::{Http2ErrorCode, Http2WebSocket};
use crate::capture::plaintext::{Gap, ResumePoint};
use crate::capture::tls::TlsStatus;
use crate::net::AddressPair;
use crate::wire::{AgreedExtensions, Side, Trace};

/// The kind of unit that a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// A head, because the beginning was captured.
    Head,
    /// Frames: the first byte of each direction is that of a frame. The extensions are those that a
    /// file of `--write` names; [`ReadOptions`](crate::capture::ReadOptions) take precedence.
    Frames(Option<AgreedExtensions>),
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
    /// When it was captured, since the start of the stream.
    pub at: Duration,
    /// The time since the last data before it.
    pub silence: Duration,
    /// The error code of an end of a stream of HTTP/2, which is `NO_ERROR` for `END_STREAM`; `None` if
    /// TCP ended.
    pub http2_code: Option<Http2ErrorCode>,
}

/// The end of a connection in the words of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEnd {
    /// Whether the connection closed cleanly.
    pub is_clean: bool,
    /// The reason, as a clause.
    pub why: String,
    /// When it ended, since the start of the connection; `None` if the recording doesn't say.
    pub at: Option<Duration>,
}

/// What is known of a connection whose end was not captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenEnd {
    /// Nothing speaks against it that it was open at the end of the capture.
    #[default]
    StillOpen,
    /// It ended: another connection used its ports, this long after the last data.
    PortsReused(Duration),
}

/// What TCP tells of a connection that stood still before its end, or before that of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// The side that got no answer, or that took no more data.
    pub by: Side,
    /// The kind of standstill.
    pub kind: StallKind,
    /// The time that this took.
    pub during: Duration,
}

/// The ways in which a connection stands still, by what a side did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StallKind {
    /// It sent its last data so many times more, and the other acknowledged nothing.
    Unacknowledged(u32),
    /// It sent so many keep-alive probes, and nobody answered.
    UnansweredProbes(u32),
    /// It had no room for more data.
    ZeroWindow,
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

/// What tells a stream from the others of a capture, whenever that is read again because it grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamIdentity {
    /// The index of the TCP connection, in the order of first packets.
    pub(crate) connection: usize,
    /// 0 for the connection itself, from 1 the number of a WebSocket of an HTTP/2 connection.
    pub(crate) part: usize,
    /// The number of streams that began to carry data before this one.
    pub(crate) began: u64,
}

/// One connection, or one WebSocket of an HTTP/2 connection.
#[derive(Debug)]
pub struct CapturedStream<S> {
    /// What tells it from other streams.
    pub(crate) identity: StreamIdentity,
    /// The number by which Wireshark knows its TCP connection (tcp.stream), from 0 in the order of
    /// first packets; `None` for files without packets.
    pub(crate) tcp_stream: Option<usize>,
    /// Whether nothing more of it can come: it ended for good, or the capture does not grow.
    pub is_over: bool,
    /// The addresses of both ends; `None` for files without packets, but for recordings of a
    /// capture.
    pub addresses: Option<AddressPair>,
    /// When its first packet was captured, since 1970; zero if the file does not have it.
    pub started_at: Duration,
    /// The kind of unit that the stream begins with.
    pub start: StreamStart,
    /// Whether the first byte of each side is known to be the connection's first.
    pub is_whole: bool,
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
    /// How it ended; `None` if its end was not captured, if it may end in another way because the
    /// capture still grows, or if the file says nothing of packets.
    pub ending: Option<StreamEnding>,
    /// What a recording says of the end.
    pub recorded_end: Option<RecordedEnd>,
    /// Why a proxy before the server carried nothing, as a clause.
    pub refusal: Option<String>,
    /// What the packets say of an end that was not captured.
    pub open_end: OpenEnd,
    /// What stood still before the end, if anything did.
    pub stall: Option<Stall>,
    /// The warnings about it.
    pub warnings: Vec<String>,
    /// Why it could not be read. Nothing else is known of it then; other connections are not
    /// affected.
    pub failed: Option<InternalError>,
}

impl CapturedStream<Trace> {
    /// Returns a WebSocket of this connection, which failed, as one that failed with it.
    pub(in crate::capture) fn part(&self, part: usize) -> Self {
        Self {
            identity: StreamIdentity { part, ..self.identity },
            tcp_stream: self.tcp_stream,
            is_over: true,
            addresses: self.addresses,
            started_at: self.started_at,
            start: StreamStart::Head,
            http2: None,
            tls: TlsStatus::Plaintext,
            trace: Trace::new(),
            store: self.store.empty(),
            gaps: Vec::new(),
            resumptions: Vec::new(),
            is_whole: true,
            ending: None,
            recorded_end: None,
            refusal: None,
            open_end: OpenEnd::default(),
            stall: None,
            warnings: Vec::new(),
            failed: self.failed.clone(),
        }
    }
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
