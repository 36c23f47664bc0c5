//! [`SockJsLog`]: what a connection says in SockJS, row by row with the beginnings of its texts, beside
//! the frames of its trace.

use std::num::Saturating;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::decode::decoder::DecoderEvent;
use crate::wire::decode::{MessageEnd, SimpleFrame};
use crate::wire::frame::message::{FragmentRole, MessageKind};
use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::{Content, ValidatedHead};
use crate::wire::size::ByteLen;
use crate::wire::sockjs::{
    SessionPath, SockJsReader, SockJsRow, Unread, WebSocketContent, WebSocketMessage, ways,
};

/// The maximum number of rows. Further ones are only counted.
const MAX_ROWS: usize = 1 << 16;

/// The number of bytes kept of a text: enough for a list.
const MAX_TEXT: usize = 200;

/// The maximum number of sessions that a title tells apart, counted once for each way.
const MAX_PATHS: usize = 16;

/// The maximum length of a WebSocket message that is read.
const MAX_MESSAGE_LEN: usize = 1 << 20;

/// The SockJS on a connection.
#[derive(Clone, Debug, Default)]
pub struct SockJsLog {
    reader: SockJsReader,
    arriving: Sides<ArrivingMessage>,
    kept: KeptRows,
}

/// The rows of a log, and the sessions among them.
#[derive(Clone, Debug, Default)]
struct KeptRows {
    rows: Vec<SockJsRow>,
    dropped: Saturating<u64>,
    /// Whether further rows are only counted.
    is_stopped: bool,
    /// The bytes of all texts.
    text_bytes: usize,
    /// The first sessions, with each way that they went on.
    paths: Vec<Arc<SessionPath>>,
}

/// A WebSocket message of which the end has not come.
#[derive(Clone, Debug, Default)]
struct ArrivingMessage {
    /// The number of the frame that is arriving.
    frame_number: usize,
    is_compressed: bool,
    /// Whether that frame is the last of the message.
    is_last: bool,
    /// Whether bytes that arrive are the message's: false within a control frame between fragments.
    is_within: bool,
    data: Vec<u8>,
    missing: ByteLen,
}

impl SockJsLog {
    /// Returns the rows, at most 65,536, in the order in which they were complete. They have at most
    /// 200 bytes of each text.
    pub fn rows(&self) -> &[SockJsRow] {
        &self.kept.rows
    }

    /// Returns the number of rows that came after the list was full.
    pub fn dropped(&self) -> u64 {
        self.kept.dropped.0
    }

    /// Returns the bytes of memory that the rows take.
    pub fn memory_used(&self) -> usize {
        size_of_val(self.rows()).saturating_add(self.kept.text_bytes)
    }

    /// Only counts further rows.
    pub(super) fn stop_listing(&mut self) {
        self.kept.is_stopped = true;
    }

    /// Returns what is spoken, for people: `SockJS over WebSocket, session k3x9q0aa`; `None` if it is
    /// not SockJS.
    pub fn title(&self) -> Option<String> {
        let first = self.kept.paths.first()?;
        let mut requests = Vec::new();
        for path in &self.kept.paths {
            if !requests.contains(&path.request) {
                requests.push(path.request);
            }
        }
        let ways = ways(&requests);
        Some(match self.session_count() {
            1 => format!("SockJS over {ways}, session {}", first.session),
            count => format!("SockJS over {ways}, {count}{} sessions", self.or_more()),
        })
    }

    /// Returns the same in a few words: `SockJS k3x9q0aa`.
    pub fn short_title(&self) -> Option<String> {
        let first = self.kept.paths.first()?;
        Some(match self.session_count() {
            1 => format!("SockJS {}", first.session),
            count => format!("SockJS, {count}{} sessions", self.or_more()),
        })
    }

    fn session_count(&self) -> usize {
        let mut names: Vec<_> = self.kept.paths.iter().map(|path| &path.session).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    fn or_more(&self) -> &'static str {
        if self.kept.paths.len() < MAX_PATHS { "" } else { " or more" }
    }

    /// Returns the path of the first request of a session.
    pub fn path(&self) -> Option<String> {
        self.kept.paths.first().map(|path| path.path())
    }

    /// Takes a part of an exchange.
    pub(super) fn push_content(&mut self, at: Duration, content: &Content) {
        let Self { reader, kept, .. } = self;
        reader.push_content(at, content, |row| kept.add(row));
    }

    /// Begins to read the messages of a WebSocket that was asked for with this head.
    pub(super) fn open_websocket(&mut self, request: Option<&ValidatedHead>) {
        let head = request.and_then(|request| request.head.as_ref());
        if let Some(head) = head {
            self.open_websocket_at(&head.target());
        }
    }

    /// Begins to read the messages of a WebSocket at this target.
    pub(super) fn open_websocket_at(&mut self, target: &str) {
        self.reader.open_websocket(target);
    }

