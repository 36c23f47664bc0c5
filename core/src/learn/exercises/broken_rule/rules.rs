//! [`Rule`]: the rules that are offered, true ones and those that people take for rules.

use crate::learn::draws::Draws;
use crate::sloppy::BrokenRule;
use crate::wire::FaultCode;
use crate::wire::handshake::ProblemCode;

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
    /// There is.
    Rule(BrokenRule),
    /// There is none, for this reason.
    NoRule(&'static str),
}

const fn rule(code: FaultCode, text: &'static str) -> Rule {
    Rule { text, truth: Truth::Rule(BrokenRule::Frames(code)) }
}

const fn response_rule(code: ProblemCode, text: &'static str) -> Rule {
    Rule { text, truth: Truth::Rule(BrokenRule::Handshake(code)) }
}

const fn no_rule(text: &'static str, reason: &'static str) -> Rule {
    Rule { text, truth: Truth::NoRule(reason) }
}

/// The rules of frames.
static FRAME_RULES: [Rule; 18] = [
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

/// The rules of a response that opens a connection.
static RESPONSE_RULES: [Rule; 7] = [
    response_rule(ProblemCode::Status, "A server that opens the connection answers 101."),
    response_rule(ProblemCode::UpgradeMissing, "The response names websocket in Upgrade."),
    response_rule(ProblemCode::ConnectionMissing, "The response names Upgrade in Connection."),
    response_rule(ProblemCode::AcceptMissing, "The response has a Sec-WebSocket-Accept."),
    response_rule(
        ProblemCode::AcceptMismatch,
        "Sec-WebSocket-Accept is the SHA-1 of the key and the GUID, in base64.",
    ),
    response_rule(
        ProblemCode::SubprotocolNotOffered,
        "A server chooses only a subprotocol that the client offered.",
    ),
    response_rule(
        ProblemCode::ExtNotOffered,
        "A server agrees only on an extension that the client offered.",
    ),
];

/// The sentences about a response that people take for rules.
static MISTAKEN_OF_RESPONSES: [Rule; 4] = [
    no_rule(
        "The response repeats Sec-WebSocket-Version.",
        "only a server that refuses the version sends it (RFC 6455 §4.4)",
    ),
    no_rule(
        "The response repeats Sec-WebSocket-Key.",
        "the accept value is the proof that the key was read (RFC 6455 §4.2.2)",
    ),
    no_rule(
        "The response gives its length in Content-Length.",
        "a 101 has no content, and must not have the header (RFC 9110 §8.6)",
    ),
    no_rule(
        "The response names the origin that it accepts.",
        "the server only reads Origin (RFC 6455 §10.2); CORS doesn't apply to WebSockets",
    ),
];

/// The sentences about frames that people take for rules.
static MISTAKEN_OF_FRAMES: [Rule; 7] = [
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

/// Returns six to eight rules, the one that is broken among them, in no order.
pub(super) fn offer(broken: BrokenRule, deflate: bool, draws: &mut Draws) -> Vec<&'static Rule> {
    let count = draws.below(3).saturating_add(6);
    let (rules, mistaken) = lists(broken);
    let mut mistaken: Vec<&Rule> = mistaken.iter().collect();
    draws.shuffle(&mut mistaken);
    mistaken.truncate(draws.below(2).saturating_add(1));
    let is_guilty = |rule: &&Rule| matches!(rule.truth, Truth::Rule(other) if other == broken);
    let is_near = |rule: &&Rule| match (broken, &rule.truth) {
        (BrokenRule::Frames(code), Truth::Rule(BrokenRule::Frames(other))) => {
            near(code).contains(other)
        }
        _ => false,
    };
    let mut others: Vec<&Rule> = rules.iter().filter(|rule| !is_guilty(rule)).collect();
    others.retain(|rule| match rule.truth {
        Truth::Rule(BrokenRule::Frames(other)) => deflate || !is_about_compression(other),
        Truth::Rule(_) => true,
        Truth::NoRule(_) => false,
    });
    draws.shuffle(&mut others);
    // The near ones first, so that they are among those that stay.
    others.sort_by_key(|rule| !is_near(rule));
    let mut offered: Vec<&Rule> = rules.iter().filter(is_guilty).chain(mistaken).collect();
    let room = count.saturating_sub(offered.len());
    offered.extend(others.into_iter().take(room));
    draws.shuffle(&mut offered);
    offered
}

/// Returns the rules like one, and what people take for such rules.
fn lists(rule: BrokenRule) -> (&'static [Rule], &'static [Rule]) {
    match rule {
        BrokenRule::Handshake(_) => (&RESPONSE_RULES, &MISTAKEN_OF_RESPONSES),
        _ => (&FRAME_RULES, &MISTAKEN_OF_FRAMES),
    }
}

/// Returns the rule that an offered sentence states.
pub(super) fn stated(text: &str) -> Option<&'static Rule> {
    let true_ones = FRAME_RULES.iter().chain(&RESPONSE_RULES);
    let mistaken = MISTAKEN_OF_FRAMES.iter().chain(&MISTAKEN_OF_RESPONSES);
    true_ones.chain(mistaken).find(|rule| rule.text == text)
}

/// Returns the sentence of a rule.
pub(super) fn sentence(broken: BrokenRule) -> &'static str {
    let is_it = |rule: &&Rule| matches!(rule.truth, Truth::Rule(other) if other == broken);
    FRAME_RULES.iter().chain(&RESPONSE_RULES).find(is_it).map_or("", |rule| rule.text)
}
