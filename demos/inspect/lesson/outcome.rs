//! The outcome of a step, as the connection shows it. It is read from the trace, never from the
//! scenario's file.

use std::collections::BTreeSet;
use std::time::Duration;

use super::file::Expectation;
use super::sends::parse_hex;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::wire::{Frame, Opcode, Side, Trace, TraceRow, format};

/// What happened, and whether the RFC requires it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The summary of what happened, as a clause.
    pub(crate) summary: String,
    pub(crate) as_expected: bool,
}

/// What a step has brought about so far.
pub(super) struct Evaluation<'a> {
    pub(super) session: &'a Session,
    /// What the naive proxy parsed as requests.
    pub(super) parsed_requests: &'a [String],
    /// The time since the connection was open.
    pub(super) waited: Duration,
}

impl Evaluation<'_> {
    /// Returns what came of an expectation, as soon as that is certain.
    pub(super) fn finding(&self, expect: &Expectation) -> Option<Finding> {
        // What has arrived counts first: a connection may end right after the expected frame.
        let finding = match expect {
            Expectation::Status(status) => self.status(*status),
            Expectation::Close(code) => self.close(Some(*code)),
            Expectation::CloseWithoutCode(_) => self.close(None),
            Expectation::Echo(count) => self.echo(*count),
            Expectation::Pong(payload) => self.pong(payload),
            Expectation::Problem(wanted) => self.problem(wanted),
            Expectation::Fault(code) => self.fault(code),
            Expectation::Fooled(fooled) => self.fooled(*fooled),
            Expectation::Vanishes(vanishes) => self.vanishes(*vanishes),
            Expectation::HangsUp(_) => self.hangs_up(),
            Expectation::Silence(millis) => self.silence(Duration::from_millis(*millis)),
        };
        let reason = || {
            self.session
                .end_reason()
                .map(|reason| found(format!("the connection ended: {reason}"), false))
        };
        finding.or_else(reason)
    }

    fn trace(&self) -> &Trace {
        &self.session.connection().trace
    }

    fn of_server(&self) -> impl DoubleEndedIterator<Item = (usize, &TraceRow)> {
        self.trace().rows().iter().enumerate().filter(|(_, row)| row.from() == Side::Server)
    }

    /// Returns the number of whole data messages of the server.
    fn messages(&self) -> usize {
        self.of_server().filter(|(_, row)| row.kind().is_some() && row.header().fin).count()
    }

    fn status(&self, status: u16) -> Option<Finding> {
        let came = self.trace().head(Side::Server)?.head.as_ref()?.status()?;
        Some(found(format!("the server's status: {came}"), came == status))
    }

    fn close(&self, code: Option<u16>) -> Option<Finding> {
        let (row, _) = self.of_server().find(|(_, row)| row.is_close())?;
        Some(match self.session.frame(row)?.close_body() {
            Some((came, reason)) if reason.is_empty() => {
                found(format!("the server's Close: {came}"), Some(came) == code)
            }
            Some((came, reason)) => {
                let reason = format::quote(&reason, 70);
                found(format!("the server's Close: {came} {reason}"), Some(came) == code)
            }
            None => found("the server's Close: no code".to_owned(), code.is_none()),
        })
    }

    fn vanishes(&self, vanishes: bool) -> Option<Finding> {
        if self.of_server().any(|(_, row)| row.is_close()) {
            return Some(found("the server sent a Close".to_owned(), !vanishes));
        }
        let reason = self.session.end_reason()?;
        Some(found(format!("no Close came: {reason}"), vanishes))
    }

    fn hangs_up(&self) -> Option<Finding> {
        self.session.end_reason()?;
        let by = self.session.connection().ending?.by;
        let closes = [Side::Client, Side::Server]
            .map(|side| self.trace().rows().iter().any(|row| row.from() == side && row.is_close()));
        let summary = format!("the {by} ended TCP first");
        Some(found(summary, by == Side::Server && closes == [true, true]))
    }

    fn silence(&self, limit: Duration) -> Option<Finding> {
        let frames = self.of_server().count();
        if frames > 0 {
            return Some(found(format!("frames of the server: {frames}"), false));
        }
        let is_open = self.session.connection().status == ConnectionStatus::Open;
        let seconds = limit.as_secs_f32();
        (is_open && self.waited >= limit).then(|| {
            found(format!("not a byte for {seconds} s, and the connection is still open"), true)
        })
    }

    fn pong(&self, payload: &str) -> Option<Finding> {
        let is_pong = |row: &TraceRow| row.header().opcode == Opcode::Pong;
        let (row, _) = self.of_server().find(|(_, row)| is_pong(row))?;
        let came = self.session.frame(row)?.payload();
        let summary =
            format!("the server's Pong carries {}", format::byte_count(came.len() as u64));
        Some(found(summary, parse_hex(payload).is_ok_and(|wanted| wanted == came)))
    }

    fn fault(&self, code: &str) -> Option<Finding> {
        let faults = self.trace().faults(Side::Server);
        let fault = faults.iter().find(|fault| fault.code.name() == code)?;
        Some(found(format!("{code}: {}", fault.summary()), true))
    }

    fn fooled(&self, fooled: bool) -> Option<Finding> {
        match self.parsed_requests.first() {
            Some(request) => {
                Some(found(format!("the proxy took a frame for a request: {request}"), fooled))
            }
            None if !fooled && self.messages() > 0 => {
                Some(found("the proxy passed it on and saw no request".to_owned(), true))
            }
            None => None,
        }
    }

    /// Reads what the server echoed, what it sent before, and what the client has sent for it.
    fn echo(&self, count: usize) -> Option<Finding> {
        // A Close instead of the echo decides it too.
        if self.messages() < count {
            let (row, _) = self.of_server().find(|(_, row)| row.is_close())?;
            let code = self.session.frame(row)?.close_body().map(|(code, _)| code);
            let code = code.map_or_else(String::new, |code| format!(" with {code}"));
            return Some(found(format!("the server closed{code}"), false));
        }
        let echo = self.echo_sizes()?;
        let seen = [self.sent(), self.pong_before_echo(), Some(echo)];
        let summary = seen.into_iter().flatten().collect::<Vec<_>>().join("; ");
        Some(found(summary, true))
    }

    /// Describes what the client has sent where that is not one frame for each echo: a message in
    /// fragments, or the same text again and again, which masking makes different each time.
    fn sent(&self) -> Option<String> {
        let rows = self.trace().rows();
        let is_data =
            |row: &usize| rows[*row].from() == Side::Client && rows[*row].kind().is_some();
        let sent: Vec<Frame> =
            (0..rows.len()).filter(is_data).filter_map(|row| self.session.frame(row)).collect();
        let count = sent.len();
        if sent.iter().any(|frame| !frame.header.fin) {
            return Some(format!("{count} fragments sent"));
        }
        // Where messages are compressed, it is about their size.
        let (first, others) =
            sent.split_first().filter(|_| self.trace().agreed().deflate.is_none())?;
        let is_same = |frame: &Frame| frame.payload() == first.payload() && !frame.header.rsv1;
        let different: BTreeSet<&[u8]> = sent.iter().map(Frame::raw).collect();
        (!others.is_empty() && sent.iter().all(is_same)).then(|| {
            let different = different.len();
            format!("{count} frames sent, {different} different byte sequences")
        })
    }

    /// Says so if the server's Pong came before the first echo.
    fn pong_before_echo(&self) -> Option<String> {
        let (_, first) = self.of_server().next()?;
        let is_pong = first.header().opcode == Opcode::Pong;
        is_pong.then(|| "the server's Pong came first".to_owned())
    }

    /// Describes the sizes of the server's echoes.
    fn echo_sizes(&self) -> Option<String> {
        let is_echo = |row: &TraceRow| row.kind().is_some() && row.header().fin;
        let sizes: Vec<_> = self
            .of_server()
            .filter(|(_, row)| is_echo(row))
            .map(|(_, row)| (row.header().len(), row.payload_len()))
            .collect();
        let (header, payload) = *sizes.last()?;
        let total = format::byte_count(payload + header);
        if sizes.iter().all(|size| *size == (header, payload)) {
            let what = if sizes.len() > 1 { "each echo" } else { "the server's echo" };
            return Some(format!("{what}: {total} ({header} + {payload})"));
        }
        let payloads = sizes.iter().map(|(_, payload)| format::group_thousands(payload.get()));
        let mut payloads: Vec<String> = payloads.collect();
        // The sizes differ, so there are two at least.
        let last = payloads.pop()?;
        Some(format!("echo payloads: {} and {last} bytes", payloads.join(", ")))
    }

    /// Looks for the problem `CODE` or `CODE:hint` in the server's head.
    fn problem(&self, wanted: &str) -> Option<Finding> {
        let (code, hint) =
            wanted.split_once(':').map_or((wanted, None), |(code, hint)| (code, Some(hint)));
        let problems = &self.trace().head(Side::Server)?.validation.problems;
        let Some(problem) = problems.iter().find(|problem| problem.code.name() == code) else {
            return Some(found("the response is as it should be".to_owned(), false));
        };
        let named = problem.hint.as_ref().map_or_else(String::new, |hint| format!(", {hint}"));
        let summary = format!("{code}{named}: {}", problem.code.rule().summary);
        Some(found(summary, hint.is_none() || problem.hint.as_deref() == hint))
    }
}

fn found(summary: String, as_expected: bool) -> Finding {
    Finding { summary, as_expected }
}
