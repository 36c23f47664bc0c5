//! [`Request`]: the request of an opening handshake, legal or not.

/// The address of the server under test, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Host and port, as in a Host header.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

/// The key of RFC 6455 section 1.3, for requests that are only shown, or whose response nobody validates.
pub const EXAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A request in its parts. The address and the key are filled in when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    /// The target, where `{target}` is that of the server.
    target: String,
    version: String,
    /// Names and values. In a value, `{host}` is the authority and `{key}` a fresh key.
    fields: Vec<(String, String)>,
    line_end: &'static str,
    /// The bytes after the blank line.
    after: Vec<u8>,
    /// The number of pieces in which it is sent.
    pub(super) pieces: usize,
}

impl Request {
    /// Creates the request of a conforming client (RFC 6455 section 4.1).
    pub fn standard() -> Self {
        let fields = [
            ("Host", "{host}"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "{key}"),
            ("Sec-WebSocket-Version", "13"),
        ];
        Self {
            method: "GET".to_owned(),
            target: "{target}".to_owned(),
            version: "HTTP/1.1".to_owned(),
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            line_end: "\r\n",
            after: Vec::new(),
            pieces: 1,
        }
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

    /// Adds an Origin header for the server's own pages, if there is none.
    #[must_use]
    pub(super) fn and_same_origin(self) -> Self {
        let has_origin = self.fields.iter().any(|(name, _)| name == "Origin");
        if has_origin { self } else { self.and("Origin", "http://{host}") }
    }

    /// Adds a field at the beginning.
    #[must_use]
    pub fn and_first(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(0, (name.to_owned(), value.to_owned()));
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

    /// Replaces the method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self { method: method.to_owned(), ..self }
    }

    /// Whether it has a field of this name.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Replaces the target. In it, `{target}` is that of the server and `{host}` its authority.
    #[must_use]
    pub fn target(self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self }
    }

    /// Replaces the version of HTTP.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        Self { version: version.to_owned(), ..self }
    }

    /// Ends each line with `line_end`.
    #[must_use]
    pub fn line_end(self, line_end: &'static str) -> Self {
        Self { line_end, ..self }
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

    /// Returns the number of pieces in which it is sent.
    pub fn piece_count(&self) -> usize {
        self.pieces
    }

    /// Returns the fields that are not those of a standard request, with their values for `server`;
    /// `None` if something else differs too. The order of fields does not count, because it has no
    /// meaning (RFC 9110 section 5.3).
    pub fn fields_beyond_standard(&self, server: &ServerAddress) -> Option<Vec<(String, String)>> {
        let standard = Self::standard();
        let as_standard = Self { fields: standard.fields.clone(), ..self.clone() };
        let has_all = standard
            .fields
            .iter()
            .all(|(name, _)| self.fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)));
        if as_standard != standard || !has_all {
            return None;
        }
        // Whoever replaces a field replaces all of that name.
        let is_own = |(name, _): &&(String, String)| {
            let same = |fields: &[(String, String)]| -> Vec<(String, String)> {
                let is_same = |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
                fields.iter().filter(is_same).cloned().collect()
            };
            same(&self.fields) != same(&standard.fields)
        };
        let value = |value: &str| value.replace("{host}", &server.authority);
        let own = self.fields.iter().filter(is_own);
        let own: Vec<_> = own.map(|(name, text)| (name.clone(), value(text))).collect();
        own.iter().all(|(_, value)| !value.contains("{key}")).then_some(own)
    }

    /// Encodes the request for `server` with `key`.
    pub fn to_bytes(&self, server: &ServerAddress, key: &str) -> Vec<u8> {
        let target =
            self.target.replace("{target}", &server.target).replace("{host}", &server.authority);
        let start_line = [&self.method, " ", &target, " ", &self.version, self.line_end].concat();
        let field = |(name, value): &(String, String)| {
            let value = value.replace("{host}", &server.authority).replace("{key}", key);
            [name, ": ", &value, self.line_end].concat()
        };
        let fields: String = self.fields.iter().map(field).collect();
        [start_line.as_bytes(), fields.as_bytes(), self.line_end.as_bytes(), &self.after].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Case, standard_handshake};

    #[test]
    fn only_fields_may_differ_from_a_standard_request() {
        let server = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
        let beyond = |request: Request| request.fields_beyond_standard(&server);
        assert_eq!(beyond(Request::standard()), Some(Vec::new()));
        let origin = ("Origin".to_owned(), "http://test.example".to_owned());
        assert_eq!(beyond(Request::standard().and_same_origin()), Some(vec![origin]));
        let version = ("Sec-WebSocket-Version".to_owned(), "12".to_owned());
        let replaced = Request::standard().with("Sec-WebSocket-Version", "12");
        assert_eq!(beyond(replaced), Some(vec![version]));
        for other in [
            Request::standard().without("Upgrade"),
            Request::standard().method("POST"),
            Request::standard().in_pieces(2),
            Request::standard().followed_by(b"!"),
            Request::standard().line_end("\n"),
            Request::standard().and("Sec-WebSocket-Key", "{key}"),
        ] {
            assert_eq!(beyond(other), None);
        }
    }

    #[test]
    fn a_case_keeps_the_fields_of_its_own() {
        let field = |name: &str| (name.to_owned(), "b".to_owned());
        let case = Case { request: Request::standard().and("X-Own", "a"), ..standard_handshake() };
        let case = case.and_fields(&[field("x-own"), field("X-More"), field("X-More")]);
        let expected = Request::standard().and("X-Own", "a").and("X-More", "b").and("X-More", "b");
        assert_eq!(case.request, expected);
    }

    #[test]
    fn a_request_is_encoded_with_every_change() {
        let server =
            ServerAddress { authority: "test.example:80".to_owned(), target: "/chat".to_owned() };
        let request = Request::standard()
            .method("POST")
            .target("http://{host}{target}")
            .version("HTTP/1.0")
            .with("Connection", "keep-alive")
            .without("Sec-WebSocket-Version")
            .renamed("Upgrade", "upgrade")
            .and("Origin", "http://{host}")
            .and_first("X", "1")
            .line_end("\n")
            .followed_by(b"!");
        let expected = "POST http://test.example:80/chat HTTP/1.0\nX: 1\nHost: test.example:80\nupgrade: websocket\n\
            Connection: keep-alive\nSec-WebSocket-Key: abc\nOrigin: http://test.example:80\n\n!";
        assert_eq!(String::from_utf8(request.to_bytes(&server, "abc")).unwrap(), expected);
    }
}
