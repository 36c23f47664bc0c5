//! [`evaluate`]: whether what came on a connection keeps the rule of a step, or has not come yet.

use std::time::Duration;

use crate::conformance::sockjs::body_evaluation;
use crate::conformance::sockjs::frame_evaluation;
use crate::conformance::sockjs::head_evaluation::evaluate_head;
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::request::{Names, Notes};
use crate::conformance::sockjs::rule::{Evaluation, MAX_SHOWN};
use crate::conformance::sockjs::script::SockJsStep;
use crate::conformance::verdict::{Finding, Verdict};
use crate::wire::format::{byte_count, quote};

/// Evaluates a step by what its connection has received so far, and takes what belongs to it.
pub fn evaluate(
    step: &SockJsStep,
    received: &mut Received,
    names: &Names,
    notes: &mut Notes,
) -> Evaluation {
    if let Some(fault) = received.fault() {
        return Evaluation::Broken(fault.to_owned());
    }
    let evaluation = match step {
        SockJsStep::Head(_, rules) => evaluate_head(rules, received, names, notes),
        SockJsStep::Body(_, rule) => body_evaluation::whole(rule, received, notes),
        SockJsStep::Stream(_, rule) | SockJsStep::SlowStream(_, rule, _) => {
            body_evaluation::stream(rule, received)
        }
        SockJsStep::StreamEnd(_) => body_evaluation::end(received),
        SockJsStep::Frame(_, rule) => frame_evaluation::frame(rule, received),
        SockJsStep::RawBytes(_, expected) => frame_evaluation::raw(expected, received),
        SockJsStep::End(_) => frame_evaluation::end(received),
        SockJsStep::Silence(..) => silence(received),
        _ => Evaluation::Kept,
    };
    if evaluation == Evaluation::Waiting { evaluate_at_end(step, received) } else { evaluation }
}

/// Evaluates a step for which more has to come, where nothing can come any more.
pub fn evaluate_at_end(step: &SockJsStep, received: &Received) -> Evaluation {
    let is_over = received.has_ended() || (received.response.is_complete() && is_of_body(step));
    if !is_over {
        return Evaluation::Waiting;
    }
    let response = &received.response;
    let reason = if received.is_empty() {
        "ended the connection without an answer".to_owned()
    } else if response.head().is_none() {
        "ended the connection within the head of its response".to_owned()
    } else if is_of_body(step) && response.is_complete() {
        format!("ended the response after {}", so_far(response.unread()))
    } else if is_of_body(step) {
        format!("broke the response off after {}", so_far(response.unread()))
    } else {
        "ended the connection".to_owned()
    };
    Evaluation::Broken(reason)
}

fn is_of_body(step: &SockJsStep) -> bool {
    matches!(
        step,
        SockJsStep::Body(..)
            | SockJsStep::Stream(..)
            | SockJsStep::SlowStream(..)
            | SockJsStep::StreamEnd(_)
    )
}

fn so_far(bytes: &[u8]) -> String {
    if bytes.is_empty() { "nothing more".to_owned() } else { quote(bytes, MAX_SHOWN) }
}

fn silence(received: &Received) -> Evaluation {
    if received.has_frame() {
        return Evaluation::Broken("sent a frame".to_owned());
    }
    let response = &received.response;
    if !response.unread().is_empty() {
        return Evaluation::Broken(format!("sent {}", quote(response.unread(), MAX_SHOWN)));
    }
    // A receiver that waits has no answer yet, or only its head.
    let is_over =
        response.is_complete() && response.head().is_some_and(|head| head.status() != Some(101));
    if is_over { Evaluation::Broken("ended the response".to_owned()) } else { Evaluation::Waiting }
}

/// Returns the finding for a step whose time is over.
pub fn late(step: &SockJsStep, received: &Received, limit: Duration) -> Finding {
    let seconds = limit.as_secs_f64();
    if received.is_empty() {
        return Finding::new(Verdict::NoAnswer, format!("did not answer within {seconds} s"));
    }
    let response = &received.response;
    let reason = if response.head().is_none() {
        format!("did not complete the head of its response within {seconds} s")
    } else if is_of_body(step) && !response.unread().is_empty() {
        let rest = response.unread();
        let count = byte_count(rest.len() as u64);
        format!("sent {} ({count}) and nothing more within {seconds} s", quote(rest, MAX_SHOWN))
    } else if matches!(step, SockJsStep::End(_)) {
        format!("did not end the connection within {seconds} s")
    } else if matches!(step, SockJsStep::StreamEnd(_)) {
        format!("did not end the response within {seconds} s")
    } else {
        format!("sent nothing more within {seconds} s")
    };
    Finding::new(Verdict::Fail, reason)
}
