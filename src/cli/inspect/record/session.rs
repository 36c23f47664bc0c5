//! Records about connections and the program: starts, ends and notes.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::fields::{Millis, RecordType, as_optional_text, as_text};
use crate::capture::{CaptureSpan, CapturedStream, Http2Role, StreamStart};
use crate::wire::{ByteLen, Side, Trace};

/// The end of a connection. "Sent" counts what the client sent, "received" what the server sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct EndRecord {
    pub(in crate::cli::inspect) bytes_received: ByteLen,
    pub(in crate::cli::inspect) bytes_sent: ByteLen,
    pub(in crate::cli::inspect) close_code: Option<u16>,
    /// Whether the server's Close has a code that was not captured; the record lacks the field if not,
    /// like the one about the client's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::cli::inspect) close_code_not_captured: bool,
    pub(in crate::cli::inspect) close_code_sent: Option<u16>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::cli::inspect) close_code_sent_not_captured: bool,
    pub(in crate::cli::inspect) close_reason: Option<String>,
    pub(in crate::cli::inspect) close_received: bool,
    pub(in crate::cli::inspect) close_sent: bool,
    pub(in crate::cli::inspect) connection: usize,
    /// The side that ended the TCP connection first; `None` if it was open at the end of the capture
    /// or run, if there was none, and for a file without packets.
    #[serde(serialize_with = "as_optional_text")]
    pub(in crate::cli::inspect) ended_by: Option<Side>,
    /// `fin` or `rst`; of a WebSocket over HTTP/2, `end_stream` or `rst_stream`.
    pub(in crate::cli::inspect) ended_with: Option<&'static str>,
    pub(in crate::cli::inspect) frames_received: usize,
    pub(in crate::cli::inspect) frames_sent: usize,
    /// The error code of `end_stream` or `rst_stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) http2_code: Option<u32>,
    pub(in crate::cli::inspect) ok: bool,
    /// Whether an RST, or `rst_stream`, came after the regular end.
    pub(in crate::cli::inspect) reset_later: bool,
    /// The time between the last data and the end of the TCP connection.
    #[serde(rename = "silence_ms")]
    pub(in crate::cli::inspect) silence: Option<Millis>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    pub(in crate::cli::inspect) why: String,
}

/// The last record of a proxy or of a file without exactly one connection. It has the fields that
/// scripts read from the last record, whatever its source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct AllEndedRecord {
    pub(super) close_code: Option<u16>,
    pub(super) close_received: bool,
    pub(super) connection: Option<usize>,
    pub(super) ok: bool,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
    pub(in crate::cli::inspect) why: String,
}

/// A note about a connection, a file or the program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct NoteRecord {
    #[serde(skip_serializing_if = "NoteSubject::has_no_field")]
    pub(in crate::cli::inspect) connection: NoteSubject,
    /// The bytes that were not captured, if the note is about a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) gap: Option<GapFields>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    pub(in crate::cli::inspect) text: String,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

/// Bytes of a side that were not captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli::inspect) struct GapFields {
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    /// Their number; 0 if it is not known.
    pub(in crate::cli::inspect) missing: ByteLen,
    /// The number of them that belong to the frame in progress.
    pub(in crate::cli::inspect) within_frame: ByteLen,
}

/// The subject of a note, which is the value of its field `connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(in crate::cli::inspect) enum NoteSubject {
    /// A connection, by its number.
    Connection(usize),
    /// A file as a whole: the field is null.
    File,
    /// The only connection, or the proxy as a whole: the record lacks the field.
    Session,
}

/// The proxy listens on an address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct ListeningRecord {
    pub(in crate::cli::inspect) address: SocketAddr,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

/// A client has connected to the proxy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct ProxyConnectionRecord {
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) peer: SocketAddr,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

/// A connection in a file that has its addresses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct FileConnectionRecord {
    pub(in crate::cli::inspect) client: SocketAddr,
    pub(in crate::cli::inspect) connection: usize,
    /// The stream of a WebSocket over HTTP/2, or 0 for an HTTP/2 connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) http2_stream: Option<u32>,
    /// Whether the capture begins in the middle of the connection.
    #[serde(rename = "midway")]
    pub(in crate::cli::inspect) is_midway: bool,
    pub(in crate::cli::inspect) server: SocketAddr,
    /// The start of the connection as a Unix time in seconds.
    pub(in crate::cli::inspect) since_1970_s: f64,
    /// The start of the connection in milliseconds since the first packet of the file; negative if
    /// packets of the file are not in order, `None` if the file does not tell.
    pub(in crate::cli::inspect) start_ms: Option<f64>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    /// The number of its TCP connection in Wireshark (tcp.stream), from 0; `None` for files without
    /// packets.
    pub(in crate::cli::inspect) tcp_stream: Option<usize>,
    /// The TLS version and cipher suite, or that the connection was not decrypted; `None` without
    /// TLS.
    pub(in crate::cli::inspect) tls: Option<String>,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

impl FileConnectionRecord {
    /// Creates the record of a connection in a file with these times; `None` if it has no addresses.
    pub(in crate::cli::inspect) fn new(
        connection: usize,
        stream: &CapturedStream<Trace>,
        span: Option<CaptureSpan>,
    ) -> Option<Self> {
        let addresses = stream.addresses?;
        let started_at = stream.started_at;
        Some(Self {
            client: addresses.client,
            connection,
            http2_stream: stream.http2.as_ref().map(|role| match role {
                Http2Role::Connection => 0,
                Http2Role::WebSocket(websocket) => websocket.stream_id,
            }),
            is_midway: stream.start == StreamStart::Midway,
            server: addresses.server,
            since_1970_s: started_at.as_secs_f64(),
            tcp_stream: stream.tcp_stream,
            start_ms: span.map(|span| {
                let later = Millis(started_at.saturating_sub(span.start)).as_f64();
                later - Millis(span.start.saturating_sub(started_at)).as_f64()
            }),
            at: Millis(Duration::ZERO),
            tls: stream.tls.description(),
            record_type: RecordType::Connection,
        })
    }
}

impl NoteSubject {
    fn has_no_field(&self) -> bool {
        *self == Self::Session
    }
}
