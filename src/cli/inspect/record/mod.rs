//! [`Record`]: an item of the output of `inspect`; with `--json`, one JSON object per line.
//!
//! Scripts depend on the names of the fields, which `--help` lists. The fields of each record are
//! in the order of the JSON, which is alphabetical.

mod fields;
mod frame;
mod http2;
mod listed_connection;
mod session;
mod sockjs;
mod stream;
mod text;

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;
use wiretalk_core::wire::sockjs::{Conversation, SockJsRow};

pub(super) use fields::{Millis, RecordContext, RecordType};
pub(super) use frame::{FrameRecord, close_body};
pub(super) use http2::Http2HandshakeRecord;
pub(super) use listed_connection::ListedConnectionRecord;
pub(super) use session::{
    AllEndedRecord, EndRecord, FileConnectionRecord, GapFields, ListeningRecord, NoteRecord,
    NoteSubject, ProxyConnectionRecord,
};
pub(super) use sockjs::{SockJsRecord, SockJsSessionRecord};
pub(super) use stream::{BytesRecord, HandshakeRecord, HttpRecord, UnframedRecord};

use crate::capture::Http2Head;
use crate::wire::ByteLen;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::format::byte_count;
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
    Unframed(UnframedRecord),
    Http(HttpRecord),
    End(EndRecord),
    AllEnded(AllEndedRecord),
    Note(NoteRecord),
    Listening(ListeningRecord),
    ProxyConnection(ProxyConnectionRecord),
    FileConnection(FileConnectionRecord),
    SockJs(Box<SockJsRecord>),
    SockJsSession(Box<SockJsSessionRecord>),
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
            Self::Unframed(record) => Some(record.connection),
            Self::Http(record) => Some(record.connection),
            Self::End(record) => Some(record.connection),
            Self::Note(NoteRecord { connection: NoteSubject::Connection(number), .. }) => {
                Some(*number)
            }
            Self::ProxyConnection(record) => Some(record.connection),
            Self::FileConnection(record) => Some(record.connection),
            Self::SockJs(record) => Some(record.connection),
            Self::AllEnded(_) | Self::Note(_) | Self::Listening(_) | Self::SockJsSession(_) => None,
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
        Self::known_bytes(context, bytes, None)
    }

    /// Creates the record of bytes that are neither heads nor frames; `hint` is what they are.
    pub(super) fn known_bytes(
        context: RecordContext,
        bytes: &[u8],
        hint: Option<&'static str>,
    ) -> Self {
        Self::Bytes(BytesRecord::new(context, bytes, hint))
    }

    /// Creates the record of captured bytes whose frames are not known.
    pub(super) fn unframed(context: RecordContext, bytes: &[u8]) -> Self {
        Self::Unframed(UnframedRecord::new(context, bytes))
    }

    /// Creates the record of an HTTP exchange on a connection.
    pub(super) fn http(connection: usize, at: Duration, exchange: HttpExchange) -> Self {
        Self::Http(HttpRecord::new(connection, at, exchange))
    }

    /// Creates the record of what a connection says in SockJS.
    pub(super) fn sockjs(connection: usize, row: &SockJsRow) -> Self {
        Self::SockJs(Box::new(SockJsRecord::new(connection, row)))
    }

    /// Creates the record of a session of SockJS.
    pub(super) fn sockjs_session(conversation: &Conversation) -> Self {
        Self::SockJsSession(Box::new(SockJsSessionRecord::new(conversation)))
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
            gap: None,
            at: Millis(at),
            text: text.into(),
            record_type: RecordType::Note,
        })
    }

    /// Creates the note about `missing` bytes that were not captured, of which `within_frame` belong
    /// to the frame in progress. Without any, an unknown number of bytes is missing. `is_encrypted`
    /// tells whether they were captured, but not decrypted, and `loses_frames` whether frames may be
    /// among them.
    pub(super) fn gap(
        context: RecordContext,
        missing: ByteLen,
        within_frame: ByteLen,
        is_encrypted: bool,
        loses_frames: bool,
    ) -> Self {
        let from = context.from;
        let why = if is_encrypted { "decrypted" } else { "captured" };
        let text = if missing == ByteLen::ZERO {
            format!("what the {from} sent before is missing: it was not {why}")
        } else {
            let (bytes, are) = (byte_count(missing), if missing.get() == 1 { "is" } else { "are" });
            let it = if missing.get() == 1 { "it was" } else { "they were" };
            format!("{bytes} of the {from} {are} missing here: {it} not {why}")
        };
        let guess = if loses_frames {
            "; reading goes on at what looks like the beginning of a frame"
        } else {
            ""
        };
        Self::Note(NoteRecord {
            connection: NoteSubject::Connection(context.connection),
            gap: Some(GapFields { from, missing, within_frame }),
            at: Millis(context.elapsed),
            text: text + guess,
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
}
