//! What a session and its owner tell each other.

use thiserror::Error;

use crate::sockjs::frame::Frame;
use crate::sockjs::js_string::JsString;
use crate::sockjs::session::close::SessionClose;

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// Its first frame, `o`, was not taken yet.
    Opening,
    /// Messages pass in both directions.
    Open,
    /// It is to be closed: what waits is still delivered, then the close frame.
    Closing,
    /// The close frame was taken, or nobody was there to take it. It is repeated to whoever asks,
    /// until the session is forgotten.
    Closed,
}

/// A timer of a session, by what happens at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionTimer {
    /// Its receiver is sent a heartbeat.
    Heartbeat,
    /// It ends, because it has no receiver.
    Disconnect,
    /// It ends, because its receiver takes nothing.
    Stall,
    /// It is closed, and is forgotten.
    Forget,
}

/// A response or a WebSocket that takes a session's frames; a number, counted from the session's
/// beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceiverId(pub(super) u64);

/// The way in which a receiver takes frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiverKind {
    /// One frame, then the next request has to come.
    Polling,
    /// Frame after frame, until its owner ends it.
    Streaming,
    /// Frame after frame; the session ends with it.
    WebSocket,
    /// Like a WebSocket, without heartbeats.
    RawWebSocket,
}

/// The answer to one who wants to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attached {
    /// It is the session's receiver now.
    Receiver(ReceiverId),
    /// It gets this close frame and nothing else.
    Refused(Frame),
}

/// The way in which a receiver left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detached {
    /// Its response is complete; the next request has to come.
    Complete,
    /// Its connection broke.
    Interrupted,
}

/// The answer to a receiver that can take a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextFrame {
    /// A frame, with more to come.
    More(Frame),
    /// The last frame for this receiver, which is detached.
    Last(Frame),
    /// Nothing yet: [`Action::Wake`] tells when.
    Wait,
    /// Nothing any more: it is not the receiver.
    Over,
}

/// A task for the owner of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask for the next frame of the receiver again.
    Wake(ReceiverId),
    /// Whoever waits for room in the queue may try again.
    Room,
    /// Tell the application that the session has ended. It comes once.
    Closed(SessionClose),
    /// Drop the session: a request with its name opens a new one. It comes once, as the last.
    Forget,
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The queue is full: its receiver takes less than it is sent.
    #[error("the session's queue is full")]
    Full,
    /// The session is closed.
    #[error("the session is closed")]
    Closed,
}

/// Why a message was not taken at once; it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct TrySendError {
    /// The reason.
    #[source]
    pub error: SendError,
    /// The message.
    pub message: JsString,
}

/// The messages of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages of the client.
    pub received: u64,
    /// Messages that a receiver took.
    pub sent: u64,
}

impl ReceiverKind {
    /// Whether the session lives and ends with its receiver.
    pub(super) fn is_session(self) -> bool {
        matches!(self, Self::WebSocket | Self::RawWebSocket)
    }
}
