//! A head with the result of validating it.

use crate::wire::frame::Side;
use crate::wire::handshake::checks::{self, HandshakeCheck};
use crate::wire::handshake::head::Head;
use crate::wire::handshake::head::reader::{HeadReader, HeadScan};
use crate::wire::handshake::problem::{Problem, ProblemCode};
use crate::wire::handshake::request::{self, ServerPolicy};
use crate::wire::handshake::response::{self, ClientOffer};
use crate::wire::handshake::validation::{HandshakeOutcome, HeadValidation};

/// What the validating side knows.
#[derive(Clone, Debug)]
pub enum HeadContext {
    /// A server with this policy has received a request.
    Request(ServerPolicy),
    /// A client that made this offer has received a response. `None` if the request is unknown.
    Response(Option<ClientOffer>),
}

/// A head, or whatever came instead of one, with the result of validating it.
#[derive(Clone, Debug)]
pub struct ValidatedHead {
    /// The result of scanning the bytes.
    pub scan: HeadScan,
    /// The head split into lines, if the bytes are a head.
    pub head: Option<Head>,
    /// The result of validating the head.
    pub validation: HeadValidation,
}

impl ValidatedHead {
    /// Validates what `reader` has read, if nothing has followed it yet.
    pub fn new(reader: &HeadReader, context: &HeadContext) -> Self {
        Self::with_bytes_after(reader, context, &[])
    }

    /// Validates what `reader` has read and `bytes_after` has followed. After a request, any such
    /// byte is a problem, because the client must wait for the 101 (RFC 6455 section 4.1).
    pub fn with_bytes_after(
        reader: &HeadReader,
        context: &HeadContext,
        bytes_after: &[u8],
    ) -> Self {
        let found = reader.scan();
        let from = context.sender();
        let head = matches!(found, HeadScan::Complete(_)).then(|| Head::new(from, reader.bytes()));
        let validation = match (&head, context) {
            (Some(head), HeadContext::Request(policy)) => {
                request::validate(head, policy, bytes_after)
            }
            (Some(head), HeadContext::Response(asked)) => response::validate(head, asked.as_ref()),
            (None, _) => reject_non_http(found, from),
        };
        Self { scan: found, head, validation }
    }

    /// Returns every rule that was checked, passed or not.
    pub fn checks(&self) -> Vec<HandshakeCheck> {
        self.head.as_ref().map_or_else(Vec::new, |head| checks::checks(head, &self.validation))
    }
}

impl HeadContext {
    /// Returns the side whose bytes are validated.
    pub fn sender(&self) -> Side {
        match self {
            Self::Request(_) => Side::Client,
            Self::Response(_) => Side::Server,
        }
    }
}

/// Rejects bytes that are no HTTP head, with a single problem.
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
        // A response has no answer, and a TLS client could not read one.
        (Side::Server, _) | (_, HeadScan::Tls(_)) => None,
        (_, HeadScan::TooLarge) => Some(431),
        _ => Some(400),
    };
    let severity = code.rule().severity;
    let problems = vec![Problem { code, severity, span, hint }];
    HeadValidation {
        outcome: HandshakeOutcome::Reject,
        status,
        problems,
        ..HeadValidation::default()
    }
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
