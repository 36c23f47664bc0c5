//! An opening handshake in words, for a reader who sees one for the first time. Plain text, no escape codes.
//! The sentences about rules are `wire`'s; here they are laid out.

use super::Handshake;
use super::json::verdict;
use super::page::Page;
use crate::wire::Side;
use crate::wire::handshake::{Found, LineKind, Mark, Problem};
use crate::wire::words::{bytes, harmless, hex_row, quoted};

/// Bytes a row, where bytes are written out.
const ROW: usize = 16;

pub(super) fn explain(handshake: &Handshake) -> String {
    let mut page = Page::default();
    let half = match handshake.from {
        Side::Client => "Request",
        Side::Server => "Response",
    };
    page.line(&format!("{half}, {}", bytes(handshake.bytes.len() as u64)));
    page.gap();
    head(&mut page, handshake);
    checks(&mut page, handshake);
    accept(&mut page, handshake);
    answer(&mut page, handshake);
    for problem in &handshake.opening.judgement.problems {
        one_problem(&mut page, problem);
    }
    verdict_of_handshake(&mut page, handshake);
    page.into_text()
}

fn head(page: &mut Page, handshake: &Handshake) {
    let Some(head) = &handshake.opening.head else {
        page.paragraph("       ", &quoted(&handshake.bytes, 300));
        return page.gap();
    };
    for line in head.lines() {
        let end = if line.end.len() == 2 { r"\r\n" } else { r"\n" };
        let text = harmless(&String::from_utf8_lossy(head.raw().get(line.text.clone()).unwrap_or_default()));
        let text = if line.kind == LineKind::Blank { end.to_owned() } else { format!("{text}{end}") };
        page.paragraph(&format!("{:>5}  ", line.text.start), &text);
    }
    page.gap();
}

fn checks(page: &mut Page, handshake: &Handshake) {
    let checks = handshake.opening.checks();
    if checks.is_empty() {
        return;
    }
    let kept = checks.iter().filter(|check| check.mark == Mark::Kept).count();
    let asked = checks.iter().filter(|check| check.mark != Mark::Absent).count();
    page.line(&format!("Checks, {kept} of {asked} kept"));
    for check in &checks {
        let mark = match check.mark {
            Mark::Kept => '✓',
            Mark::Broken => '✗',
            Mark::Doubtful => '!',
            Mark::Absent => '–',
        };
        page.ends(&format!("  {mark} {:<13}  ", check.name), &check.words, check.section);
    }
    page.gap();
}

fn accept(page: &mut Page, handshake: &Handshake) {
    let judgement = &handshake.opening.judgement;
    let (Some(accept), Some(_)) = (&judgement.accept, &handshake.opening.head) else {
        return;
    };
    page.line("Sec-WebSocket-Accept, step by step");
    let received = judgement.received_accept.as_deref();
    let steps = (1..).zip(accept.steps(received));
    for (number, step) in steps.filter(|(_, step)| step.name != "compare" || received.is_some()) {
        page.paragraph(&format!("  {} {:<13}  ", number, step.name), &step.value);
        page.paragraph("                   ", &step.note);
    }
    page.gap();
}

fn answer(page: &mut Page, handshake: &Handshake) {
    let judgement = &handshake.opening.judgement;
    let Some(status) = judgement.status else {
        return;
    };
    page.line(&format!("A server answers {status}"));
    for (name, value) in &judgement.answer {
        page.paragraph("       ", &harmless(&format!("{name}: {value}")));
    }
    page.gap();
}

fn one_problem(page: &mut Page, problem: &Problem) {
    let rule = problem.code.rule();
    let severity = problem.severity.name().to_uppercase();
    page.ends(&format!("{severity:<8} "), rule.name, rule.section);
    page.paragraph("  what   ", rule.what);
    if let Some(span) = problem.span.as_ref().filter(|span| !span.is_empty()) {
        page.paragraph("  where  ", &format!("bytes {} to {}", span.start, span.end.saturating_sub(1)));
    }
    if let Some(hint) = &problem.hint {
        page.paragraph("  hint   ", &harmless(hint));
    }
    page.paragraph("  why    ", rule.why);
    page.gap();
}

fn verdict_of_handshake(page: &mut Page, handshake: &Handshake) {
    let judgement = &handshake.opening.judgement;
    let name = verdict(judgement.outcome, handshake.from);
    let text = match (name, handshake.opening.found) {
        ("accept", _) => "accept: both sides speak WebSocket from here on".to_owned(),
        ("incomplete", _) => "incomplete: the blank line that ends the head has not come".to_owned(),
        (name, Found::Head(_)) => format!("{name}: this does not open a WebSocket"),
        (name, _) => format!("{name}: this is no head of HTTP/1.1"),
    };
    page.paragraph("Verdict    ", &text);
    if handshake.opening.head.is_some() && !handshake.leftover.is_empty() {
        let left = &handshake.leftover;
        let count = bytes(left.len() as u64);
        page.paragraph("Left over  ", &format!("{count} behind the blank line: {}", hex_row(left, ROW)));
    }
}
