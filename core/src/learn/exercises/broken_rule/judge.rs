//! Judges which byte was pointed at and which rule was chosen, by what the decoder finds.

use crate::learn::exercise::{Answer, AnswerForm, Exercise};
use crate::learn::exercises::broken_rule::evidence::Evidence;
use crate::learn::exercises::broken_rule::rules::{self, Truth};
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer};

/// The error of an answer of another form.
const EXPECTED: UnfitAnswer = UnfitAnswer::Form { expected: "a byte and a rule" };

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let Answer::ByteAndRule { byte, rule } = *answer else { return Err(EXPECTED) };
    let AnswerForm::ByteAndRule(offered) = &exercise.form else { return Err(EXPECTED) };
    let evidence = Evidence::find(&exercise.exhibit).ok_or(EXPECTED)?;
    let count = evidence.bytes.len();
    if byte >= count {
        return Err(UnfitAnswer::Missing { what: "byte", number: byte, count });
    }
    let missing = UnfitAnswer::Missing { what: "rule", number: rule, count: offered.len() };
    let chosen = offered.get(rule).ok_or(missing)?;
    let marks = vec![mark_byte(&evidence, byte), mark_rule(&evidence, chosen)];
    let [byte_is_right, rule_is_right] =
        [0, 1].map(|at| marks.get(at).is_some_and(|mark: &Mark| mark.right));
    let broken = evidence.fault.code.rule();
    Ok(Judgment {
        right: byte_is_right && rule_is_right,
        verdict: verdict(&evidence, byte_is_right.then_some(byte), rule_is_right),
        marks,
        why: broken.rationale.to_owned(),
        source: broken.section.to_owned(),
    })
}

/// Returns the first byte that proves the fault, and the rule that it breaks.
pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let evidence = Evidence::find(&exercise.exhibit);
    let byte = evidence.as_ref().map_or(0, |evidence| evidence.span.start);
    let rule = match (&exercise.form, &evidence) {
        (AnswerForm::ByteAndRule(offered), Some(evidence)) => {
            offered.iter().position(|text| breaks(evidence, text)).unwrap_or_default()
        }
        _ => 0,
    };
    Answer::ByteAndRule { byte, rule }
}

/// Whether the fault breaks the rule that a sentence states.
fn breaks(evidence: &Evidence, text: &str) -> bool {
    let stated = rules::stated(text).map(|rule| &rule.truth);
    matches!(stated, Some(Truth::Rule(code)) if *code == evidence.fault.code)
}

fn mark_byte(evidence: &Evidence, byte: usize) -> Mark {
    let right = evidence.span.contains(&byte);
    let frame = evidence.frame_at(byte).map_or(0, |frame| frame.frame_number.saturating_add(1));
    let fields: Vec<String> = evidence
        .fields_at(byte)
        .iter()
        .map(|span| format!("{} {}", span.field.name(), span.value))
        .collect();
    let end = if right { "this is where the rule is broken" } else { "no rule is broken here" };
    let remark = format!("frame {frame}, {}: {end}", fields.join(", "));
    Mark { part: "byte".to_owned(), right, bytes: Some(evidence.span.clone()), remark }
}

fn mark_rule(evidence: &Evidence, chosen: &str) -> Mark {
    let right = breaks(evidence, chosen);
    let remark = match rules::stated(chosen).map(|rule| &rule.truth) {
        Some(Truth::NoRule(reason)) => format!("there is no such rule: {reason}"),
        Some(Truth::Rule(code)) if right => format!("this is {}", code.rule().section),
        Some(Truth::Rule(code)) => {
            format!("these bytes don't break this rule ({})", code.rule().section)
        }
        None => "the exercise does not offer this rule".to_owned(),
    };
    Mark { part: "rule".to_owned(), right, bytes: Some(evidence.span.clone()), remark }
}

/// Returns the verdict, which names the byte and the rule. `byte` is the one that was pointed at, if
/// it is right.
fn verdict(evidence: &Evidence, byte: Option<usize>, rule_is_right: bool) -> String {
    let at = byte.unwrap_or(evidence.span.start);
    let value = evidence.bytes.get(at).copied().unwrap_or_default();
    let detail = evidence.fault.detail.to_string();
    let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
    let found = format!("{}{detail}", evidence.fault.summary());
    let rule = rules::sentence(evidence.fault.code).trim_end_matches('.');
    match (byte.is_some(), rule_is_right) {
        (true, true) => format!("byte {at} (0x{value:02x}) proves it: {found}"),
        (false, true) => {
            format!("the rule is right, but byte {at} (0x{value:02x}) proves it: {found}")
        }
        (true, false) => format!("byte {at} is right, but the rule is “{rule}”: {found}"),
        (false, false) => {
            format!("the byte is {at} (0x{value:02x}) and the rule “{rule}”: {found}")
        }
    }
}
