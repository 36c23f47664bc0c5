//! The opening handshake (RFC 6455 section 4): heads found in a stream, judged as strict sides do, every rule with its place.
//! Nothing is sent or answered here; a judgement says what a server would answer.
//!
//! In reading order: [`reader`] finds and [`head`] cuts, [`request`] and [`response`] judge, [`accept`] computes the proof,
//! [`problem`] holds the rules in words, [`checks`] what was right.

pub mod accept;
pub mod checks;
mod fields;
pub mod head;
pub mod problem;
pub mod reader;
pub mod request;
pub mod response;
mod target;

pub use accept::{Accept, GUID, Mistake, Step};
pub use checks::{Check, Mark};
pub use head::{FieldLine, Head, Line, LineKind, Part, Role};
pub use problem::{Problem, ProblemCode, ProblemRule};
pub use reader::{DEFAULT_LIMIT, Found, HeadReader};
pub use request::Policy;
pub use response::Asked;

use super::extension::Agreed;
use super::frame::Side;

/// How a handshake stands on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The connection is open.
    Accept,
    /// A server rejects the request, a client fails the connection.
    Refuse,
    /// The head is not complete.
    #[default]
    Incomplete,
}

/// What a strict side makes of the other's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Accept, refuse, or more bytes needed.
    pub outcome: Outcome,
    /// The status that a server answers a request with; none for a response, and where no HTTP answer makes sense.
    pub status: Option<u16>,
    /// The headers of that answer.
    pub answer: Vec<(String, String)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The proof for the key, where there is a usable one.
    pub accept: Option<Accept>,
    /// The accept value that the server sent.
    pub received_accept: Option<String>,
    /// The subprotocol that was agreed on.
    pub protocol: Option<String>,
    /// The extensions that were agreed on, as the response writes them.
    pub extensions: Vec<String>,
    /// The same for the frame decoders.
    pub agreed: Agreed,
}

/// What the judging side knows.
#[derive(Clone, Debug)]
pub enum Context {
    /// A server with this policy has got a request.
    Request(Policy),
    /// A client that asked for this has got a response.
    Response(Asked),
}

/// A head, or what stands in its place, with its judgement.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What the bytes turned out to be.
    pub found: Found,
    /// The head cut into lines, where it is one.
    pub head: Option<Head>,
    /// What a strict side makes of it.
    pub judgement: Judgement,
}

impl Opening {
    /// Judges what `reader` has got. `more` says that bytes follow the head.
    pub fn new(reader: &HeadReader, context: &Context, more: bool) -> Self {
        let found = reader.found();
        let from = context.sender();
        let head = matches!(found, Found::Head(_)).then(|| Head::new(from, reader.bytes()));
        let judgement = match (&head, context) {
            (Some(head), Context::Request(policy)) => request::judge(head, policy, more),
            (Some(head), Context::Response(asked)) => response::judge(head, asked),
            (None, _) => stranger(found, from),
        };
        Self { found, head, judgement }
    }

    /// Every rule that was asked, kept or broken.
    pub fn checks(&self) -> Vec<Check> {
        self.head.as_ref().map_or_else(Vec::new, |head| checks::checks(head, &self.judgement))
    }
}

impl Context {
    /// Whose bytes are judged.
    pub fn sender(&self) -> Side {
        match self {
            Self::Request(_) => Side::Client,
            Self::Response(_) => Side::Server,
        }
    }
}

/// Bytes that are no head: one cause, one problem.
fn stranger(found: Found, from: Side) -> Judgement {
    let http2 = "the client speaks HTTP/2: WebSocket needs RFC 8441 there";
    let (code, span, hint) = match found {
        Found::NeedsMore | Found::Head(_) => return Judgement::default(),
        Found::TooLarge => (ProblemCode::TooLarge, None, None),
        Found::Tls(kind) => (ProblemCode::LooksLikeTls, Some(0..1), Some(tls_hint(kind))),
        Found::Http2Preface => (ProblemCode::Http2Preface, Some(0..14), Some(http2.to_owned())),
        Found::Http2Frame => {
            (ProblemCode::LooksLikeHttp2, Some(0..9), Some("HTTP/2 SETTINGS frame".to_owned()))
        }
    };
    let status = match (from, found) {
        (Side::Server, _) | (_, Found::Tls(_)) => None,
        (_, Found::TooLarge) => Some(431),
        _ => Some(400),
    };
    let severity = code.rule().severity;
    let problems = vec![Problem { code, severity, span, hint }];
    Judgement { outcome: Outcome::Refuse, status, problems, ..Judgement::default() }
}

fn tls_hint(kind: u8) -> String {
    let record = match kind {
        0x14 => "change cipher spec",
        0x15 => "alert",
        0x16 => "handshake record",
        _ => "application data",
    };
    format!("first byte {kind:02x} = TLS {record}: use wss://")
}
