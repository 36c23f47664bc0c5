//! The location of a problem: the bytes around it, the byte marked, and its bits.
//!
//! `verdict` explains what is wrong there.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Text};

use super::model::LocatedFault;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::field_tag;
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::payload::{MISSING_DIGITS, is_missing};
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::session::Session;
use crate::wire::explain::{FrameContext, field_span};
use crate::wire::{Field, FieldSpan, format};

/// Draws the bytes around a fault with its byte marked, and the bits of that byte.
pub(crate) fn draw_frame(
    session: &Session,
    found: &LocatedFault,
    bits: bool,
    area: Rect,
    canvas: &mut Canvas,
) {
    let Some(raw) = found.frame_bytes(session).filter(|raw| !raw.is_empty()) else {
        canvas.draw_divider("The bytes of this frame are no longer in memory", area);
        return;
    };
    let context = found.row.and_then(|row| session.frame(row)).map(|frame| frame.context);
    let agreed = session.connection().trace.agreed();
    let context = context.unwrap_or_else(|| FrameContext::new(found.from, agreed));
    let spans = field_span::field_spans(&raw, context);
    let at = found.byte_in_frame();
    let arrow = side_style(found.from, canvas.theme).1;
    let number = found
        .row
        .map_or_else(|| "A frame that is not complete".to_owned(), |row| format!("Frame {row}"));
    let field = spans
        .iter()
        .find(|span| span_contains(span, found, at))
        .map_or("", |span| span.field.name());
    let title = format!(
        "{number} · {arrow} · {} · byte 0x{at:02x}, {field}",
        format::byte_count(raw.len() as u64)
    );
    canvas.draw_divider(title.trim_end_matches(", "), area);
    let below = split_rows(area, 1).1;
    let certain = found.fault.detectable_after - found.frame_start;
    let mark = format!("knowable after {} of the frame", format::byte_count(certain));
    let cell = |index: usize| {
        let color = spans.iter().find(|span| span.bytes.contains(&index));
        color.map_or(canvas.theme.dim, |span| field_tag(span, canvas.theme).1)
    };
    let colors: Vec<Color> = (0..raw.len()).map(cell).collect();
    let missing = found.row.and_then(|row| session.frame(row));
    let missing = missing.map(|frame| frame.missing().to_vec()).unwrap_or_default();
    draw_hex(&raw, &missing, &colors, at..at.saturating_add(1), &mark, below, canvas);
    if bits {
        draw_bits(&raw, &spans, found, at, split_rows(below, 2).1, canvas);
    }
}

fn span_contains(span: &FieldSpan, found: &LocatedFault, at: usize) -> bool {
    // Fields can share a byte, so a fault with known bits belongs to the field that has them.
    let bit = (0..8).find(|bit| found.fault.bits.is_some_and(|bits| bits.contains(*bit)));
    span.contains(at, bit.unwrap_or(span.bits.start))
}

/// Draws the row of hex that contains `place`, and below it a mark with a label. Bytes in `missing`
/// were not captured and have no digits.
pub(crate) fn draw_hex(
    raw: &[u8],
    missing: &[Range<usize>],
    colors: &[Color],
    place: Range<usize>,
    label: &str,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let per_row = (usize::from(area.width.saturating_sub(8)) / 3).clamp(1, 32);
    let start = place.start.min(raw.len().saturating_sub(1)) / per_row * per_row;
    let end = (start + per_row).min(raw.len());
    let mut hex = Line::styled(format!("  {start:04x}  "), theme.faint());
    for (index, byte) in raw.iter().enumerate().take(end).skip(start) {
        if is_missing(missing, index) {
            hex.push_span(Text::styled(format!("{MISSING_DIGITS} "), theme.dim()));
            continue;
        }
        let color = colors.get(index).copied().unwrap_or(theme.text);
        let style = Style::new().fg(color);
        let style = if place.contains(&index) {
            style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        } else {
            style
        };
        hex.push_span(Text::styled(format!("{byte:02x}"), style));
        hex.push_span(Text::raw(" "));
    }
    if end < raw.len() {
        hex.push_span(Text::styled("…", theme.dim()));
    }
    canvas.draw_line(&hex, 0, area);
    // Only one row is shown, so the mark ends with it.
    let marked = place.end.clamp(start, end).saturating_sub(place.start.max(start)).max(1);
    let left = 8 + 3 * (place.start.max(start) - start);
    let sign = "▔".repeat(3 * marked - 1);
    let bad = Style::new().fg(theme.bad);
    let fits = left + 3 * marked + label.chars().count() <= usize::from(area.width);
    // Without room at the right the label stands left of the mark.
    let line = if fits {
        Line::styled(format!("{}{sign} {label}", " ".repeat(left)), bad)
    } else {
        Line::styled(format!("{label:>before$} {sign}", before = left.saturating_sub(1)), bad)
    };
    canvas.draw_line(&line, 1, area);
}

/// Draws the bits of a byte and their fields. Bits that break the rule are reversed.
fn draw_bits(
    raw: &[u8],
    spans: &[FieldSpan],
    found: &LocatedFault,
    at: usize,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let Some(byte) = raw.get(at) else { return };
    let mut lines =
        ["  bit   ", "        ", "        "].map(|label| Line::styled(label, theme.faint()));
    let mut bit = 0;
    while bit < 8 {
        let span = spans.iter().find(|span| span.contains(at, bit));
        let (end, name, color) = span.map_or((bit + 1, "", theme.dim), |span| {
            (span.bits.end, short_name(span.field), field_tag(span, theme).1)
        });
        for number in bit..end {
            let hit = found.fault.bits.is_none_or(|bits| bits.contains(number));
            let style = Style::new().fg(if hit { theme.bad } else { color });
            let digit = if byte & 0x80 >> number == 0 { "0" } else { "1" };
            let digit = if hit {
                Text::styled(digit, style.add_modifier(Modifier::BOLD | Modifier::REVERSED))
            } else {
                Text::styled(digit, style)
            };
            lines[0].push_span(Text::styled(format!("{number:<5}"), theme.faint()));
            lines[1].spans.extend([digit, Text::raw("    ")]);
        }
        let wide = usize::from(end - bit) * 5;
        let name = if wide <= 5 {
            format!("{name:<5}")
        } else {
            format!("└{name:─^width$}┘ ", width = wide - 6)
        };
        lines[2].push_span(Text::styled(name, Style::new().fg(color)));
        bit = end;
    }
    let value = format!("  = 0x{byte:02x}, bit 0 is the first on the wire");
    lines[1].push_span(Text::styled(value, theme.dim()));
    prose::draw_lines(&lines, area, canvas);
}

fn short_name(field: Field) -> &'static str {
    match field {
        Field::Length | Field::ExtendedLength => "length",
        field => field.name(),
    }
}
