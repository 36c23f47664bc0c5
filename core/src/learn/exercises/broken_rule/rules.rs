//! [`Rule`]: the rules that are offered, true ones and those that people take for rules.

use crate::learn::draws::Draws;
use crate::wire::FaultCode;

/// A rule as it is offered.
#[derive(Debug)]
pub(super) struct Rule {
    /// The rule in one sentence.
    pub(super) text: &'static str,
    /// What a decoder calls breaking it, or why there is no such rule.
    pub(super) truth: Truth,
}

/// Whether there is such a rule.
#[derive(Debug)]
pub(super) enum Truth {
    /// There is: breaking it is this fault.
    Rule(FaultCode),
    /// There is none, for this reason.
    NoRule(&'static str),
}

const fn rule(code: FaultCode, text: &'static str) -> Rule {
    Rule { text, truth: Truth::Rule(code) }
}

const fn no_rule(text: &'static str, reason: &'static str) -> Rule {
    Rule { text, truth: Truth::NoRule(reason) }
}

/// The rules that are offered.
static RULES: [Rule; 18] = [
    rule(FaultCode::RsvNonzero, "A reserved bit is 0 unless an agreed extension uses it."),
    rule(FaultCode::Rsv1OnControl, "A control frame is never marked as compressed."),
    rule(FaultCode::Rsv1OnContinuation, "Only a message's first frame is marked as compressed."),
    rule(FaultCode::OpcodeReserved, "An opcode is 0, 1, 2, 8, 9 or A; the others are reserved."),
    rule(FaultCode::CtrlFragmented, "A control frame is never fragmented."),
    rule(FaultCode::CtrlTooLong, "A control frame carries at most 125 bytes."),
    rule(FaultCode::LenNotMinimal, "A length uses the shortest form that holds it."),
    rule(FaultCode::LenMsbSet, "The top bit of a 64-bit length is 0."),
    rule(FaultCode::UnmaskedClient, "A client masks every frame."),
    rule(FaultCode::MaskedServer, "A server never masks a frame."),
    rule(FaultCode::ContWithoutStart, "A continuation needs a message that is still open."),
    rule(FaultCode::NewDataInFragmented, "A message ends before the next one begins."),
    rule(FaultCode::Utf8, "A text message is valid UTF-8."),
    rule(FaultCode::CloseLen1, "The body of a Close is empty or at least two bytes long."),
    rule(FaultCode::CloseCodeInvalid, "Reserved and unassigned close codes are never sent."),
    rule(FaultCode::CloseReasonUtf8, "The reason in a Close is valid UTF-8."),
    rule(FaultCode::DataAfterClose, "After its Close, a side sends no more data."),
    rule(FaultCode::MaskReused, "Each frame has a fresh masking key."),
];

/// The sentences that people take for rules.
static MISTAKEN: [Rule; 7] = [
    no_rule(
        "A ping never comes between the fragments of a message.",
        "control frames may come between fragments (RFC 6455 §5.4)",
    ),
    no_rule(
        "A fragment never ends inside a character.",
        "a character may be split between fragments: only the whole message has to be UTF-8 \
         (RFC 6455 §5.6)",
    ),
    no_rule("A server never sends a ping.", "either side may ping (RFC 6455 §5.5.2)"),
    no_rule(
        "A pong is only sent after a ping.",
        "a pong may come unsolicited, as a heartbeat in one direction (RFC 6455 §5.5.3)",
    ),
    no_rule("A frame is never empty.", "a payload of 0 bytes is legal (RFC 6455 §5.2)"),
    no_rule("A Close always carries a code.", "its body may be empty (RFC 6455 §5.5.1)"),
    no_rule(
        "The first frame of a message gives the length of all of it.",
        "each frame gives its own length only (RFC 6455 §5.2)",
    ),
];

/// The rules that are easily confused with one.
fn near(code: FaultCode) -> &'static [FaultCode] {
    use FaultCode as F;
    match code {
        F::MaskedServer => &[F::UnmaskedClient, F::MaskReused, F::LenNotMinimal],
        F::UnmaskedClient => &[F::MaskedServer, F::MaskReused, F::LenNotMinimal],
        F::RsvNonzero => &[F::OpcodeReserved, F::CtrlFragmented, F::ContWithoutStart],
        F::OpcodeReserved => &[F::RsvNonzero, F::ContWithoutStart, F::CtrlFragmented],
        F::CtrlFragmented => &[F::CtrlTooLong, F::NewDataInFragmented, F::ContWithoutStart],
        F::CtrlTooLong => &[F::CtrlFragmented, F::LenNotMinimal, F::CloseLen1],
        F::LenNotMinimal => &[F::LenMsbSet, F::CtrlTooLong, F::RsvNonzero],
        F::LenMsbSet => &[F::LenNotMinimal, F::CtrlTooLong, F::RsvNonzero],
        F::CloseLen1 => &[F::CloseCodeInvalid, F::CloseReasonUtf8, F::CtrlTooLong],
        F::CloseCodeInvalid => &[F::CloseLen1, F::CloseReasonUtf8, F::DataAfterClose],
        F::CloseReasonUtf8 => &[F::CloseCodeInvalid, F::Utf8, F::CloseLen1],
        F::ContWithoutStart => &[F::NewDataInFragmented, F::OpcodeReserved, F::CtrlFragmented],
        F::NewDataInFragmented => &[F::ContWithoutStart, F::CtrlFragmented, F::DataAfterClose],
        F::Utf8 => &[F::CloseReasonUtf8, F::NewDataInFragmented, F::ContWithoutStart],
        F::DataAfterClose => &[F::NewDataInFragmented, F::CloseCodeInvalid, F::ContWithoutStart],
        F::MaskReused => &[F::UnmaskedClient, F::MaskedServer, F::LenNotMinimal],
        F::Rsv1OnControl => &[F::Rsv1OnContinuation, F::RsvNonzero, F::CtrlFragmented],
        F::Rsv1OnContinuation => &[F::Rsv1OnControl, F::RsvNonzero, F::ContWithoutStart],
        _ => &[],
    }
}

