//! The steps of a case on an open connection: what the peer did, compared with what is expected.

use std::time::Duration;

use crate::conformance::case::{Expectation, Step, join_codes};
use crate::conformance::run::inbox::ReceivedClose;
use crate::conformance::run::state::{CaseRun, Outgoing, StreamEnd, Waiting};
use crate::conformance::verdict::Verdict;
use crate::wire::Side;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Opcode, encode};

/// The bytes of a message from which on a peer may refuse it for its size.
const MIN_LARGE: usize = 1_024;

/// The payload of the ping that asks whether a server went on after a violation.
const PROBE: &[u8] = b"still there?";

/// The masking key of that ping.
const PROBE_KEY: [u8; 4] = [0x91, 0x2d, 0x44, 0xb7];

/// What is known of an expectation.
pub(super) enum Progress {
    /// It is met, or the case has ended.
    Met,
    /// Something is awaited, until this time.
    Until(Duration),
}

impl CaseRun<'_> {
    /// Returns until when the server is waited for; `None` if the expectation is met or the case has
    /// ended.
    pub(super) fn await_expectation(
        &mut self,
        expectation: &Expectation,
        now: Duration,
    ) -> Option<Duration> {
        let since = self.waiting.get_or_insert(Waiting { since: now, is_probed: false }).since;
        let is_failure = matches!(expectation, Expectation::Failure { .. });
        let is_echo = is_failure && self.traits.has_echo && self.inbox.has_message();
        if let Some(fault) = self.inbox.fault().filter(|_| !is_echo) {
            let rule = fault.code.rule();
            let reason = format!("sent {} ({}, {})", rule.summary, rule.name, rule.section);
            self.finish(Verdict::Fail, reason);
            return None;
        }
        let until = since.saturating_add(self.limits.answer);
        let progress = match expectation {
            Expectation::Message(kind, data) => self.await_message(*kind, data, now, until),
            Expectation::EchoOrFailure { kind, data, codes } => {
                if self.inbox.close().is_some() || self.ended.is_some() {
                    self.await_end_of_failure(codes, now, until)
                } else {
                    self.await_message(*kind, data, now, until)
                }
            }
            Expectation::Pong(data) => self.await_pong(data, now, until),
            Expectation::Failure { codes, is_whole, may_ignore } => {
                self.await_failure(codes, *is_whole, *may_ignore, now, until)
            }
            Expectation::EarlyFailure { codes } => self.await_early_failure(codes, now, since),
            Expectation::FailureOrWait { codes } => self.await_failure_or_wait(codes, now, since),
            Expectation::CloseReply { code, is_subject, may_echo } => {
                if self.sent_unasked_message(*may_echo) {
                    return None;
                }
                self.await_close_reply(*code, *is_subject, now, until)
            }
            Expectation::Silence(time) => self.await_silence(now, since.saturating_add(*time)),
            Expectation::End => self.await_end(now, until),
            Expectation::Rejection => self.await_rejection(now, since),
        };
        match progress {
            Progress::Until(time) => Some(time),
            Progress::Met => {
                self.waiting = None;
                self.next_step = self.next_step.saturating_add(1);
                None
            }
        }
    }

    fn await_message(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        now: Duration,
        until: Duration,
    ) -> Progress {
        match self.inbox.next_message() {
            Some((got, _)) if got != kind => {
                let (got, kind) = (got.opcode(), kind.opcode());
                self.fail(format!("sent a {got} message instead of a {kind} message"))
            }
            Some((_, got)) if got != data => self.fail(describe_difference(&got, data)),
            Some(_) => {
                self.done = format!("echoed {} bytes", data.len());
                Progress::Met
            }
            None if self.has_ended() && self.is_ending() => {
                if self.peer() == Side::Server {
                    self.tolerate("ended the connection without an echo of the message before");
                }
                Progress::Met
            }
            None if self.is_too_large(data) => {
                let reason = "closed with 1009: a message of this size is too large for it";
                self.finish(Verdict::Tolerated, reason);
                Progress::Met
            }
            None => self.still_open(now, until, "did not echo the message"),
        }
    }

    /// Whether the peer has closed because of the size of a message (RFC 6455 section 7.4.1), and the
    /// message is one that may be too large.
    fn is_too_large(&self, data: &[u8]) -> bool {
        self.inbox.close() == Some(ReceivedClose { code: Some(1009) }) && data.len() >= MIN_LARGE
    }

    fn has_ended(&self) -> bool {
        self.connection_end().is_some()
    }

    /// Whether what was sent already ends the connection, by a Close or a violation. The peer may end it
    /// before its application has answered the message in the same write.
    fn is_ending(&self) -> bool {
        let later = self.case.steps.iter().skip(self.next_step);
        let mut sent_already = later.take_while(|step| !matches!(step, Step::Send(_)));
        sent_already.any(|step| {
            matches!(
                step,
                Step::Expect(Expectation::Failure { .. } | Expectation::CloseReply { .. })
            )
        })
    }

    fn await_pong(&mut self, data: &[u8], now: Duration, until: Duration) -> Progress {
        if self.inbox.take_pong(data) {
            "answered the ping".clone_into(&mut self.done);
            return Progress::Met;
        }
        match self.inbox.other_pong() {
            Some(other) if now >= until => {
                let reason = describe_difference(other, data).replace("echoed", "sent a pong with");
                self.fail(reason)
            }
            _ => self.still_open(now, until, "did not answer the ping"),
        }
    }

    /// Waits while the connection is open, until a deadline.
    fn still_open(&mut self, now: Duration, until: Duration, what: &str) -> Progress {
        if let Some(ReceivedClose { code }) = self.inbox.close() {
            let reason = format!("{what}, but closed {}", with_code(code));
            return self.fail(reason);
        }
        if let Some(end) = self.ended {
            return self.fail(format!("{what}, but ended the connection ({})", end.name()));
        }
        if now < until {
            return Progress::Until(until);
        }
        let waited = self.limits.answer.as_secs_f64();
        self.fail(format!("{what} within {waited} s"))
    }

    fn await_failure(
        &mut self,
        codes: &[u16],
        is_whole: bool,
        may_ignore: Option<&str>,
        now: Duration,
        until: Duration,
    ) -> Progress {
        if self.inbox.close().is_some() || self.ended.is_some() {
            return self.await_end_of_failure(codes, now, until);
        }
        let went_on = |run: &mut Self, what: &str| {
            match may_ignore {
                Some(why) => run.finish(Verdict::Tolerated, format!("{what}: {why}")),
                None => run.finish(Verdict::Fail, what),
            }
            Progress::Met
        };
        if self.traits.has_echo && self.inbox.has_message() {
            return went_on(self, "echoed it");
        }
        if self.inbox.take_pong(PROBE) {
            return went_on(self, "went on, and answered a ping that came after it");
        }
        let Some(waiting) = &mut self.waiting else { return Progress::Met };
        let probe_at = waiting.since.saturating_add(self.limits.quiet);
        if is_whole && !waiting.is_probed {
            if now < probe_at {
                return Progress::Until(probe_at);
            }
            waiting.is_probed = true;
            let ping = self.probe();
            self.outgoing.push_back(Outgoing::Bytes(ping));
            return Progress::Until(until);
        }
        if now < until {
            return Progress::Until(until);
        }
        let waited = self.limits.answer.as_secs_f64();
        let did = if self.inbox.has_received { "did not fail it" } else { "did nothing" };
        self.fail(format!("kept the connection open for {waited} s and {did}"))
    }

    /// Handles a Close or the end of the connection after a violation.
    fn await_end_of_failure(&mut self, codes: &[u16], now: Duration, until: Duration) -> Progress {
        let close = self.inbox.close();
        match (close, self.ended) {
            (Some(ReceivedClose { code }), None) if now < until => {
                let _ = code;
                return Progress::Until(until);
            }
            (Some(ReceivedClose { code }), None) => {
                let waited = self.limits.answer.as_secs_f64();
                let (with, carrier) = (with_code(code), self.carrier());
                self.tolerate(format!("closed {with}, but kept {carrier} open for {waited} s"));
            }
            (Some(ReceivedClose { code }), Some(_)) => {
                if !code.is_some_and(|code| codes.contains(&code)) {
                    let (with, wanted) = (with_code(code), join_codes(codes));
                    self.tolerate(format!("closed {with}; the rule names {wanted}"));
                }
                self.pass(format!("closed {}", with_code(code)));
            }
            (None, ended) => {
                let how = ended.map_or_else(String::new, StreamEnd::name);
                self.tolerate(format!("ended the connection without a Close ({how})"));
            }
        }
        self.pass("");
        Progress::Met
    }

    fn await_early_failure(&mut self, codes: &[u16], now: Duration, since: Duration) -> Progress {
        if self.inbox.close().is_some() || self.ended.is_some() {
            let until = since.saturating_add(self.limits.answer);
            return self.await_end_of_failure(codes, now, until);
        }
        let until = since.saturating_add(self.limits.quiet);
        if now < until {
            return Progress::Until(until);
        }
        self.tolerate("failed the connection only once the frame was complete");
        Progress::Met
    }

    fn await_failure_or_wait(&mut self, codes: &[u16], now: Duration, since: Duration) -> Progress {
        if self.inbox.close().is_some() || self.ended.is_some() {
            return self.await_end_of_failure(codes, now, since.saturating_add(self.limits.answer));
        }
        let until = since.saturating_add(self.limits.quiet);
        if now < until {
            return Progress::Until(until);
        }
        self.finish(Verdict::Tolerated, "waited for the rest");
        Progress::Met
    }

    fn await_silence(&mut self, now: Duration, until: Duration) -> Progress {
        if self.traits.has_echo && self.inbox.has_message() {
            return self.fail("sent a message".to_owned());
        }
        if let Some(ReceivedClose { code }) = self.inbox.close() {
            return self.fail(format!("closed {}", with_code(code)));
        }
        if let Some(end) = self.ended {
            return self.fail(format!("ended the connection ({})", end.name()));
        }
        if now < until {
            return Progress::Until(until);
        }
        "kept the connection open".clone_into(&mut self.done);
        Progress::Met
    }

    /// Returns the ping that asks whether the peer goes on.
    fn probe(&self) -> Vec<u8> {
        encode::single_frame(Opcode::Ping, PROBE, self.mask_with(PROBE_KEY))
    }

    fn await_rejection(&mut self, now: Duration, since: Duration) -> Progress {
        if self.inbox.has_frame() {
            return self.fail("took the connection for open, and sent a frame".to_owned());
        }
        if self.inbox.close().is_some() {
            self.finish(Verdict::Tolerated, "sent a Close, although the connection is not open");
            return Progress::Met;
        }
        if let Some(end) = self.ended {
            self.done = format!("ended the connection ({})", end.name());
            return Progress::Met;
        }
        let probe_at = since.saturating_add(self.limits.quiet);
        let until = since.saturating_add(self.limits.answer);
        let is_probed = self.waiting.is_some_and(|waiting| waiting.is_probed);
        if !is_probed {
            if now < probe_at {
                return Progress::Until(probe_at);
            }
            self.waiting = Some(Waiting { since, is_probed: true });
            let ping = self.probe();
            self.outgoing.push_back(Outgoing::Bytes(ping));
            return Progress::Until(until);
        }
        if now < until {
            return Progress::Until(until);
        }
        let (waited, carrier) = (self.limits.answer.as_secs_f64(), self.carrier());
        let reason = format!("sent nothing, but kept {carrier} open for {waited} s");
        self.finish(Verdict::Tolerated, reason);
        Progress::Met
    }

    pub(super) fn fail(&mut self, reason: String) -> Progress {
        self.finish(Verdict::Fail, reason);
        Progress::Met
    }
}

/// Returns `with 1002`, or `without a code`.
pub(super) fn with_code(code: Option<u16>) -> String {
    code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"))
}

/// Describes an echo that is not what was sent.
fn describe_difference(got: &[u8], sent: &[u8]) -> String {
    if got.len() != sent.len() {
        return format!("echoed {} bytes instead of {}", got.len(), sent.len());
    }
    let at = got.iter().zip(sent).position(|(got, sent)| got != sent).unwrap_or(0);
    format!("echoed other bytes: the first that differs is byte {at}")
}
