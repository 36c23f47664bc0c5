//! The order of events in a case: the caller asks what to do, and passes in what the server sends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conformance::case::{Case, Group, Step};
use crate::conformance::request::ServerAddress;
use crate::conformance::run::inbox::{self, Inbox};
use crate::conformance::run::opening;
use crate::conformance::run::state::{
    Action, CaseRun, Outgoing, RunLimits, ServerTraits, StreamEnd,
};
use crate::conformance::verdict::Verdict;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::handshake::{ClientOffer, DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};
use crate::wire::{Decoder, Side};

/// The most bytes of a message that are kept for comparing.
const MAX_MESSAGE_KEPT: usize = 4 << 20;

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
        let mut run = Self {
            case,
            traits,
            limits,
            outgoing: VecDeque::new(),
            response: HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN),
            offer: ClientOffer::from_request(&head),
            frames: None,
            inbox: Inbox::default(),
            next_step: 0,
            waiting: None,
            sent_at: Duration::ZERO,
            has_sent_close: false,
            ended: None,
            tolerated: None,
            done: "opened the connection".to_owned(),
            finding: None,
        };
        if case.needs_echo && !traits.has_echo {
            run.finish(Verdict::NotApplicable, "the server does not echo");
        }
        let piece_len = request.len().div_ceil(case.request.pieces).max(1);
        for (index, piece) in request.chunks(piece_len).enumerate() {
            if index > 0 {
                run.outgoing.push_back(Outgoing::PauseFor(Duration::from_millis(20)));
            }
            run.outgoing.push_back(Outgoing::Bytes(piece.to_vec()));
        }
        run
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
            if let Some(until) = wait {
                return Action::WaitUntil(until);
            }
        }
    }

    /// Takes bytes of the server.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.finding.is_some() {
            return;
        }
        let mut rest = bytes;
        if self.frames.is_none() {
            rest = self.receive_response(rest);
        }
        self.receive_frames(rest);
    }

    /// Takes the end of what the server sends.
    pub fn end(&mut self, how: StreamEnd) {
        self.ended.get_or_insert(how);
    }

    fn take_step(&mut self, step: &Step) {
        match step {
            Step::Send(bytes) => self.outgoing.push_back(Outgoing::Bytes(bytes.clone())),
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
            let taken = self.response.push(rest);
            rest = rest.get(taken..).unwrap_or_default();
            match self.response.scan() {
                HeadScan::Incomplete => return rest,
                HeadScan::Complete(_) => {
                    let head = Head::new(Side::Server, self.response.bytes());
                    if opening::is_interim(&head) {
                        self.response = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
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

    pub(super) fn open(&mut self, agreed: crate::wire::AgreedExtensions) {
        let decoder = Decoder::new(Side::Server, agreed);
        self.frames = Some(FrameAssembler::new(decoder, MAX_MESSAGE_KEPT));
    }

    fn receive_frames(&mut self, mut bytes: &[u8]) {
        let Some(frames) = &mut self.frames else { return };
        while let Some(frame) = frames.next_frame(&mut bytes) {
            self.inbox.take(frame);
        }
        if let Some(answer) = self.inbox.take_answer() {
            self.outgoing.push_back(Outgoing::Bytes(answer));
        }
        if let (Some(close), false) = (self.inbox.close(), self.has_sent_close) {
            self.has_sent_close = true;
            self.outgoing.push_back(Outgoing::Bytes(inbox::close_reply(close)));
        }
    }
}
