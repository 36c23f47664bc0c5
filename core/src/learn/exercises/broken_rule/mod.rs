//! Which rule is broken? Bytes with exactly one fault: the byte that proves it is pointed at, and
//! the rule is chosen among six to eight.
//!
//! `sender` makes legal frames, `violations` those that break a rule, `sloppy_visit` what the sloppy
//! server sends, and `rules` what is offered. `evidence` and `response_evidence` are what the decoder
//! finds, joined in `proof`: an answer is judged by that alone.

mod evidence;
mod judge;
mod proof;
mod response_evidence;
mod rules;
mod sender;
mod sloppy_visit;
#[cfg(test)]
mod tests;
mod violations;

use crate::learn::draws::Draws;
use crate::learn::exercise::{AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::exercises::broken_rule::evidence::Evidence;
use crate::learn::exercises::broken_rule::proof::Proof;
use crate::learn::exercises::broken_rule::response_evidence::ResponseEvidence;
use crate::learn::exercises::broken_rule::rules::Rule;
use crate::learn::exercises::broken_rule::sender::Sender;
use crate::learn::exercises::broken_rule::sloppy_visit::SLOPPY_LEVEL;
use crate::learn::exercises::broken_rule::violations::{VIOLATIONS, Violation};
use crate::sloppy::BrokenRule;
use crate::wire::Side;

pub(crate) use judge::{judge, solution};
pub use sloppy_visit::SloppyVisit;

/// The bits of the header; lengths and control frames; sequences of frames and payloads; what the
/// sloppy server sends at one of its paths.
pub(crate) const LEVELS: u8 = SLOPPY_LEVEL;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    if level == SLOPPY_LEVEL {
        return generate_visit(seed);
    }
    let mut draws = Draws::new(seed);
    let of_level: Vec<&Violation> =
        VIOLATIONS.iter().filter(|violation| violation.level == level).collect();
    let violation = draws.pick(&of_level).copied().unwrap_or(&VIOLATIONS[0]);
    let either = if draws.chance(1, 2) { Side::Client } else { Side::Server };
    let from = violation.from.unwrap_or(either);
    let broken = BrokenRule::Frames(violation.code);
    let offered = rules::offer(broken, violation.deflate, &mut draws);
    let bytes = send(violation, from, draws);
    let exhibit = Exhibit::Bytes { from, bytes, deflate: violation.deflate };
    exercise(level, seed, task(from, violation.deflate), exhibit, &offered)
}

/// Makes an exercise of what the sloppy server sends.
fn generate_visit(seed: u64) -> Exercise {
    let mut draws = sloppy_visit::draws(seed);
    let visit = SloppyVisit::draw(&mut draws);
    let offered = rules::offer(visit.broken_rule, false, &mut draws);
    let (task, exhibit) = if let BrokenRule::Handshake(_) = visit.broken_rule {
        let head = String::from_utf8_lossy(&visit.response).replace("\r\n", "\n");
        let task = "A client opened a WebSocket on one of the sloppy server's paths. It offered no \
                    subprotocol and no extension. The response breaks exactly one rule. Point at the \
                    line that proves it, or at the blank line if a header is missing, and name the \
                    rule.";
        (task.to_owned(), Exhibit::Response { key: visit.key, head })
    } else {
        let task = format!(
            "A client sent {} to one of the sloppy server's paths, and then a Close with 1000. This \
             is all that came back; no extension was agreed on. Exactly one rule of RFC 6455 is \
             broken. Point at the byte that proves it, and name the rule.",
            visit.message
        );
        (task, Exhibit::Bytes { from: Side::Server, bytes: visit.replies, deflate: false })
    };
    exercise(SLOPPY_LEVEL, seed, task, exhibit, &offered)
}

fn exercise(
    level: u8,
    seed: u64,
    task: String,
    exhibit: Exhibit,
    offered: &[&'static Rule],
) -> Exercise {
    let hints = match Proof::find(&exhibit) {
        Some(Proof::Frames(evidence)) => hints(&evidence),
        Some(Proof::Response(evidence)) => response_hints(&evidence),
        None => Vec::new(),
    };
    let form = AnswerForm::ByteAndRule(offered.iter().map(|rule| rule.text.to_owned()).collect());
    Exercise { kind: ExerciseKind::BrokenRule, level, seed, task, exhibit, form, hints }
}

/// Returns what a side sends: legal frames with the violation among them.
fn send(violation: &Violation, from: Side, draws: Draws) -> Vec<u8> {
    let mut sender = Sender::new(from, draws);
    let before = sender.draws.below(2).saturating_add(1);
    for _ in 0..before {
        sender.send_legal();
    }
    (violation.send)(&mut sender);
    if violation.goes_on && sender.draws.chance(1, 2) {
        sender.send_legal();
    }
    sender.into_bytes()
}

fn task(from: Side, deflate: bool) -> String {
    let rfcs = if deflate { "RFC 6455 or RFC 7692" } else { "RFC 6455" };
    let agreed =
        if deflate { "permessage-deflate was agreed on" } else { "no extension was agreed on" };
    format!(
        "This is what a {from} sent after the opening handshake; {agreed}. Exactly one rule of \
         {rfcs} is broken. Point at the byte that proves it, and name the rule."
    )
}

/// Returns the hints: how to cut the bytes, the guilty frame, the guilty field.
fn hints(evidence: &Evidence) -> Vec<String> {
    let count = evidence.frame_count();
    let Some(frame) = evidence.frame() else { return Vec::new() };
    let number = frame.frame_number.saturating_add(1);
    let field = evidence.field();
    let (name, value) =
        field.map_or(("payload", String::new()), |span| (span.field.name(), span.value));
    vec![
        format!(
            "Cut the bytes into frames first: there are {count}. A header has 2 bytes, 2 or 8 \
             more if the length bits are 126 or 127, and 4 more if MASK is 1."
        ),
        format!(
            "It shows in frame {number} of {count}, which begins at byte {} with {:02x}.",
            frame.offset.to_usize_saturating(),
            frame.raw().first().copied().unwrap_or_default()
        ),
        format!("Look at the field {name} of frame {number}: its value is {value}."),
    ]
}

/// Returns the hints on a response: what is to be compared, the kind of thing, the line.
fn response_hints(evidence: &ResponseEvidence) -> Vec<String> {
    let is_missing = evidence.problem.span.is_none();
    let kind = if is_missing {
        "A header that has to be there is missing."
    } else {
        "No header is missing: a line says something that it must not say."
    };
    let line = if is_missing {
        let name = evidence.problem.code.rule().summary;
        format!("It shows in the blank line: {name}.")
    } else {
        format!("It shows in {}.", evidence.name_of(evidence.line))
    };
    vec![
        "Go through it line by line: 101, then Upgrade, Connection and Sec-WebSocket-Accept, each of \
         them once, and nothing that the client didn't offer. The accept value has 28 characters, and \
         depends on the key."
            .to_owned(),
        kind.to_owned(),
        line,
    ]
}
