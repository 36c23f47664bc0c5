//! Colours and alignment that all parts of the race share.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use crate::race::{Lane, LaneKind};
use crate::stage::{self, Theme};
use crate::text::{self, units};

/// Returns the colour of a lane, by its protocol.
pub(super) fn lane_color(lane: Lane, theme: &Theme) -> Color {
    match lane.kind {
        LaneKind::Tcp => theme.dim,
        LaneKind::Ws | LaneKind::WsPipelined | LaneKind::WsNew => theme.client,
        LaneKind::Http2 | LaneKind::SsePost => theme.control,
        _ => theme.server,
    }
}

/// Returns the cells that a column of names needs, with a blank behind the longest.
pub(super) fn name_width(names: impl Iterator<Item = String>) -> usize {
    names.map(|name| text::width(&name)).max().unwrap_or(0) + 1
}

/// Returns a ratio with as many digits as say something: `1.48x`, `12.5x`, `1,024x`.
pub(super) fn ratio_text(ratio: f64) -> String {
    format!("{}x", units::ratio(ratio))
}

/// Returns the style of bold text in a colour.
pub(super) fn bold(color: Color) -> Style {
    Style::new().fg(color).add_modifier(Modifier::BOLD)
}

/// Draws a line right-aligned in a row.
pub(super) fn draw_right_aligned(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let width = (content.width() as u16).min(area.width);
    stage::draw_line(content, row, Rect { x: area.right() - width, width, ..area }, buffer);
}

/// Draws a line centred in a row.
pub(super) fn draw_centered(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let free = area.width.saturating_sub(content.width() as u16) / 2;
    stage::draw_line(
        content,
        row,
        Rect { x: area.x + free, width: area.width - free, ..area },
        buffer,
    );
}
