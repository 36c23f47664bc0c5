//! The table of a frame's fields, and the explanation of the field under the cursor.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text, Text as Lines};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::field_tag;
use crate::demos::inspect::parts::payload::is_missing;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::payload_text;
use crate::demos::inspect::session::selection::ShownBytes;
use crate::stage::Theme;
use crate::text;
use crate::wire::explain::NonFrame;
use crate::wire::{ByteLen, Fault, Field, FieldSpan, Frame, format};

/// Draws one row for each field, and the explanation of the field under the cursor. Without room
/// only the latter.
pub(crate) fn draw(
    session: &Session,
    frame: &Frame,
    spans: &[FieldSpan],
    area: Rect,
    canvas: &mut Canvas,
) {
    let cursor = session.field_under_cursor(spans);
    let Some(span) = spans.get(cursor) else { return };
    let explanation = field_explanation(session, frame, span, canvas.theme);
    let wide = usize::from(area.width.max(1));
    let rows: usize = explanation.lines.iter().map(|line| line.width() / wide + 1).sum();
    let detail = (rows as u16).clamp(1, (area.height / 3).max(6)).min(area.height);
    let rows = usize::from(area.height.saturating_sub(detail + 1)).min(spans.len());
    let (table, rest) = split_rows(area, rows as u16);
    draw_table(spans, cursor, table, canvas);
    let (title, rest) = split_rows(rest, u16::from(rows > 0 && rest.height > detail));
    let shown = session.bytes_under_cursor();
    let byte = shown.and_then(|shown| byte_label(&shown, session.cursor)).unwrap_or_default();
    canvas.draw_divider(&format!("{}, {}{byte}", span.field.name(), span.section), title);
    let explanation =
        if rows == 0 { with_field_name(span, explanation, canvas.theme) } else { explanation };
    Paragraph::new(explanation).wrap(Wrap { trim: true }).render(rest, canvas.buffer);
}

fn draw_table(spans: &[FieldSpan], cursor: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let rows = usize::from(area.height);
    let first = (cursor + 1).saturating_sub(rows).min(spans.len().saturating_sub(rows));
    let meanings = area.width >= 70;
    let widest = spans
        .iter()
        .map(|span| text::width(&format::escape_controls(&span.value)))
        .max()
        .unwrap_or(0);
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

/// Returns the byte under the cursor in bits, with the selected bit in brackets.
fn byte_label(shown: &ShownBytes, cursor: ByteCursor) -> Option<String> {
    if is_missing(&shown.missing, cursor.byte) {
        return Some(format!(" · byte {} was not captured", cursor.byte));
    }
    let byte = *shown.raw.get(cursor.byte)?;
    let bits: String = (0..8)
        .map(|bit| {
            let digit = if byte & 0x80 >> bit == 0 { '0' } else { '1' };
            if bit == cursor.bit { format!("[{digit}]") } else { digit.to_string() }
        })
        .collect();
    Some(format!(" · byte {} = 0x{byte:02x} = {bits}", cursor.byte))
}

/// Describes which bits or bytes of the frame a field covers.
fn span_location(span: &FieldSpan) -> String {
    let (bits, bytes) = (&span.bits, &span.bytes);
    match (bits.len(), bytes.len()) {
        (8, 1) => format!("byte {}", bytes.start),
        (8, _) => format!("{}–{}", bytes.start, bytes.end.saturating_sub(1)),
        (1, _) => format!("bit {}", bits.start),
        _ => format!("bits {}–{}", bits.start, bits.end - 1),
    }
}

/// Returns the meaning of the field in this frame, and the faults of the frame.
fn field_explanation(
    session: &Session,
    frame: &Frame,
    span: &FieldSpan,
    theme: &Theme,
) -> Lines<'static> {
    let mut lines = Lines::from(format::escape_controls(&span.meaning));
    if span.field == Field::Payload && session.draft.is_none() {
        let text = payload_text::readable_text(session)
            // A short text is already shown as the value.
            .filter(|text| text.len() > span.value.len());
        lines.extend(
            text.map(|text| {
                Line::from(vec![Text::styled("reads  ", theme.dim()), Text::raw(text)])
            }),
        );
    }
    let from = frame.context.from;
    let faults: Vec<Fault> = match &session.draft {
        Some(draft) => draft.faults(),
        None => session.connection().trace.faults_of(from, frame.frame_number).to_vec(),
    };
    for fault in &faults {
        let color = if fault.is_fatal() { theme.bad } else { theme.warn };
        let sign = if fault.is_fatal() { "✗" } else { "!" };
        let text =
            format!("{sign} {}: {} ({})", fault.code.name(), fault.summary(), fault.section());
        lines.push_line(Line::styled(text, Style::new().fg(color)));
    }
    // What the bytes are says more than the rules that they happen to break.
    let non_frame = session.connection().trace.non_frame_at(from, frame.frame_number);
    let hint = non_frame
        .filter(|_| session.draft.is_none())
        .map(if faults.is_empty() { NonFrame::continuation_hint } else { NonFrame::hint })
        .or_else(|| faults.iter().find_map(Fault::hint));
    if let Some(hint) = hint {
        lines.push_line(Line::styled(hint, Style::new().fg(theme.warn)));
    }
    let more = session.connection().trace.bytes_after_frames(from);
    if non_frame.is_some() && more > ByteLen::ZERO {
        let text = format!("{} more of it follow", format::byte_count(more));
        lines.push_line(Line::styled(text, Style::new().fg(theme.warn)));
    }
    if let Some(draft) = &session.draft {
        if faults.is_empty() {
            lines.push_line(Line::styled(
                "✓ legal at this point in the stream",
                Style::new().fg(theme.good),
            ));
        }
        let beyond = draft.trailing_bytes();
        if !beyond.is_empty() {
            let text = format!(
                "! {} after it begin the next frame: the length is too small (l corrects \
                 it)",
                format::byte_count(beyond.len() as u64)
            );
            lines.push_line(Line::styled(text, Style::new().fg(theme.warn)));
        } else if draft.missing_bytes() > 0 {
            let text = format!(
                "… the peer would wait for {} more",
                format::byte_count(draft.missing_bytes())
            );
            lines.push_line(Line::styled(text, Style::new().fg(theme.warn)));
        }
    }
    lines
}

/// Returns the explanation with the field's name and value before it, for when there is no table.
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
