//! [`SessionCommand`]: what a session can be asked to do, as plain data.

use crate::wire::Header;

/// A command to a session. Commands wait until the handshake is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCommand {
    /// Send a text message.
    Text(String),
    /// Send a binary message.
    Binary(Vec<u8>),
    /// Send a Ping. More than 125 bytes are sent too, and make the frame illegal (RFC 6455 section
    /// 5.5).
    Ping(Vec<u8>),
    /// Send an unsolicited Pong.
    Pong(Vec<u8>),
    /// Start the closing handshake with this code and reason, and go on reading until the server
    /// hangs up.
    Close(u16, String),
    /// Write these bytes to the connection unchanged.
    Raw(Vec<u8>),
    /// Send a frame with this header, legal or not, and this payload. The payload is masked if the
    /// header has a key.
    Frame(Header, Vec<u8>),
    /// Turn automatic pongs on or off.
    AutoPong(bool),
    /// Turn automatic answers to a Close on or off.
    AutoClose(bool),
    /// Hang up without a Close.
    HangUp,
}
