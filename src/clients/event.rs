//! [`SessionEvent`]: what a session reports.

use crate::clients::error::{SessionEnd, SessionError};
use crate::net::{AddressPair, Chunk};

/// What happens in a session, in the order in which it happened.
#[derive(Debug)]
pub enum SessionEvent {
    /// TCP is there; TLS too, where there is any.
    Connected(AddressPair),
    /// What a reader should know: what TLS has come to, or that a certificate is not checked.
    Note(String),
    /// The secrets of the TLS connection, as lines of a key log.
    KeyLog(String),
    /// Bytes went over the connection (above TLS where there is TLS), from the first of the
    /// handshake to the end of the stream.
    Bytes(Chunk),
    /// The server has answered 101: frames from here on, even where the handshake has faults.
    Open,
    /// The session is over, and why; always the last event. `Ok`: both sides knew that it would
    /// end.
    Ended(Result<SessionEnd, SessionError>),
}
