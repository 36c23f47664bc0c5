//! The cases about the transports.

pub(super) mod jsonp;
mod streams;
mod websocket;
mod xhr;

use crate::conformance::case::Case;

/// Adds the cases of all transports.
pub(super) fn add(cases: &mut Vec<Case>) {
    websocket::add(cases);
    xhr::add(cases);
    streams::add(cases);
    jsonp::add(cases);
}
