//! The text that tabs show while there are no frames.

use crate::demos::inspect::session::Session;
use crate::wire::Side;

/// Returns the text. It depends on where frames can come from.
pub(crate) fn text(session: &Session) -> String {
    let silent = session.connection().trace.head_bytes(Side::Client).is_empty();
    match &session.proxy_address {
        Some(address) if silent => format!("No client yet: point it at ws://{address}/"),
        None if session.commands.is_some() => {
            "No frames yet. 1: the handshake · Enter: send a text".to_owned()
        }
        _ => "No frames yet. 1: the handshake".to_owned(),
    }
}
