//! Draws the bytes of a lane: its exchanges, and the chosen one as it went over the wire.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::byte_lines::sample_lines;
use super::state::SockJs;
use crate::clients::sockjs::{Exchange, Purpose};
use crate::stage::{self, Theme, ViewContext};
use crate::text::{self, units};

/// Draws the exchange that is `back` before the newest one, below a list of those around it.
pub(super) fn draw(
    demo: &SockJs,
    back: usize,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    let Some(lane) = demo.lanes.get(demo.cursor) else { return };
    let title = format!("{}: its bytes", lane.transport.name());
    let inner = stage::draw_panel(&title, area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let exchanges = lane.report.as_ref().map_or(&[][..], |report| &report.exchanges);
    let Some(chosen) = exchanges.len().checked_sub(back.saturating_add(1)) else {
        stage::draw_line(&Line::styled("nothing sent yet", theme.dim()), 0, inner, buffer);
        return;
    };
    let list_rows = (inner.height / 4).clamp(1, 8).min(inner.height);
    let list_rows = list_rows.min(u16::try_from(exchanges.len()).unwrap_or(list_rows));
    let first = chosen.saturating_sub(usize::from(list_rows).saturating_sub(1));
    for (row, index) in (0..list_rows).zip(first..exchanges.len()) {
        if let Some(exchange) = exchanges.get(index) {
            let line = exchange_line(exchange, index == chosen, theme);
            stage::draw_line(&line, row, inner, buffer);
        }
    }
    let last = inner.bottom().saturating_sub(1);
    let body = Rect {
        y: inner.y + list_rows,
        height: inner.height.saturating_sub(list_rows + 1),
        ..inner
    };
    if let Some(exchange) = exchanges.get(chosen) {
        draw_sides(exchange, body, buffer, theme);
    }
    let keys = if context.focused { "↑↓ another exchange   Esc back" } else { "" };
    let foot = Rect { y: last, height: inner.height.min(1), ..inner };
    stage::draw_line(&Line::styled(keys, theme.dim()), 0, foot, buffer);
}

/// Draws both directions below each other. What came back gets the rows that what was sent leaves.
fn draw_sides(exchange: &Exchange, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let width = usize::from(area.width);
    let sent = sample_lines(&exchange.sent, width, theme);
    let received = sample_lines(&exchange.received, width, theme);
    let sent_room = usize::from(area.height).saturating_sub(2);
    let sent_rows = sent.len().min(sent_room.saturating_sub(received.len()).max(sent_room / 2));
    let mut row = 0;
    for (arrow, sample, lines, rows, color) in [
        ("▲ sent", &exchange.sent, sent, sent_rows, theme.client),
        ("▼ came back", &exchange.received, received, sent_room - sent_rows, theme.server),
    ] {
        let title = format!("{arrow} {}", units::count(sample.total, "byte"));
        let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
        stage::draw_line(&Line::styled(title, style), row, area, buffer);
        row += 1;
        // The end of what came back is where the frames are.
        let skipped = lines.len().saturating_sub(rows);
        let shown = if skipped > 0 && rows > 2 { rows - 1 } else { rows.min(lines.len()) };
        for (index, line) in lines.iter().enumerate() {
            let is_head = index < shown / 2 || skipped == 0;
            if is_head || index + shown.div_ceil(2) >= lines.len() {
                stage::draw_line(line, row, area, buffer);
                row += 1;
            } else if index == shown / 2 && rows > 2 {
                let left_out = format!("… {}", units::count((lines.len() - shown) as u64, "row"));
                stage::draw_line(&Line::styled(left_out, theme.dim()), row, area, buffer);
                row += 1;
            }
        }
    }
}

fn exchange_line(exchange: &Exchange, is_chosen: bool, theme: &Theme) -> Line<'static> {
    let style = if is_chosen { theme.heading() } else { theme.dim() };
    let purpose = match exchange.purpose {
        Purpose::Info => "info",
        Purpose::Open => "opens",
        Purpose::Receive => "waits",
        Purpose::Send => "sends",
        Purpose::SecondReceiver => "second",
        Purpose::Probe => "asks",
    };
    let mark = if is_chosen { "▶" } else { " " };
    let title = if exchange.title.is_empty() { "a message" } else { &exchange.title };
    let (sent, received) = (exchange.sent.total, exchange.received.total);
    let sizes = format!("{sent:>6} ▲{received:>7} ▼  ");
    Line::from(vec![
        Span::styled(format!("{mark} {:>3} {purpose:<7}", exchange.number), style),
        Span::styled(sizes, theme.dim()),
        Span::styled(text::sanitize(title).into_owned(), style),
    ])
}
