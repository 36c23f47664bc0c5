//! Draws the bars, and the figures beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::state::{Idle, Row};
use crate::demos::recorded_lab::{RECORDED, provenance};
use crate::stage::{self, Theme, ViewContext};
use crate::text;
use crate::text::units::group_thousands;

/// The cells of a name, and of the figures.
const TITLE_WIDTH: usize = 20;
const FIGURE_WIDTH: usize = 26;

/// The rows above the first bar, and below the last one.
const HEAD_ROWS: u16 = 1;
const FOOT_ROWS: u16 = 1;

pub(super) fn draw(idle: &Idle, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let rows = idle.rows();
    let inner = stage::draw_panel(&title(idle, &rows), area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let head = format!("{:>FIGURE_WIDTH$}", "a connection    a million");
    let pad = usize::from(inner.width).saturating_sub(text::width(&head) + 1);
    stage::draw_line(&Line::styled(" ".repeat(pad) + &head, theme.dim()), 0, inner, buffer);
    let room = inner.height.saturating_sub(HEAD_ROWS + FOOT_ROWS);
    let bars = Rect { y: inner.y + HEAD_ROWS.min(inner.height), height: room, ..inner };
    let first = stage::first_row(idle.cursor, rows.len(), room.into());
    let most = rows.iter().filter_map(|row| row.bytes).max().unwrap_or(0);
    for (at, (index, row)) in (0..room).zip(rows.iter().enumerate().skip(first)) {
        let is_here = context.focused && index == idle.cursor;
        let mark = if is_here { "▶ " } else { "  " };
        stage::draw_line(&bar_line(mark, row, most, inner.width.into(), theme), at, bars, buffer);
    }
    let is_cut = rows.len() > first + usize::from(room);
    for (is_more, y, mark) in
        [(first > 0, bars.y, "▲"), (is_cut, bars.bottom().saturating_sub(1), "▼")]
    {
        if is_more && !bars.is_empty() {
            buffer.set_string(bars.right() - 1, y, mark, theme.faint());
        }
    }
    let keys = if context.focused { "d defaults/tuned   a all   ↑↓" } else { "Enter: keys." };
    let foot = Rect { y: bars.bottom(), height: inner.height.min(FOOT_ROWS), ..inner };
    let foot_line = Line::from(vec![
        Span::styled(format!("{keys}   "), theme.dim()),
        Span::styled(provenance(&RECORDED), theme.faint()),
    ]);
    stage::draw_line(&foot_line, 0, foot, buffer);
}

fn title(idle: &Idle, rows: &[Row]) -> String {
    let options = if idle.is_tuned { "tuned" } else { "nothing set" };
    let connections = rows.iter().map(|row| row.connections).max().unwrap_or(0);
    format!("{} idle connections, {options}", group_thousands(connections as u64))
}

/// Returns a row: the name, a bar as long as its share of `most`, and the figures.
fn bar_line(
    mark: &'static str,
    row: &Row,
    most: u64,
    width: usize,
    theme: &Theme,
) -> Line<'static> {
    let title = text::ellipsize(&row.title, TITLE_WIDTH - 3).into_owned();
    let pad = (TITLE_WIDTH - 2).saturating_sub(text::width(&title));
    let name = Span::styled(format!("{title}{}", " ".repeat(pad)), Style::new().fg(theme.text));
    let mark = Span::styled(mark, theme.heading());
    let Some(bytes) = row.bytes else {
        return Line::from(vec![mark, name, Span::styled("not measured", theme.faint())]);
    };
    // The last cell is that of the arrows.
    let room = width.saturating_sub(TITLE_WIDTH + FIGURE_WIDTH + 1);
    let share = if most == 0 { 0.0 } else { bytes as f64 / most as f64 };
    // Whatever was measured has a cell at least.
    let filled = ((share * room as f64).round() as usize).clamp(1.min(room), room);
    let figures = format!("{:>9.1} KiB {:>9.1} GB", bytes as f64 / 1024.0, bytes as f64 / 1000.0);
    Line::from(vec![
        mark,
        name,
        Span::styled("█".repeat(filled), theme.heading()),
        Span::raw(" ".repeat(room - filled)),
        Span::styled(format!("{figures:>FIGURE_WIDTH$}"), Style::new().fg(theme.text)),
    ])
}
