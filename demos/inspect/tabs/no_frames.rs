//! The text that tabs show while there are no frames.

use crate::demos::inspect::session::{Growth, Session};
use crate::inspect::InspectSource;
use crate::text::units::binary_bytes;
use crate::wire::Side;

/// Returns the text. It depends on where frames can come from.
pub(crate) fn text(session: &Session) -> String {
    let silent = session.connection().trace.head_bytes(Side::Client).is_empty();
    if session.source.is_standard_input() {
        match session.growth {
            None => return "Waiting for a capture on standard input.".to_owned(),
            Some(Growth { bytes, has_connections: false, has_ended: false }) => {
                return format!(
                    "No connection yet: {} of standard input read.",
                    binary_bytes(bytes)
                );
            }
            Some(_) => {}
        }
    }
    match &session.proxy_address {
        Some(address) if silent => format!("No client yet: point it at ws://{address}/"),
        None if session.commands.is_some() => {
            "No frames yet. 1: the handshake · Enter: send a text".to_owned()
        }
        _ if matches!(session.source, InspectSource::File(..)) && session.growth.is_none() => {
            "No frames in this connection. 1: the handshake".to_owned()
        }
        _ => "No frames yet. 1: the handshake".to_owned(),
    }
}
