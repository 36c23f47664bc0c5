//! What a WebSocket is to its session, whatever its protocol: texts in, texts out, a close.

use std::future::Future;

use wiretalk_core::sockjs::session::SessionClose;

/// A text of a client, or its end.
pub(super) enum Incoming {
    /// A text.
    Text(String),
    /// The end of the connection, which closes the session for this.
    End(SessionClose),
}

/// The reading side of a WebSocket.
pub(super) trait LinkReader: Send {
    /// Returns what comes next; after [`Incoming::End`], or an answer to our own close, `None`.
    fn read(&mut self) -> impl Future<Output = Option<Incoming>> + Send;
}

/// The writing side of a WebSocket. An error means that the connection is gone; the reading side
/// tells why.
pub(super) trait LinkWriter: Send {
    /// Sends a text.
    fn write(&mut self, text: String) -> impl Future<Output = Result<(), LinkBroken>> + Send;

    /// Begins the closing handshake.
    fn close(&mut self, code: u16, reason: &str) -> impl Future<Output = ()> + Send;
}

/// The connection cannot be written to any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkBroken;
