//! The order of events in a case: the caller asks what to do, and passes in what the peer sends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conformance::case::{Case, Step};
use crate::conformance::group::Group;
use crate::conformance::request::ServerAddress;
use crate::conformance::response::Response;
use crate::conformance::run::inbox::{self, Inbox, ReceivedClose};
use crate::conformance::run::opening;
use crate::conformance::run::sent::SentFrames;
use crate::conformance::run::state::{
    Action, CaseRun, Outgoing, RunLimits, ServerTraits, StreamEnd,
};
use crate::conformance::verdict::Verdict;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::handshake::{ClientOffer, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};
use crate::wire::{AgreedExtensions, Decoder, Side};

/// The most operations that wait before answers to pings are held back.
const MAX_OUTGOING: usize = 16;

/// The bytes of a message that are kept beyond those that are expected.
const MIN_KEPT: usize = 64 << 10;

impl<'c> CaseRun<'c> {
    /// Creates a run of `case` that has sent nothing. `key` is the value of `Sec-WebSocket-Key` where
    /// the case has none of its own.
    pub fn new(
        case: &'c Case,
        server: &ServerAddress,
        key: &str,
        traits: ServerTraits,
        limits: RunLimits,
    ) -> Self {
        let needs_origin = traits.needs_origin && case.group != Group::Origin;
        let with_origin = needs_origin.then(|| case.request.clone().and_same_origin());
        let request = with_origin.as_ref().unwrap_or(&case.request).to_bytes(server, key);
        let head = Head::new(Side::Client, &request);
        let offer = ClientOffer::from_request(&head);
        let mut run = Self::without_bytes(case, offer, traits, limits);
        if case.needs_echo && !traits.has_echo {
            run.finish(Verdict::NotApplicable, "the server does not echo");
        }
        run.send_pieces(&request, case.request.pieces);
        run
    }

    /// Creates a run of a case for a client, which waits for its request.
    pub fn for_client(case: &'c Case, limits: RunLimits) -> Self {
        let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
        Self::without_bytes(case, ClientOffer::default(), traits, limits)
    }

    fn without_bytes(
        case: &'c Case,
        offer: ClientOffer,
        traits: ServerTraits,
        limits: RunLimits,
    ) -> Self {
        let peer = if case.response.is_some() { Side::Client } else { Side::Server };
        Self {
            case,
            traits,
            limits,
            outgoing: VecDeque::new(),
            head: HeadReader::new(peer, DEFAULT_MAX_HEAD_LEN),
            offer,
            frames: None,
            inbox: Inbox::new(peer, max_message(case, limits)),
            sent: SentFrames::default(),
            next_step: 0,
            waiting: None,
            greetings: traits.greetings,
            sent_at: Duration::ZERO,
            has_answered_close: false,
            has_ended_writes: false,
            ended: None,
            tolerated: None,
            done: "opened the connection".to_owned(),
            finding: None,
            is_over_http2: false,
        }
    }

    /// Sends a head in several pieces.
    fn send_pieces(&mut self, head: &[u8], pieces: usize) {
        let piece_len = head.len().div_ceil(pieces).max(1);
        for (index, piece) in head.chunks(piece_len).enumerate() {
            if index > 0 {
                self.outgoing.push_back(Outgoing::PauseFor(Duration::from_millis(20)));
            }
            self.outgoing.push_back(Outgoing::Bytes(piece.to_vec()));
        }
    }

    /// Returns what to do at the time `now`.
    pub fn next(&mut self, now: Duration) -> Action {
        loop {
            if let Some(finding) = &self.finding {
                return Action::Finish(finding.clone());
            }
            if let Some(action) = self.next_outgoing(now) {
                return action;
            }
            let wait = if self.frames.is_none() {
                self.await_response(now)
            } else if let Some(until) = self.await_greetings(now) {
                Some(until)
            } else {
                match self.case.steps.get(self.next_step) {
                    Some(Step::Expect(expectation)) => self.await_expectation(expectation, now),
                    Some(step) => {
                        self.take_step(step);
                        None
                    }
                    None => {
                        let done = std::mem::take(&mut self.done);
                        self.pass(done);
                        None
                    }
                }
            };
            // What the wait itself has asked for is sent first.
            if let Some(until) = wait.filter(|_| self.outgoing.is_empty()) {
                return Action::WaitUntil(until);
            }
        }
    }

    /// Passes over the greetings of the server. Returns until when they are awaited; `None` once all
    /// have come.
    fn await_greetings(&mut self, now: Duration) -> Option<Duration> {
        while self.greetings > 0 && self.inbox.next_message().is_some() {
            self.greetings = self.greetings.saturating_sub(1);
        }
        let until = self.sent_at.saturating_add(self.limits.answer);
        let is_over = now >= until || self.connection_end().is_some();
        if self.greetings == 0 || is_over {
            self.greetings = 0;
            return None;
        }
        Some(until)
    }

