//! The bytes of an exchange as lines: heads as text, frames as hex with a colour for each field and
//! their meaning beside it.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::conform::{
    AnnotatedSide, Case, ConnectionBytes, Exchange, Finding, ServerAddress, SockJsScript,
    SockJsStep, Step, Verdict,
};
use crate::conformance::EXAMPLE_KEY;
use crate::demos::inspect::wrap_words;
use crate::stage::{FieldColor, Theme};
use crate::text;
use crate::wire::{Header, LengthForm, Opcode, format};

/// The bytes of a payload that are shown, and of what is neither a head nor a frame.
const MAX_PAYLOAD: usize = 12;

/// The bytes of a payload where there is little room.
const MAX_NARROW_PAYLOAD: usize = 6;

/// The width in cells from which on there is room.
const WIDE: u16 = 90;

/// The frames of a side that are shown.
const MAX_FRAMES: usize = 12;

/// Returns the bytes that a case sends, as an exchange without an answer.
pub(super) fn unanswered(case: &Case) -> Exchange {
    let server = ServerAddress { authority: "127.0.0.1:9001".to_owned(), target: "/".to_owned() };
    let mut sent = case.request.to_bytes(&server, EXAMPLE_KEY);
    for step in &case.steps {
        if let Step::Send(bytes) = step {
            sent.extend_from_slice(bytes);
        }
    }
    let connection =
        ConnectionBytes { sent_len: sent.len() as u64, sent, ..ConnectionBytes::default() };
    Exchange {
        connections: vec![connection],
        ..Exchange::without_bytes(Finding::new(Verdict::NoAnswer, ""))
    }
}

/// Returns the lines of a case of SockJS: each connection with both sides; without bytes, what the case
/// sends and what is expected.
pub(super) fn script_lines(
    script: &SockJsScript,
    played: Option<&Exchange>,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let bold = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    let mut lines = Vec::new();
    let Some(played) = played else {
        for step in &script.steps {
            let (text, color) = match (step, step.expectation()) {
                (SockJsStep::Request(_, request), _) => {
                    let (method, path) = (request.method, &request.path);
                    (format!("▲ {method} /{}{path}", script.endpoint), theme.client)
                }
                (SockJsStep::Message(_, text), _) => {
                    (format!("▲ message {}", format::quote(text.as_bytes(), 60)), theme.client)
                }
                (_, Some(clause)) => (format!("▼ a conforming server {clause}"), theme.dim),
                (_, None) => continue,
            };
            let rows = wrap_words(&text::sanitize(&text), width.into());
            lines.extend(rows.into_iter().map(|row| Line::styled(row, Style::new().fg(color))));
        }
        return lines;
    };
    for (number, connection) in (1..).zip(&played.connections) {
        let sides = connection.annotated();
        let name = if played.connections.len() > 1 {
            format!(" on connection {number}")
        } else {
            String::new()
        };
        lines.push(Line::styled(format!("sent{name}"), bold(theme.client)));
        lines.extend(side_lines(&sides.client, width, theme));
        lines.push(Line::styled("came back", bold(theme.server)));
        lines.extend(side_lines(&sides.server, width, theme));
    }
    lines
}

/// Returns the lines of one side, for that many cells.
pub(super) fn side_lines(side: &AnnotatedSide, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let frames = side.frames.frames();
    let mut lines = Vec::new();
    // Where frames follow, the handshake is not the subject.
    let is_subject = frames.is_empty() && side.frames.current_frame().is_none();
    for head in &side.heads {
        let text = String::from_utf8_lossy(head.raw());
        let all: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let visible = if is_subject { all.len() } else { 1 };
        for line in all.iter().take(visible) {
            let line = text::sanitize(line).into_owned();
            lines.push(Line::styled(line, Style::new().fg(theme.text)));
        }
        if visible < all.len()
            && let Some(last) = lines.last_mut()
        {
            let more = format!("   and {}", text::units::count((all.len() - 1) as u64, "header"));
            last.push_span(Span::styled(more, theme.dim()));
        }
    }
    let unfinished = side.frames.current_frame();
    let max_payload = if width < WIDE { MAX_NARROW_PAYLOAD } else { MAX_PAYLOAD };
    for frame in frames.iter().take(MAX_FRAMES).chain(unfinished) {
        let meaning = meaning(&frame.header, &frame.payload(), frame.complete);
        lines.push(frame_line(&frame.header, frame.raw(), meaning, max_payload, theme));
    }
    if frames.len() > MAX_FRAMES {
        lines.push(Line::styled(
            format!("and {} more frames", frames.len() - MAX_FRAMES),
            theme.dim(),
        ));
    }
    if let Some(partial) = side.frames.partial_header() {
        lines.push(Line::styled(format::hex(partial.raw), theme.dim()));
    }
    if !side.rest.is_empty() {
        lines.extend(rest_lines(&side.rest, theme));
    }
    lines
}

