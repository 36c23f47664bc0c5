//! Whether the extensions that a response accepts, and the parameters of permessage-deflate, were
//! offered (RFC 6455 section 9.1, RFC 7692 section 7.1).

use crate::wire::format;
use crate::wire::frame::Severity;
use crate::wire::handshake::extension::{AgreedExtensions, DeflateParams, Extension};
use crate::wire::handshake::head_validator::{HeadValidator, SingleField};
use crate::wire::handshake::problem::ProblemCode;
use crate::wire::handshake::response::client_offer::ClientOffer;

pub(super) fn check_extensions(
    validator: &mut HeadValidator<'_>,
    asked: Option<&ClientOffer>,
) -> (Vec<String>, AgreedExtensions) {
    let nothing = (Vec::new(), AgreedExtensions::none());
    let SingleField::Present(field) = validator.single_field("Sec-WebSocket-Extensions") else {
        return nothing;
    };
    let accepted = validator.head.extensions(field);
    let same = |one: &Extension, other: &Extension| one.name.eq_ignore_ascii_case(&other.name);
    let earlier = |at: usize| accepted.iter().take(at);
    if accepted.iter().enumerate().any(|(at, one)| earlier(at).any(|other| same(one, other))) {
        validator.report(ProblemCode::ExtDuplicate, Some(field.value.clone()));
        return nothing;
    }
    // Even an extension that was not offered counts as agreed below: the server will use it.
    let mut agreed = AgreedExtensions::none();
    for extension in &accepted {
        let was_offered =
            |asked: &ClientOffer| asked.extensions.iter().any(|offer| same(offer, extension));
        if !asked.is_none_or(was_offered) {
            let hint = format!("it is called {}", format::quote(extension.name.as_bytes(), 40));
            let span = Some(extension.name_span.clone());
            validator.report_with(ProblemCode::ExtNotOffered, Severity::Fatal, span, Some(hint));
        }
        if extension.is_deflate() {
            agreed.deflate = check_deflate(validator, extension, asked);
        } else {
            agreed.has_unread = true;
        }
    }
    (accepted.iter().map(Extension::to_string).collect(), agreed)
}

/// Checks the parameters of permessage-deflate: they must be valid, and one of the offers must
/// allow them (RFC 7692 section 7.1).
fn check_deflate(
    validator: &mut HeadValidator<'_>,
    accepted: &Extension,
    asked: Option<&ClientOffer>,
) -> Option<DeflateParams> {
    let answer = match DeflateParams::from_response(accepted) {
        Ok(answer) => answer,
        Err(span) => {
            validator.report(ProblemCode::ExtParam, Some(span));
            return None;
        }
    };
    let offered = asked.map_or_else(Default::default, |asked| asked.extensions.as_slice());
    let offers = offered.iter().filter(|offer| offer.is_deflate());
    let offers: Vec<DeflateParams> =
        offers.filter_map(|offer| DeflateParams::from_offer(offer).ok()).collect();
    // Without a valid offer of permessage-deflate, the fault is that it was not offered.
    if !offers.is_empty() && !offers.iter().any(|offer| answer_fits_offer(answer, *offer)) {
        let allows = |name: &str| offers.iter().any(|offer| param_fits_offer(name, answer, *offer));
        let blamed = accepted.params.iter().find(|param| !allows(&param.name));
        let span = blamed.map_or(accepted.name_span.clone(), |param| param.span.clone());
        let hint = blamed
            .is_none()
            .then(|| "the offer asked for a limit that the response does not confirm".to_owned());
        validator.report_with(ProblemCode::ExtParam, Severity::Fatal, Some(span), hint);
    }
    Some(answer)
}

/// Whether a response is allowed by an offer: it must confirm what the client demanded of the
/// server, and must not demand what the client did not offer (sections 7.1.1.1 and 7.1.2.1).
fn answer_fits_offer(answer: DeflateParams, offer: DeflateParams) -> bool {
    let confirmed = offer.server_no_context_takeover <= answer.server_no_context_takeover
        && (offer.server_max_window_bits.is_none() || answer.server_max_window_bits.is_some());
    confirmed
        && param_fits_offer("client_max_window_bits", answer, offer)
        && param_fits_offer("server_max_window_bits", answer, offer)
}

fn param_fits_offer(name: &str, answer: DeflateParams, offer: DeflateParams) -> bool {
    match name {
        "client_max_window_bits" => {
            match (answer.client_max_window_bits.flatten(), offer.client_max_window_bits) {
                // Section 7.1.2.2: the server may limit the client's window only if the client
                // allowed it.
                (Some(_), None) => false,
                (Some(bits), Some(Some(max))) => bits <= max,
                _ => true,
            }
        }
        "server_max_window_bits" => {
            match (answer.server_max_window_bits, offer.server_max_window_bits) {
                // A smaller window than demanded is allowed, a larger one isn't (section 7.1.2.1).
                (Some(bits), Some(max)) => bits <= max,
                _ => true,
            }
        }
        _ => true,
    }
}
