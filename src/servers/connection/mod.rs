//! What all servers do with a connection, whatever its protocol: accept it, limit its time, and
//! open a WebSocket on it.
//!
//! [`serve`] is the accept loop with a server's shutdown, [`Inbox`] holds requests that a server
//! parses itself, [`handshake`] is the server's side of the opening handshake, and [`http2`] that
//! of WebSockets over HTTP/2.

mod end;
pub(crate) mod handshake;
pub(super) mod http2;
mod inbox;
pub(super) mod serve;

pub(super) use end::{Backlog, ConnectionEnd};
pub(crate) use inbox::Inbox;
