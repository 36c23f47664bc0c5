//! Reads the messages of a transcript as SockJS, for `--sockjs`.

use std::time::Duration;

use serde_json::{Value, json};
use wiretalk_core::wire::sockjs::{
    RowKind, RowPlace, SockJsReader, SockJsRow, Unread, WebSocketContent, WebSocketMessage,
};

use super::text_page::TextPage;
use crate::wire::format::quote;
use crate::wire::{Message, MessageKind, Transcript};

/// The maximum number of characters shown of a text.
const MAX_CHARS_SHOWN: usize = 60;

/// Returns what the messages say in SockJS, row by row.
pub(super) fn rows(transcript: &Transcript) -> Vec<SockJsRow> {
    let (mut reader, mut rows) = (SockJsReader::of_websocket(), Vec::new());
    for message in transcript.messages() {
        let content = match message {
            Message { inflate_stop: Some(_), .. } => WebSocketContent::Unread(&Unread::NotInflated),
            Message { kind: MessageKind::Text, data, .. } => WebSocketContent::Text(data),
            Message { data, .. } => WebSocketContent::Binary(data),
        };
        let message = WebSocketMessage {
            from: transcript.decoder().sender(),
            at: Duration::ZERO,
            frame_number: message.frames.last().copied().unwrap_or_default(),
            content,
        };
        reader.push_message(message, |row| rows.push(row));
    }
    rows
}

/// Whether a row breaks the framing of SockJS.
pub(super) fn is_fault(row: &SockJsRow) -> bool {
    matches!(row.kind, RowKind::Fault(_))
}

/// Returns rows as an array.
pub(super) fn rows_json(rows: &[SockJsRow]) -> Value {
    rows.iter().map(row_json).collect()
}

fn row_json(row: &SockJsRow) -> Value {
    json!({
        "frame": frame_number(row),
        "index": row.index,
        "kind": row.kind.name(),
        "offset": row.span.start,
        "len": row.span.end - row.span.start,
        "text": row.shown_text(),
        "close_code": row.close_code(),
        "why": row.why(),
    })
}

fn frame_number(row: &SockJsRow) -> Option<usize> {
    if let RowPlace::Frame(number) = row.place { Some(number) } else { None }
}

/// Adds rows to a page, one paragraph each.
pub(super) fn explain(page: &mut TextPage, rows: &[SockJsRow]) {
    page.blank_line();
    if rows.is_empty() {
        page.line("SockJS  no messages");
    }
    for row in rows {
        let number = frame_number(row).unwrap_or_default();
        let text = quote(row.text.as_bytes(), MAX_CHARS_SHOWN);
        let span = format!("bytes {} to {} of its payload", row.span.start, row.span.end);
        let what = match &row.kind {
            RowKind::Open => "open".to_owned(),
            RowKind::Heartbeat => "heartbeat".to_owned(),
            RowKind::NoMessages => "no messages".to_owned(),
            RowKind::Message => format!("message {}, {span}: {text}", row.index),
            RowKind::Close(code) => format!("close {code} {text}"),
            RowKind::Fault(fault) => format!("✗ {fault}: {text}"),
            RowKind::Answer(status) => format!("answer {status}"),
            RowKind::Unread(why) => format!("not read: {why}"),
        };
        page.paragraph("SockJS  ", &format!("frame {number}: {what}"));
    }
}
