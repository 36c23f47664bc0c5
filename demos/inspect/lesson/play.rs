//! A scenario being played: the current step, the bet and the outcome.
//!
//! The outcome of a step is read from the trace, never from the scenario's file.

use std::collections::BTreeSet;

use super::file::{Expectation, Scenario, ScenarioStep};
use crate::wire::{Frame, Side, Trace, TraceRow};

/// A scenario being played.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScenarioPlayer {
    pub(crate) scenario: Scenario,
    /// The index of the current step; `None` before the first.
    pub(crate) step_index: Option<usize>,
    pub(crate) step_state: StepState,
    /// The index of the answer that was bet on.
    pub(crate) bet: Option<usize>,
    /// The number of bets won, and of bets made.
    pub(crate) bet_score: (usize, usize),
    /// What the naive proxy parsed as requests.
    pub(crate) parsed_requests: Vec<String>,
}

/// The progress of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    /// The question is shown; nothing is sent yet.
    Predicting,
    /// The step was carried out, and its outcome is not known yet.
    Running,
    /// The step is over, with this outcome.
    Done(ScenarioOutcome),
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScenarioOutcome {
    /// The outcome in a sentence.
    pub(crate) summary: String,
    /// Whether it is what the scenario expects.
    pub(crate) as_expected: bool,
}

impl ScenarioPlayer {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            step_index: None,
            step_state: StepState::Predicting,
            bet: None,
            bet_score: (0, 0),
            parsed_requests: Vec::new(),
        }
    }

    /// Returns the current step.
    pub(crate) fn step(&self) -> Option<&ScenarioStep> {
        self.scenario.steps.get(self.step_index?)
    }

    /// Whether the connection on the screen belongs to another step: this one opens its own and has
    /// not started.
    pub(crate) fn opens_new_connection(&self) -> bool {
        self.step_state == StepState::Predicting && self.step().is_some_and(|step| !step.same)
    }

    /// Whether the current step is the last one.
    pub(crate) fn is_last_step(&self) -> bool {
        self.step_index.is_some_and(|at| at + 1 == self.scenario.steps.len())
    }

    /// Goes to the next step, and from the last to the first. Each pass counts its own bets.
    pub(crate) fn next_step(&mut self) {
        if self.is_last_step() {
            self.bet_score = (0, 0);
        }
        self.step_index =
            Some(self.step_index.map_or(0, |at| (at + 1) % self.scenario.steps.len()));
        self.step_state = StepState::Predicting;
        self.bet = None;
        self.parsed_requests.clear();
    }

    /// Goes to the step before.
    pub(crate) fn previous_step(&mut self) {
        let last = self.scenario.steps.len() - 1;
        self.step_index = Some(self.step_index.map_or(0, |at| at.checked_sub(1).unwrap_or(last)));
        self.step_state = StepState::Predicting;
        self.bet = None;
        self.parsed_requests.clear();
    }

    /// Completes the running step if its outcome is known by now. `ended` is the reason why the
    /// connection is over, if it is. Returns whether the step has just been completed.
    pub(crate) fn complete_step(
        &mut self,
        trace: &Trace,
        ended: Option<&str>,
        frame: impl Fn(usize) -> Option<Frame>,
    ) -> bool {
        let (StepState::Running, Some(step)) = (&self.step_state, self.step()) else {
            return false;
        };
        // What has arrived counts first: a connection may end right after the expected frame.
        let outcome = evaluate(&step.expect, trace, &self.parsed_requests, &frame);
        let over = || {
            let vanished = step.expect == Expectation::Vanishes(true);
            ended.map(|reason| ScenarioOutcome {
                summary: if vanished {
                    format!("no Close came: {reason}")
                } else {
                    format!("nothing of the kind: {reason}")
                },
                as_expected: vanished,
            })
        };
        let Some(outcome) = outcome.or_else(over) else { return false };
        let right = step.answers.iter().position(|answer| *answer == step.right);
        if self.bet.is_some() {
            self.bet_score.1 += 1;
            self.bet_score.0 += usize::from(self.bet == right);
        }
        self.step_state = StepState::Done(outcome);
        true
    }
}

