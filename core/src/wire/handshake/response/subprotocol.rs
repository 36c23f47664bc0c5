//! Checks the subprotocol that a response chooses: one that the request offered (RFC 6455 section
//! 4.1).

use crate::wire::frame::Severity;
use crate::wire::handshake::head_validator::{HeadValidator, SingleField};
use crate::wire::handshake::problem::ProblemCode;
use crate::wire::handshake::response::client_offer::ClientOffer;

/// Returns the chosen subprotocol, or `None` if the server chose none or none that is valid.
pub(super) fn check_subprotocol(
    validator: &mut HeadValidator<'_>,
    asked: Option<&ClientOffer>,
) -> Option<String> {
    let field = match validator.single_field("Sec-WebSocket-Protocol") {
        SingleField::Present(field) => field,
        SingleField::Missing => {
            if asked.is_some_and(|asked| !asked.subprotocols.is_empty()) {
                let hint = "browsers fail the connection here".to_owned();
                validator.report_with(
                    ProblemCode::SubprotocolIgnored,
                    Severity::Info,
                    None,
                    Some(hint),
                );
            }
            return None;
        }
        SingleField::Unusable => return None,
    };
    let chosen = validator.head.list_elements(field);
    match chosen.as_slice() {
        // Subprotocol names are case-sensitive (section 4.1), unlike the tokens of Upgrade and
        // Connection.
        [one] if asked.is_none_or(|asked| asked.subprotocols.contains(one)) => {
            return Some(one.clone());
        }
        [] | [_] => validator.report(ProblemCode::SubprotocolNotOffered, Some(field.value.clone())),
        _ => validator.report(ProblemCode::SubprotocolMultiple, Some(field.value.clone())),
    }
    None
}
