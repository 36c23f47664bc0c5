//! Explains an opening handshake in plain text without escape codes, for a reader who is new to it.
//! `wire` has the sentences about rules; this module lays them out.

use super::decoded_handshake::DecodedHandshake;
use super::json::verdict_name;
use super::text_page::TextPage;
use crate::wire::Side;
use crate::wire::format::{byte_count, escape_controls, quote, spaced_hex};
use crate::wire::handshake::{CheckResult, HeadLineKind, HeadScan, Problem};

/// Bytes in a row of a hex dump.
const BYTES_PER_ROW: usize = 16;

/// Returns the explanation of a whole handshake.
pub(super) fn explain(handshake: &DecodedHandshake) -> String {
    let mut page = TextPage::default();
    let half = match handshake.from {
        Side::Client => "Request",
        Side::Server => "Response",
    };
    page.line(&format!("{half}, {}", byte_count(handshake.head_bytes.len() as u64)));
    page.blank_line();
    write_head(&mut page, handshake);
    write_checks(&mut page, handshake);
    write_accept(&mut page, handshake);
    write_response(&mut page, handshake);
    for problem in &handshake.validated.validation.problems {
        write_problem(&mut page, problem);
    }
    write_verdict(&mut page, handshake);
    page.into_text()
}

fn write_head(page: &mut TextPage, handshake: &DecodedHandshake) {
    // Bytes that are not an HTTP/1.1 head have no lines.
    let Some(head) = &handshake.validated.head else {
        page.paragraph("       ", &quote(&handshake.head_bytes, 300));
        return page.blank_line();
    };
    for line in head.lines() {
        // Line ends are shown: HTTP ends lines with CRLF, but some senders write a bare LF (RFC
        // 9112 section 2.2).
        let end = if line.line_end.len() == 2 { r"\r\n" } else { r"\n" };
        let text = escape_controls(&String::from_utf8_lossy(
            head.raw().get(line.text.clone()).unwrap_or_default(),
        ));
        let text =
            if line.kind == HeadLineKind::Blank { end.to_owned() } else { format!("{text}{end}") };
        page.paragraph(&format!("{:>5}  ", line.text.start), &text);
    }
    page.blank_line();
}

fn write_checks(page: &mut TextPage, handshake: &DecodedHandshake) {
    let checks = handshake.validated.checks();
    if checks.is_empty() {
        return;
    }
    let passed = checks.iter().filter(|check| check.result == CheckResult::Passed).count();
    let done = checks.iter().filter(|check| check.result != CheckResult::Absent).count();
    page.line(&format!("Checks, {passed} of {done} passed"));
    for check in &checks {
        let mark = match check.result {
            CheckResult::Passed => '✓',
            CheckResult::Failed => '✗',
            CheckResult::Warned => '!',
            CheckResult::Absent => '–',
        };
        page.paragraph_with_tail(
            &format!("  {mark} {:<13}  ", check.name),
            &check.finding,
            check.section,
        );
    }
    page.blank_line();
}

fn write_accept(page: &mut TextPage, handshake: &DecodedHandshake) {
    let validation = &handshake.validated.validation;
    let (Some(accept), Some(_)) = (&validation.accept, &handshake.validated.head) else {
        return;
    };
    page.line("Sec-WebSocket-Accept, step by step");
    let received = validation.received_accept.as_deref();
    let steps = (1..).zip(accept.steps(received));
    // Without a received value, as in a request, there is nothing to compare.
    for (number, step) in steps.filter(|(_, step)| step.name != "compare" || received.is_some()) {
        page.paragraph(&format!("  {} {:<13}  ", number, step.name), &step.value);
        page.paragraph("                   ", &step.note);
    }
    page.blank_line();
}

fn write_response(page: &mut TextPage, handshake: &DecodedHandshake) {
    let validation = &handshake.validated.validation;
    let Some(status) = validation.status else {
        return;
    };
    page.line(&format!("A server answers {status}"));
    for (name, value) in &validation.response_headers {
        page.paragraph("       ", &escape_controls(&format!("{name}: {value}")));
    }
    page.blank_line();
}

fn write_problem(page: &mut TextPage, problem: &Problem) {
    let rule = problem.code.rule();
    let severity = problem.severity.name().to_uppercase();
    page.paragraph_with_tail(&format!("{severity:<8} "), rule.name, rule.section);
    page.paragraph("  what   ", rule.summary);
    if let Some(span) = problem.span.as_ref().filter(|span| !span.is_empty()) {
        page.paragraph(
            "  where  ",
            &format!("bytes {} to {}", span.start, span.end.saturating_sub(1)),
        );
    }
    if let Some(hint) = &problem.hint {
        page.paragraph("  hint   ", &escape_controls(hint));
    }
    page.paragraph("  why    ", rule.rationale);
    page.blank_line();
}

fn write_verdict(page: &mut TextPage, handshake: &DecodedHandshake) {
    let validation = &handshake.validated.validation;
    let name = verdict_name(validation.outcome, handshake.from);
    let text = match (name, handshake.validated.scan) {
        ("accept", _) => "accept: both sides speak WebSocket from here on".to_owned(),
        ("incomplete", _) => "incomplete: the blank line that ends the head is missing".to_owned(),
        (name, HeadScan::Complete(_)) => format!("{name}: this does not open a WebSocket"),
        (name, _) => format!("{name}: this isn't an HTTP/1.1 head"),
    };
    page.paragraph("Verdict    ", &text);
    if handshake.validated.head.is_some() && !handshake.leftover.is_empty() {
        let left = &handshake.leftover;
        let count = byte_count(left.len() as u64);
        page.paragraph(
            "Left over  ",
            &format!("{count} after the blank line: {}", spaced_hex(left, BYTES_PER_ROW)),
        );
    }
}
