//! A head as it came, with what a strict side makes of it.

use crate::wire::frame::Side;
use crate::wire::handshake::checks::{self, HandshakeCheck};
use crate::wire::handshake::head::Head;
use crate::wire::handshake::head::reader::{HeadReader, HeadScan};
use crate::wire::handshake::problem::{Problem, ProblemCode};
use crate::wire::handshake::request::{self, ServerPolicy};
use crate::wire::handshake::response::{self, ClientOffer};
use crate::wire::handshake::validation::{HandshakeOutcome, HeadValidation};

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
