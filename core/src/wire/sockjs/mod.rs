//! What a connection says in SockJS, read from the content of HTTP exchanges and the messages of a
//! WebSocket: one row for each frame without messages and for each message, with the place where it
//! stands. A row's fault is none of the WebSocket's. The protocol itself is [`crate::sockjs`].
//!
//! In reading order: `session_path` finds sessions by their addresses, `body` divides bodies into
//! lines, `row` says what a frame is, `exchange` and `websocket` read one of them, `connection` all of
//! a connection, and `conversation` joins those of a session.

mod body;
mod connection;
mod conversation;
mod exchange;
mod row;
mod session_path;
mod websocket;

pub use body::Unread;
pub use connection::SockJsReader;
pub use conversation::{Conversation, Conversations, SECOND_RECEIVER, ways};
pub use row::{RowKind, RowPlace, SockJsFault, SockJsRow};
pub use session_path::{SessionPath, may_carry_sockjs};
pub use websocket::{WebSocketContent, WebSocketMessage};

#[cfg(test)]
mod tests;
