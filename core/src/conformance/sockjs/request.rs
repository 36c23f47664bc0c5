//! [`SockJsRequest`]: an HTTP request of a case, in its parts; [`Names`]: what is filled in when it is
//! sent; [`Notes`]: what is remembered of its answer.

use crate::sockjs::Transport;

/// The values of the placeholders in paths and header fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Host and port, `{host}`.
    pub authority: String,
    /// The path of the endpoint, without a slash at its end, `{base}`.
    pub base: String,
    /// A session id that nobody has used, `{session}`.
    pub session: String,
    /// The value of `Sec-WebSocket-Key`, `{key}`.
    pub key: String,
    /// Whether the connections are within TLS.
    pub is_tls: bool,
}

impl Names {
    /// Returns names that explain a case which is not played.
    pub fn example() -> Self {
        Self {
            authority: "127.0.0.1:8081".to_owned(),
            base: "/echo".to_owned(),
            session: "SESSION".to_owned(),
            key: "dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
            is_tls: false,
        }
    }

    /// Returns a text with all placeholders filled in.
    pub fn fill(&self, text: &str, notes: &Notes) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let (http, ws) = if self.is_tls { ("https", "wss") } else { ("http", "ws") };
        text.replace("{host}", &self.authority)
            .replace("{base}", &self.base)
            .replace("{session}", &self.session)
            .replace("{key}", &self.key)
            .replace("{http}", http)
            .replace("{ws}", ws)
            .replace("{etag}", notes.etag.as_deref().unwrap_or("\"\""))
    }
}

/// What a case remembers of one answer for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The last `ETag`.
    pub etag: Option<String>,
    /// The last entropy of an information document.
    pub entropy: Option<i128>,
}

/// A request below the path of an endpoint. The names are filled in when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SockJsRequest {
    /// The method.
    pub method: &'static str,
    /// What follows the path of the endpoint, with the query.
    pub path: String,
    /// The version of HTTP, `HTTP/1.1`.
    pub version: &'static str,
    /// The header fields besides Host and those of the body: names and values.
    pub fields: Vec<(&'static str, String)>,
    /// The body; `None` without a `Content-Length`.
    pub body: Option<Vec<u8>>,
    /// Whether the body is sent in chunks.
    pub is_chunked: bool,
}

