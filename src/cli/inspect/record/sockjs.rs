//! Records of SockJS: one for each message or frame without messages, and one for each session.

use std::time::Duration;

use serde::Serialize;
use wiretalk_core::wire::sockjs::{Conversation, RowKind, RowPlace, SockJsRow};

use super::fields::{Millis, RecordType, as_text};
use crate::wire::{ByteLen, Side};

/// A message, or a frame without messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct SockJsRecord {
    /// The code of a close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) close_code: Option<u16>,
    pub(in crate::cli::inspect) connection: usize,
    /// The number of the HTTP exchange that it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) exchange: Option<u64>,
    /// The number of the frame of a WebSocket with which its message ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) frame: Option<usize>,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    /// The number of the message in its frame, from 0.
    pub(in crate::cli::inspect) index: usize,
    pub(in crate::cli::inspect) kind: &'static str,
    /// The bytes that it takes in its frame.
    pub(in crate::cli::inspect) len: ByteLen,
    /// The offset of its first byte in its frame.
    pub(in crate::cli::inspect) offset: ByteLen,
    /// The server part of the address.
    pub(in crate::cli::inspect) server: String,
    pub(in crate::cli::inspect) session: String,
    /// The status of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) status: Option<u16>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    /// The text of a message, the reason of a close, the beginning of what is no frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) text: Option<String>,
    pub(in crate::cli::inspect) transport: &'static str,
    /// Whether `text` has only the beginning.
    pub(in crate::cli::inspect) truncated: bool,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    /// The rule of the framing that is broken, or why something was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) why: Option<String>,
}

/// What one session said, over all its requests and connections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct SockJsSessionRecord {
    pub(in crate::cli::inspect) close_code: Option<u16>,
    pub(in crate::cli::inspect) close_reason: Option<String>,
    pub(in crate::cli::inspect) connections: Vec<usize>,
    /// The time from its first row to its last.
    #[serde(rename = "duration_ms")]
    pub(in crate::cli::inspect) duration: Millis,
    pub(in crate::cli::inspect) faults: u64,
    pub(in crate::cli::inspect) messages_received: u64,
    pub(in crate::cli::inspect) messages_sent: u64,
    pub(in crate::cli::inspect) prefix: String,
    pub(in crate::cli::inspect) refused_receivers: u64,
    pub(in crate::cli::inspect) servers: Vec<String>,
    pub(in crate::cli::inspect) session: String,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    pub(in crate::cli::inspect) transports: Vec<&'static str>,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    pub(in crate::cli::inspect) unread: u64,
    /// What it is and what became of it, for people.
    #[serde(skip)]
    pub(in crate::cli::inspect) words: String,
}

impl SockJsRecord {
    pub(in crate::cli::inspect) fn new(connection: usize, row: &SockJsRow) -> Self {
        let (frame, exchange) = match row.place {
            RowPlace::Frame(number) => (Some(number), None),
            RowPlace::Exchange(number) => (None, Some(number)),
        };
        Self {
            close_code: row.close_code(),
            connection,
            exchange,
            frame,
            from: row.from,
            index: row.index,
            kind: row.kind.name(),
            len: row.span.end - row.span.start,
            offset: row.span.start,
            server: row.session.server.to_string(),
            session: row.session.session.to_string(),
            status: if let RowKind::Answer(status) = row.kind { Some(status) } else { None },
            at: Millis(row.at),
            text: row.shown_text().map(str::to_owned),
            transport: row.session.transport(),
            truncated: row.is_cut(),
            record_type: RecordType::SockJs,
            why: row.why(),
        }
    }
}

impl SockJsSessionRecord {
    pub(in crate::cli::inspect) fn new(conversation: &Conversation) -> Self {
        let Conversation { began, last, messages, .. } = conversation;
        let (close_code, close_reason) = conversation.close.clone().unzip();
        let duration: Duration = last.saturating_sub(*began);
        Self {
            close_code,
            close_reason: close_reason.map(Into::into),
            connections: conversation.connections.clone(),
            duration: Millis(duration),
            faults: conversation.faults,
            messages_received: messages.server,
            messages_sent: messages.client,
            prefix: conversation.prefix.to_string(),
            refused_receivers: conversation.refused_receivers,
            servers: conversation.servers.iter().map(ToString::to_string).collect(),
            session: conversation.session.to_string(),
            at: Millis(*began),
            transports: conversation.requests.iter().map(|request| request.path_part()).collect(),
            record_type: RecordType::SockJsSession,
            unread: conversation.unread,
            words: format!("{}: {}", conversation.title(), conversation.outcome()),
        }
    }
}
