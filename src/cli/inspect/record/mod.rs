//! [`Record`]: an item of the output of `inspect`; with `--json`, one JSON object per line.
//!
//! Scripts depend on the names of the fields, which `--help` lists. The fields of each record are
//! in the order of the JSON, which is alphabetical.

mod fields;
mod http2;
mod listed_connection;
mod session;
mod stream;
mod text;

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

pub(super) use fields::{Millis, RecordContext, RecordType};
pub(super) use http2::Http2HandshakeRecord;
pub(super) use listed_connection::ListedConnectionRecord;
pub(super) use session::{
    AllEndedRecord, EndRecord, FileConnectionRecord, ListeningRecord, NoteRecord, NoteSubject,
    ProxyConnectionRecord,
};
pub(super) use stream::{BytesRecord, FrameRecord, HandshakeRecord, HttpRecord, close_body};

use crate::capture::Http2Head;
use crate::net::AddressPair;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::handshake::{HttpExchange, ValidatedHead};

/// An event of a connection or of the program.
#[derive(Clone, Debug, PartialEq, Serialize)]
// Each record has its own `type` field: serde would put a tag first, out of the alphabetical order.
#[serde(untagged)]
pub(super) enum Record {
    Handshake(HandshakeRecord),
    Http2Handshake(Http2HandshakeRecord),
    Frame(Box<FrameRecord>),
    Bytes(BytesRecord),
    Http(HttpRecord),
    End(EndRecord),
    AllEnded(AllEndedRecord),
    Note(NoteRecord),
    Listening(ListeningRecord),
    ProxyConnection(ProxyConnectionRecord),
    FileConnection(FileConnectionRecord),
}

impl Record {
    /// Returns the number of the connection that the record is about, from 1; `None` if it is about
    /// the file or the program.
    pub(super) fn connection(&self) -> Option<usize> {
        match self {
            Self::Handshake(record) => Some(record.connection),
            Self::Http2Handshake(record) => Some(record.connection),
            Self::Frame(record) => Some(record.connection),
            Self::Bytes(record) => Some(record.connection),
            Self::Http(record) => Some(record.connection),
            Self::End(record) => Some(record.connection),
            Self::Note(NoteRecord { connection: NoteSubject::Connection(number), .. }) => {
                Some(*number)
            }
            Self::ProxyConnection(record) => Some(record.connection),
            Self::FileConnection(record) => Some(record.connection),
            Self::AllEnded(_) | Self::Note(_) | Self::Listening(_) => None,
        }
    }

    /// Creates the record of a head. `validated` is `None` if the stream ended inside the head.
    pub(super) fn handshake(
        context: RecordContext,
        bytes: &[u8],
        validated: Option<&ValidatedHead>,
    ) -> Self {
        Self::Handshake(HandshakeRecord::new(context, bytes, validated))
    }

    /// Creates the record of a head of HTTP/2 on this stream.
    pub(super) fn http2_handshake(
        context: RecordContext,
        stream_id: u32,
        head: &Http2Head,
    ) -> Self {
        Self::Http2Handshake(Http2HandshakeRecord::new(context, stream_id, head))
    }

    /// Creates the record of a frame, complete or not.
    pub(super) fn frame(context: RecordContext, frame: AssembledFrame) -> Self {
        Self::Frame(Box::new(FrameRecord::new(context, frame)))
    }

    /// Creates the record of the bytes after a response that is not a 101.
    pub(super) fn bytes(context: RecordContext, bytes: &[u8]) -> Self {
        Self::Bytes(BytesRecord::new(context, bytes))
    }

    /// Creates the record of an HTTP exchange on a connection.
    pub(super) fn http(connection: usize, at: Duration, exchange: HttpExchange) -> Self {
        Self::Http(HttpRecord::new(connection, at, exchange))
    }

    /// Creates the last record of a proxy or of a file without exactly one connection.
    pub(super) fn all_ended(at: Duration, why: &str) -> Self {
        Self::AllEnded(AllEndedRecord {
            close_code: None,
            close_received: false,
            connection: None,
            ok: true,
            at: Millis(at),
            record_type: RecordType::End,
            why: why.to_owned(),
        })
    }

    /// Creates a note.
    pub(super) fn note(connection: NoteSubject, at: Duration, text: impl Into<String>) -> Self {
        Self::Note(NoteRecord {
            connection,
            at: Millis(at),
            text: text.into(),
            record_type: RecordType::Note,
        })
    }

    /// Creates the record of a proxy that listens on `address`.
    pub(super) fn listening(at: Duration, address: SocketAddr) -> Self {
        Self::Listening(ListeningRecord {
            address,
            at: Millis(at),
            record_type: RecordType::Listening,
        })
    }

    /// Creates the record of a client that has connected to the proxy.
    pub(super) fn proxy_connection(connection: usize, at: Duration, peer: SocketAddr) -> Self {
        let record_type = RecordType::Connection;
        Self::ProxyConnection(ProxyConnectionRecord {
            connection,
            peer,
            at: Millis(at),
            record_type,
        })
    }

    /// Creates the record of a connection in a file. `since_1970_s` is its start as a Unix time in
    /// seconds, `tls` the result of decryption, if there is TLS, and `http2_stream` the stream of a
    /// WebSocket over HTTP/2, or 0 for an HTTP/2 connection.
    pub(super) fn file_connection(
        connection: usize,
        addresses: AddressPair,
        since_1970_s: f64,
        tls: Option<String>,
        http2_stream: Option<u32>,
    ) -> Self {
        Self::FileConnection(FileConnectionRecord {
            client: addresses.client,
            connection,
            http2_stream,
            server: addresses.server,
            since_1970_s,
            at: Millis(Duration::ZERO),
            tls,
            record_type: RecordType::Connection,
        })
    }
}
