//! [`PrintedSockJs`]: the SockJS of a connection whose records are printed. [`PrintedConversations`]: what
//! its sessions said, over all connections.

use std::collections::BTreeMap;
use std::time::Duration;

use wiretalk_core::wire::sockjs::{
    Conversations, SockJsReader, SockJsRow, Unread, WebSocketContent, WebSocketMessage,
};

use crate::cli::inspect::record::{NoteSubject, Record};
use crate::text::units;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::handshake::pair::HandshakePair;
use crate::wire::handshake::{Content, Head};
use crate::wire::{ByteLen, MessageKind, Side};

/// Reads SockJS, and keeps the rows until they are printed.
#[derive(Default)]
pub(super) struct PrintedSockJs {
    reader: SockJsReader,
    rows: Vec<SockJsRow>,
}

impl PrintedSockJs {
    /// Begins to read the messages of a WebSocket that has just been opened.
    pub(super) fn open(&mut self, handshake: &HandshakePair) {
        let request = handshake.head(Side::Client).and_then(|validated| validated.head.as_ref());
        if let Some(target) = request.map(Head::target) {
            self.open_at(&target);
        }
    }

    /// Begins to read the messages of a WebSocket whose request had this target.
    pub(super) fn open_at(&mut self, target: &str) {
        self.reader.open_websocket(target);
    }

    /// Takes a part of an HTTP exchange.
    pub(super) fn push_content(&mut self, at: Duration, content: &Content) {
        let Self { reader, rows } = self;
        reader.push_content(at, content, |row| rows.push(row));
    }

    /// Takes a frame, which may complete a message.
    pub(super) fn push_frame(&mut self, from: Side, at: Duration, frame: &AssembledFrame) {
        if !self.reader.wants_messages() {
            return;
        }
        let is_data = frame.start.is_some_and(|start| start.kind.is_some());
        let lost = Unread::NotCaptured(Some(frame.not_captured));
        let (unread, message) = match &frame.message {
            _ if is_data && frame.not_captured > ByteLen::ZERO => (Some(lost), None),
            None => return,
            Some(message) if message.is_whole() => (None, Some(message)),
            Some(message) if message.end.inflate_stop.is_some() => {
                (Some(Unread::NotInflated), None)
            }
            Some(message) => (Some(Unread::TooLong(message.end.data_len)), None),
        };
        let content = match (message, &unread) {
            (Some(message), _) if message.end.kind == MessageKind::Text => {
                WebSocketContent::Text(&message.data)
            }
            (Some(message), _) => WebSocketContent::Binary(&message.data),
            (None, Some(why)) => WebSocketContent::Unread(why),
            (None, None) => return,
        };
        self.push(WebSocketMessage { from, at, frame_number: frame.frame_number, content });
    }

    /// Notes that an unknown number of frames was not captured before the one with this number.
    pub(super) fn lose_frames(&mut self, from: Side, at: Duration, frame_number: usize) {
        let why = Unread::NotCaptured(None);
        let content = WebSocketContent::Unread(&why);
        self.push(WebSocketMessage { from, at, frame_number, content });
        self.reader.lose_messages(from);
    }

    fn push(&mut self, message: WebSocketMessage<'_>) {
        let Self { reader, rows } = self;
        reader.push_message(message, |row| rows.push(row));
    }

    /// Returns the rows that have become complete.
    pub(super) fn take_rows(&mut self) -> Vec<SockJsRow> {
        std::mem::take(&mut self.rows)
    }
}

/// What the sessions of all connections said, of which records come at the end.
#[derive(Default)]
pub(super) struct PrintedConversations {
    /// When connections of a file began, since its first packet.
    began: BTreeMap<usize, Duration>,
    conversations: Conversations,
}

impl PrintedConversations {
    /// Takes when a connection of a file began, since its first packet.
    pub(super) fn set_beginning(&mut self, number: usize, at: Duration) {
        self.began.insert(number, at);
    }

    /// Takes a row of a connection.
    pub(super) fn add(&mut self, number: usize, row: &SockJsRow) {
        let began = self.began.get(&number).copied().unwrap_or_default();
        self.conversations.add(number, began.saturating_add(row.at), row);
    }

    /// Returns the records of the sessions, and forgets them.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        let conversations = std::mem::take(&mut self.conversations);
        let dropped = conversations.dropped_rows();
        let note = (dropped > 0).then(|| {
            let count = units::count(dropped, "row");
            let text = format!("{count} of SockJS belong to sessions beyond the first 65,536");
            Record::note(NoteSubject::Session, Duration::ZERO, text)
        });
        let sessions = conversations.in_order().into_iter().map(Record::sockjs_session);
        sessions.chain(note).collect()
    }
}
