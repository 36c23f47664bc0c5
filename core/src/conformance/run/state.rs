//! [`CaseRun`]: a case that is being played, and how it ends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conformance::case::{Case, Step};
use crate::conformance::run::inbox::Inbox;
use crate::conformance::run::sent::SentFrames;
use crate::conformance::sockjs::SockJsTraits;
use crate::conformance::verdict::{Finding, Verdict};
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::handshake::{ClientOffer, HeadReader};
use crate::wire::{MaskingKey, Side};

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
    /// `END_STREAM` of a stream of HTTP/2.
    EndStream,
    /// `RST_STREAM` of HTTP/2, with the name of its error code (RFC 9113 section 7).
    ResetStream(&'static str),
    /// GOAWAY of HTTP/2, with the name of its error code.
    GoAway(&'static str),
    /// A broken rule of HTTP/2, by the name of the error code for it.
    BrokenStream(&'static str),
    /// The end of the connection that carried the stream of HTTP/2.
    LostConnection,
}

impl StreamEnd {
    /// Returns the name that the protocol below has for it.
    pub fn name(self) -> String {
        match self {
            Self::Fin => "FIN".to_owned(),
            Self::Reset => "RST".to_owned(),
            Self::EndStream => "END_STREAM".to_owned(),
            Self::ResetStream(code) => format!("RST_STREAM with {code}"),
            Self::GoAway(code) => format!("GOAWAY with {code}"),
            Self::BrokenStream(code) => format!("it broke a rule of HTTP/2: {code}"),
            Self::LostConnection => "its connection of HTTP/2 ended".to_owned(),
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
    /// The number of messages that it sends at once when a connection is open. They are passed over.
    pub greetings: usize,
    /// How it ends a connection on which it gets a message; `None` if it does not. Where there is no
    /// echo, an end of this kind after a message says nothing about frames.
    pub end_at_message: Option<ConnectionEnd>,
    /// What it offers of SockJS; `None` where that is not tested.
    pub sockjs: Option<SockJsTraits>,
}

/// The end of a connection, as far as it tells who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// A Close with this code, or without one.
    Close(Option<u16>),
    /// FIN or RST alone.
    WithoutClose,
}

/// The time that a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// For an answer.
    pub answer: Duration,
    /// Without a reaction to broken frames, after which a ping asks whether it went on.
    pub quiet: Duration,
    /// The most bytes of a message, and of all messages that wait, that are kept for comparing.
    pub max_message: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(5),
            quiet: Duration::from_millis(300),
            max_message: 2 << 20,
        }
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
    /// The head of the peer: the response of a server, or the request of a client.
    pub(super) head: HeadReader,
    pub(super) offer: ClientOffer,
    /// The frames of the server, once the connection is open.
    pub(super) frames: Option<FrameAssembler>,
    pub(super) inbox: Inbox,
    /// The frames that were sent, or wait to be.
    pub(super) sent: SentFrames,
    pub(super) next_step: usize,
    pub(super) waiting: Option<Waiting>,
    /// The greetings that are still to come.
    pub(super) greetings: usize,
    /// When the last bytes were sent.
    pub(super) sent_at: Duration,
    /// Whether the peer's Close was answered, or needs no answer because a Close was sent before.
    pub(super) has_answered_close: bool,
    /// Whether FIN was sent because the closing handshake is over (RFC 6455 section 7.1.1: the server
    /// ends TCP first).
    pub(super) has_ended_writes: bool,
    pub(super) ended: Option<StreamEnd>,
    /// What the server did that is not what the rule recommends.
    pub(super) tolerated: Option<String>,
    /// What the server did last, as the reason of a pass.
    pub(super) done: String,
    pub(super) finding: Option<Finding>,
    /// Whether a stream of HTTP/2 carries the frames.
    pub(super) is_over_http2: bool,
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
    /// The side that is tested.
    pub(super) fn peer(&self) -> Side {
        if self.case.response.is_some() { Side::Client } else { Side::Server }
    }

    /// Returns `key` where frames are to be masked.
    pub(super) fn mask_with(&self, key: MaskingKey) -> Option<MaskingKey> {
        (self.peer() == Side::Server).then_some(key)
    }

    /// Plays the case on a stream of HTTP/2: what the peer does with it is told in the words of HTTP/2.
    #[must_use]
    pub fn over_http2(self) -> Self {
        Self { is_over_http2: true, ..self }
    }

    /// Returns what the peer ends after the closing handshake.
    pub(super) fn carrier(&self) -> &'static str {
        if self.is_over_http2 { "the stream" } else { "TCP" }
    }

    /// Returns the number of bytes that are held: of what the peer sent and of what is to be sent.
    pub fn held_bytes(&self) -> usize {
        let outgoing = self.outgoing.iter().map(|outgoing| match outgoing {
            Outgoing::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        let frames = self.frames.as_ref().map_or(0, FrameAssembler::held_bytes);
        [self.head.bytes().len(), frames, self.inbox.held_bytes()]
            .into_iter()
            .chain(outgoing)
            .fold(0, usize::saturating_add)
    }

    /// Returns the masking keys of the peer's frames, of the first 1,024 at most.
    pub fn masking_keys(&self) -> &[MaskingKey] {
        self.inbox.masking_keys()
    }

    /// Whether steps are played: the handshake is over.
    pub(super) fn is_open(&self) -> bool {
        self.frames.is_some()
    }

    /// Sends FIN to a client, which waits for the server to end TCP.
    pub(super) fn end_as_server(&mut self) {
        if self.peer() == Side::Client && !self.has_ended_writes {
            self.has_ended_writes = true;
            self.outgoing.push_back(Outgoing::EndWrites);
        }
    }

    /// How the peer has ended the connection, if it has.
    pub fn connection_end(&self) -> Option<ConnectionEnd> {
        let close = self.inbox.close().map(|close| ConnectionEnd::Close(close.code));
        close.or(self.ended.map(|_| ConnectionEnd::WithoutClose))
    }

    /// Whether the application of a server without an echo may have ended the connection: it did so in
    /// the way in which it ends one at any message.
    fn is_ended_by_application(&self) -> bool {
        !self.traits.has_echo
            && self.sent.has_data()
            && self.is_open()
            && self.traits.end_at_message.is_some()
            && self.connection_end() == self.traits.end_at_message
    }

    pub(super) fn finish(&mut self, verdict: Verdict, reason: impl Into<String>) {
        if self.is_ended_by_application() {
            let reason =
                "the server does not echo, and ended the connection as it does at any message";
            self.finding.get_or_insert(Finding::new(Verdict::NotApplicable, reason));
        }
        let expected = match self.case.steps.get(self.next_step) {
            Some(Step::Expect(expectation)) if self.is_open() => expectation.describe(),
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