    /// Takes a frame that is a whole message, or none.
    pub(super) fn push_whole(&mut self, from: Side, at: Duration, frame: &SimpleFrame<'_>) {
        if self.reader.wants_messages()
            && let Some(kind) = frame.start.kind
        {
            let content = content_of(kind, frame.payload);
            self.push_message(from, at, frame.start.frame_number, content);
        }
    }

    /// Takes what a decoder has found.
    pub(super) fn observe(&mut self, from: Side, at: Duration, event: &DecoderEvent<'_>) {
        if !self.reader.wants_messages() {
            return;
        }
        let arriving = &mut self.arriving[from];
        match event {
            DecoderEvent::FrameStart(start) if start.kind.is_none() => arriving.is_within = false,
            DecoderEvent::FrameStart(start) => {
                if matches!(start.role, FragmentRole::First { .. }) {
                    *arriving = ArrivingMessage::default();
                }
                arriving.is_compressed = start.compressed;
                arriving.frame_number = start.frame_number;
                arriving.is_last = start.header.fin;
                arriving.is_within = true;
            }
            DecoderEvent::Payload(piece) if arriving.is_within && !arriving.is_compressed => {
                arriving.keep(piece);
            }
            DecoderEvent::Inflated(piece) => arriving.keep(piece),
            DecoderEvent::MessageEnd(end) => {
                let ArrivingMessage { frame_number, data, missing, .. } = std::mem::take(arriving);
                let unread = why_unread(end, missing, &data);
                let content = match &unread {
                    Some(why) => WebSocketContent::Unread(why),
                    None => content_of(end.kind, &data),
                };
                self.push_message(from, at, frame_number, content);
            }
            // A message that lacks bytes has no end of its own.
            DecoderEvent::FrameEnd(_) if arriving.is_last && arriving.missing > ByteLen::ZERO => {
                let ArrivingMessage { frame_number, missing, .. } = std::mem::take(arriving);
                let why = Unread::NotCaptured(Some(missing));
                self.push_message(from, at, frame_number, WebSocketContent::Unread(&why));
            }
            _ => {}
        }
    }

    /// Notes that bytes of the frame that is arriving were not captured.
    pub(super) fn skip(&mut self, from: Side, missing: ByteLen) {
        let arriving = &mut self.arriving[from];
        if arriving.is_within {
            arriving.missing += missing;
        }
    }

    /// Notes that an unknown number of frames was not captured.
    pub(super) fn lose_frames(&mut self, from: Side, at: Duration) {
        if !self.reader.wants_messages() {
            return;
        }
        let ArrivingMessage { frame_number, .. } = std::mem::take(&mut self.arriving[from]);
        let why = Unread::NotCaptured(None);
        self.push_message(from, at, frame_number, WebSocketContent::Unread(&why));
        self.reader.lose_messages(from);
    }

    fn push_message(
        &mut self,
        from: Side,
        at: Duration,
        frame_number: usize,
        content: WebSocketContent<'_>,
    ) {
        let Self { reader, kept, .. } = self;
        let message = WebSocketMessage { from, at, frame_number, content };
        reader.push_message(message, |row| kept.add(row));
    }
}

impl ArrivingMessage {
    fn keep(&mut self, piece: &[u8]) {
        let room = MAX_MESSAGE_LEN.saturating_sub(self.data.len());
        self.data.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }
}

impl KeptRows {
    fn add(&mut self, mut row: SockJsRow) {
        let is_known = |path: &Arc<SessionPath>| {
            Arc::ptr_eq(path, &row.session)
                || path.session == row.session.session && path.request == row.session.request
        };
        if self.paths.len() < MAX_PATHS && !self.paths.iter().rev().any(is_known) {
            self.paths.push(Arc::clone(&row.session));
        }
        if self.rows.len() < MAX_ROWS && !self.is_stopped {
            row.shorten(MAX_TEXT);
            self.text_bytes = self.text_bytes.saturating_add(row.text.len());
            self.rows.push(row);
        } else {
            self.dropped += 1;
        }
    }
}

fn content_of(kind: MessageKind, data: &[u8]) -> WebSocketContent<'_> {
    match kind {
        MessageKind::Text => WebSocketContent::Text(data),
        MessageKind::Binary => WebSocketContent::Binary(data),
    }
}

/// Returns why a message is not read of which `data` was kept, if it is not.
fn why_unread(end: &MessageEnd, missing: ByteLen, data: &[u8]) -> Option<Unread> {
    if missing > ByteLen::ZERO {
        Some(Unread::NotCaptured(Some(missing)))
    } else if end.inflate_stop.is_some() {
        Some(Unread::NotInflated)
    } else {
        (end.data_len > ByteLen::of(data)).then_some(Unread::TooLong(end.data_len))
    }
}
