//! The cases of the SockJS suite, a file for each part of the protocol.

mod builder;
mod cookie;
mod ending;
mod http;
mod json;
mod session;
mod top;
mod transports;

use crate::conformance::case::Case;

/// Returns all cases of the SockJS suite.
pub fn sockjs_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    top::add(&mut cases);
    session::add(&mut cases);
    transports::add(&mut cases);
    cookie::add(&mut cases);
    json::add(&mut cases);
    ending::add(&mut cases);
    http::add(&mut cases);
    cases
}
