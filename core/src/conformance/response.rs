//! [`Response`]: the response to the handshake of a client under test, legal or not.

use crate::wire::handshake::AcceptValue;

/// A response in its parts. The accept value is filled in when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status_line: String,
    /// Names and values. In a value, `{accept}` is the value that fits the client's key, and `{key}`
    /// that key.
    fields: Vec<(String, String)>,
    /// The bytes after the blank line.
    after: Vec<u8>,
    /// The number of pieces in which it is sent.
    pub(super) pieces: usize,
}

impl Response {
    /// Creates the response of a conforming server (RFC 6455 section 4.2.2).
    pub fn standard() -> Self {
        let fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", "{accept}"),
        ];
        Self {
            status_line: "HTTP/1.1 101 Switching Protocols".to_owned(),
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            after: Vec::new(),
            pieces: 1,
        }
    }

    /// Replaces the status line.
    #[must_use]
    pub fn status_line(self, line: &str) -> Self {
        Self { status_line: line.to_owned(), ..self }
    }

    /// Replaces the value of a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        for (_, old) in self.fields.iter_mut().filter(|(field, _)| field == name) {
            value.clone_into(old);
        }
        self
    }

    /// Adds a field at the end.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    /// Changes the name of a field.
    #[must_use]
    pub fn renamed(mut self, name: &str, new_name: &str) -> Self {
        for (field, _) in self.fields.iter_mut().filter(|(field, _)| field == name) {
            new_name.clone_into(field);
        }
        self
    }

    /// Appends bytes after the blank line, in the same write.
    #[must_use]
    pub fn followed_by(self, after: &[u8]) -> Self {
        Self { after: after.to_vec(), ..self }
    }

    /// Sends it in so many pieces.
    #[must_use]
    pub fn in_pieces(self, pieces: usize) -> Self {
        Self { pieces: pieces.max(1), ..self }
    }

    /// Whether it is HTTP and refuses the WebSocket.
    pub(super) fn is_refusal(&self) -> bool {
        let status = self.status_line.strip_prefix("HTTP/1.1 ");
        status.is_some_and(|status| !status.starts_with("101"))
    }

    /// Encodes the response to a request with `key`.
    pub fn to_bytes(&self, key: &str) -> Vec<u8> {
        let accept = AcceptValue::new(key).value;
        let field = |(name, value): &(String, String)| {
            let value = value.replace("{accept}", &accept).replace("{key}", key);
            [name, ": ", &value, "\r\n"].concat()
        };
        let fields: String = self.fields.iter().map(field).collect();
        [self.status_line.as_bytes(), b"\r\n", fields.as_bytes(), b"\r\n", &self.after].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_encoded_with_every_change() {
        let response = Response::standard()
            .status_line("HTTP/1.1 101")
            .without("Upgrade")
            .renamed("Connection", "connection")
            .and("X-Key", "{key}")
            .followed_by(b"!");
        let expected = "HTTP/1.1 101\r\nconnection: Upgrade\r\nSec-WebSocket-Accept: \
                        s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n!";
        let bytes = response.to_bytes("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
