//! [`CaseRun`]: a case that is being played, and how it ends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conformance::case::{Case, Step};
use crate::conformance::run::inbox::Inbox;
use crate::conformance::verdict::{Finding, Verdict};
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::handshake::{ClientOffer, HeadReader};

/// The next thing that the caller has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes, all of them, and ask again.
    Send(Vec<u8>),
    /// Send FIN, and ask again.
    EndWrites,
    /// Wait until bytes arrive, the connection ends, or this time has come; then ask again.
    WaitUntil(Duration),
    /// The case is over.
    Finish(Finding),
}

/// The end of what the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// FIN.
    Fin,
    /// RST, or any other error of the socket.
    Reset,
}

impl StreamEnd {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fin => "FIN",
            Self::Reset => "RST",
        }
    }
}

/// What is known of a server before a case is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerTraits {
    /// Whether it echoes messages.
    pub has_echo: bool,
    /// Whether it opens no connection without an Origin header. Then all cases but those about that
    /// header have the server's own.
    pub needs_origin: bool,
}

/// The time that a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// For an answer.
    pub answer: Duration,
    /// Without a reaction to broken frames, after which a ping asks whether it went on.
    pub quiet: Duration,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { answer: Duration::from_secs(5), quiet: Duration::from_millis(300) }
    }
}

/// One case that is being played. All times count from the beginning of the run.
///
/// The caller asks for the [`next`](CaseRun::next) action until it is [`Action::Finish`], and passes
/// in what the server sends.
#[derive(Debug)]
pub struct CaseRun<'c> {
    pub(super) case: &'c Case,
    pub(super) traits: ServerTraits,
    pub(super) limits: RunLimits,
    pub(super) outgoing: VecDeque<Outgoing>,
    pub(super) response: HeadReader,
    pub(super) offer: ClientOffer,
    /// The frames of the server, once the connection is open.
    pub(super) frames: Option<FrameAssembler>,
    pub(super) inbox: Inbox,
    pub(super) next_step: usize,
    pub(super) waiting: Option<Waiting>,
    /// When the last bytes were sent.
    pub(super) sent_at: Duration,
    pub(super) has_sent_close: bool,
    pub(super) ended: Option<StreamEnd>,
    /// What the server did that is not what the rule recommends.
    pub(super) tolerated: Option<String>,
    /// What the server did last, as the reason of a pass.
    pub(super) done: String,
    pub(super) finding: Option<Finding>,
}

/// Something to do before the next step.
#[derive(Clone, Debug)]
pub(super) enum Outgoing {
    Bytes(Vec<u8>),
    PauseFor(Duration),
    PauseUntil(Duration),
    EndWrites,
}

/// An expectation that is not met yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) since: Duration,
    pub(super) is_probed: bool,
}

impl CaseRun<'_> {
    pub(super) fn finish(&mut self, verdict: Verdict, reason: impl Into<String>) {
        let expected = match self.case.steps.get(self.next_step) {
            Some(Step::Expect(expectation)) if self.frames.is_some() => expectation.describe(),
            _ => self.case.opening.describe(),
        };
        let finding = Finding { expected, ..Finding::new(verdict, reason) };
        self.finding.get_or_insert(finding);
    }

    /// Ends the case with what was tolerated before, if anything was.
    pub(super) fn pass(&mut self, reason: impl Into<String>) {
        match self.tolerated.take() {
            Some(tolerated) => self.finish(Verdict::Tolerated, tolerated),
            None => self.finish(Verdict::Pass, reason),
        }
    }

    pub(super) fn tolerate(&mut self, what: impl Into<String>) {
        self.tolerated.get_or_insert_with(|| what.into());
    }
}
