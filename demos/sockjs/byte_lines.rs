//! Bytes as lines: HTTP as the text that it is, with its ends of lines, and WebSocket frames in hex
//! with their meaning.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::clients::sockjs::ByteSample;
use crate::stage::{FieldColor, Theme};
use crate::text;
use crate::wire::frame::mask::unmask;
use crate::wire::{Header, format};

/// A run of one byte that is longer is shown as its length.
const MAX_RUN: usize = 16;

/// Returns the bytes of one direction of an exchange, for that many cells.
pub(super) fn sample_lines(sample: &ByteSample, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = piece_lines(&sample.first, width, theme);
    if sample.left_out() > 0 {
        let between = format!("… {} bytes …", format::group_thousands(sample.left_out()));
        lines.push(Line::styled(between, theme.dim()));
    }
    if !sample.last.is_empty() {
        let last: Vec<u8> = sample.last.iter().copied().collect();
        lines.extend(text_lines(&last, width, Style::new().fg(theme.text)));
    }
    lines
}

/// Returns bytes that begin an exchange.
fn piece_lines(bytes: &[u8], width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let is_head = [&b"GET "[..], b"POST ", b"HTTP/"].iter().any(|start| bytes.starts_with(start));
    if !is_head {
        return frame_lines(bytes, theme);
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.map_or(bytes.len(), |at| at + 4));
    let mut lines = text_lines(head, width, theme.dim());
    if head.starts_with(b"HTTP/1.1 101") {
        lines.extend(frame_lines(body, theme));
    } else {
        lines.extend(text_lines(body, width, Style::new().fg(theme.text)));
    }
    lines
}

/// Returns text with its control characters made visible, a line of it in one or more rows.
fn text_lines(bytes: &[u8], width: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = shorten_runs(&String::from_utf8_lossy(line));
        let line = text::sanitize(&line);
        let mut rest = &*line;
        while !rest.is_empty() {
            let row = text::prefix_within(rest, width.max(2));
            // A character that is wider than the row.
            if row.is_empty() {
                break;
            }
            lines.push(Line::styled(row.to_owned(), style));
            rest = &rest[row.len()..];
        }
    }
    lines
}

/// Returns a text with its long runs of one character as their length: the prelude of xhr-streaming
/// is one of 2,048.
fn shorten_runs(line: &str) -> String {
    let mut short = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| c != first).unwrap_or(rest.len());
        let count = end / first.len_utf8();
        if count > MAX_RUN {
            short.push_str(&format!("{first}{first}…({count} × {first})"));
        } else {
            short.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    short
}

/// Returns frames in hex, one a line, each with its meaning. What is no frame is hex alone.
fn frame_lines(bytes: &[u8], theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let frame = Header::parse(rest).ok().and_then(|header| {
            let len = usize::try_from(header.frame_len().get()).ok()?;
            rest.get(..len).map(|raw| (header, raw))
        });
        let Some((header, raw)) = frame else {
            lines.push(Line::styled(format::spaced_hex(rest, 24), theme.dim()));
            break;
        };
        rest = &rest[raw.len()..];
        lines.push(frame_line(&header, raw, theme));
    }
    lines
}

fn frame_line(header: &Header, raw: &[u8], theme: &Theme) -> Line<'static> {
    let (head, wire) = raw.split_at(header.len().min(raw.len()));
    let plain = match header.masking_key {
        Some(key) => unmask(wire, key),
        None => wire.to_vec(),
    };
    let head_style =
        Style::new().fg(theme.field(FieldColor::FirstByte)).add_modifier(Modifier::BOLD);
    let payload = Style::new().fg(theme.field(FieldColor::Payload));
    Line::from(vec![
        Span::styled(format::spaced_hex(head, 14), head_style),
        Span::styled(format!(" {}", format::spaced_hex(wire, 6)), payload),
        Span::styled(format!("   {} ", header.opcode), theme.dim()),
        Span::styled(format::quote(&plain, 120), payload),
    ])
}
