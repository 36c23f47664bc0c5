//! A scenario as it is played: which step, which bet, and what really came of it.
//!
//! It asks for connections and bytes; what came back it reads from the trace, never from the file.

use std::collections::BTreeSet;

use super::{Expect, Scenario, Step};
use crate::wire::{Frame, Opcode, Side, Trace};

/// A scenario being played.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Play {
    pub(in super::super) scenario: Scenario,
    /// The step that is open; `None` before the first.
    pub(in super::super) at: Option<usize>,
    pub(in super::super) stand: Stand,
    /// The answer that was bet on.
    pub(in super::super) bet: Option<usize>,
    /// Bets won, of bets made.
    pub(in super::super) won: (usize, usize),
    /// What the naive proxy took for a request.
    pub(in super::super) parsed: Vec<String>,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Stand {
    /// The question stands; nothing is sent yet.
    Asked,
    /// It was done, and the answer is on its way.
    Doing,
    /// It was done, and this came of it.
    Done(Outcome),
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Outcome {
    /// In words.
    pub(in super::super) told: String,
    /// It is what the RFC wants.
    pub(in super::super) met: bool,
}

impl Play {
    pub(in super::super) fn new(scenario: Scenario) -> Self {
        Self { scenario, at: None, stand: Stand::Asked, bet: None, won: (0, 0), parsed: Vec::new() }
    }

    /// The step that is open.
    pub(in super::super) fn step(&self) -> Option<&Step> {
        self.scenario.steps.get(self.at?)
    }

    /// What is on the screen belongs to another step: this one begins with a connection of its own, and has not begun.
    pub(in super::super) fn begins_anew(&self) -> bool {
        self.stand == Stand::Asked && self.step().is_some_and(|step| !step.same)
    }

    /// The step is the last one.
    pub(in super::super) fn is_at_the_end(&self) -> bool {
        self.at.is_some_and(|at| at + 1 == self.scenario.steps.len())
    }

    /// Opens the next step, round and round; each round counts its own bets.
    pub(in super::super) fn next(&mut self) {
        if self.is_at_the_end() {
            self.won = (0, 0);
        }
        self.at = Some(self.at.map_or(0, |at| (at + 1) % self.scenario.steps.len()));
        self.stand = Stand::Asked;
        self.bet = None;
        self.parsed.clear();
    }

    /// Opens the step before.
    pub(in super::super) fn back(&mut self) {
        let last = self.scenario.steps.len() - 1;
        self.at = Some(self.at.map_or(0, |at| at.checked_sub(1).unwrap_or(last)));
        self.stand = Stand::Asked;
        self.bet = None;
        self.parsed.clear();
    }

    /// Looks whether something came of the step that was done. `ended`: the connection is over, and why.
    pub(in super::super) fn look(
        &mut self,
        trace: &Trace,
        ended: Option<&str>,
        frame: impl Fn(usize) -> Option<Frame>,
    ) {
        let (Stand::Doing, Some(step)) = (&self.stand, self.step()) else { return };
        let outcome = outcome(&step.expect, trace, &self.parsed, &frame);
        let over = || ended.map(|why| Outcome { told: format!("nothing of the kind: {why}"), met: false });
        if let Some(outcome) = outcome.or_else(over) {
            let right = step.answers.iter().position(|answer| *answer == step.right);
            if self.bet.is_some() {
                self.won.1 += 1;
                self.won.0 += usize::from(self.bet == right);
            }
            self.stand = Stand::Done(outcome);
        }
    }
}

/// What came, as soon as it can be told.
fn outcome(
    expect: &Expect,
    trace: &Trace,
    parsed: &[String],
    frame: &impl Fn(usize) -> Option<Frame>,
) -> Option<Outcome> {
    let done = |told: String, met: bool| Some(Outcome { told, met });
    let messages = || {
        let rows = trace.rows().iter();
        rows.filter(|row| row.from() == Side::Server && row.kind().is_some() && row.header().fin).count()
    };
    match expect {
        Expect::Status(status) => {
            let came = trace.head(Side::Server)?.head.as_ref()?.status()?;
            done(format!("the server answered {came}"), came == *status)
        }
        Expect::Close(code) => {
            let is_close = |row: &usize| {
                let row = &trace.rows()[*row];
                row.from() == Side::Server && row.opcode() == Opcode::Close
            };
            let row = (0..trace.rows().len()).find(is_close)?;
            match frame(row)?.close_body() {
                Some((came, reason)) => {
                    let reason = crate::wire::format::quote(&reason, 70);
                    done(format!("the server closed with {came} {reason}"), came == *code)
                }
                None => done("the server closed without a code".to_owned(), false),
            }
        }
        Expect::Echo(count) => {
            let came = messages();
            if came < *count {
                return None;
            }
            let last = trace.rows().iter().rfind(|row| row.from() == Side::Server)?;
            let (header, payload) = (last.header().len(), last.payload_len());
            let told = format!("the answer has {header} + {payload} bytes, header and payload");
            let ours = |row: &usize| {
                trace.rows()[*row].from() == Side::Client && trace.rows()[*row].kind().is_some()
            };
            let sent: Vec<_> = (0..trace.rows().len()).filter(ours).filter_map(frame).collect();
            let rows: BTreeSet<&[u8]> = sent.iter().map(Frame::raw).collect();
            match sent.len() {
                0 | 1 => done(told, true),
                count => done(
                    format!("{count} frames left as {} different rows of bytes; {told}", rows.len()),
                    true,
                ),
            }
        }
        Expect::Problem(wanted) => {
            let (code, hint) =
                wanted.split_once(':').map_or((wanted.as_str(), None), |(code, hint)| (code, Some(hint)));
            let problems = &trace.head(Side::Server)?.validation.problems;
            let found = problems.iter().find(|problem| problem.code.name() == code);
            match found {
                Some(problem) => {
                    let met = hint.is_none() || problem.hint.as_deref() == hint;
                    let named = problem.hint.as_ref().map_or_else(String::new, |hint| format!(", {hint}"));
                    done(format!("{code}{named}: {}", problem.code.rule().summary), met)
                }
                None => done("the response is as it should be".to_owned(), false),
            }
        }
        Expect::Fault(code) => {
            let fault = trace.faults(Side::Server).iter().find(|fault| fault.code.name() == code)?;
            done(format!("{code}: {}", fault.summary()), true)
        }
        Expect::Fooled(fooled) => match parsed.first() {
            Some(request) => done(format!("the proxy took a frame for a request: {request}"), *fooled),
            None if !fooled && messages() > 0 => {
                done("the proxy passed it on and saw no request".to_owned(), true)
            }
            None => None,
        },
    }
}
