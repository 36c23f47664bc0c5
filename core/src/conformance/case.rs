//! [`Case`]: one rule, what is sent to test it, and what is expected of the server.

use std::time::Duration;

use crate::conformance::group::Group;
use crate::conformance::http2_rule::Http2Rule;
use crate::conformance::key_quality::KeyRule;
use crate::conformance::request::Request;
use crate::conformance::response::Response;
use crate::conformance::sockjs::SockJsScript;
use crate::wire::frame::message::MessageKind;

/// The way in which a case is tested.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CaseKind {
    /// By its request and its steps, on a connection of its own ([`CaseRun`](super::CaseRun)).
    #[default]
    Steps,
    /// By messages of several sizes, until it is known how large they may be.
    Search(SizeLimit),
    /// By a handshake after each violation.
    Handshakes,
    /// By the memory of the server's process, before and after the violations.
    Memory,
    /// By the masking keys of all frames that a client has sent.
    MaskingKeys(KeyRule),
    /// By requests and streams on a connection of HTTP/2.
    Http2(Http2Rule),
    /// By requests and frames of SockJS, on one connection or on several.
    SockJs(Box<SockJsScript>),
}

/// A size that a server may limit (RFC 6455 section 10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeLimit {
    /// The bytes of a message in one frame.
    Frame,
    /// The bytes of a message in fragments of 16 KiB.
    Message,
    /// The fragments of a message, each of a byte.
    Fragments,
}

/// One test case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The name: the group, a slash, and words with dashes. It does not change between versions.
    pub id: String,
    /// The subject.
    pub group: Group,
    /// The title: what is sent, in a few words.
    pub title: String,
    /// The rule, by RFC and section.
    pub rule: &'static str,
    /// The way in which it is tested.
    pub kind: CaseKind,
    /// Whether the verdict depends on an echo.
    pub needs_echo: bool,
    /// The request, where a server is tested.
    pub request: Request,
    /// The response, where a client is tested; `None` where a server is.
    pub response: Option<Response>,
    /// What is expected of the response.
    pub opening: Opening,
    /// What follows once the connection is open.
    pub steps: Vec<Step>,
}

impl Case {
    /// Whether the case breaks a rule. A server must survive that.
    pub fn is_violation(&self) -> bool {
        if let CaseKind::SockJs(script) = &self.kind {
            return script.is_violation;
        }
        let fails = |step: &Step| {
            matches!(
                step,
                Step::Expect(
                    Expectation::Failure { .. }
                        | Expectation::EarlyFailure { .. }
                        | Expectation::FailureOrWait { .. }
                        | Expectation::EchoOrFailure { .. }
                )
            )
        };
        matches!(self.opening, Opening::Refused { .. }) || self.steps.iter().any(fails)
    }

    /// Returns the case with further header fields in its request, but for those whose name it has.
    #[must_use]
    pub fn and_fields(&self, fields: &[(String, String)]) -> Self {
        let mut case = self.clone();
        for (name, value) in fields {
            if !self.request.has_field(name) {
                case.request = case.request.and(name, value);
            }
        }
        case
    }

    /// Returns the length of the longest message that is expected.
    pub fn longest_message(&self) -> usize {
        let len = |step: &Step| match step {
            Step::Expect(
                Expectation::Message(_, data) | Expectation::EchoOrFailure { data, .. },
            ) => data.len(),
            _ => 0,
        };
        self.steps.iter().map(len).max().unwrap_or(0)
    }

    /// Returns the number of bytes that the steps send, without the request.
    pub fn sent_len(&self) -> usize {
        let len = |step: &Step| if let Step::Send(bytes) = step { bytes.len() } else { 0 };
        self.steps.iter().map(len).fold(0, usize::saturating_add)
    }

    /// Returns what a conforming server does, a sentence for each expectation.
    pub fn expectations(&self) -> Vec<String> {
        let other = match &self.kind {
            CaseKind::SockJs(script) => return script.expectations(),
            CaseKind::Steps => None,
            CaseKind::Search(_) => Some("has a limit, and closes beyond it with 1009"),
            CaseKind::Handshakes => Some("opens a new connection after each violation, in time"),
            CaseKind::Memory => Some(
                "has at most twice the memory after the violations, or hardly more after another round",
            ),
            CaseKind::MaskingKeys(rule) => Some(rule.describe()),
            CaseKind::Http2(rule) => Some(rule.describe()),
        };
        if let Some(other) = other {
            return vec![other.to_owned()];
        }
        let steps = self.steps.iter().filter_map(|step| match step {
            Step::Expect(expectation) => Some(expectation.describe()),
            _ => None,
        });
        // A client has opened the connection already.
        let opening = self.response.is_none().then(|| self.opening.describe());
        opening.into_iter().chain(steps).collect()
    }
}

