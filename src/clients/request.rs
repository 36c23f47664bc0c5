//! [`HandshakeRequest`]: the opening request as bytes (RFC 6455 section 4.1), or any bytes in its
//! place. `wire` validates it like anyone's request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::net::Target;

/// The bytes that a session sends first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeRequest {
    /// A valid request with these options.
    Standard(RequestOptions),
    /// These bytes unchanged, for requests that are broken on purpose.
    Raw(Vec<u8>),
}

impl Default for HandshakeRequest {
    fn default() -> Self {
        Self::Standard(RequestOptions::default())
    }
}

/// The options of a standard request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Additional headers, in this order. One with the name of a standard header (`Host`,
    /// `Sec-WebSocket-Key`, ...) replaces it.
    pub headers: Vec<(String, String)>,
    /// The origin that a browser would send, for example `https://example.com`.
    pub origin: Option<String>,
    /// The subprotocols to offer, in order of preference.
    pub protocols: Vec<String>,
    /// Whether to offer permessage-deflate (RFC 7692).
    pub deflate: bool,
}

/// A header would break the request apart (RFC 9110 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The name isn't a token.
    #[error("{0:?} isn't a header name; use letters, digits and -")]
    HeaderName(String),
    /// The value contains a control character, for example a line break.
    #[error("the value of {name} contains {invalid:?}; a header value must stay on one line")]
    HeaderValue {
        /// The name of the header.
        name: String,
        /// The control character in its value.
        invalid: char,
    },
}

impl HandshakeRequest {
    /// Returns the bytes to send. `nonce`, 16 unpredictable bytes, becomes the key.
    ///
    /// # Errors
    /// Fails if a header would break the request apart. [`HandshakeRequest::Raw`] can do that on
    /// purpose.
    pub fn to_bytes(&self, target: &Target, nonce: [u8; 16]) -> Result<Vec<u8>, RequestError> {
        match self {
            Self::Raw(bytes) => Ok(bytes.clone()),
            Self::Standard(options) => options.to_bytes(target, nonce),
        }
    }
}

impl RequestOptions {
    /// Returns the options for another server, which must not see the credentials of the first one,
    /// nor be addressed by its name; and the names of the headers with credentials that it lacks.
    pub(super) fn for_other_origin(&self) -> (Self, Vec<String>) {
        let (private, mut headers): (Vec<_>, Vec<_>) =
            self.headers.iter().cloned().partition(|(name, _)| may_hold_credentials(name));
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Host"));
        let names = private.into_iter().map(|(name, _)| name).collect();
        (Self { headers, ..self.clone() }, names)
    }

