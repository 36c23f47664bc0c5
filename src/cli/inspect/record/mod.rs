//! [`Record`]: what `inspect` prints, one JSON object a line with `--json`.
//! `wire` finds what a record says.
//!
//! The README and `--help` list the fields; their names stay. The fields of each record stand in
//! the order of the JSON, which is alphabetical.

mod fields;
mod session;
mod stream;
mod text;

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

pub(super) use fields::{Millis, RecordContext, RecordType};
pub(super) use session::{
    AllEndedRecord, EndRecord, FileConnectionRecord, ListeningRecord, NoteRecord, NoteSubject,
    ProxyConnectionRecord,
};
pub(super) use stream::{BytesRecord, FrameRecord, HandshakeRecord, close_body};

use crate::net::AddressPair;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::handshake::ValidatedHead;

/// One thing that happened on a connection, or a remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    Handshake(HandshakeRecord),
    Frame(Box<FrameRecord>),
    Bytes(BytesRecord),
    End(EndRecord),
    AllEnded(AllEndedRecord),
    Note(NoteRecord),
    Listening(ListeningRecord),
    ProxyConnection(ProxyConnectionRecord),
    FileConnection(FileConnectionRecord),
}

impl Record {
    /// A head. `validated` is none where the stream ended inside of it.
    pub(super) fn handshake(
        context: RecordContext,
        bytes: &[u8],
        validated: Option<&ValidatedHead>,
    ) -> Self {
        Self::Handshake(HandshakeRecord::new(context, bytes, validated))
    }

    /// A frame, complete or not.
    pub(super) fn frame(context: RecordContext, frame: AssembledFrame) -> Self {
        Self::Frame(Box::new(FrameRecord::new(context, frame)))
    }

    /// Bytes behind a response that is not a 101.
    pub(super) fn bytes(context: RecordContext, bytes: &[u8]) -> Self {
        Self::Bytes(BytesRecord::new(context, bytes))
    }

    /// The last record where there are several connections, or none.
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

    /// A remark.
    pub(super) fn note(connection: NoteSubject, at: Duration, text: impl Into<String>) -> Self {
        Self::Note(NoteRecord {
            connection,
            at: Millis(at),
            text: text.into(),
            record_type: RecordType::Note,
        })
    }

    /// The proxy listens on `address`.
    pub(super) fn listening(at: Duration, address: SocketAddr) -> Self {
        Self::Listening(ListeningRecord {
            address,
            at: Millis(at),
            record_type: RecordType::Listening,
        })
    }

    /// A client has connected to the proxy.
    pub(super) fn proxy_connection(connection: usize, at: Duration, peer: SocketAddr) -> Self {
        let record_type = RecordType::Connection;
        Self::ProxyConnection(ProxyConnectionRecord {
            connection,
            peer,
            at: Millis(at),
            record_type,
        })
    }

    /// A connection of a file. `since_1970_s` says when it began, `tls` what TLS has come to.
    pub(super) fn file_connection(
        connection: usize,
        addresses: AddressPair,
        since_1970_s: f64,
        tls: Option<String>,
    ) -> Self {
        Self::FileConnection(FileConnectionRecord {
            client: addresses.client,
            connection,
            server: addresses.server,
            since_1970_s,
            at: Millis(Duration::ZERO),
            tls,
            record_type: RecordType::Connection,
        })
    }
}
