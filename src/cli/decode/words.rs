//! The answer in words, for a reader who sees such bytes for the first time. Plain text, no escape codes.
//! The sentences about fields and rules are `wire`'s; here they are laid out.

use super::Handshake;
use super::json::verdict;
use super::page::Page;
use crate::wire::handshake::{Found, LineKind, Mark, Problem};
use crate::wire::words::{bytes, harmless, hex_row, quoted};
use crate::wire::{Fault, Frame, Phase, Side, Span, Transcript, Verdict};

/// Bytes a row, where bytes are written out.
const ROW: usize = 16;
/// Payload bytes that are written out.
const SHOWN: usize = 64;

pub(super) fn frames(said: &Transcript, input: &[u8]) -> String {
    let mut page = Page::default();
    for frame in said.frames().iter().chain(said.arriving()) {
        one_frame(&mut page, frame, said);
    }
    if let Some(beginning) = said.beginning() {
        let from = said.decoder().from();
        page.line(&format!(
            "Frame {}, {}: its header is not complete",
            beginning.index,
            direction(from)
        ));
        table(
            &mut page,
            beginning.raw,
            beginning.offset,
            &beginning.spans(),
        );
        faults(&mut page, said.faults_of(beginning.index));
    }
    for message in said.messages() {
        let of = match message.frames.as_slice() {
            [one] => format!("frame {one}"),
            many => format!(
                "frames {}",
                many.iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let kind = message.kind.name();
        let length = bytes(message.data.len() as u64);
        let content = match message.text() {
            Some(text) => quoted(text.as_bytes(), 60),
            None if message.compressed => format!("compressed: {}", hex_row(&message.data, ROW)),
            None => hex_row(&message.data, ROW),
        };
        page.paragraph(
            &format!("Message {}  ", message.number),
            &format!("{kind}, {length}, {of}: {content}"),
        );
    }
    verdict_of_frames(&mut page, said, input);
    page.into_text()
}

fn direction(from: Side) -> &'static str {
    match from {
        Side::Client => "client to server",
        Side::Server => "server to client",
    }
}

fn one_frame(page: &mut Page, frame: &Frame, said: &Transcript) {
    let (header, from) = (&frame.header, direction(frame.context.from));
    let size = match header.frame_len() {
        Some(len) => format!(
            "{} = {} header + {} payload",
            bytes(len),
            header.len(),
            header.payload_len
        ),
        None => format!("a header of {}", bytes(header.len() as u64)),
    };
    page.line(&format!(
        "Frame {}, {from}: {}, {size}",
        frame.index, header.opcode
    ));
    table(page, frame.raw(), frame.offset, &frame.spans());
    payload(page, frame);
    faults(page, said.faults_of(frame.index));
}

fn table(page: &mut Page, raw: &[u8], offset: u64, spans: &[Span]) {
    page.gap();
    page.line("   at  bytes        bits      field            value");
    for span in spans {
        let wire = &raw[span.bytes.clone()];
        let at = offset + span.bytes.start as u64;
        let shown = if wire.len() > 4 {
            format!("{} …", hex_row(&wire[..3], 3))
        } else {
            hex_row(wire, 4)
        };
        let head = format!(
            "{at:>5}  {shown:<11}  {:<8}  {:<15}  ",
            bits(wire[0], span),
            span.field.name()
        );
        page.paragraph(&head, &span.value);
        page.paragraph("       ", &format!("{}. {}", span.meaning, span.section));
    }
    page.gap();
}

/// `1.......`: the bits of the field where they stand in their byte; nothing where it has whole bytes.
fn bits(byte: u8, span: &Span) -> String {
    if span.bits == (0..8) {
        return String::new();
    }
    let bit = |number: u8| match (span.bits.contains(&number), byte & (0x80 >> number) != 0) {
        (false, _) => '.',
        (true, false) => '0',
        (true, true) => '1',
    };
    (0..8).map(bit).collect()
}

/// The payload written out: on the wire, the key below it, the plain bytes below that.
fn payload(page: &mut Page, frame: &Frame) {
    let (wire, plain) = (frame.payload_on_wire(), frame.payload());
    if wire.is_empty() {
        return;
    }
    let title = if frame.header.key.is_some() {
        "Payload, unmasked byte by byte"
    } else {
        "Payload"
    };
    page.line(title);
    for (row, start) in (0..plain.len().min(SHOWN)).step_by(ROW).enumerate() {
        let end = plain.len().min(start + ROW);
        if let Some(key) = frame.header.key {
            let key: Vec<u8> = (start..end).map(|at| key[at % 4]).collect();
            if row > 0 {
                page.gap();
            }
            page.line(&format!("  wire   {}", hex_row(&wire[start..end], ROW)));
            page.line(&format!("  key    {}", hex_row(&key, ROW)));
        }
        let text: String = plain[start..end]
            .iter()
            .map(|byte| printable(*byte))
            .collect();
        page.line(&format!(
            "  plain  {:<47}  {text}",
            hex_row(&plain[start..end], ROW)
        ));
    }
    if plain.len() > SHOWN {
        page.line(&format!(
            "  … and {} more",
            bytes((plain.len() - SHOWN) as u64)
        ));
    }
    page.gap();
}

fn printable(byte: u8) -> char {
    if byte == b' ' || byte.is_ascii_graphic() {
        char::from(byte)
    } else {
        '·'
    }
}

fn faults<'a>(page: &mut Page, faults: impl Iterator<Item = &'a Fault>) {
    for fault in faults {
        let mut place = format!("byte {}", fault.byte_offset);
        if let Some(bits) = fault.bits {
            let bits = bits.to_string();
            let word = if bits.len() > 1 { "bits" } else { "bit" };
            place = format!("{place}, {word} {bits}");
        }
        let answer = fault.close_code().map_or_else(String::new, |code| {
            format!("; a receiver closes with {code}")
        });
        page.line(&format!(
            "{:<8} {}",
            fault.severity().name().to_uppercase(),
            fault.code
        ));
        let detail = fault.detail.to_string();
        let what = if detail.is_empty() {
            fault.what().to_owned()
        } else {
            format!("{}: {detail}", fault.what())
        };
        page.paragraph("  what   ", &what);
        page.paragraph(
            "  where  ",
            &format!(
                "{place}; certain after {}{answer}",
                bytes(fault.detectable_after)
            ),
        );
        page.paragraph("  why    ", &format!("{} {}", fault.why(), fault.section()));
        page.gap();
    }
}

