//! The bits of the byte under the cursor, and the fields of the frame with what each of them means.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text, Text as Lines};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::canvas::{Canvas, ClickTarget, split_rows};
use super::frames::field_tag;
use super::payload_text;
use super::state::{ByteCursor, Inspect};
use crate::stage::Theme;
use crate::text;
use crate::wire::{Fault, Field, FieldSpan, Frame, format};

/// Cells a bit takes.
const BIT_WIDTH: u16 = 6;

/// The byte under the cursor, bit by bit; what is left of the area comes back.
pub(super) fn draw_bits(
    inspect: &Inspect,
    raw: &[u8],
    spans: &[FieldSpan],
    area: Rect,
    canvas: &mut Canvas,
) -> Rect {
    let boxed = area.height >= 24;
    let (bits, rest) = split_rows(area, if boxed { 6 } else { 3 });
    let at = inspect.cursor.byte;
    let Some(byte) = raw.get(at) else { return rest };
    let title =
        format!("Byte {at} = 0x{byte:02x} = {byte} · bit 0 is the most significant, the first on the wire");
    canvas.draw_rule(&title, bits);
    let below = split_rows(bits, 1).1;
    let theme = canvas.theme;
    let (values, names) = if boxed { (1, 3) } else { (0, 1) };
    if boxed {
        for (row, [left, middle, right]) in [(0, ["┌", "┬", "┐"]), (2, ["└", "┴", "┘"])] {
            let line = (0..8)
                .fold(left.to_owned(), |line, bit| line + "─────" + if bit < 7 { middle } else { right });
            canvas.draw_line(&Line::styled(format!("    {line}"), theme.faint()), row, below);
        }
        canvas.draw_line(&Line::styled(format!("    {}│", "│     ".repeat(8)), theme.faint()), 1, below);
    }
    for bit in 0..8_u8 {
        let span = spans.iter().find(|span| span.contains(at, bit));
        let color = span.map_or(theme.dim, |span| field_tag(span, theme).1);
        let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
        let style = if bit == inspect.cursor.bit { style.add_modifier(Modifier::REVERSED) } else { style };
        let x = below.x + 5 + u16::from(bit) * BIT_WIDTH;
        let spot = Rect { x, y: below.y + values, width: 5, height: 1 }.intersection(below);
        canvas.add_target(spot, ClickTarget::Bit(at, bit));
        let digit = if byte & 0x80 >> bit == 0 { "  0  " } else { "  1  " };
        canvas.draw_line(&Line::styled(digit, style), 0, spot);
    }
    draw_names(at, spans, Rect { y: below.y + names, height: 1, ..below }.intersection(below), canvas);
    rest
}

/// The name of each field below its bits.
fn draw_names(at: usize, spans: &[FieldSpan], area: Rect, canvas: &mut Canvas) {
    let mut bit = 0;
    while bit < 8 {
        let Some(span) = spans.iter().find(|span| span.contains(at, bit)) else {
            bit += 1;
            continue;
        };
        let (letters, color) = field_tag(span, canvas.theme);
        let wide = u16::from(span.bits.end - bit) * BIT_WIDTH - 1;
        let name = text::ellipsize(span.field.name(), usize::from(wide)).into_owned();
        let name = if wide < 8 { name } else { format!("{letters} {name}") };
        let line = if wide < 8 {
            format!("{name:^5}")
        } else {
            format!("└{name:─^width$}┘", width = usize::from(wide) - 2)
        };
        let x = area.x + 5 + u16::from(bit) * BIT_WIDTH;
        let spot = Rect { x, width: wide, ..area }.intersection(area);
        canvas.draw_line(&Line::styled(line, Style::new().fg(color)), 0, spot);
        bit = span.bits.end;
    }
}

/// One row a field, and the one under the cursor in full; without room only that one.
pub(super) fn draw(inspect: &Inspect, frame: &Frame, spans: &[FieldSpan], area: Rect, canvas: &mut Canvas) {
    let cursor = inspect.field_under_cursor(spans);
    let Some(span) = spans.get(cursor) else { return };
    let explanation = field_explanation(inspect, frame, span, canvas.theme);
    let wide = usize::from(area.width.max(1));
    let rows: usize = explanation.lines.iter().map(|line| line.width() / wide + 1).sum();
    let detail = (rows as u16).clamp(1, (area.height / 3).max(6)).min(area.height);
    let rows = usize::from(area.height.saturating_sub(detail + 1)).min(spans.len());
    let (table, rest) = split_rows(area, rows as u16);
    draw_table(spans, cursor, table, canvas);
    let (title, rest) = split_rows(rest, u16::from(rows > 0 && rest.height > detail));
    let byte = inspect.bytes_under_cursor().and_then(|(raw, _)| raw.get(inspect.cursor.byte).copied());
    let byte = byte.map_or_else(String::new, |byte| byte_label(byte, inspect.cursor));
    canvas.draw_rule(&format!("{}, {}{byte}", span.field.name(), span.section), title);
    let explanation = if rows == 0 { with_field_name(span, explanation, canvas.theme) } else { explanation };
    Paragraph::new(explanation).wrap(Wrap { trim: true }).render(rest, canvas.buffer);
}

