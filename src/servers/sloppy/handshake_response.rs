//! The sloppy server's answer to a handshake, right at first, and what a misbehavior may change of
//! it.

use crate::wire::handshake::{AcceptMistake, AcceptValue};

/// The answer to a handshake before it is sent.
pub(super) struct HandshakeResponse {
    pub(super) status: u16,
    /// Names and values in the order in which they are sent.
    pub(super) headers: Vec<(String, String)>,
    accept: AcceptValue,
}

impl HandshakeResponse {
    /// The right answer to a request with this key (RFC 6455 section 4.2.2), but for compression,
    /// which is never agreed on.
    pub(super) fn new(key: &str) -> Self {
        let accept = AcceptValue::new(key);
        let headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", &accept.value),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        Self { status: 101, headers, accept }
    }

    pub(super) fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(have, _)| have != name);
    }

    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Puts the value that a server makes by `mistake` in the place of the right one.
    pub(super) fn break_accept(&mut self, mistake: AcceptMistake) {
        let value = mistake.wrong_value(&self.accept).unwrap_or_default();
        self.remove_header("Sec-WebSocket-Accept");
        self.add_header("Sec-WebSocket-Accept", &value);
    }
}
