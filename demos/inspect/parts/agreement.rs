//! Describes what both sides negotiated.

use crate::wire::{AgreedExtensions, format};

/// Describes the negotiated permessage-deflate; `None` without it.
pub(crate) fn deflate_agreement(agreed: AgreedExtensions) -> Option<String> {
    let deflate = agreed.deflate?;
    let side = |name: &str, bits: Option<u8>, forgets: bool| {
        // Without the parameter the window is 32 KiB (RFC 7692 section 7.1.2).
        let window = format::byte_count(1 << bits.unwrap_or(15));
        let keeps = if forgets {
            "begins each message with an empty one"
        } else {
            "keeps it between messages"
        };
        format!("the {name} looks back at most {window} and {keeps}")
    };
    let client = side(
        "client",
        deflate.client_max_window_bits.flatten(),
        deflate.client_no_context_takeover,
    );
    let server = side("server", deflate.server_max_window_bits, deflate.server_no_context_takeover);
    Some(format!(
        "permessage-deflate: RSV1 = 1 says 'this message is compressed'; {client}; {server}"
    ))
}