fn verdict_of_frames(page: &mut Page, said: &Transcript, input: &[u8]) {
    let needs = said.needs().map(|needs| {
        let phase = match needs.phase {
            Phase::Header => "its second byte",
            Phase::Length => "the extended length and what follows it",
            Phase::Key => "the masking key",
            Phase::Payload => "the payload",
        };
        format!("the last frame needs {} more: {phase}", bytes(needs.more))
    });
    let read = said.len();
    let text = match (said.verdict(), needs) {
        (Verdict::Ok, _) if input.is_empty() => "ok: no bytes, so nothing is wrong".to_owned(),
        (Verdict::Ok, _) => {
            "ok: every byte belongs to a complete frame, and no rule is broken".to_owned()
        }
        (Verdict::Incomplete, needs) => format!("incomplete: {}", needs.unwrap_or_default()),
        (Verdict::Fail, Some(needs)) => {
            format!("fail: a receiver closes the connection here; {needs}")
        }
        (Verdict::Fail, None) if read < input.len() as u64 => {
            let rest = bytes(input.len() as u64 - read);
            format!("fail: a receiver closes the connection here; {rest} behind it were not read")
        }
        (Verdict::Fail, None) => "fail: a receiver closes the connection here".to_owned(),
    };
    page.paragraph("Verdict    ", &text);
    let half = if input.starts_with(b"HTTP/") {
        Some("response")
    } else {
        [&b"GET "[..], b"POST ", b"PRI "]
            .iter()
            .any(|word| input.starts_with(word))
            .then_some("request")
    };
    if let Some(half) = half {
        page.paragraph(
            "Hint       ",
            &format!("these bytes look like HTTP, not like frames: try --handshake {half}"),
        );
    }
}

pub(super) fn handshake(handshake: &Handshake) -> String {
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
        let end = if line.end.len() == 2 { "␍␊" } else { "␊" };
        let text = harmless(&String::from_utf8_lossy(&head.raw()[line.text.clone()]));
        let text = if line.kind == LineKind::Blank {
            end.to_owned()
        } else {
            format!("{text}{end}")
        };
        page.paragraph(&format!("{:>5}  ", line.text.start), &text);
    }
    page.gap();
}

fn checks(page: &mut Page, handshake: &Handshake) {
    let checks = handshake.opening.checks();
    if checks.is_empty() {
        return;
    }
    let kept = checks
        .iter()
        .filter(|check| check.mark == Mark::Kept)
        .count();
    let asked = checks
        .iter()
        .filter(|check| check.mark != Mark::Absent)
        .count();
    page.line(&format!("Checks, {kept} of {asked} kept"));
    for check in &checks {
        let mark = match check.mark {
            Mark::Kept => '✓',
            Mark::Broken => '✗',
            Mark::Doubtful => '!',
            Mark::Absent => '–',
        };
        page.paragraph(
            &format!("  {mark} {:<13}  ", check.name),
            &format!("{}. {}", check.words, check.section),
        );
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
    let steps = accept.steps(received).into_iter().enumerate();
    for (number, step) in steps.filter(|(_, step)| step.name != "compare" || received.is_some()) {
        page.paragraph(
            &format!("  {} {:<13}  ", number + 1, step.name),
            &step.value,
        );
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
    page.line(&format!(
        "{:<8} {}",
        problem.severity.name().to_uppercase(),
        rule.name
    ));
    page.paragraph("  what   ", rule.what);
    if let Some(span) = problem.span.as_ref().filter(|span| !span.is_empty()) {
        page.paragraph(
            "  where  ",
            &format!("bytes {} to {}", span.start, span.end - 1),
        );
    }
    if let Some(hint) = &problem.hint {
        page.paragraph("  hint   ", &harmless(hint));
    }
    page.paragraph("  why    ", &format!("{} {}", rule.why, rule.section));
    page.gap();
}

fn verdict_of_handshake(page: &mut Page, handshake: &Handshake) {
    let judgement = &handshake.opening.judgement;
    let name = verdict(judgement.outcome, handshake.from);
    let text = match (name, handshake.opening.found) {
        ("accept", _) => "accept: both sides speak WebSocket from here on".to_owned(),
        ("incomplete", _) => {
            "incomplete: the blank line that ends the head has not come".to_owned()
        }
        (name, Found::Head(_)) => format!("{name}: this does not open a WebSocket"),
        (name, _) => format!("{name}: this is no head of HTTP/1.1"),
    };
    page.paragraph("Verdict    ", &text);
    if handshake.opening.head.is_some() && !handshake.leftover.is_empty() {
        let left = &handshake.leftover;
        let count = bytes(left.len() as u64);
        page.paragraph(
            "Left over  ",
            &format!("{count} behind the blank line: {}", hex_row(left, ROW)),
        );
    }
}
