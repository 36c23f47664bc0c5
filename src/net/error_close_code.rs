//! [`close_code_for`]: the close code for a peer's violation, as tungstenite reports it. It sends
//! nothing.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Returns the code to close with after `err` (RFC 6455 section 7.4.1). Returns `None` if the
/// connection is gone, so that no Close can be sent.
pub(crate) fn close_code_for(err: &Error) -> Option<CloseCode> {
    match err {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}
