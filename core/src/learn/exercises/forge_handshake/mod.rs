//! *Forge a handshake*: the head of a request or a response is repaired, or an accept value worked
//! out.
//!
//! [`drawing`] draws the heads, [`edited`] validates one that was typed, and [`accept`] is about the
//! accept value.

mod accept;
mod drawing;
mod edited;
#[cfg(test)]
mod tests;

use drawing::DrawnHeads;
use edited::{EditedHead, drawn_head};

use crate::learn::exercise::{Answer, AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer};
use crate::learn::live_check::LiveCheck;
use crate::wire::Side;
use crate::wire::handshake::{ClientOffer, Head, Problem, ProblemCode};

/// The version is missing; Connection lacks its token; the accept value; a subprotocol that was not
/// offered.
pub(crate) const LEVELS: u8 = 4;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let DrawnHeads { request, response, .. } = DrawnHeads::of_level(level, seed);
    let (task, exhibit, form, hints) = match level {
        1 | 2 => {
            let status = EditedHead::request(&request).status().unwrap_or_default();
            let task = format!(
                "A strict server answers this request with {status}. Change it so that the server \
                 answers 101. The path and the host stay as they are."
            );
            let hints = request_hints(level, &request);
            (task, Exhibit::Nothing, AnswerForm::Head(request), hints)
        }
        3 => {
            let task = "Work out the Sec-WebSocket-Accept that the server sends in reply to this \
                        request. The steps on the way may stay empty.";
            let hints = accept::hints(&request);
            let form = AnswerForm::Fields(accept::fields());
            (task.to_owned(), Exhibit::Head(request), form, hints)
        }
        _ => {
            let task = "The client sent this request, and fails the connection on the response. \
                        Change the response so that every client opens it, a browser too.";
            let hints = response_hints(&request);
            (task.to_owned(), Exhibit::Head(request), AnswerForm::Head(response), hints)
        }
    };
    Exercise { kind: ExerciseKind::ForgeHandshake, level, seed, task, exhibit, form, hints }
}

fn request_hints(level: u8, request: &str) -> Vec<String> {
    let hints = match level {
        1 => {
            let last = if request.contains("Sec-WebSocket-Version") {
                "The number in Sec-WebSocket-Version is that of a draft or of nothing; RFC 6455 is \
                 version 13."
            } else {
                "Sec-WebSocket-Version isn't there; RFC 6455 is version 13."
            };
            [
                "One header names the protocol, one proves that the server has read the request, \
                 and one says which edition of the protocol the client speaks.",
                "Look for Sec-WebSocket-Version.",
                last,
            ]
        }
        _ => [
            "An upgrade needs two headers: one names the new protocol, the other says that the \
             first one is meant for this hop.",
            "Look at Connection.",
            "Connection is a list of tokens. One of them must be Upgrade; others may stand beside \
             it.",
        ],
    };
    hints.map(str::to_owned).into()
}

fn response_hints(request: &str) -> Vec<String> {
    let offer = offer(request);
    let last = if offer.subprotocols.is_empty() {
        "The request offers no subprotocol, so the response must not have the header.".to_owned()
    } else {
        format!(
            "The request offers {}. The response names exactly one of that, in the same case.",
            offer.subprotocols.join(", ")
        )
    };
    vec![
        "A server may choose only from what the client offered.".to_owned(),
        "Compare Sec-WebSocket-Protocol in both heads.".to_owned(),
        last,
    ]
}

fn offer(request: &str) -> ClientOffer {
    ClientOffer::from_request(&drawn_head(Side::Client, request))
}

pub(crate) fn solution(exercise: &Exercise) -> Answer {
    match (&exercise.form, &exercise.exhibit) {
        (AnswerForm::Fields(_), Exhibit::Head(request)) => accept::solution(request),
        _ => Answer::Head(DrawnHeads::of_level(exercise.level, exercise.seed).repaired),
    }
}

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    match (&exercise.form, &exercise.exhibit, answer) {
        (AnswerForm::Fields(_), Exhibit::Head(request), Answer::Fields(typed)) => {
            accept::judge(request, typed)
        }
        (AnswerForm::Head(_), Exhibit::Head(request), Answer::Head(typed)) => {
            Ok(judge_response(request, typed))
        }
        (AnswerForm::Head(request), _, Answer::Head(typed)) => Ok(judge_request(request, typed)),
        (AnswerForm::Fields(_), ..) => {
            Err(UnfitAnswer::Form { expected: "a value for each field" })
        }
        _ => Err(UnfitAnswer::Form { expected: "a head" }),
    }
}

