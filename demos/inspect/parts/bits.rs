//! Draws the byte under the cursor bit by bit, with the fields that its bits belong to.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::canvas::{Canvas, ClickTarget, split_rows};
use super::colors::field_tag;
use super::payload::is_missing;
use crate::demos::inspect::action::ByteCursor;
use crate::text;
use crate::wire::FieldSpan;

/// The width of a bit in cells.
const BIT_WIDTH: u16 = 6;

/// Draws the byte under the cursor bit by bit, and returns the rest of the area. A byte in
/// `missing` was not captured and has no bits.
pub(crate) fn draw(
    raw: &[u8],
    missing: &[Range<usize>],
    spans: &[FieldSpan],
    cursor: ByteCursor,
    area: Rect,
    canvas: &mut Canvas,
) -> Rect {
    let boxed = area.height >= 24;
    let (bits, rest) = split_rows(area, if boxed { 6 } else { 3 });
    let at = cursor.byte;
    let Some(byte) = raw.get(at) else { return rest };
    if is_missing(missing, at) {
        canvas.draw_divider(&format!("Byte {at} was not captured"), bits);
        return rest;
    }
    let title = format!(
        "Byte {at} = 0x{byte:02x} = {byte} · bit 0 is the most significant, the first on the wire"
    );
    canvas.draw_divider(&title, bits);
    let below = split_rows(bits, 1).1;
    let theme = canvas.theme;
    let (values, names) = if boxed { (1, 3) } else { (0, 1) };
    if boxed {
        for (row, [left, middle, right]) in [(0, ["┌", "┬", "┐"]), (2, ["└", "┴", "┘"])]
        {
            let line = (0..8).fold(left.to_owned(), |line, bit| {
                line + "─────" + if bit < 7 { middle } else { right }
            });
            canvas.draw_line(&Line::styled(format!("    {line}"), theme.faint()), row, below);
        }
        canvas.draw_line(
            &Line::styled(format!("    {}│", "│     ".repeat(8)), theme.faint()),
            1,
            below,
        );
    }
    for bit in 0..8_u8 {
        let span = spans.iter().find(|span| span.contains(at, bit));
        let color = span.map_or(theme.dim, |span| field_tag(span, theme).1);
        let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
        let style = if bit == cursor.bit { style.add_modifier(Modifier::REVERSED) } else { style };
        let x = below.x + 5 + u16::from(bit) * BIT_WIDTH;
        let spot = Rect { x, y: below.y + values, width: 5, height: 1 }.intersection(below);
        canvas.add_target(spot, ClickTarget::Bit(at, bit));
        // Bit 0 is the most significant, as the RFC numbers bits.
        let digit = if byte & 0x80 >> bit == 0 { "  0  " } else { "  1  " };
        canvas.draw_line(&Line::styled(digit, style), 0, spot);
    }
    draw_names(
        at,
        spans,
        Rect { y: below.y + names, height: 1, ..below }.intersection(below),
        canvas,
    );
    rest
}

/// Draws the name of each field below its bits.
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