/// Returns the bytes that are neither heads nor frames: as text if they are.
fn rest_lines(rest: &[u8], theme: &Theme) -> Vec<Line<'static>> {
    match str::from_utf8(rest) {
        Ok(body) if body.chars().all(|c| !c.is_control() || c.is_whitespace()) => body
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(3)
            .map(|line| Line::styled(text::sanitize(line).into_owned(), theme.dim()))
            .collect(),
        _ => {
            let bytes = rest.get(..MAX_PAYLOAD).unwrap_or(rest);
            vec![Line::styled(format::hex(bytes), theme.dim())]
        }
    }
}

/// Returns the bytes of a frame in the colours of its fields, and its meaning.
fn frame_line(
    header: &Header,
    raw: &[u8],
    meaning: String,
    max_payload: usize,
    theme: &Theme,
) -> Line<'static> {
    let extended = match header.length_form {
        LengthForm::Bits7 => 0,
        LengthForm::Bits16 => 2,
        LengthForm::Bits64 => 8,
    };
    let key = if header.masking_key.is_some() { 4 } else { 0 };
    let fields = [
        (FieldColor::FirstByte, 1),
        (FieldColor::SecondByte, 1),
        (FieldColor::ExtendedLength, extended),
        (FieldColor::MaskingKey, key),
    ];
    let mut line = Line::default();
    let mut rest = raw;
    for (field, len) in fields {
        let (bytes, behind) = rest.split_at(len.min(rest.len()));
        rest = behind;
        if !bytes.is_empty() {
            let style = Style::new().fg(theme.field(field)).add_modifier(Modifier::BOLD);
            line.push_span(Span::styled(format!("{} ", format::hex(bytes)), style));
        }
    }
    let visible = rest.get(..max_payload).unwrap_or(rest);
    let more = if rest.len() > visible.len() { "…" } else { "" };
    let payload = format!("{}{more}", format::hex(visible));
    line.push_span(Span::styled(payload, Style::new().fg(theme.field(FieldColor::Payload))));
    // A short header, a key and the payload, so that the meanings stand below each other.
    let pad = (17 + 2 * max_payload).saturating_sub(line.width()).max(2);
    line.push_span(Span::raw(" ".repeat(pad)));
    line.push_span(Span::styled(meaning, theme.dim()));
    line
}

/// Returns what a frame is, in a few words.
fn meaning(header: &Header, payload: &[u8], is_complete: bool) -> String {
    let mut words = vec![header.opcode.to_string()];
    if !header.fin {
        words.push("FIN 0".to_owned());
    }
    for (is_set, bit) in [(header.rsv1, "RSV1"), (header.rsv2, "RSV2"), (header.rsv3, "RSV3")] {
        if is_set {
            words.push(bit.to_owned());
        }
    }
    match (header.opcode, payload.split_first_chunk::<2>()) {
        (Opcode::Close, Some((code, reason))) => {
            words.push(u16::from_be_bytes(*code).to_string());
            if !reason.is_empty() {
                words.push(quoted(reason));
            }
        }
        _ => words.push(format::byte_count(header.payload_len)),
    }
    if matches!(header.opcode, Opcode::Text) && !payload.is_empty() && is_complete {
        words.push(quoted(payload));
    }
    if !is_complete {
        words.push("cut".to_owned());
    }
    words.join(" ")
}

/// Returns the beginning of a text in quotes.
fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..120).unwrap_or(bytes)).into_owned();
    format!("\"{}\"", text::ellipsize(&text::sanitize(&text), 48))
}
