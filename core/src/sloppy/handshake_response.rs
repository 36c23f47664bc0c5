//! The sloppy server's response to a handshake, correct at first, and the ways in which a
//! misbehavior changes it.

use crate::wire::handshake::{AcceptMistake, AcceptValue};

/// The response to a handshake before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeResponse {
    pub(super) status: u16,
    /// Names and values in the order in which they are sent.
    headers: Vec<(String, String)>,
    accept: AcceptValue,
}

impl HandshakeResponse {
    /// Creates the correct response to a request with this key (RFC 6455 section 4.2.2), except
    /// that compression is never agreed.
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

    /// Encodes it as it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let phrase = if self.status == 101 { "Switching Protocols" } else { "OK" };
        let mut head = format!("HTTP/1.1 {} {phrase}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&[name, ": ", value, "\r\n"].concat());
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    pub(super) fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(have, _)| have != name);
    }

    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Replaces the accept value with the one that a server makes by `mistake`.
    pub(super) fn break_accept(&mut self, mistake: AcceptMistake) {
        let value = mistake.wrong_value(&self.accept).unwrap_or_default();
        self.remove_header("Sec-WebSocket-Accept");
        self.add_header("Sec-WebSocket-Accept", &value);
    }
}