    fn to_bytes(&self, target: &Target, nonce: [u8; 16]) -> Result<Vec<u8>, RequestError> {
        let mut lines = vec![
            ("Host", target.authority()),
            ("Upgrade", "websocket".to_owned()),
            ("Connection", "Upgrade".to_owned()),
            ("Sec-WebSocket-Key", STANDARD.encode(nonce)),
            ("Sec-WebSocket-Version", "13".to_owned()),
        ];
        lines.extend(target.user_info.as_ref().map(|own| ("Authorization", own.basic())));
        lines.extend(self.origin.clone().map(|origin| ("Origin", origin)));
        if !self.protocols.is_empty() {
            lines.push(("Sec-WebSocket-Protocol", self.protocols.join(", ")));
        }
        if self.deflate {
            let offer = "permessage-deflate; client_max_window_bits";
            lines.push(("Sec-WebSocket-Extensions", offer.to_owned()));
        }
        // A user's header takes the place of the standard one, so that it can be set wrong on
        // purpose.
        let replaced =
            |name: &str| self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        lines.retain(|(name, _)| !replaced(name));
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let mut text = format!("GET {} HTTP/1.1\r\n", target.path);
        for (name, value) in lines.into_iter().chain(own) {
            check_field(name, &value)?;
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        Ok(text.into_bytes())
    }
}

/// Whether a header of this name may hold credentials: `Authorization`, `Cookie`, and what servers
/// invent, such as `X-Api-Key`. Those of the handshake itself hold none.
fn may_hold_credentials(name: &str) -> bool {
    const WORDS: [&str; 9] =
        ["auth", "cookie", "credential", "jwt", "key", "passw", "secret", "session", "token"];
    let name = name.to_ascii_lowercase();
    !name.starts_with("sec-websocket-") && WORDS.iter().any(|word| name.contains(word))
}

/// Checks a header: the name must be a token, and the value must stay on one line (RFC 9110 section
/// 5).
fn check_field(name: &str, value: &str) -> Result<(), RequestError> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(RequestError::HeaderName(name.to_owned()));
    }
    if let Some(invalid) = value.chars().find(|c| c.is_control() && *c != '\t') {
        return Err(RequestError::HeaderValue { name: name.to_owned(), invalid });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Side;
    use crate::wire::handshake::{
        HandshakeOutcome, HeadContext, HeadReader, ServerPolicy, ValidatedHead,
    };

    const NONCE: [u8; 16] = *b"the sample nonce";

    fn text(options: RequestOptions) -> Result<String, RequestError> {
        let target = Target::parse("ws://server.example.com:8000/chat?x=1").unwrap();
        HandshakeRequest::Standard(options)
            .to_bytes(&target, NONCE)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn section_1_3_a_request_matches_the_example() {
        let expected = "GET /chat?x=1 HTTP/1.1\r\nHost: server.example.com:8000\r\nUpgrade: \
                        websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \
                        dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        assert_eq!(text(RequestOptions::default()).unwrap(), expected);
    }

    #[test]
    fn a_strict_server_accepts_every_option() {
        let options = RequestOptions {
            headers: vec![("Cookie".into(), "a=b".into())],
            origin: Some("https://example.com".into()),
            protocols: vec!["chat".into(), "mqtt".into()],
            deflate: true,
        };
        let mut reader = HeadReader::new(Side::Client, 4096);
        reader.push(text(options).unwrap().as_bytes());
        let policy = ServerPolicy {
            subprotocols: vec!["mqtt".into()],
            origins: vec!["https://example.com".into()],
            deflate: true,
            ..ServerPolicy::default()
        };
        let validation = ValidatedHead::new(&reader, &HeadContext::Request(policy)).validation;
        assert_eq!(
            (validation.outcome, validation.problems),
            (HandshakeOutcome::Accept, Vec::new())
        );
        assert_eq!(validation.subprotocol.as_deref(), Some("mqtt"));
        assert!(validation.agreed.deflate.is_some());
    }

    #[test]
    fn a_custom_header_replaces_the_standard_one_and_cannot_break_the_request() {
        let with = |name: &str, value: &str| {
            text(RequestOptions {
                headers: vec![(name.into(), value.into())],
                ..RequestOptions::default()
            })
        };
        let asked = with("host", "other").unwrap();
        assert!(asked.contains("\r\nhost: other\r\n") && !asked.contains("Host:"), "{asked}");
        let value = RequestError::HeaderValue { name: "X".to_owned(), invalid: '\r' };
        assert_eq!(with("X", "a\r\nY: b"), Err(value));
        assert_eq!(with("X Y", "a"), Err(RequestError::HeaderName("X Y".to_owned())));
    }

    #[test]
    fn a_user_of_the_url_becomes_basic_authorization_unless_a_header_says_otherwise() {
        let target = Target::parse("ws://me:pw@a/").unwrap();
        let text = |options: RequestOptions| {
            let bytes = HandshakeRequest::Standard(options).to_bytes(&target, NONCE).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let plain = text(RequestOptions::default());
        assert!(plain.contains("\r\nHost: a\r\n"), "{plain}");
        assert!(plain.contains("\r\nAuthorization: Basic bWU6cHc=\r\n"), "{plain}");
        let headers = vec![("authorization".to_owned(), "Bearer x".to_owned())];
        let own = text(RequestOptions { headers, ..RequestOptions::default() });
        assert!(own.contains("\r\nauthorization: Bearer x\r\n") && !own.contains("Basic"), "{own}");
    }

    #[test]
    fn another_server_gets_no_credentials() {
        let headers = [
            "authorization",
            "COOKIE",
            "X-Mine",
            "X-Api-Key",
            "Host",
            "Sec-WebSocket-Key",
            "X-Amz-Security-Token",
            "Proxy-Authorization",
        ];
        let headers = headers.map(|name| (name.to_owned(), "x".to_owned())).to_vec();
        let options = RequestOptions { headers, ..RequestOptions::default() };
        let (options, dropped) = options.for_other_origin();
        let kept: Vec<_> = options.headers.into_iter().map(|(name, _)| name).collect();
        assert_eq!(kept, ["X-Mine", "Sec-WebSocket-Key"]);
        let expected =
            ["authorization", "COOKIE", "X-Api-Key", "X-Amz-Security-Token", "Proxy-Authorization"];
        assert_eq!(dropped, expected);
    }
}
