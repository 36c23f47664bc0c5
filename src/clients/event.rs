//! [`SessionEvent`]: what a session reports.

use std::time::Instant;

use crate::clients::error::{SessionEnd, SessionError};
use crate::net::{AddressPair, Chunk};
use crate::wire::Side;

/// An event of a session. Events come in the order in which they happened.
#[derive(Debug)]
pub enum SessionEvent {
    /// TCP is connected, and TLS too if the URL asks for it. It does not come for a Unix socket.
    Connected(AddressPair),
    /// A remark for the user: what TLS has negotiated, that the certificate is not checked, or that
    /// the connection takes a detour.
    Note(String),
    /// The secrets of the TLS connection, as lines of a key log.
    KeyLog(String),
    /// Bytes of the connection (above TLS, if there is TLS), from the first byte of the handshake
    /// to the end of the stream.
    Bytes(Chunk),
    /// A side has ended TCP: the server, or we by closing the socket. Only the first of these events
    /// of a connection says who ended it.
    Disconnected {
        /// The side that did.
        by: Side,
        /// Whether it was an RST instead of a FIN.
        is_reset: bool,
        /// When it was seen.
        at: Instant,
    },
    /// The server has redirected us, and a new connection follows. What comes before and after this
    /// event are two connections.
    Redirected {
        /// The URL that the next connection is for, without user name and password.
        url: String,
    },
    /// The server has answered 101. Frames follow, even if the handshake has problems.
    Open,
    /// The session is over, for this reason. It is always the last event. `Ok` means an orderly
    /// end.
    Ended(Result<SessionEnd, SessionError>),
}
