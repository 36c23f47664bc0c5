//! Demands of the rules on a head, a body, a stream or a frame, and [`Evaluation`]: whether one is kept.

use crate::wire::format::quote;

/// The most characters of an expected text that a clause shows.
pub(super) const MAX_SHOWN: usize = 60;

/// The evaluation of one step. Texts are clauses without a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// More has to come before it is certain.
    Waiting,
    /// The rule is kept.
    Kept,
    /// The rule is kept in a way that it does not recommend.
    Tolerated(String),
    /// The rule is broken.
    Broken(String),
}

impl Evaluation {
    /// Returns what is kept or broken, by a condition.
    pub(super) fn kept_if(is_kept: bool, reason: impl FnOnce() -> String) -> Self {
        if is_kept { Self::Kept } else { Self::Broken(reason()) }
    }
}

/// A demand on the head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadRule {
    /// The status is one of these.
    Status(&'static [u16]),
    /// The media type and its parameters, whatever the spaces and the case.
    ContentType(&'static str),
    /// The field is absent or empty.
    Absent(&'static str),
    /// The field is there.
    Present(&'static str),
    /// The field has this value, in which names are filled in.
    Field(&'static str, String),
    /// The field has this value, whatever its case.
    Token(&'static str, &'static str),
    /// No cache may keep the response: all five directives, and neither Expires nor Last-Modified.
    NotCached,
    /// Caches may keep it for a year: public, a large max-age, and Expires.
    Cacheable,
    /// CORS admits this origin with credentials; without an origin everybody, without credentials.
    Cors(Option<&'static str>),
    /// CORS admits these methods.
    Methods(&'static [&'static str]),
    /// The answer to a preflight may be kept for more than a million seconds.
    LongPreflight,
    /// The cookie for load balancers has this value and the path `/`.
    Cookie(&'static str),
    /// The `ETag` is the one of the response before.
    SameEtag,
    /// The accept value fits the key.
    Accepted,
    /// The length is this one, or the end of the connection is announced (HTTP/1.0).
    LengthOrEnd(usize),
    /// The length is this one and there are no chunks, or there are chunks (HTTP/1.1).
    LengthOrChunks(usize),
    /// The body comes in chunks.
    Chunked,
    /// The connection is kept: `keep-alive`, or no `Connection` at all.
    Kept,
}

impl HeadRule {
    /// Returns what a conforming server does, as a clause without a subject.
    pub fn describe(&self) -> String {
        match self {
            Self::Status(statuses) => {
                let all: Vec<String> = statuses.iter().map(u16::to_string).collect();
                format!("answers with {}", all.join(" or "))
            }
            Self::ContentType(value) => format!("sends Content-Type: {value}"),
            Self::Absent(name) => format!("sends no {name}"),
            Self::Present(name) => format!("sends {name}"),
            Self::Field(name, value) => format!("sends {name}: {value}"),
            Self::Token(name, value) => format!("sends {name}: {value}"),
            Self::NotCached => {
                "forbids caching (no-store, no-cache, no-transform, must-revalidate, max-age=0; \
                 no Expires, no Last-Modified)"
                    .to_owned()
            }
            Self::Cacheable => {
                "allows caching for long (public, a max-age of a year, Expires)".to_owned()
            }
            Self::Cors(Some(origin)) => {
                format!("admits the origin {origin} with credentials")
            }
            Self::Cors(None) => "admits every origin, without credentials".to_owned(),
            Self::Methods(methods) => format!("allows {}", methods.join(", ")),
            Self::LongPreflight => "sends an Access-Control-Max-Age above 1,000,000".to_owned(),
            Self::Cookie(value) => format!("sets the cookie JSESSIONID={value}; path=/"),
            Self::SameEtag => "sends the same ETag".to_owned(),
            Self::Accepted => "sends the accept value of the key".to_owned(),
            Self::LengthOrEnd(len) => {
                format!("sends Content-Length: {len} or Connection: close, and no chunks")
            }
            Self::LengthOrChunks(len) => format!("sends Content-Length: {len} or chunks"),
            Self::Chunked => "sends chunks".to_owned(),
            Self::Kept => "keeps the connection open".to_owned(),
        }
    }
}

/// A demand on the document at `/info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfoRule {
    /// `websocket` is this.
    WebSocket(bool),
    /// `cookie_needed` is this; `None` for either.
    CookieNeeded(Option<bool>),
    /// `origins` is `["*:*"]`.
    Origins,
    /// `entropy` is an integer.
    Entropy,
    /// `entropy` fits into 32 bits without a sign.
    EntropyRange,
    /// `entropy` is another than before.
    OtherEntropy,
}

impl InfoRule {
    pub(super) fn describe(self) -> String {
        match self {
            Self::WebSocket(is_on) => format!("websocket: {is_on}"),
            Self::CookieNeeded(Some(is_needed)) => format!("cookie_needed: {is_needed}"),
            Self::CookieNeeded(None) => "cookie_needed: true or false".to_owned(),
            Self::Origins => "origins: [\"*:*\"]".to_owned(),
            Self::Entropy => "an integer as entropy".to_owned(),
            Self::EntropyRange => "an entropy from 0 to 4294967295".to_owned(),
            Self::OtherEntropy => "another entropy than before".to_owned(),
        }
    }
}

/// A demand on a whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// It is this.
    Is(Vec<u8>),
    /// It is one of these.
    OneOf(&'static [&'static str]),
    /// It is empty.
    Empty,
    /// It contains this.
    Contains(&'static str),
    /// It is the page that loads the client into an iframe.
    IframePage,
    /// It is the information document, and keeps these rules.
    Info(Vec<InfoRule>),
    /// It is a frame with one message, escaped exactly like this.
    Escaped(String),
    /// It is a frame with one message of this text, whatever is escaped.
    Text(String),
    /// It is a script that calls this function with a frame of one message of this text.
    ScriptText(&'static str, String),
    /// Anything.
    Any,
}

impl BodyRule {
    /// Returns what a conforming server does, as a clause without a subject.
    pub fn describe(&self) -> String {
        match self {
            Self::Is(bytes) => format!("sends {}", quote(bytes, MAX_SHOWN)),
            Self::OneOf(all) => {
                let all: Vec<String> =
                    all.iter().map(|text| quote(text.as_bytes(), MAX_SHOWN)).collect();
                format!("sends {}", all.join(" or "))
            }
            Self::Empty => "sends no body".to_owned(),
            Self::Contains(text) => {
                format!("sends a body with {}", quote(text.as_bytes(), MAX_SHOWN))
            }
            Self::IframePage => "sends the page that bootstraps the iframe".to_owned(),
            Self::Info(rules) => {
                let all: Vec<String> = rules.iter().map(|rule| rule.describe()).collect();
                format!("sends JSON with {}", all.join(", "))
            }
            Self::Escaped(text) => {
                format!(
                    "sends a frame with the message escaped as {}",
                    quote(text.as_bytes(), MAX_SHOWN)
                )
            }
            Self::Text(text) => {
                format!("sends a frame with the message {}", quote(text.as_bytes(), MAX_SHOWN))
            }
            Self::ScriptText(callback, text) => format!(
                "calls {callback} with a frame that has the message {}",
                quote(text.as_bytes(), MAX_SHOWN)
            ),
            Self::Any => "sends a complete response".to_owned(),
        }
    }
}

/// A demand on the next bytes of a body that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamRule {
    /// They are these.
    Bytes(Vec<u8>),
    /// They are whatever the transport begins with, up to the end of this frame.
    Opening(&'static str),
    /// They are the page of the htmlfile transport that calls this function, and more than 1,024.
    HtmlPage(&'static str),
}

impl StreamRule {
    /// Returns what a conforming server does, as a clause without a subject.
    pub fn describe(&self) -> String {
        match self {
            Self::Bytes(bytes) if bytes.len() > MAX_SHOWN => {
                let count = crate::wire::format::byte_count(bytes.len() as u64);
                format!("sends {} ({count})", quote(bytes, 24))
            }
            Self::Bytes(bytes) => format!("sends {}", quote(bytes, MAX_SHOWN)),
            Self::Opening(frame) => {
                format!("sends its prelude and {}", quote(frame.as_bytes(), MAX_SHOWN))
            }
            Self::HtmlPage(callback) => format!(
                "sends the page whose script calls parent.{callback}, more than 1,024 bytes long"
            ),
        }
    }
}

/// A demand on the next frames of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameRule {
    /// A text message.
    Text(String),
    /// SockJS frames with these messages, in one frame or in several.
    Messages(Vec<String>),
    /// A Close with this reason.
    Close(&'static str),
    /// A pong with this payload.
    Pong(Vec<u8>),
}

impl FrameRule {
    /// Returns what a conforming server does, as a clause without a subject.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("sends the message {}", quote(text.as_bytes(), MAX_SHOWN)),
            Self::Messages(messages) => {
                let all: Vec<String> =
                    messages.iter().map(|text| quote(text.as_bytes(), MAX_SHOWN)).collect();
                format!("sends SockJS frames with {}", all.join(", "))
            }
            Self::Close(reason) => format!("sends a Close with the reason {reason}"),
            Self::Pong(data) => format!("answers with a pong of {} bytes", data.len()),
        }
    }
}