impl SockJsRequest {
    /// Creates a request without a body.
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            version: "HTTP/1.1",
            fields: Vec::new(),
            body: None,
            is_chunked: false,
        }
    }

    /// Creates a GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// Creates a POST with a body, which may be empty.
    pub fn post(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new("POST", path) }
    }

    /// Creates the request of a program that isn't a browser for a WebSocket: it has no Origin.
    pub fn upgrade(path: impl Into<String>) -> Self {
        Self::get(path)
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "{key}")
    }

    /// Creates the first request of a session of its own on a transport.
    pub fn of_transport(transport: Transport) -> Self {
        let part = transport.path_part();
        let session = match transport {
            Transport::RawWebSocket => String::new(),
            _ => format!("/000/{{session}}-{part}"),
        };
        let query = if transport.needs_callback() { "?c=x" } else { "" };
        let path = format!("{session}/{part}{query}");
        match transport.method() {
            _ if transport.is_websocket() => Self::upgrade(path),
            "POST" => Self::post(path, ""),
            method => Self::new(method, path),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Sends the body in chunks.
    #[must_use]
    pub fn in_chunks(self) -> Self {
        Self { is_chunked: true, ..self }
    }

    /// Replaces the version of HTTP.
    #[must_use]
    pub fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// Whether it asks for a WebSocket.
    pub fn is_upgrade(&self) -> bool {
        self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("Upgrade"))
    }

    /// Returns the target of the request line.
    pub fn target(&self, names: &Names, notes: &Notes) -> String {
        let target = format!("{}{}", names.base, names.fill(&self.path, notes));
        // An endpoint at the root has no path of its own.
        if target.starts_with('/') { target } else { format!("/{target}") }
    }

    /// Returns the header fields besides Host and those of the body's length, with the names filled in.
    /// `further` are fields for requests that have none of that name.
    pub fn all_fields<'f>(
        &'f self,
        names: &Names,
        notes: &Notes,
        further: &'f [(String, String)],
    ) -> Vec<(&'f str, String)> {
        let own = self.fields.iter().map(|(name, value)| (*name, names.fill(value, notes)));
        let is_own =
            |other: &str| self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(other));
        let others = further.iter().filter(|(name, _)| !is_own(name));
        own.chain(others.map(|(name, value)| (name.as_str(), value.clone()))).collect()
    }

    /// Encodes the request. `further` are header fields for requests that have none of that name.
    pub fn to_bytes(&self, names: &Names, notes: &Notes, further: &[(String, String)]) -> Vec<u8> {
        let mut head = format!(
            "{} {} {}\r\nHost: {}\r\n",
            self.method,
            self.target(names, notes),
            self.version,
            names.authority
        );
        for (name, value) in self.all_fields(names, notes, further) {
            head += &format!("{name}: {value}\r\n");
        }
        let body = self.body.as_deref();
        let body = match body {
            Some(body) if self.is_chunked => {
                head += "Transfer-Encoding: chunked\r\n";
                chunked(body)
            }
            Some(body) => {
                head += &format!("Content-Length: {}\r\n", body.len());
                body.to_vec()
            }
            None => Vec::new(),
        };
        [head.as_bytes(), b"\r\n", &body].concat()
    }

    /// Returns the request in a few words.
    pub fn describe(&self) -> String {
        let body = match &self.body {
            Some(body) if !body.is_empty() => {
                format!(" with {}", crate::wire::format::byte_count(body.len() as u64))
            }
            _ => String::new(),
        };
        let version = if self.version == "HTTP/1.1" {
            String::new()
        } else {
            format!(" by {}", self.version)
        };
        format!("{} ENDPOINT{}{body}{version}", self.method, self.path)
    }
}

/// Returns a body in two chunks and the last one (RFC 9112 section 7.1).
fn chunked(body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(body.len().div_ceil(2));
    let mut bytes = Vec::new();
    for chunk in [first, second].into_iter().filter(|chunk| !chunk.is_empty()) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_its_names_fields_and_body() {
        let request =
            SockJsRequest::post("/000/{session}/xhr_send", "[\"a\"]").with("Origin", "test");
        let further = [("origin".to_owned(), "no".to_owned()), ("X".to_owned(), "1".to_owned())];
        let bytes = request.to_bytes(&Names::example(), &Notes::default(), &further);
        let expected = "POST /echo/000/SESSION/xhr_send HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n\
                        Origin: test\r\nX: 1\r\nContent-Length: 5\r\n\r\n[\"a\"]";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        let bytes = request.in_chunks().to_bytes(&Names::example(), &Notes::default(), &[]);
        assert!(bytes.ends_with(b"chunked\r\n\r\n3\r\n[\"a\r\n2\r\n\"]\r\n0\r\n\r\n"));
    }

    #[test]
    fn every_transport_has_its_request() {
        let described = |transport| SockJsRequest::of_transport(transport).describe();
        assert_eq!(described(Transport::RawWebSocket), "GET ENDPOINT/websocket");
        assert_eq!(
            described(Transport::XhrStreaming),
            "POST ENDPOINT/000/{session}-xhr_streaming/xhr_streaming"
        );
        assert_eq!(
            described(Transport::JsonpPolling),
            "GET ENDPOINT/000/{session}-jsonp/jsonp?c=x"
        );
        let upgrade = SockJsRequest::of_transport(Transport::WebSocket);
        assert!(upgrade.is_upgrade() && upgrade.body.is_none());
        assert_eq!(upgrade.path, "/000/{session}-websocket/websocket");
    }

    #[test]
    fn every_placeholder_is_filled_in() {
        let notes = Notes { etag: Some("\"x\"".to_owned()), entropy: None };
        let filled = Names::example().fill("{http} {ws} {host}{base} {session} {etag}", &notes);
        assert_eq!(filled, "http ws 127.0.0.1:8081/echo SESSION \"x\"");
    }
}
