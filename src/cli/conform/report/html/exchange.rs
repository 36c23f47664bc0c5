//! What both sides sent in a case: a table for each, byte for byte with its meaning.

use std::fmt::Write as _;

use crate::cli::conform::report::xml::escaped;
use crate::conform::{AnnotatedSide, ConnectionBytes, Exchange};
use crate::wire::format::{byte_count, quote, spaced_hex};
use crate::wire::handshake::Head;
use crate::wire::{Fault, FieldSpan, Frame, Offset, Side};

/// The most connections of a case that are shown; further ones are counted.
const MAX_CONNECTIONS: usize = 12;

/// The most frames of a side that are shown; further ones are counted.
const MAX_FRAMES: usize = 12;

/// The most bytes of a field that are shown.
const MAX_BYTES: usize = 32;

/// The most characters of a line of a head, or of what is neither head nor frame.
const MAX_CHARS: usize = 400;

/// The most lines of a head.
const MAX_LINES: usize = 40;

/// Writes both tables of each connection.
pub(super) fn write(html: &mut String, id: &str, exchange: &Exchange, peer: Side) {
    if exchange.connections.len() <= 1 {
        write_connection(html, id, exchange.first(), peer);
        return;
    }
    for (number, connection) in (1..).zip(exchange.connections.iter().take(MAX_CONNECTIONS)) {
        write_connection(html, &format!("connection {number} of {id}"), connection, peer);
    }
    let more = exchange.connections.len().saturating_sub(MAX_CONNECTIONS);
    if more > 0 {
        let _ = writeln!(html, "<p>{more} more connections</p>");
    }
}

/// Writes both tables of a connection.
fn write_connection(html: &mut String, name: &str, connection: &ConnectionBytes, peer: Side) {
    let sides = connection.annotated();
    let sent = (connection.sent.len() as u64, connection.sent_len);
    let received = (connection.received.len() as u64, connection.received_len);
    write_side(html, &format!("Sent in {name}"), &sides[peer.peer()], sent);
    write_side(html, &format!("Received in {name}"), &sides[peer], received);
}

fn write_side(html: &mut String, name: &str, side: &AnnotatedSide, (kept, len): (u64, u64)) {
    if len == 0 {
        let _ = writeln!(html, "<p>{}: nothing</p>", escaped(name));
        return;
    }
    let beginning = if kept < len {
        format!(", of which the first {} are shown", byte_count(kept))
    } else {
        String::new()
    };
    let _ = writeln!(
        html,
        "<table class=\"bytes\">\n<caption>{}: {}{beginning}</caption>\n<thead><tr><th \
         scope=\"col\">at</th><th scope=\"col\">bytes</th><th scope=\"col\">meaning</th></tr></thead>\n\
         <tbody>",
        escaped(name),
        byte_count(len)
    );
    let mut at = 0;
    for head in &side.heads {
        write_head(html, head, at);
        at = at.saturating_add(head.raw().len());
    }
    let frames: Vec<&Frame> =
        side.frames.frames().iter().chain(side.frames.current_frame()).collect();
    for frame in frames.iter().take(MAX_FRAMES) {
        write_frame(
            html,
            frame,
            at,
            &side.frames.faults_of(frame.frame_number).collect::<Vec<_>>(),
        );
    }
    let more = frames.len().saturating_sub(MAX_FRAMES);
    if more > 0 {
        row(html, "", "", &format!("{more} more frames"), "");
    }
    if let Some(partial) = side.frames.partial_header().filter(|partial| !partial.raw.is_empty()) {
        write_spans(html, partial.raw, partial.offset + at, &partial.field_spans());
        for fault in side.frames.faults_of(partial.frame_number) {
            write_fault(html, fault, at);
        }
    }
    if !side.rest.is_empty() {
        let read = usize::try_from(side.frames.byte_count().get()).unwrap_or(usize::MAX);
        let at = at.saturating_add(read);
        row(
            html,
            &at.to_string(),
            &spaced_hex(&side.rest, MAX_BYTES),
            &quote(&side.rest, MAX_CHARS),
            "",
        );
    }
    html.push_str("</tbody>\n</table>\n");
}

fn write_head(html: &mut String, head: &Head, at: usize) {
    for line in head.lines().iter().take(MAX_LINES) {
        let whole = line.text.start..line.line_end.end;
        let bytes = head.raw().get(whole.clone()).unwrap_or_default();
        let at = at.saturating_add(whole.start).to_string();
        row(html, &at, &spaced_hex(bytes, 12), &quote(bytes, MAX_CHARS), "");
    }
    let more = head.lines().len().saturating_sub(MAX_LINES);
    if more > 0 {
        row(html, "", "", &format!("{more} more lines"), "");
    }
}

fn write_frame(html: &mut String, frame: &Frame, at: usize, faults: &[&Fault]) {
    write_spans(html, frame.raw(), frame.offset + at, &frame.field_spans());
    for fault in faults {
        write_fault(html, fault, at);
    }
}

/// Writes a row for each range of bytes, with all fields that are in it.
fn write_spans(html: &mut String, raw: &[u8], offset: Offset, spans: &[FieldSpan]) {
    for (index, same) in spans.chunk_by(|one, next| one.bytes == next.bytes).enumerate() {
        let Some(first) = same.first() else { continue };
        let bytes = raw.get(first.bytes.clone()).unwrap_or_default();
        let class = if index == 0 { " class=\"frame\"" } else { "" };
        let at = (offset + first.bytes.start).to_string();
        row(html, &at, &spaced_hex(bytes, MAX_BYTES), &meaning(same), class);
    }
}

/// Returns the fields of a range of bytes: all of them by name and value where they share a byte, and
/// the meaning of one that has bytes of its own.
fn meaning(spans: &[FieldSpan]) -> String {
    let value = |span: &FieldSpan| format!("{} {}", span.field.name(), span.value);
    match spans {
        [one] => format!("{}: {}", value(one), one.meaning),
        many => many.iter().map(value).collect::<Vec<_>>().join(", "),
    }
}

fn write_fault(html: &mut String, fault: &Fault, at: usize) {
    let text = format!("{}: {} ({})", fault.code.name(), fault.summary(), fault.section());
    row(html, &(fault.byte_offset + at).to_string(), "", &text, " class=\"fault\"");
}

fn row(html: &mut String, at: &str, bytes: &str, meaning: &str, class: &str) {
    let (bytes, meaning) = (escaped(bytes), escaped(meaning));
    let _ = writeln!(html, "<tr{class}><td>{at}</td><td>{bytes}</td><td>{meaning}</td></tr>");
}