/// Whether a rule is about what an exhibit without compression cannot break.
fn is_about_compression(code: FaultCode) -> bool {
    matches!(code, FaultCode::Rsv1OnControl | FaultCode::Rsv1OnContinuation)
}

/// Returns six to eight rules, the one that `code` breaks among them, in no order.
pub(super) fn offer(code: FaultCode, deflate: bool, draws: &mut Draws) -> Vec<&'static Rule> {
    let count = draws.below(3).saturating_add(6);
    let mut mistaken: Vec<&Rule> = MISTAKEN.iter().collect();
    draws.shuffle(&mut mistaken);
    mistaken.truncate(draws.below(2).saturating_add(1));
    let is_near =
        |rule: &&Rule| matches!(rule.truth, Truth::Rule(other) if near(code).contains(&other));
    let is_guilty = |rule: &&Rule| matches!(rule.truth, Truth::Rule(other) if other == code);
    let mut others: Vec<&Rule> = RULES.iter().filter(|rule| !is_guilty(rule)).collect();
    others.retain(|rule| match rule.truth {
        Truth::Rule(other) => deflate || !is_about_compression(other),
        Truth::NoRule(_) => false,
    });
    draws.shuffle(&mut others);
    // The near ones first, so that they are among those that stay.
    others.sort_by_key(|rule| !is_near(rule));
    let mut offered: Vec<&Rule> = RULES.iter().filter(is_guilty).chain(mistaken).collect();
    let room = count.saturating_sub(offered.len());
    offered.extend(others.into_iter().take(room));
    draws.shuffle(&mut offered);
    offered
}

/// Returns the rule that an offered sentence states.
pub(super) fn stated(text: &str) -> Option<&'static Rule> {
    RULES.iter().chain(&MISTAKEN).find(|rule| rule.text == text)
}

/// Returns the sentence of the rule that a fault breaks.
pub(super) fn sentence(code: FaultCode) -> &'static str {
    let is_it = |rule: &&Rule| matches!(rule.truth, Truth::Rule(other) if other == code);
    RULES.iter().find(is_it).map_or("", |rule| rule.text)
}
