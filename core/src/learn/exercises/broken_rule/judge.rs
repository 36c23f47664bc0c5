//! Judges which byte or line was pointed at and which rule was chosen, by what the decoder finds.

use crate::learn::exercise::{Answer, AnswerForm, Exercise};
use crate::learn::exercises::broken_rule::proof::Proof;
use crate::learn::exercises::broken_rule::rules::{self, Truth};
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer};
use crate::sloppy::BrokenRule;

/// The error of an answer of another form.
const EXPECTED: UnfitAnswer = UnfitAnswer::Form { expected: "a byte and a rule" };

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let Answer::ByteAndRule { byte, rule } = *answer else { return Err(EXPECTED) };
    let AnswerForm::ByteAndRule(offered) = &exercise.form else { return Err(EXPECTED) };
    let proof = Proof::find(&exercise.exhibit).ok_or(EXPECTED)?;
    let count = proof.byte_count();
    if byte >= count {
        return Err(UnfitAnswer::Missing { what: "byte", number: byte, count });
    }
    let missing = UnfitAnswer::Missing { what: "rule", number: rule, count: offered.len() };
    let chosen = offered.get(rule).ok_or(missing)?;
    let place = mark_place(&proof, byte);
    let rule = mark_rule(&proof, chosen);
    Ok(Judgment {
        right: place.right && rule.right,
        verdict: verdict(&proof, place.right.then_some(byte), rule.right),
        marks: vec![place, rule],
        why: proof.rationale().to_owned(),
        source: section(proof.broken_rule()).to_owned(),
    })
}

/// Returns the first byte that proves the fault, and the rule that it breaks.
pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let proof = Proof::find(&exercise.exhibit);
    let byte = proof.as_ref().map_or(0, |proof| proof.span().start);
    let rule = match (&exercise.form, &proof) {
        (AnswerForm::ByteAndRule(offered), Some(proof)) => {
            offered.iter().position(|text| breaks(proof, text)).unwrap_or_default()
        }
        _ => 0,
    };
    Answer::ByteAndRule { byte, rule }
}

/// Whether what is broken is the rule that a sentence states.
fn breaks(proof: &Proof, text: &str) -> bool {
    let stated = rules::stated(text).map(|rule| &rule.truth);
    matches!(stated, Some(Truth::Rule(rule)) if *rule == proof.broken_rule())
}

fn mark_place(proof: &Proof, byte: usize) -> Mark {
    let right = proof.span().contains(&byte);
    let end = if right { "this is where the rule is broken" } else { "no rule is broken here" };
    let remark = format!("{}: {end}", proof.place_of(byte));
    Mark { part: proof.unit().to_owned(), right, bytes: Some(proof.span()), remark }
}

fn mark_rule(proof: &Proof, chosen: &str) -> Mark {
    let right = breaks(proof, chosen);
    let remark = match rules::stated(chosen).map(|rule| &rule.truth) {
        Some(Truth::NoRule(reason)) => format!("there is no such rule: {reason}"),
        Some(Truth::Rule(rule)) if right => format!("this is {}", section(*rule)),
        Some(Truth::Rule(rule)) => {
            format!("{} break this rule ({})", proof.does_not(), section(*rule))
        }
        None => "the exercise does not offer this rule".to_owned(),
    };
    Mark { part: "rule".to_owned(), right, bytes: Some(proof.span()), remark }
}

/// Returns the verdict, which names the byte or line and the rule. `byte` is the one that was pointed
/// at, if it is right.
fn verdict(proof: &Proof, byte: Option<usize>, rule_is_right: bool) -> String {
    let at = proof.value_at(byte.unwrap_or(proof.span().start));
    let (unit, found) = (proof.unit(), proof.finding());
    let rule = rules::sentence(proof.broken_rule()).trim_end_matches('.');
    match (byte.is_some(), rule_is_right) {
        (true, true) => format!("{unit} {at} proves it: {found}"),
        (false, true) => format!("the rule is right, but {unit} {at} proves it: {found}"),
        (true, false) => format!("{unit} {at} is right, but the rule is “{rule}”: {found}"),
        (false, false) => format!("the {unit} is {at} and the rule “{rule}”: {found}"),
    }
}

/// Returns the section that states a rule.
fn section(rule: BrokenRule) -> &'static str {
    match rule {
        BrokenRule::Frames(code) => code.rule().section,
        BrokenRule::Handshake(code) => code.rule().section,
        BrokenRule::Silence => "",
    }
}
