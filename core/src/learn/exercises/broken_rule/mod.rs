//! Which rule is broken? Bytes with exactly one fault: the byte that proves it is pointed at, and
//! the rule is chosen among six to eight.
//!
//! `sender` makes legal frames, `violations` those that break a rule, `rules` what is offered, and
//! `evidence` is what the decoder finds: an answer is judged by that alone.

mod evidence;
mod judge;
mod rules;
mod sender;
#[cfg(test)]
mod tests;
mod violations;

use crate::learn::draws::Draws;
use crate::learn::exercise::{AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::exercises::broken_rule::evidence::Evidence;
use crate::learn::exercises::broken_rule::sender::Sender;
use crate::learn::exercises::broken_rule::violations::{VIOLATIONS, Violation};
use crate::wire::Side;

pub(crate) use judge::{judge, solution};

/// The bits of the header; lengths and control frames; sequences of frames and payloads.
pub(crate) const LEVELS: u8 = 3;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let mut draws = Draws::new(seed);
    let of_level: Vec<&Violation> =
        VIOLATIONS.iter().filter(|violation| violation.level == level).collect();
    let violation = draws.pick(&of_level).copied().unwrap_or(&VIOLATIONS[0]);
    let either = if draws.chance(1, 2) { Side::Client } else { Side::Server };
    let from = violation.from.unwrap_or(either);
    let offered = rules::offer(violation.code, violation.deflate, &mut draws);
    let bytes = send(violation, from, draws);
    let exhibit = Exhibit::Bytes { from, bytes, deflate: violation.deflate };
    let hints = Evidence::find(&exhibit).map(|evidence| hints(&evidence)).unwrap_or_default();
    Exercise {
        kind: ExerciseKind::BrokenRule,
        level,
        seed,
        task: task(from, violation.deflate),
        exhibit,
        form: AnswerForm::ByteAndRule(offered.iter().map(|rule| rule.text.to_owned()).collect()),
        hints,
    }
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
