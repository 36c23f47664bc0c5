//! The opening handshake (RFC 6455 section 4): heads found in a stream, judged as strict sides do, every rule with its place.
//! Nothing is sent or answered here; a judgement says what a server would answer.
//!
//! In reading order: [`head_reader`] finds and [`head`] cuts, [`request`] and [`response`] judge, [`accept`] computes the proof,
//! [`problem`] holds the rules in words, [`checks`] what was right.

pub mod accept;
pub mod checks;
pub mod extension;
pub mod head;
pub mod head_reader;
mod head_validator;
pub(crate) mod pair;
pub mod problem;
pub mod request;
mod request_target;
pub mod response;

pub use accept::{AcceptMistake, AcceptStep, AcceptValue, GUID};
pub use checks::{CheckResult, HandshakeCheck};
pub use head::{FieldLine, Head, HeadLine, HeadLineKind, HeadPart, HeadPartKind};
pub use head_reader::{DEFAULT_MAX_HEAD_LEN, HeadReader, HeadScan};
pub use problem::{Problem, ProblemCode, ProblemRule};
pub use request::ServerPolicy;
pub use response::ClientOffer;

use crate::wire::frame::Side;
use crate::wire::handshake::extension::AgreedExtensions;

/// How a handshake stands on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandshakeOutcome {
    /// The connection is open.
    Accept,
    /// A server rejects the request, a client fails the connection.
    Reject,
    /// The head is not complete.
    #[default]
    Incomplete,
}

/// What a strict side makes of the other's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadValidation {
    /// Accept, refuse, or more bytes needed.
    pub outcome: HandshakeOutcome,
    /// The status that a server answers a request with; none for a response, and where no HTTP answer makes sense.
    pub status: Option<u16>,
    /// The headers of that answer.
    pub response_headers: Vec<(String, String)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The proof for the key, where there is a usable one.
    pub accept: Option<AcceptValue>,
    /// The accept value that the server sent.
    pub received_accept: Option<String>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
    /// The extensions that were agreed on, as the response writes them.
    pub extensions: Vec<String>,
    /// The same for the frame decoders.
    pub agreed: AgreedExtensions,
}

/// What the judging side knows.
#[derive(Clone, Debug)]
pub enum HeadContext {
    /// A server with this policy has got a request.
    Request(ServerPolicy),
    /// A client that asked for this has got a response.
    Response(ClientOffer),
}

/// A head, or what stands in its place, with its judgement.
#[derive(Clone, Debug)]
pub struct ValidatedHead {
    /// What the bytes turned out to be.
    pub scan: HeadScan,
    /// The head cut into lines, where it is one.
    pub head: Option<Head>,
    /// What a strict side makes of it.
    pub validation: HeadValidation,
}

impl ValidatedHead {
    /// Judges what `head_reader` has got. `bytes_follow` says that bytes follow the head.
    pub fn new(reader: &HeadReader, context: &HeadContext, bytes_follow: bool) -> Self {
        let found = reader.scan();
        let from = context.sender();
        let head = matches!(found, HeadScan::Complete(_)).then(|| Head::new(from, reader.bytes()));
        let validation = match (&head, context) {
            (Some(head), HeadContext::Request(policy)) => request::validate(head, policy, bytes_follow),
            (Some(head), HeadContext::Response(asked)) => response::validate(head, asked),
            (None, _) => reject_non_http(found, from),
        };
        Self { scan: found, head, validation }
    }

    /// Every rule that was asked, kept or broken.
    pub fn checks(&self) -> Vec<HandshakeCheck> {
        self.head.as_ref().map_or_else(Vec::new, |head| checks::checks(head, &self.validation))
    }
}

impl HeadContext {
    /// Whose bytes are judged.
    pub fn sender(&self) -> Side {
        match self {
            Self::Request(_) => Side::Client,
            Self::Response(_) => Side::Server,
        }
    }
}

/// Bytes that are no head: one cause, one problem.
fn reject_non_http(found: HeadScan, from: Side) -> HeadValidation {
    let http2 = "the client speaks HTTP/2: WebSocket needs RFC 8441 there";
    let (code, span, hint) = match found {
        HeadScan::Incomplete | HeadScan::Complete(_) => return HeadValidation::default(),
        HeadScan::TooLarge => (ProblemCode::TooLarge, None, None),
        HeadScan::Tls(kind) => (ProblemCode::LooksLikeTls, Some(0..1), Some(tls_hint(kind))),
        HeadScan::Http2Preface => (ProblemCode::Http2Preface, Some(0..14), Some(http2.to_owned())),
        HeadScan::Http2Frame => {
            (ProblemCode::LooksLikeHttp2, Some(0..9), Some("HTTP/2 SETTINGS frame".to_owned()))
        }
    };
    let status = match (from, found) {
        (Side::Server, _) | (_, HeadScan::Tls(_)) => None,
        (_, HeadScan::TooLarge) => Some(431),
        _ => Some(400),
    };
    let severity = code.rule().severity;
    let problems = vec![Problem { code, severity, span, hint }];
    HeadValidation { outcome: HandshakeOutcome::Reject, status, problems, ..HeadValidation::default() }
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
