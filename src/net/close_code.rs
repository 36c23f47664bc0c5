//! [`close_code_for`]: the close code that a peer's mistake deserves, as tungstenite names the mistake.
//! It sends nothing.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The code to close with after this error (RFC 6455 section 7.4.1), or `None` where nobody is left
/// to tell.
pub(crate) fn close_code_for(err: &Error) -> Option<CloseCode> {
    match err {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}