    /// Takes bytes of the peer.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.finding.is_some() {
            return;
        }
        let mut rest = bytes;
        if self.frames.is_none() {
            rest = match &self.case.response {
                None => self.receive_response(rest),
                Some(response) => self.receive_request(response, rest),
            };
        }
        self.receive_frames(rest);
    }

    /// Takes the end of what the peer sends.
    pub fn end(&mut self, how: StreamEnd) {
        self.ended.get_or_insert(how);
    }

    fn take_step(&mut self, step: &Step) {
        match step {
            Step::Send(bytes) => {
                self.sent.push(bytes);
                self.outgoing.push_back(Outgoing::Bytes(bytes.clone()));
                self.send_answers();
            }
            Step::Pause(time) => self.outgoing.push_back(Outgoing::PauseFor(*time)),
            Step::EndWrites => self.outgoing.push_back(Outgoing::EndWrites),
            Step::Expect(_) => {}
        }
        self.next_step = self.next_step.saturating_add(1);
    }

    fn next_outgoing(&mut self, now: Duration) -> Option<Action> {
        loop {
            match self.outgoing.pop_front()? {
                // Whoever has ended the connection takes nothing more.
                Outgoing::Bytes(_) if self.ended.is_some() => {}
                Outgoing::Bytes(bytes) => {
                    self.sent_at = now;
                    return Some(Action::Send(bytes));
                }
                Outgoing::EndWrites => return Some(Action::EndWrites),
                Outgoing::PauseFor(time) => {
                    self.outgoing.push_front(Outgoing::PauseUntil(now.saturating_add(time)));
                }
                Outgoing::PauseUntil(time) if now >= time || self.ended.is_some() => {}
                Outgoing::PauseUntil(time) => {
                    self.outgoing.push_front(Outgoing::PauseUntil(time));
                    return Some(Action::WaitUntil(time));
                }
            }
        }
    }

    /// Takes the bytes of the response, and returns those after it.
    fn receive_response<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut rest = bytes;
        loop {
            let taken = self.head.push(rest);
            rest = rest.get(taken..).unwrap_or_default();
            match self.head.scan() {
                HeadScan::Incomplete => return rest,
                HeadScan::Complete(_) => {
                    let head = Head::new(Side::Server, self.head.bytes());
                    if opening::is_interim(&head) {
                        self.head = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
                        continue;
                    }
                    self.evaluate_response(&head);
                    return rest;
                }
                _ => {
                    self.finish(Verdict::Fail, "answered the request with bytes that are not HTTP");
                    return &[];
                }
            }
        }
    }

    /// Takes the bytes of a client's request, and returns those after it.
    fn receive_request<'b>(&mut self, response: &Response, bytes: &'b [u8]) -> &'b [u8] {
        let taken = self.head.push(bytes);
        let rest = bytes.get(taken..).unwrap_or_default();
        match self.head.scan() {
            HeadScan::Incomplete => {}
            HeadScan::Complete(_) => {
                let accepted = self.evaluate_request(rest);
                let response = match accepted.extensions {
                    Some(agreed) => response.clone().and("Sec-WebSocket-Extensions", &agreed),
                    None => response.clone(),
                };
                self.send_pieces(&response.to_bytes(&accepted.key), response.pieces);
                self.open(accepted.agreed);
            }
            _ => self.finish(Verdict::Fail, "sent a request that is not HTTP"),
        }
        rest
    }

    pub(super) fn open(&mut self, agreed: AgreedExtensions) {
        let decoder = Decoder::new(self.peer(), agreed);
        self.frames = Some(FrameAssembler::new(decoder, max_message(self.case, self.limits)));
    }

    /// Sends the pongs that answer pings, unless earlier ones still wait: a server that pings without
    /// reading has no more than a bounded number of answers. While a frame is sent in pieces they wait
    /// for its end: between its bytes they would be part of it.
    fn send_answers(&mut self) {
        if self.sent.is_whole()
            && self.outgoing.len() < MAX_OUTGOING
            && let Some(answer) = self.inbox.take_answer()
        {
            self.outgoing.push_back(Outgoing::Bytes(answer));
        }
    }

    fn receive_frames(&mut self, mut bytes: &[u8]) {
        if self.is_refused() && bytes.starts_with(b"GET ") {
            let reason = "sent another request, although the response ends the connection";
            self.finish(Verdict::Tolerated, reason);
            return;
        }
        let Some(frames) = &mut self.frames else { return };
        while let Some(frame) = frames.next_frame(&mut bytes) {
            self.inbox.take(frame);
        }
        self.inbox.take_faults(frames.current_faults());
        self.send_answers();
        if let (Some(close), false) = (self.inbox.close(), self.has_answered_close) {
            self.has_answered_close = true;
            self.answer_close(close);
        }
    }

    /// Whether a client has got a response that is HTTP and does not open the connection.
    fn is_refused(&self) -> bool {
        let response = self.case.response.as_ref();
        self.is_open() && response.is_some_and(Response::is_refusal)
    }

    /// Answers a Close, unless a Close was sent already (RFC 6455 section 5.5.1). Within a frame there
    /// is no answer: then FIN says that nothing more comes.
    fn answer_close(&mut self, close: ReceivedClose) {
        if self.sent.has_close() {
            // The closing handshake is over.
        } else if self.sent.is_whole() {
            let key = self.mask_with(inbox::ANSWER_KEY);
            self.outgoing.push_back(Outgoing::Bytes(inbox::close_reply(close, key)));
        } else if self.peer() == Side::Server {
            self.outgoing.push_back(Outgoing::EndWrites);
        }
        self.end_as_server();
    }
}

/// Returns the most bytes of a message that are kept: those of an echo and some, by which a longer one
/// is told, and no more of what a server sends without end.
pub(super) fn max_message(case: &Case, limits: RunLimits) -> usize {
    case.longest_message().saturating_add(MIN_KEPT).min(limits.max_message)
}