fn judge_request(broken: &str, typed: &str) -> Judgment {
    let edited = EditedHead::request(typed);
    let mut marks = edited.marks();
    let broken = drawn_head(Side::Client, broken);
    let moved = edited.head().map_or_else(Vec::new, |head| moved(&broken, head));
    for (part, remark) in &moved {
        if let Some(mark) = marks.iter_mut().find(|mark| mark.part == *part && mark.right) {
            (mark.right, mark.remark) = (false, remark.clone());
        }
    }
    let right = edited.is_accepted() && moved.is_empty();
    let (verdict, why, source) = match (edited.deciding_problem(), moved.first()) {
        (Some(problem), _) => {
            let status = edited.status().map(|status| format!("still {status}: "));
            let lesson = lesson(problem, &ClientOffer::default());
            (
                format!("{}{lesson}", status.unwrap_or_default()),
                rationale(problem),
                section(problem),
            )
        }
        (None, Some((_, remark))) => {
            let why = "A request with another path or host is another request.";
            (remark.clone(), why.to_owned(), "RFC 6455 §4.1".to_owned())
        }
        (None, None) if !right => behind_the_end(),
        (None, None) => {
            let why = "Each header of the handshake keeps another kind of server from taking the \
                       request for its own: it must know all of them to answer 101.";
            let verdict = "right: a strict server answers 101".to_owned();
            (verdict, why.to_owned(), "RFC 6455 §4.2.1".to_owned())
        }
    };
    Judgment { right, marks, verdict, why, source }
}

fn judge_response(request: &str, typed: &str) -> Judgment {
    let edited = EditedHead::response(typed, request);
    let right = edited.is_accepted();
    let marks: Vec<Mark> = edited.marks();
    let (verdict, why, source) = match edited.deciding_problem() {
        Some(problem) => (lesson(problem, &offer(request)), rationale(problem), section(problem)),
        None if !right => behind_the_end(),
        None => {
            let why = "A subprotocol that only one side knows of would make all messages \
                       misunderstandings, so the client fails the connection instead.";
            let verdict = "right: every client opens the connection".to_owned();
            (verdict, why.to_owned(), "RFC 6455 §4.1".to_owned())
        }
    };
    Judgment { right, marks, verdict, why, source }
}

fn behind_the_end() -> (String, String, String) {
    (
        "the head ends at the first blank line, so nothing may follow it".to_owned(),
        "What follows the blank line is read as frames.".to_owned(),
        "RFC 6455 §4.1".to_owned(),
    )
}

fn rationale(problem: &Problem) -> String {
    problem.code.rule().rationale.to_owned()
}

fn section(problem: &Problem) -> String {
    problem.code.rule().section.to_owned()
}

/// Returns what the task asked to leave as it was and was changed, by the part of a mark.
fn moved(broken: &Head, edited: &Head) -> Vec<(&'static str, String)> {
    let host = |head: &Head| head.joined_value("Host").unwrap_or_default();
    let mut moved = Vec::new();
    if broken.target() != edited.target() {
        moved.push(("request line", format!("the path is {}", broken.target())));
    }
    if host(broken) != host(edited) {
        moved.push(("Host", format!("the host is {}", host(broken))));
    }
    moved
}

/// Returns what would be right instead of a problem, in one clause.
fn lesson(problem: &Problem, offer: &ClientOffer) -> String {
    let offered = offer.subprotocols.join(", ");
    match problem.code {
        ProblemCode::VersionMissing => "Sec-WebSocket-Version: 13 is missing".to_owned(),
        ProblemCode::VersionUnsupported | ProblemCode::VersionSyntax => {
            "the version of RFC 6455 is 13".to_owned()
        }
        ProblemCode::ConnectionMissing | ProblemCode::ConnectionToken => {
            "Connection must name Upgrade".to_owned()
        }
        ProblemCode::UpgradeMissing | ProblemCode::UpgradeValue => {
            "Upgrade must name websocket".to_owned()
        }
        ProblemCode::KeyMissing | ProblemCode::KeyBase64 | ProblemCode::KeyLength => {
            "Sec-WebSocket-Key is 16 bytes in base64, which is 24 characters".to_owned()
        }
        ProblemCode::SubprotocolNotOffered
        | ProblemCode::SubprotocolMultiple
        | ProblemCode::SubprotocolIgnored => {
            if offered.is_empty() {
                "no subprotocol was offered, so none may be chosen".to_owned()
            } else {
                format!("exactly one of the subprotocols that were offered is chosen: {offered}")
            }
        }
        ProblemCode::AcceptMissing | ProblemCode::AcceptMismatch => {
            let key = offer.key.clone().unwrap_or_default();
            let accept = crate::wire::handshake::AcceptValue::new(&key).value;
            format!("the accept value of this key is {accept}")
        }
        code => code.rule().summary.to_owned(),
    }
}

pub(crate) fn live_check(exercise: &Exercise, answer: &Answer) -> Option<LiveCheck> {
    let sent = edited::sent_bytes;
    match (&exercise.exhibit, answer) {
        (Exhibit::Nothing, Answer::Head(typed)) => Some(LiveCheck::Request(sent(typed))),
        (Exhibit::Head(request), Answer::Head(typed)) => {
            Some(LiveCheck::Response { request: sent(request), response: sent(typed) })
        }
        (Exhibit::Head(request), Answer::Fields(typed)) => Some(LiveCheck::AcceptValue {
            request: sent(request),
            value: accept::typed_value(typed).to_owned(),
        }),
        _ => None,
    }
}
