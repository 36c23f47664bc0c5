//! [`Script`]: what a case sends and when it reads, as operations that any language has.

use std::time::Duration;

use crate::conform::{Case, Expectation, Opening, ServerAddress, Step};
use crate::net::Target;

/// The key of the request. Its value is the one of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// How long an answer is awaited.
const ANSWER: Duration = Duration::from_secs(5);

/// How long nothing more must come for an answer to be complete.
const QUIET: Duration = Duration::from_millis(300);

/// One operation on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Sends bytes in one write.
    Send(Vec<u8>),
    /// Waits without reading.
    Pause(Duration),
    /// Sends FIN.
    EndWrites,
    /// Reads the head of the response.
    ReadHead,
    /// Reads until nothing comes for a while.
    Read {
        /// How long the first bytes are awaited.
        first: Duration,
        /// How long further bytes are awaited.
        more: Duration,
    },
    /// A remark on what follows.
    Comment(String),
}

/// The operations of a case, with what a program says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// The lines at the top.
    pub(super) about: Vec<String>,
    /// The operations, in order.
    pub(super) operations: Vec<Operation>,
}

impl Script {
    pub(super) fn new(case: &Case, target: &Target, seed: u64) -> Self {
        let about = vec![
            format!("{}: {}", case.id, case.title),
            format!("{}: a server {}", case.rule, case.expectations().join("; ")),
            format!(
                "Written by wiretalk conform --reproduce (seed {seed}). It sends the bytes of the case and"
            ),
            "prints what comes back; it answers neither pings nor a Close.".to_owned(),
        ];
        let mut script = Self { about, operations: Vec::new() };
        let request = request_bytes(case, target);
        let piece_len = request.len().div_ceil(case.request.piece_count()).max(1);
        for (index, piece) in request.chunks(piece_len).enumerate() {
            if index > 0 {
                script.operations.push(Operation::Pause(Duration::from_millis(20)));
            }
            script.operations.push(Operation::Send(piece.to_vec()));
        }
        script.comment(&case.opening.describe());
        script.operations.push(Operation::ReadHead);
        if matches!(case.opening, Opening::Refused { .. }) {
            script.operations.push(Operation::Read { first: QUIET, more: QUIET });
        }
        for step in &case.steps {
            script.add(step);
        }
        script
    }

    fn comment(&mut self, what: &str) {
        self.operations.push(Operation::Comment(format!("a server {what}")));
    }

    fn add(&mut self, step: &Step) {
        match step {
            Step::Send(bytes) => self.operations.push(Operation::Send(bytes.clone())),
            Step::Pause(time) => self.operations.push(Operation::Pause(*time)),
            Step::EndWrites => self.operations.push(Operation::EndWrites),
            Step::Expect(expectation) => {
                self.comment(&expectation.describe());
                let (first, more) = match expectation {
                    Expectation::Silence(time) => (*time, *time),
                    Expectation::Message(..) | Expectation::Pong(_) => (ANSWER, QUIET),
                    Expectation::EarlyFailure { .. } => (QUIET, QUIET),
                    Expectation::Failure { .. }
                    | Expectation::EchoOrFailure { .. }
                    | Expectation::FailureOrWait { .. }
                    | Expectation::CloseReply { .. }
                    | Expectation::Rejection
                    | Expectation::End => (ANSWER, ANSWER),
                };
                self.operations.push(Operation::Read { first, more });
            }
        }
    }

    /// Whether the case goes on to read after it has sent FIN.
    pub(super) fn ends_writes(&self) -> bool {
        self.operations.contains(&Operation::EndWrites)
    }
}

/// Returns the request of a case for `target`.
pub(super) fn request_bytes(case: &Case, target: &Target) -> Vec<u8> {
    let server = ServerAddress { authority: target.authority(), target: target.path.clone() };
    case.request.to_bytes(&server, KEY)
}