/// What is expected of the response.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// The handshake succeeds.
    Opened,
    /// The handshake succeeds, and permessage-deflate is agreed on with a header that contains all of
    /// these parameters.
    Compressed {
        /// Each `name` or `name=value`. Without one of them the case is not applicable.
        demanded: Vec<&'static str>,
        /// Whether a message points back into the one before. Then the side that sends it must not have
        /// agreed to begin each with an empty window.
        takes_over: bool,
    },
    /// The handshake succeeds without permessage-deflate, although it was offered.
    Declined,
    /// The handshake is refused.
    Refused {
        /// The statuses that the rule names. Any other status of 400 or above is tolerated.
        statuses: &'static [u16],
        /// A header that the response must have.
        with_field: Option<&'static str>,
        /// Whether an open connection is tolerated too.
        may_open: bool,
        /// Whether waiting is tolerated, because to the server the request may not be complete.
        may_wait: bool,
    },
    /// The handshake succeeds or is refused; both are right. The sentence is what it tells.
    Either {
        /// The meaning of an open connection.
        opened: &'static str,
        /// The meaning of a refusal.
        refused: &'static str,
        /// Whether the refusal is what is recommended.
        prefers_refusal: bool,
    },
}

impl Opening {
    /// Returns what a conforming server does.
    pub fn describe(&self) -> String {
        match self {
            Self::Opened => "opens the connection".to_owned(),
            Self::Compressed { .. } => "opens the connection with permessage-deflate".to_owned(),
            Self::Declined => "opens the connection without permessage-deflate".to_owned(),
            Self::Refused { statuses, may_open, .. } => {
                let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
                let with = if statuses.is_empty() {
                    "a status of 400 or above".to_owned()
                } else {
                    statuses.join(" or ")
                };
                let or = if *may_open { ", or opens the connection" } else { "" };
                format!("refuses the handshake with {with}{or}")
            }
            Self::Either { .. } => "opens the connection or refuses the handshake".to_owned(),
        }
    }
}

/// One step on an open connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Waits, so that what follows is sent apart.
    Pause(Duration),
    /// Waits until the server has done something.
    Expect(Expectation),
    /// Sends FIN and goes on reading.
    EndWrites,
}

/// A reaction of the server that a rule demands.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// It sends this message.
    Message(MessageKind, Vec<u8>),
    /// It answers a ping with this payload.
    Pong(Vec<u8>),
    /// It fails the connection (RFC 6455 section 7.1.7).
    Failure {
        /// The close codes that the rule names.
        codes: &'static [u16],
        /// Whether what was sent ends with a whole frame, so that a ping can follow, whose pong proves
        /// that the server went on.
        is_whole: bool,
        /// Why it is tolerated that the server goes on, as a sentence; `None` if it is not.
        may_ignore: Option<&'static str>,
    },
    /// It fails the connection although the frame is not complete. Later is tolerated.
    EarlyFailure {
        /// The close codes that the rule names.
        codes: &'static [u16],
    },
    /// It sends this message, or fails the connection because the message is too large.
    EchoOrFailure {
        /// The kind of the message.
        kind: MessageKind,
        /// The data of the message.
        data: Vec<u8>,
        /// The close codes that fit.
        codes: &'static [u16],
    },
    /// It fails the connection because of the size that was announced, or waits for the rest.
    FailureOrWait {
        /// The close codes that fit.
        codes: &'static [u16],
    },
    /// It answers our Close with one, and ends the connection.
    CloseReply {
        /// The code that we sent.
        code: Option<u16>,
        /// Whether the case is about that. Elsewhere it only ends the case, and a peer that ends the
        /// connection in another way is tolerated.
        is_subject: bool,
        /// Whether a message before the Close may be echoed.
        may_echo: bool,
    },
    /// It keeps the connection open and sends no message.
    Silence(Duration),
    /// It ends the connection.
    End,
    /// It does not take the connection for open: it ends it, and sends no frame.
    Rejection,
}

impl Expectation {
    /// Returns what a conforming server does.
    pub fn describe(&self) -> String {
        match self {
            Self::Message(kind, data) => {
                format!("echoes the {} message of {} bytes", kind.opcode(), data.len())
            }
            Self::EchoOrFailure { data, codes, .. } => format!(
                "echoes the message of {} bytes, or sends a Close with {} and ends the connection",
                data.len(),
                join_codes(codes)
            ),
            Self::Pong(data) => format!("answers with a pong of {} bytes", data.len()),
            Self::Failure { codes, may_ignore, .. } => {
                let or = may_ignore.map_or_else(String::new, |why| format!(", or goes on: {why}"));
                format!("sends a Close with {} and ends the connection{or}", join_codes(codes))
            }
            Self::EarlyFailure { codes } => format!(
                "sends a Close with {} as soon as the fault is certain, before the frame is complete",
                join_codes(codes)
            ),
            Self::FailureOrWait { codes } => format!(
                "sends a Close with {} and ends the connection, or waits for the rest",
                join_codes(codes)
            ),
            Self::CloseReply { .. } => "answers with a Close and ends the connection".to_owned(),
            Self::Silence(_) => "keeps the connection open and sends nothing".to_owned(),
            Self::End => "ends the connection".to_owned(),
            Self::Rejection => "ends the connection without a frame".to_owned(),
        }
    }
}

/// Returns close codes as `1002 or 1007`.
pub(super) fn join_codes(codes: &[u16]) -> String {
    codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}
