//! [`SessionCommand`]: what a session may be asked to do, as plain data.

use crate::wire::Header;

/// What the session is asked to do. Commands wait until the handshake is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCommand {
    /// Send a text message.
    Text(String),
    /// Send a binary message.
    Binary(Vec<u8>),
    /// Send a Ping; more than 125 bytes are sent and make it illegal (RFC 6455 section 5.5).
    Ping(Vec<u8>),
    /// Send a Pong that nobody asked for.
    Pong(Vec<u8>),
    /// Begin the closing handshake with this code and reason, and read on until the server hangs
    /// up.
    Close(u16, String),
    /// Put these bytes on the wire as they are.
    Raw(Vec<u8>),
    /// A frame with this header, legal or not, and this payload, which is masked where the header
    /// has a key.
    Frame(Header, Vec<u8>),
    /// Answer pings from now on, or leave them alone.
    AutoPong(bool),
    /// Answer a Close from now on, or leave it alone.
    AutoClose(bool),
    /// Hang up without a goodbye.
    HangUp,
}
