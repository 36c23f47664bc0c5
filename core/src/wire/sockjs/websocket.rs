//! [`WebSocketReader`]: the messages of a WebSocket at a session's address, read as SockJS once the
//! server's first one shows that it is spoken.

use std::sync::Arc;
use std::time::Duration;

use crate::sockjs::SessionRequest;
use crate::sockjs::Transport;
use crate::sockjs::payload;
use crate::wire::frame::Side;
use crate::wire::sockjs::body::Unread;
use crate::wire::sockjs::row::{RowContext, RowKind, RowPlace, SockJsFault, SockJsRow};
use crate::wire::sockjs::session_path::SessionPath;

/// The maximum number of rows of a client that are held back until the server's first message. A client
/// sends nothing before it.
const MAX_HELD_ROWS: usize = 64;

/// A message of a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketMessage<'a> {
    /// The side that sent it.
    pub from: Side,
    /// When it was complete, since the start of the connection.
    pub at: Duration,
    /// The number of its last frame in its direction.
    pub frame_number: usize,
    /// Its content.
    pub content: WebSocketContent<'a>,
}

/// What a message of a WebSocket contains.
#[derive(Clone, Copy, Debug)]
pub enum WebSocketContent<'a> {
    /// A text.
    Text(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
    /// Something that was not read.
    Unread(&'a Unread),
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing came of the server. What the client sent waits; the flag tells whether messages of the
    /// server may be missing.
    Undecided(Vec<SockJsRow>, bool),
    SockJs,
    Other,
}

/// A WebSocket at a session's address.
#[derive(Clone, Debug)]
pub(super) struct WebSocketReader {
    path: Arc<SessionPath>,
    state: State,
}

impl WebSocketReader {
    /// Begins with the target of the request; `None` if it is none of a session's.
    pub(super) fn new(target: &str) -> Option<Self> {
        let path = SessionPath::of_target(target)?;
        let is_own = path.request == SessionRequest::Receive(Transport::WebSocket);
        let state = State::Undecided(Vec::new(), false);
        is_own.then(|| Self { path: Arc::new(path), state })
    }

    /// Begins to read messages that are known to be SockJS, at an unknown address.
    pub(super) fn assumed() -> Self {
        let path = SessionPath {
            prefix: "".into(),
            server: "".into(),
            session: "".into(),
            request: SessionRequest::Receive(Transport::WebSocket),
        };
        Self { path: Arc::new(path), state: State::SockJs }
    }

    /// Whether it may be SockJS, so that its messages are wanted.
    pub(super) fn wants_messages(&self) -> bool {
        !matches!(self.state, State::Other)
    }

    /// Notes that whole messages of a side may be missing.
    pub(super) fn lose_messages(&mut self, from: Side) {
        if let (State::Undecided(_, lacks_first), Side::Server) = (&mut self.state, from) {
            *lacks_first = true;
        }
    }

    /// Takes the next message, and gives out its rows.
    pub(super) fn push(&mut self, message: WebSocketMessage<'_>, emit: &mut impl FnMut(SockJsRow)) {
        let WebSocketMessage { from, at, frame_number, content } = message;
        let place = RowPlace::Frame(frame_number);
        let context = RowContext { from, at, session: Arc::clone(&self.path), place };
        let rows = match content {
            WebSocketContent::Text(text) => match from {
                Side::Server => context.rows_of_frame(text),
                Side::Client => rows_of_client(&context, text),
            },
            WebSocketContent::Binary(bytes) => vec![context.fault(SockJsFault::Binary, bytes)],
            WebSocketContent::Unread(why) => vec![context.unread(why.clone())],
        };
        match &mut self.state {
            State::Other => {}
            State::SockJs => rows.into_iter().for_each(emit),
            State::Undecided(held, _) if from == Side::Client => {
                let room = MAX_HELD_ROWS.saturating_sub(held.len());
                held.extend(rows.into_iter().take(room));
            }
            State::Undecided(held, lacks_first) => {
                let shows = |row: &SockJsRow| match row.kind {
                    RowKind::Open => true,
                    _ => *lacks_first && row.kind.is_evidence(),
                };
                if rows.iter().any(shows) {
                    let held = std::mem::take(held);
                    self.state = State::SockJs;
                    held.into_iter().chain(rows).for_each(emit);
                } else if matches!(content, WebSocketContent::Unread(_)) {
                    // It may have been the first one.
                    *lacks_first = true;
                } else {
                    self.state = State::Other;
                }
            }
        }
    }
}

/// Returns the rows of a client's message, none for an empty one, which servers pass over.
fn rows_of_client(context: &RowContext, text: &[u8]) -> Vec<SockJsRow> {
    if text.is_empty() {
        return Vec::new();
    }
    match payload::read_message(text) {
        Ok(messages) => context.rows_of_messages(text, messages),
        Err(error) => vec![context.fault(SockJsFault::Syntax(error), text)],
    }
}