/// What came, as soon as it can be told.
fn evaluate(
    expect: &Expectation,
    trace: &Trace,
    parsed: &[String],
    frame: &impl Fn(usize) -> Option<Frame>,
) -> Option<ScenarioOutcome> {
    let done = |summary: String, met: bool| Some(ScenarioOutcome { summary, as_expected: met });
    let messages = || {
        let rows = trace.rows().iter();
        rows.filter(|row| row.from() == Side::Server && row.kind().is_some() && row.header().fin)
            .count()
    };
    match expect {
        Expectation::Status(status) => {
            let came = trace.head(Side::Server)?.head.as_ref()?.status()?;
            done(format!("the server answered {came}"), came == *status)
        }
        Expectation::Close(code) => {
            let is_close = |row: &usize| {
                let row = &trace.rows()[*row];
                row.from() == Side::Server && row.is_close()
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
        Expectation::Vanishes(vanishes) => {
            let is_close = |row: &&TraceRow| row.from() == Side::Server && row.is_close();
            trace.rows().iter().find(is_close)?;
            done("the server sent a Close".to_owned(), !vanishes)
        }
        Expectation::Echo(count) => {
            if messages() < *count {
                return None;
            }
            evaluate_echo(trace, frame)
        }
        Expectation::Problem(wanted) => evaluate_problem(trace, wanted),
        Expectation::Fault(code) => {
            let fault =
                trace.faults(Side::Server).iter().find(|fault| fault.code.name() == code)?;
            done(format!("{code}: {}", fault.summary()), true)
        }
        Expectation::Fooled(fooled) => match parsed.first() {
            Some(request) => {
                done(format!("the proxy took a frame for a request: {request}"), *fooled)
            }
            None if !fooled && messages() > 0 => {
                done("the proxy passed it on and saw no request".to_owned(), true)
            }
            None => None,
        },
    }
}

/// Reads what the server echoed last, and how many different frames the client has sent for it.
fn evaluate_echo(
    trace: &Trace,
    frame: &impl Fn(usize) -> Option<Frame>,
) -> Option<ScenarioOutcome> {
    let last = trace.rows().iter().rfind(|row| row.from() == Side::Server)?;
    let (header, payload) = (last.header().len(), last.payload_len());
    let total = crate::wire::format::byte_count(payload + header);
    let echo = format!("the server's echo is {total} ({header} + {payload})");
    let is_data = |row: &usize| {
        let row = &trace.rows()[*row];
        row.from() == Side::Client && row.kind().is_some()
    };
    let sent: Vec<_> = (0..trace.rows().len()).filter(is_data).filter_map(frame).collect();
    let different: BTreeSet<&[u8]> = sent.iter().map(Frame::raw).collect();
    let summary = match sent.len() {
        0 | 1 => echo,
        count => {
            let different = different.len();
            format!("{count} frames sent, {different} different byte sequences; {echo}")
        }
    };
    Some(ScenarioOutcome { summary, as_expected: true })
}

/// Looks for the problem `CODE` or `CODE:hint` in the server's head.
fn evaluate_problem(trace: &Trace, wanted: &str) -> Option<ScenarioOutcome> {
    let (code, hint) =
        wanted.split_once(':').map_or((wanted, None), |(code, hint)| (code, Some(hint)));
    let problems = &trace.head(Side::Server)?.validation.problems;
    let Some(problem) = problems.iter().find(|problem| problem.code.name() == code) else {
        let summary = "the response is as it should be".to_owned();
        return Some(ScenarioOutcome { summary, as_expected: false });
    };
    let named = problem.hint.as_ref().map_or_else(String::new, |hint| format!(", {hint}"));
    let summary = format!("{code}{named}: {}", problem.code.rule().summary);
    let as_expected = hint.is_none() || problem.hint.as_deref() == hint;
    Some(ScenarioOutcome { summary, as_expected })
}