fn draw_table(spans: &[FieldSpan], cursor: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let rows = usize::from(area.height);
    let first = (cursor + 1).saturating_sub(rows).min(spans.len().saturating_sub(rows));
    let meanings = area.width >= 70;
    let widest =
        spans.iter().map(|span| text::width(&format::escape_controls(&span.value))).max().unwrap_or(0);
    let width = widest.max(8).min(usize::from(area.width / 4));
    for (row, (number, span)) in spans.iter().enumerate().skip(first).take(rows).enumerate() {
        let (letters, color) = field_tag(span, theme);
        let chosen = number == cursor;
        let spot = Rect { y: area.y + row as u16, height: 1, ..area };
        if chosen {
            canvas.buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        canvas.add_target(spot, ClickTarget::Bit(span.bytes.start, span.bits.start));
        let value = format::escape_controls(&span.value);
        let mut line = Line::from(vec![
            Text::styled(if chosen { "▶" } else { " " }, Style::new().fg(theme.accent)),
            Text::styled(format!("{letters:<2} {:<16}", span.field.name()), Style::new().fg(color)),
            Text::styled(format!("{:<10}", span_location(span)), theme.dim()),
        ]);
        if meanings {
            let value = text::ellipsize(&value, width).into_owned();
            let pad = " ".repeat((width + 2).saturating_sub(text::width(&value)));
            line.push_span(Text::raw(value + &pad));
            line.push_span(Text::styled(format::escape_controls(&span.meaning), theme.dim()));
        } else {
            line.push_span(Text::raw(value));
        }
        canvas.draw_line(&line, 0, spot);
    }
}

/// A byte in bits, with the one under the cursor in brackets.
fn byte_label(byte: u8, cursor: ByteCursor) -> String {
    let bits: String = (0..8)
        .map(|bit| {
            let digit = if byte & 0x80 >> bit == 0 { '0' } else { '1' };
            if bit == cursor.bit { format!("[{digit}]") } else { digit.to_string() }
        })
        .collect();
    format!(" · byte {} = 0x{byte:02x} = {bits}", cursor.byte)
}

/// Which bits of which bytes.
fn span_location(span: &FieldSpan) -> String {
    let (bits, bytes) = (&span.bits, &span.bytes);
    match (bits.len(), bytes.len()) {
        (8, 1) => format!("byte {}", bytes.start),
        (8, _) => format!("{}–{}", bytes.start, bytes.end.saturating_sub(1)),
        (1, _) => format!("bit {}", bits.start),
        _ => format!("bits {}–{}", bits.start, bits.end - 1),
    }
}

/// What the field means here, and what is wrong with the frame.
fn field_explanation(inspect: &Inspect, frame: &Frame, span: &FieldSpan, theme: &Theme) -> Lines<'static> {
    let mut lines = Lines::from(format::escape_controls(&span.meaning));
    if span.field == Field::Payload && inspect.draft.is_none() {
        let text = payload_text::readable_text(inspect, frame).filter(|text| text.len() > span.value.len());
        lines
            .extend(text.map(|text| Line::from(vec![Text::styled("reads  ", theme.dim()), Text::raw(text)])));
    }
    let from = frame.context.from;
    let faults: Vec<Fault> = match &inspect.draft {
        Some(draft) => draft.faults(),
        None => inspect.connection().trace.faults_of(from, frame.index).to_vec(),
    };
    for fault in &faults {
        let color = if fault.is_fatal() { theme.bad } else { theme.warn };
        let sign = if fault.is_fatal() { "✗" } else { "!" };
        let text = format!("{sign} {}: {} ({})", fault.code.name(), fault.summary(), fault.section());
        lines.push_line(Line::styled(text, Style::new().fg(color)));
    }
    if let Some(draft) = &inspect.draft {
        if faults.is_empty() {
            lines.push_line(Line::styled(
                "✓ nothing is wrong with it where it stands",
                Style::new().fg(theme.good),
            ));
        }
        let beyond = draft.trailing_bytes();
        if !beyond.is_empty() {
            let text = format!(
                "! {} behind it begin a next frame: the length says less than is there (l mends it)",
                format::byte_count(beyond.len() as u64)
            );
            lines.push_line(Line::styled(text, Style::new().fg(theme.warn)));
        } else if draft.missing_bytes() > 0 {
            let text =
                format!("… the peer would wait for {} more", format::byte_count(draft.missing_bytes()));
            lines.push_line(Line::styled(text, Style::new().fg(theme.warn)));
        }
    }
    lines
}

/// The explanation with the field's name and value before it, where there is no table.
fn with_field_name(span: &FieldSpan, explanation: Lines<'static>, theme: &Theme) -> Lines<'static> {
    let (letters, color) = field_tag(span, theme);
    let name = format!(
        "{letters} {} {} ",
        span.field.name(),
        text::ellipsize(&format::escape_controls(&span.value), 24)
    );
    let mut lines = explanation.lines.into_iter();
    let mut first = lines.next().unwrap_or_default();
    first.spans.insert(0, Text::styled(name, Style::new().fg(color).add_modifier(Modifier::BOLD)));
    first.push_span(Text::styled(format!(" ({})", span.section), theme.dim()));
    std::iter::once(first).chain(lines).collect()
}
