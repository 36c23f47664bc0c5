//! [`judge`]: whether what came on a connection keeps the rule of a step, or has not come yet.

use std::time::Duration;

use crate::conformance::sockjs::judge_body;
use crate::conformance::sockjs::judge_frame;
use crate::conformance::sockjs::judge_head::judge_head;
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::request::{Names, Notes};
use crate::conformance::sockjs::rule::MAX_SHOWN;
use crate::conformance::sockjs::script::SockjsStep;
use crate::conformance::verdict::{Finding, Verdict};
use crate::wire::format::{byte_count, quote};

/// The judgement of one step. Texts are clauses without a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// More has to come before it is certain.
    Waiting,
    /// The rule is kept.
    Kept,
    /// The rule is kept in a way that it does not recommend.
    Tolerated(String),
    /// The rule is broken.
    Broken(String),
}

impl Judgement {
    /// Returns what is kept or broken, by a condition.
    pub(super) fn kept_if(is_kept: bool, reason: impl FnOnce() -> String) -> Self {
        if is_kept { Self::Kept } else { Self::Broken(reason()) }
    }
}

/// Judges a step by what its connection has received so far, and takes what belongs to it.
pub fn judge(
    step: &SockjsStep,
    received: &mut Received,
    names: &Names,
    notes: &mut Notes,
) -> Judgement {
    if let Some(fault) = received.response.fault() {
        return Judgement::Broken(fault.to_owned());
    }
    let judgement = match step {
        SockjsStep::Head(_, rules) => judge_head(rules, received, names, notes),
        SockjsStep::Body(_, rule) => judge_body::whole(rule, received, notes),
        SockjsStep::Stream(_, rule) | SockjsStep::SlowStream(_, rule, _) => {
            judge_body::stream(rule, received)
        }
        SockjsStep::StreamEnd(_) => judge_body::end(received),
        SockjsStep::Frame(_, rule) => judge_frame::frame(rule, received),
        SockjsStep::RawBytes(_, expected) => judge_frame::raw(expected, received),
        SockjsStep::End(_) => judge_frame::end(received),
        SockjsStep::Silence(..) => silence(received),
        _ => Judgement::Kept,
    };
    if judgement == Judgement::Waiting { judge_at_end(step, received) } else { judgement }
}

/// Judges a step for which more has to come, where nothing can come any more.
pub fn judge_at_end(step: &SockjsStep, received: &Received) -> Judgement {
    if !received.has_ended() && !(received.response.is_complete() && is_of_body(step)) {
        return Judgement::Waiting;
    }
    let response = &received.response;
    let reason = if received.is_empty() {
        "ended the connection without an answer".to_owned()
    } else if response.head().is_none() {
        "ended the connection within the head of its response".to_owned()
    } else if is_of_body(step) && response.is_complete() {
        format!("ended the response after {}", so_far(response.unjudged()))
    } else if is_of_body(step) {
        format!("broke the response off after {}", so_far(response.unjudged()))
    } else {
        "ended the connection".to_owned()
    };
    Judgement::Broken(reason)
}

fn is_of_body(step: &SockjsStep) -> bool {
    matches!(
        step,
        SockjsStep::Body(..)
            | SockjsStep::Stream(..)
            | SockjsStep::SlowStream(..)
            | SockjsStep::StreamEnd(_)
    )
}

fn so_far(bytes: &[u8]) -> String {
    if bytes.is_empty() { "nothing more".to_owned() } else { quote(bytes, MAX_SHOWN) }
}

fn silence(received: &Received) -> Judgement {
    if received.has_frame() {
        return Judgement::Broken("sent a frame".to_owned());
    }
    let response = &received.response;
    if !response.unjudged().is_empty() {
        return Judgement::Broken(format!("sent {}", quote(response.unjudged(), MAX_SHOWN)));
    }
    // A receiver that waits has no answer yet, or only its head.
    let is_over =
        response.is_complete() && response.head().is_some_and(|head| head.status() != Some(101));
    if is_over { Judgement::Broken("ended the response".to_owned()) } else { Judgement::Waiting }
}

/// Returns the finding for a step whose time is over.
pub fn late(step: &SockjsStep, received: &Received, limit: Duration) -> Finding {
    let seconds = limit.as_secs_f64();
    if received.is_empty() {
        return Finding::new(Verdict::NoAnswer, format!("did not answer within {seconds} s"));
    }
    let response = &received.response;
    let reason = if response.head().is_none() {
        format!("did not complete the head of its response within {seconds} s")
    } else if is_of_body(step) && !response.unjudged().is_empty() {
        let rest = response.unjudged();
        let count = byte_count(rest.len() as u64);
        format!("sent {} ({count}) and nothing more within {seconds} s", quote(rest, MAX_SHOWN))
    } else if matches!(step, SockjsStep::End(_)) {
        format!("did not end the connection within {seconds} s")
    } else if matches!(step, SockjsStep::StreamEnd(_)) {
        format!("did not end the response within {seconds} s")
    } else {
        format!("sent nothing more within {seconds} s")
    };
    Finding::new(Verdict::Fail, reason)
}
